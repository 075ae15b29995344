//! Edits of a token file: what is written, what stays, and what is refused.

use std::{path::Path, thread};

use super::{file, hashed, known};
use crate::{
    error::{Code, Result},
    secret::Secret,
    tokens::{Digest, Format, TokenSet, edit, edit::NewToken},
};

fn new(name: &str) -> NewToken {
    NewToken {
        name: name.to_owned(),
        ..NewToken::default()
    }
}

fn add(path: &Path, token: &NewToken, format: Format) -> Result<Secret> {
    edit::add(path, token, &known(), format).map(|secret| secret.expect("the name is free"))
}

fn rotate(path: &Path, name: &str) -> Secret {
    edit::rotate(path, name, &known()).unwrap().expect("it is there")
}

fn read(path: &Path) -> TokenSet {
    TokenSet::read(path, &known()).unwrap()
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_hashed_file_never_holds_a_secret() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tokens.json");
    let token = NewToken {
        routers: Some(vec!["edge-*".to_owned()]),
        tools: Some(Vec::new()),
        max_sessions: Some(4),
        description: Some("night shift".to_owned()),
        ..new("a")
    };
    let secret = add(&path, &token, Format::Hashed).unwrap();
    assert_eq!(read(&path).format(), Format::Hashed);
    let value: serde_json::Value = serde_json::from_str(&text(&path)).unwrap();
    let entry = &value["tokens"][0];
    let fields: Vec<&String> = entry.as_object().unwrap().keys().collect();
    let wanted = [
        "name",
        "hash",
        "routers",
        "tools",
        "created_at",
        "limits",
        "description",
    ];
    assert_eq!(fields, wanted);
    assert_eq!(value["version"], 1);
    assert_eq!(entry["hash"], Digest::of(secret.expose()).text());
    assert_eq!(entry["routers"], serde_json::json!(["edge-*"]));
    assert_eq!(entry["limits"], serde_json::json!({"max_sessions": 4}));
    assert!(!text(&path).contains(secret.expose()));
    let second = add(&path, &new("b"), Format::Plain).unwrap();
    assert_eq!(
        second.expose().len(),
        43,
        "the file's format counts, not the wanted one"
    );
    assert!(read(&path).find("b").unwrap().principal().is_unrestricted());
}

#[test]
fn a_plain_file_is_laid_out_as_the_python_server_does() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(".tokens");
    let token = NewToken {
        description: Some("d".to_owned()),
        ..new("a")
    };
    let secret = add(&path, &token, Format::Plain).unwrap();
    assert_eq!(read(&path).format(), Format::Plain);
    let text = text(&path);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[1], "  \"a\": {");
    assert_eq!(lines[2], format!("    \"token\": \"{}\",", secret.expose()));
    assert_eq!(lines[3], "    \"description\": \"d\",");
    assert!(lines[4].starts_with("    \"created\": \"20") && lines[4].ends_with("+00:00\""));
    assert_eq!(lines[5..], ["  }", "}"]);
    let shown = edit::show(&path, "a").unwrap().unwrap();
    assert_eq!(shown.expose(), secret.expose());
    assert!(edit::show(&path, "b").unwrap().is_none());
}

#[test]
fn what_is_not_understood_stays() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tokens.json");
    let fields = r#", "team": {"z": 1, "a": [1.5, null]}, "routers": ["r1"], "limits": {"max_sessions": 1}"#;
    let before = format!(
        r#"{{"note": "Zürich", "version": 1, "tokens": [{}, {}]}}"#,
        hashed("a", "one", fields),
        hashed("b", "two", "")
    );
    std::fs::write(&path, &before).unwrap();
    let secret = rotate(&path, "a");
    add(&path, &new("c"), Format::Hashed).unwrap();
    assert_eq!(edit::revoke(&path, "b", &known()).unwrap(), (true, Format::Hashed));
    assert_eq!(edit::revoke(&path, "b", &known()).unwrap(), (false, Format::Hashed));
    let value: serde_json::Value = serde_json::from_str(&text(&path)).unwrap();
    let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["note", "version", "tokens"]);
    assert_eq!(value["note"], "Zürich");
    let entry = &value["tokens"][0];
    assert_eq!(entry["team"].to_string(), r#"{"z":1,"a":[1.5,null]}"#);
    assert_eq!(entry["routers"], serde_json::json!(["r1"]));
    assert_eq!(entry["hash"], Digest::of(secret.expose()).text());
    assert_ne!(entry["created_at"], "2026-01-01T00:00:00Z");
    let names: Vec<String> = read(&path).entries().iter().map(|e| e.name().to_owned()).collect();
    assert_eq!(names, ["a", "c"]);
}

#[test]
fn a_plain_token_is_rotated_and_revoked_where_it_stands() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(".tokens");
    let before = r#"{"a": {"token": "jmcp_0123456789abcdef0123456789abcdef", "x": 1, "created": "c"}, "b": {"token": "jmcp_b123456789abcdef0123456789abcdef"}}"#;
    std::fs::write(&path, before).unwrap();
    let secret = rotate(&path, "a");
    let value: serde_json::Value = serde_json::from_str(&text(&path)).unwrap();
    let keys: Vec<&String> = value["a"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["token", "x", "created"]);
    assert_eq!(value["a"]["token"], secret.expose());
    assert_eq!(edit::revoke(&path, "a", &known()).unwrap(), (true, Format::Plain));
    assert_eq!(read(&path).len(), 1);
    assert!(edit::revoke(&path, "b", &known()).unwrap().0);
    assert_eq!(text(&path), "{}\n");
}

#[test]
fn refused_edits_leave_the_file_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tokens.json");
    let broken = file(&[
        hashed("a", "one", ""),
        hashed("b", "two", r#", "tools": ["no_such_tool"]"#),
    ]);
    std::fs::write(&path, &broken).unwrap();
    let codes = [
        add(&path, &new("c"), Format::Hashed).unwrap_err().code(),
        edit::revoke(&path, "a", &known()).unwrap_err().code(),
        edit::rotate(&path, "a", &known()).unwrap_err().code(),
    ];
    assert_eq!(codes, [Code::InvalidInput; 3]);
    assert_eq!(text(&path), broken);
    let right = file(&[hashed("a", "one", "")]);
    std::fs::write(&path, &right).unwrap();
    let again = edit::add(&path, &new("a"), &known(), Format::Hashed);
    assert!(again.unwrap().is_none(), "the name is taken");
    assert!(edit::rotate(&path, "b", &known()).unwrap().is_none());
    let wrong = NewToken {
        effects: Some(vec!["all".to_owned()]),
        ..new("c")
    };
    assert!(add(&path, &wrong, Format::Hashed).is_err());
    assert!(!edit::revoke(&path, "b", &known()).unwrap().0);
    assert_eq!(text(&path), right, "not even laid out anew");
    let nowhere = directory.path().join("none");
    assert_eq!(
        edit::revoke(&nowhere, "a", &known()).unwrap_err().code(),
        Code::NotFound
    );
    assert!(!nowhere.exists());
}

#[test]
fn a_new_token_is_checked_without_a_file() {
    let wrong = NewToken {
        routers: Some(vec!["*".to_owned(), "a".to_owned()]),
        tools: Some(vec!["no_such_tool".to_owned()]),
        max_request_burst: Some(3),
        ..new(&"n".repeat(200))
    };
    let said = wrong.check(&known()).unwrap_err().to_string();
    for wanted in ["mixes '*'", "no_such_tool", "go together", "more than 128 characters"] {
        assert!(said.contains(wanted), "{wanted}: {said}");
    }
    assert!(new("a\nb").check(&known()).is_err() && new("").check(&known()).is_err());
    let empty = NewToken {
        routers: Some(Vec::new()),
        ..new("a")
    };
    assert!(empty.check(&known()).unwrap().join("").contains("reaches no device"));
    assert!(new("a").check(&known()).unwrap().is_empty());
}

#[test]
fn edits_at_the_same_time_all_count() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tokens.json");
    thread::scope(|scope| {
        for number in 0..12 {
            let path = &path;
            scope.spawn(move || add(path, &new(&format!("t{number}")), Format::Hashed).unwrap());
        }
    });
    assert_eq!(read(&path).len(), 12);
    thread::scope(|scope| {
        for number in 0..6 {
            let path = &path;
            scope.spawn(move || edit::revoke(path, &format!("t{number}"), &known()).unwrap());
            scope.spawn(move || rotate(path, &format!("t{}", number + 6)));
        }
    });
    assert_eq!(read(&path).len(), 6);
}

#[test]
#[cfg(unix)]
fn a_link_stays_a_link() {
    let directory = tempfile::tempdir().unwrap();
    let (link, real) = (directory.path().join("link"), directory.path().join("real"));
    std::os::unix::fs::symlink("real", &link).unwrap();
    add(&link, &new("a"), Format::Hashed).unwrap();
    add(&link, &new("b"), Format::Hashed).unwrap();
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(read(&real).len(), 2);
}
