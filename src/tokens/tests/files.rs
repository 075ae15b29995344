//! What is in a token file: scopes, mistakes, warnings.

use proptest::prelude::*;

use super::{file, hashed, known};
use crate::{
    error::Code,
    tokens::{Digest, Format, TokenSet},
    tools::Effect,
};

fn parse(text: &str) -> TokenSet {
    TokenSet::parse(text, "tokens.json", &known()).unwrap_or_else(|e| panic!("{e}"))
}

fn mistakes(text: &str) -> String {
    let error = TokenSet::parse(text, "tokens.json", &known()).unwrap_err();
    assert_eq!(error.code(), Code::InvalidInput);
    assert!(error.message().contains("tokens.json"), "{error}");
    error.message().to_owned()
}

/// Mistakes of one entry with these further fields, in either format.
fn mistakes_of(fields: &str) -> String {
    let in_hashed = mistakes(&file(&[hashed("a", "one", fields)]));
    let plain = format!(r#"{{"a": {{"token": "a secret of many characters"{fields}}}}}"#);
    assert_eq!(in_hashed, mistakes(&plain));
    in_hashed
}

#[test]
fn formats_are_told_by_their_content() {
    for (text, format) in [
        (r#"{"version": 1, "tokens": []}"#, Format::Hashed),
        (r#"{"version": 1}"#, Format::Hashed),
        ("\u{feff}{\"version\": 1}", Format::Hashed),
        ("{}", Format::Plain),
        (
            r#"{"version": {"token": "a secret of many characters"}}"#,
            Format::Plain,
        ),
        (r#"{"tokens": {"token": "a secret of many characters"}}"#, Format::Plain),
    ] {
        assert_eq!(parse(text).format(), format, "{text}");
    }
    assert!(mistakes(r#"{"tokens": []}"#).contains("`version` must be 1"));
    assert!(mistakes(r#"{"version": 2, "tokens": []}"#).contains("`version` must be 1"));
    assert!(mistakes(r#"{"version": "1"}"#).contains("`version` must be 1"));
    assert!(mistakes(r#"{"version": 1, "tokens": {}}"#).contains("`tokens` must be a list"));
    assert!(mistakes("[]").contains("must be an object"));
}

#[test]
fn scopes_are_what_the_file_says() {
    let fields = r#", "routers": ["edge-*", "core-1"], "tools": ["get_router_list"], "toolsets": ["junos"],
        "effects": ["read", "write"], "mist_orgs": ["AAAAAAAA-0000-4000-8000-00000000000f"], "mist_sites": [],
        "limits": {"max_inflight_requests": 2, "max_requests_per_second": 5, "max_request_burst": 10, "max_sessions": 0},
        "show_secrets": true, "description": "d""#;
    let set = parse(&file(&[hashed("a", "one", fields), hashed("b", "two", "")]));
    let [scoped, open] = set.entries() else { panic!("two") };
    let principal = scoped.principal();
    assert!(principal.devices.has("edge-7") && principal.devices.has("core-1") && !principal.devices.has("core-2"));
    assert!(principal.tools.has("get_router_list") && !principal.tools.has("add_device"));
    assert!(principal.toolsets.has("junos") && !principal.toolsets.has("results"));
    assert!(principal.may_do(Effect::Write) && !principal.may_do(Effect::Destroy));
    assert!(principal.mist_organisations.has("aaaaaaaa-0000-4000-8000-00000000000f"));
    assert!(!principal.mist_sites.has("aaaaaaaa-0000-4000-8000-00000000000f"));
    let limits = principal.limits;
    assert_eq!((limits.in_flight, limits.per_second), (Some(2), Some(5)));
    assert_eq!((limits.burst, limits.sessions), (Some(10), Some(0)));
    assert!(principal.show_secrets);
    assert_eq!(scoped.description(), Some("d"));
    assert_eq!((scoped.routers(), scoped.tools()), ("edge-*,core-1", "get_router_list"));
    let all = open.principal();
    assert!(all.is_unrestricted() && all.mist_organisations.is_all() && all.mist_sites.is_all());
    assert!(all.may_do(Effect::Destroy) && !all.show_secrets);
    assert_eq!((open.routers(), open.tools()), ("*", "*"));
    let star = hashed(
        "a",
        "one",
        r#", "routers": ["*"], "tools": ["*"], "toolsets": ["*"], "effects": ["*"]"#,
    );
    assert!(parse(&file(&[star])).entries()[0].principal().is_unrestricted());
}

/// Further fields of an entry, and what is said of them.
const MISREAD: &[(&str, &str)] = &[
    (r#", "routers": "*""#, "`routers` must be a list of strings"),
    (r#", "routers": null"#, "`routers` must be a list of strings"),
    (
        r#", "tools": ["get_router_list", 1]"#,
        "`tools` must be a list of strings",
    ),
    (r#", "routers": ["*", "a"]"#, "`routers` mixes '*' with names"),
    (r#", "tools": ["*", "*"]"#, "`tools` mixes '*' with names"),
    (r#", "routers": [""]"#, "`routers` has an empty name"),
    (r#", "routers": ["["]"#, "a pattern cannot be read"),
    (
        r#", "tools": ["no_such_tool"]"#,
        "there is no tool `no_such_tool`; the tools are add_device",
    ),
    (r#", "tools": ["get_*"]"#, "there is no tool `get_*`"),
    (
        r#", "toolsets": ["juno"]"#,
        "there is no toolset `juno`; the toolsets are clients, ",
    ),
    (r#", "effects": ["reed"]"#, "there is no effect `reed`"),
    (r#", "effects": {"read": true}"#, "`effects` must be a list of strings"),
    (r#", "mist_orgs": ["my org"]"#, "`mist_orgs`: `my org` is not a UUID"),
    (
        r#", "mist_sites": ["aaaaaaaa00004000800000000000000f0000"]"#,
        "is not a UUID",
    ),
    (r#", "limits": 5"#, "`limits` must be an object"),
    (
        r#", "limits": {"max_sessions": -1}"#,
        "`max_sessions` in `limits` must be a number",
    ),
    (
        r#", "limits": {"max_sessions": "4"}"#,
        "`max_sessions` in `limits` must be a number",
    ),
    (
        r#", "limits": {"max_request_burst": 4294967296}"#,
        "`max_request_burst` in `limits` must be a number",
    ),
    (r#", "limits": {"max_requests_per_second": 5}"#, "go together"),
    (r#", "limits": {"max_session": 5}"#, "`limits` has no `max_session`"),
    (r#", "show_secrets": "no""#, "`show_secrets` must be true or false"),
    (
        r#", "expires_at": "2026-02-30T00:00:00Z""#,
        "`expires_at` is not a date and time",
    ),
    (r#", "expires_at": null"#, "`expires_at` must be a string"),
    (r#", "expires_at": 1767225600"#, "`expires_at` must be a string"),
    (r#", "description": 5"#, "`description` must be a string"),
    (r#", "router": ["a"]"#, "`router` is no field: is `routers` meant?"),
    (r#", "Tools": ["a"]"#, "`Tools` is no field: is `tools` meant?"),
    (r#", "mist-orgs": []"#, "`mist-orgs` is no field: is `mist_orgs` meant?"),
    (
        r#", "expires": "never""#,
        "`expires` is no field: is `expires_at` meant?",
    ),
    (r#", "routers": ["a"], "routers": ["*"]"#, "is given more than once"),
];

#[test]
fn a_misread_scope_is_a_mistake() {
    for (fields, wanted) in MISREAD {
        let said = if fields.matches("routers").count() == 2 {
            mistakes(&file(&[hashed("a", "one", fields)]))
        } else {
            mistakes_of(fields)
        };
        assert!(said.contains(wanted), "{fields}: {said}");
    }
}

#[test]
fn all_mistakes_are_said_at_once() {
    let text = r#"{"version": 1, "tokens": [5, {"hash": "x"}, {"name": 7}, {"name": "a"}, {"name": "b", "hash": "sha256:b"},
        {"name": "c", "hash": 5, "tools": "x", "created_at": "yesterday"}, {"name": "", "hash": "x"}]}"#;
    let said = mistakes(text);
    for wanted in [
        "token 1: must be an object",
        "token 2: `name` is missing",
        "token 3: `name` must be a string",
        "token `a`: `hash` is missing",
        "token `b`: `hash` is not `sha256:` and 43 characters",
        "token `c`: `hash` must be a string",
        "token `c`: `tools` must be a list of strings",
        "token `c`: `created_at` is not a date and time",
        "token ``: the name is empty",
    ] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    let said = mistakes(r#"{"a": {}, "b": {"token": ""}, "c": "jmcp_secret", "d": {"token": ["jmcp_secret"]}}"#);
    for wanted in [
        "token `a`: `token` is missing",
        "token `b`: `token` is empty",
        "token `c`: must be an object",
        "token `d`: `token` must be a string",
    ] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    assert!(!said.contains("jmcp_secret"), "{said}");
}

#[test]
fn no_two_tokens_are_one() {
    let said = mistakes(&file(&[
        hashed("a", "one", ""),
        hashed("a", "two", ""),
        hashed("a", "three", ""),
        hashed("b", "one", ""),
    ]));
    assert_eq!(said.matches("more than once").count(), 1, "{said}");
    assert!(said.contains("tokens `a` and `b` have the same secret"), "{said}");
    let plain = r#"{"a": {"token": "a secret of many characters"}, "b": {"token": "a secret of many characters"}}"#;
    assert!(mistakes(plain).contains("tokens `a` and `b` have the same secret"));
    let repeated = r#"{"a": {"token": "a secret of many characters"}, "a": {"token": "another of many characters"}}"#;
    assert!(mistakes(repeated).contains("`a` is given more than once"));
}

#[test]
fn broken_json_is_told_with_its_place_and_without_the_text() {
    let said = mistakes("{\n  \"alice\": {\"token\": \"jmcp_secret\" \"x\"}}");
    assert!(said.contains("not valid JSON: line 2, column 36"), "{said}");
    assert!(!said.contains("jmcp_secret"), "{said}");
}

#[test]
fn what_deserves_a_look_is_warned_about() {
    let warnings = |text: &str| {
        let known = known().with_devices(["edge-1"]);
        let set = TokenSet::parse(text, "tokens.json", &known).unwrap();
        set.warnings().join("\n")
    };
    let fields = r#", "routers": ["edge-1", "edge-*", "core-1", "core-*"], "tools": ["upgrade_junos"], "team": "noc", "effects": []"#;
    let said = warnings(&format!(
        r#"{{"version": 1, "note": "x", "tokens": [{}]}}"#,
        hashed("a", "one", fields)
    ));
    for wanted in [
        "tokens.json",
        "`a`: the inventory has no device `core-1`",
        "has no device `core-*`",
        "the tool `upgrade_junos` is not in this version",
        "the field `note` is not known",
        "the field `team` is not known",
        "`effects` is empty: this token can call no tool",
    ] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    assert!(!said.contains("edge"), "{said}");
    assert!(warnings(r#"{"a": {"token": "hunter2"}}"#).contains("can be guessed"));
    assert!(warnings(r#"{"a": {"token": "jmcp_0123456789abcdef0123456789abcdef"}}"#).is_empty());
    let text = file(&[hashed("a", "one", r#", "routers": ["core-1"]"#)]);
    let mut set = TokenSet::parse(&text, "f", &known().with_devices(["edge-1"])).unwrap();
    assert_eq!(set.warnings().len(), 1);
    set.look_for_devices(&known().with_devices(["core-1"]));
    assert!(set.warnings().is_empty(), "the device has been added meanwhile");
    let quiet = parse(&file(&[hashed("a", "one", r#", "routers": ["core-1"]"#)]));
    assert!(quiet.warnings().is_empty(), "no inventory, no word about devices");
}

#[test]
fn the_template_is_right() {
    let set = parse(include_str!("../../../tokens-template.json"));
    assert!(set.warnings().is_empty(), "{:?}", set.warnings());
    assert_eq!(set.len(), 3);
}

proptest! {
    #[test]
    fn nothing_panics(text in "[\\[\\]{}\":,0-9a-z *\\\\-]{0,200}") {
        let _ = TokenSet::parse(&text, "f", &known());
    }

    #[test]
    fn any_value_in_any_field_is_read_or_refused(value in any_json(), at in 0..12_usize) {
        let fields = ["routers", "tools", "toolsets", "effects", "mist_orgs", "mist_sites", "limits", "show_secrets",
            "expires_at", "description", "name", "hash"];
        let hash = Digest::of("one").text();
        let mut entry = serde_json::json!({"name": "a", "hash": hash, "created_at": "2026-01-01T00:00:00Z"});
        entry[fields[at]] = value.clone();
        let text = serde_json::json!({"version": 1, "tokens": [entry]}).to_string();
        if let Ok(set) = TokenSet::parse(&text, "f", &known()) {
            // Whatever was read, a scope that is there is only everything where it says so.
            let principal = set.entries()[0].principal();
            let is_star = value == serde_json::json!(["*"]);
            if at < 6 && !is_star {
                let open = [&principal.devices, &principal.tools, &principal.toolsets, &principal.mist_organisations,
                    &principal.mist_sites].iter().all(|allowed| allowed.is_all());
                prop_assert!(!open || at == 3);
                prop_assert!(at != 3 || principal.effects.len() < 3 || value.as_array().is_some_and(|l| l.len() > 2));
            }
        }
    }
}

/// Any JSON, with words that mean something.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let word = prop::sample::select(vec![
        "*",
        "",
        "read",
        "write",
        "destroy",
        "junos",
        "get_router_list",
        "edge-*",
        "[",
        "2026-01-01T00:00:00Z",
        "aaaaaaaa-0000-4000-8000-00000000000f",
        "max_sessions",
    ]);
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        word.prop_map(Into::into),
        ".{0,8}".prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::vec((".{0,6}", inner), 0..4)
                .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
        ]
    })
}
