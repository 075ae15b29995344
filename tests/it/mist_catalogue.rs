//! The tools that mirror the Mist API: their words, their sizes, and that they are those of the earlier servers.

use std::collections::BTreeSet;

use jmcp::{
    mist::specification::Specification,
    server::listed,
    tools::{Catalogue, Categories, Effect, Listing, Mode, Shelf, Tool},
};
use serde_json::Value;

use crate::support::data;

fn listing(mode: Mode, categories: &[&'static str]) -> Listing {
    Listing {
        mode,
        categories: categories.iter().copied().collect(),
        has_junos: false,
        has_mist: true,
    }
}

fn bytes(listing: &Listing) -> usize {
    let catalogue = Catalogue::new().unwrap();
    let tools: Vec<&Tool> = catalogue.iter().filter(|tool| listing.shows(tool)).collect();
    listed(&tools, listing).len()
}

#[test]
fn lists_are_short_enough_for_a_model() {
    let managed = bytes(&listing(Mode::Managed, &[]));
    let all = bytes(&listing(Mode::All, &[]));
    eprintln!("managed {managed} bytes, all {all} bytes");
    assert!(managed <= 8_000, "{managed}");
    assert!(all <= 100_000, "{all}");
}

#[test]
fn each_mode_lists_what_it_says() {
    let catalogue = Catalogue::new().unwrap();
    let names = |listing: &Listing| -> BTreeSet<&str> {
        catalogue
            .iter()
            .filter(|tool| listing.shows(tool))
            .map(|tool| tool.name)
            .collect()
    };
    let managed = names(&listing(Mode::Managed, &[]));
    for essential in [
        "getSelf",
        "manageMcpTools",
        "search_tools",
        "describe_tool",
        "call_tool",
        "get_next_page",
        "read_result",
    ] {
        assert!(managed.contains(essential), "{essential}");
    }
    assert_eq!(managed, names(&listing(Mode::Minimal, &["orgs_sites"])));
    let custom = names(&listing(Mode::Custom, &["orgs_sites"]));
    assert!(custom.contains("searchOrgSites") && !custom.contains("listOrgWlans"));
    let all = names(&listing(Mode::All, &[]));
    assert!(all.len() >= 207 && !all.contains("execute_junos_command"));
    assert!(
        names(&Listing {
            has_junos: true,
            ..Listing::default()
        })
        .contains("execute_junos_command")
    );
}

#[test]
fn every_mirror_is_told_apart_in_one_sentence() {
    let catalogue = Catalogue::new().unwrap();
    let mut seen = BTreeSet::new();
    for tool in catalogue
        .iter()
        .filter(|tool| tool.toolset == "mist" && tool.title == tool.name)
    {
        let about = tool.about;
        assert!(
            about.ends_with('.') && about.len() <= 200 && about.len() >= 20,
            "{}: {about}",
            tool.name
        );
        assert!(!about.starts_with(tool.name), "{}: {about}", tool.name);
        assert!(seen.insert(about), "{}: {about} is said of another tool too", tool.name);
        assert_eq!(tool.effect, Effect::Read, "{}", tool.name);
        let schema = tool.input();
        assert_eq!(schema["type"], "object", "{}", tool.name);
        jsonschema::meta::validate(schema).unwrap_or_else(|e| panic!("{}: {e}", tool.name));
        for name in schema["required"].as_array().into_iter().flatten() {
            assert!(
                schema["properties"].get(name.as_str().unwrap()).is_some(),
                "{}: {name}",
                tool.name
            );
        }
    }
    assert!(seen.len() >= 208, "{}", seen.len());
}

#[test]
fn every_operation_of_the_api_is_a_tool() {
    let catalogue = Catalogue::new().unwrap();
    let mut count = 0;
    for operation in Specification::embedded().operations() {
        for name in &operation.names {
            let tool = catalogue.find(name).unwrap_or_else(|| panic!("{name}"));
            assert!(
                operation.method == "GET" || operation.method == "POST" || tool.effect != Effect::Read,
                "{name}"
            );
            assert!(operation.method != "DELETE" || tool.effect == Effect::Destroy, "{name}");
            jsonschema::meta::validate(tool.input()).unwrap_or_else(|e| panic!("{name}: {e}"));
            count += 1;
        }
    }
    assert!(count > 1000, "{count}");
}

/// Names, categories, parameters, defaults and limits are those of the server with 207 tools.
#[test]
fn the_tools_of_the_earlier_server_are_all_there() {
    let Some(text) = data::read("mist-tools.json") else {
        return;
    };
    let facts: Value = serde_json::from_str(&text).unwrap();
    let catalogue = Catalogue::new().unwrap();
    let mut wrong = Vec::new();
    let tools = facts["tools"].as_array().unwrap();
    assert_eq!(tools.len(), 207);
    for fact in tools {
        let name = fact["tool"].as_str().unwrap();
        let Some(tool) = catalogue.find(name) else {
            wrong.push(format!("{name} is missing"));
            continue;
        };
        let category = fact["category"].as_str().unwrap();
        if tool.shelf != Shelf::Category(Categories::find(category).unwrap()) && name != "getSelf" {
            wrong.push(format!("{name}: {:?}", tool.shelf));
        }
        let schema = tool.input();
        let required: BTreeSet<&str> = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        for parameter in ["path_params", "query_params"]
            .iter()
            .flat_map(|list| fact[list].as_array().unwrap())
        {
            let parameter_name = parameter["name"].as_str().unwrap();
            let Some(property) = schema["properties"].get(parameter_name) else {
                wrong.push(format!("{name}: `{parameter_name}` is missing"));
                continue;
            };
            // Types differ between the specifications in ways that make no difference on the wire.
            for limit in ["minimum", "maximum"] {
                let (wanted, own) = (parameter[limit].as_f64(), property[limit].as_f64());
                if wanted.is_some() && own.is_some() && wanted != own {
                    wrong.push(format!("{name}: `{parameter_name}` {limit} is {own:?}, not {wanted:?}"));
                }
            }
            for choice in parameter["enum"].as_array().into_iter().flatten() {
                if property
                    .get("enum")
                    .and_then(Value::as_array)
                    .is_some_and(|own| !own.contains(choice))
                {
                    wrong.push(format!("{name}: `{parameter_name}` may not be {choice}"));
                }
            }
            if parameter["required"] == true && !required.contains(parameter_name) {
                wrong.push(format!("{name}: `{parameter_name}` is not required"));
            }
        }
        for (alias, parameter) in fact["param_aliases"].as_object().into_iter().flatten() {
            if !tool
                .aliases
                .iter()
                .any(|(known, means)| known == alias && parameter == means)
            {
                wrong.push(format!("{name}: `{alias}` is not understood"));
            }
        }
        if let Some(parameter) = fact["by_id"]["param"].as_str()
            && schema["properties"].get(parameter).is_none()
        {
            wrong.push(format!("{name}: `{parameter}` is missing"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn categories_are_found_by_all_their_names() {
    for (name, category) in [
        ("orgs_sites", "orgs_sites"),
        ("Orgs Sites", "orgs_sites"),
        ("ORGS-SITES", "orgs_sites"),
        ("orgs_clients___wireless", "clients"),
        ("self_account", "self_account"),
        ("enhanced", "enhanced"),
    ] {
        assert_eq!(Categories::find(name), Some(category), "{name}");
    }
    assert_eq!(Categories::find("nonsense"), None);
    let (found, unknown) = Categories::read(r#"["orgs", "sites wlans", "no such"]"#);
    assert_eq!(
        (found, unknown),
        (vec!["orgs", "sites_wlans"], vec!["no such".to_owned()])
    );
    assert_eq!(Categories::all().count(), 32);
}
