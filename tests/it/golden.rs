//! What clients see of each tool, one file per tool, and what holds for all of them.

use std::{collections::BTreeSet, fs, path::PathBuf};

use jmcp::{
    server::listed,
    tools::{Catalogue, Effect, Listing, Mode, Tool},
};
use serde_json::Value;

use crate::support::golden;

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/tools")
}

/// The tools with code of their own as `tools/list` sends them.
fn list() -> Vec<Value> {
    shown(|tool| !is_mirror(tool), Mode::Managed)
}

/// Whether it mirrors an operation of the Mist API: those have no words of their own but one sentence.
fn is_mirror(tool: &Tool) -> bool {
    tool.title == tool.name
}

fn shown(wanted: impl Fn(&Tool) -> bool, mode: Mode) -> Vec<Value> {
    let catalogue = Catalogue::new().unwrap();
    let tools: Vec<&Tool> = catalogue.iter().filter(|tool| wanted(tool)).collect();
    let listing = Listing {
        mode,
        has_mist: true,
        ..Listing::default()
    };
    let list: Value = serde_json::from_str(&listed(&tools, &listing)).unwrap();
    list["tools"].as_array().unwrap().clone()
}

/// One file, one line for each tool.
#[test]
fn the_mirrors_of_the_mist_api_are_listed_as_their_file_says() {
    let lines: String = shown(is_mirror, Mode::Custom)
        .iter()
        .map(|tool| format!("{tool}\n"))
        .collect();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/mirrors.jsonl");
    golden::check(&path, &lines).unwrap();
}

fn name(tool: &Value) -> &str {
    tool["name"].as_str().unwrap()
}

#[test]
fn each_tool_is_listed_as_its_file_says() {
    let mut wrong = Vec::new();
    let tools = list();
    for tool in &tools {
        let path = directory().join(format!("{}.json", name(tool)));
        let text = serde_json::to_string_pretty(tool).unwrap() + "\n";
        wrong.extend(golden::check(&path, &text).err());
    }
    let known: BTreeSet<String> = tools.iter().map(|tool| format!("{}.json", name(tool))).collect();
    for entry in fs::read_dir(directory()).into_iter().flatten() {
        let entry = entry.unwrap();
        let file = entry.file_name().to_string_lossy().into_owned();
        if !known.contains(&file) {
            if golden::updating() {
                fs::remove_file(entry.path()).unwrap();
            } else {
                wrong.push(format!("tests/golden/tools/{file} is of no tool"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\nif that is what was meant: UPDATE_GOLDEN=1 cargo test golden",
        wrong.join("\n")
    );
}

#[test]
fn every_tool_has_its_words_and_all_four_hints() {
    for tool in list() {
        let name = name(&tool).to_owned();
        assert!(
            (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'),
            "{name}"
        );
        for words in ["title", "description"] {
            let words = tool[words].as_str().unwrap_or_default();
            assert!(!words.is_empty() && words.trim() == words, "{name}: {words:?}");
        }
        for hint in ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] {
            assert!(tool["annotations"][hint].is_boolean(), "{name}: {hint}");
        }
    }
}

#[test]
fn hints_follow_from_the_effect() {
    let catalogue = Catalogue::new().unwrap();
    for tool in list() {
        let described = catalogue.find(name(&tool)).unwrap();
        let reads = described.effect == Effect::Read && !described.has_many_effects();
        assert_eq!(tool["annotations"]["readOnlyHint"], reads, "{}", name(&tool));
        assert_eq!(tool["annotations"]["destructiveHint"], !reads, "{}", name(&tool));
    }
}

#[test]
fn schemas_are_plain_objects() {
    for tool in list() {
        for schema in ["inputSchema", "outputSchema"].map(|schema| &tool[schema]) {
            if schema.is_null() {
                continue;
            }
            assert_eq!(schema["type"], "object", "{}", name(&tool));
            for choice in ["anyOf", "oneOf", "allOf", "$ref"] {
                assert!(schema.get(choice).is_none(), "{}: {choice}", name(&tool));
            }
            jsonschema::meta::validate(schema).unwrap_or_else(|e| panic!("{}: {e}", name(&tool)));
        }
        let input = &tool["inputSchema"];
        assert!(input["properties"].is_object(), "{}", name(&tool));
        assert_eq!(input["additionalProperties"], false, "{}", name(&tool));
        for (parameter, schema) in input["properties"].as_object().unwrap() {
            assert!(schema.is_object(), "{}: {parameter}", name(&tool));
        }
    }
}
