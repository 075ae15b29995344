//! Tests of reading `devices.json`.

use super::*;
use std::path::Path;

fn parse(text: &str) -> Result<Inventory> {
    Inventory::parse(text, Path::new("/nowhere"), "devices.json")
}

#[test]
fn both_dialects_in_one_file() {
    let inventory = parse(
        r#"{
        "_blocklist_defaults": {"commands": [{"action": "deny", "pattern": "request *"}]},
        "_comment": "free text",
        "py-old": {"ip": "192.0.2.1", "port": "8022", "username": "netops", "password": "example", "role": "edge"},
        "rs": {"ip": "[2001:db8::1]", "username": "netops", "auth": {"type": "password", "password": "example"},
               "blocklist": {"config": []}, "legacy": true, "framing": "eom", "timeout": 90, "ssh_config": "/c"},
        "agent": {"ip": "r3.example.net", "port": 830, "username": "netops", "auth": {"type": "ssh_agent"}}
        }"#,
    )
    .unwrap();
    let old = inventory.device("py-old").unwrap();
    assert_eq!((old.port, &old.auth), (8022, &Auth::Password("example".into())));
    assert_eq!(old.public.get("role").unwrap(), "edge");
    let rs = inventory.device("rs").unwrap();
    assert_eq!(
        (rs.host.as_str(), rs.port, rs.framing, rs.legacy),
        ("2001:db8::1", 22, Framing::EndOfMessage, true)
    );
    assert_eq!(rs.timeout(), Some(Duration::from_secs(90)));
    assert!(rs.blocklist().is_some() && inventory.blocklist_defaults.is_some());
    assert_eq!(rs.ssh_config.as_deref(), Some(Path::new("/c")));
    assert_eq!(inventory.devices.len(), 3);
    assert_eq!(inventory.device("agent").unwrap().auth, Auth::Agent);
    assert_eq!(inventory.warnings.len(), 1, "{:?}", inventory.warnings);
    assert_eq!(inventory.device("_comment").unwrap_err().code(), Code::UnknownRouter);
}

#[test]
fn names_that_only_one_server_took_are_taken() {
    let inventory = parse(
        r#"{"core 1/Zürich": {"ip": "192.0.2.1", "port": 22, "username": "netops@realm", "password": "example"},
            "numeric": {"ip": "192.0.2.2", "username": "u", "timeout": "60", "auth": {"type": "ssh_agent"}}}"#,
    )
    .unwrap();
    assert_eq!(inventory.device("core 1/Zürich").unwrap().username, "netops@realm");
    assert_eq!(
        inventory.device("numeric").unwrap().timeout(),
        Some(Duration::from_secs(60))
    );
}

#[test]
fn all_problems_are_reported_at_once() {
    let error = parse(
        r#"{
        "r1": {"port": 70000, "username": "a b", "auth": {"type": "telnet"}},
        "r2": {"ip": "192.0.2.2", "username": "u"},
        "r3": {"ip": 7, "username": "u", "auth": {"type": "ssh_key"}, "framing": "chunked", "timeout": 0, "ip": 8},
        "r\u00074": {"ip": "192.0.2.4", "username": "u", "auth": {"type": "ssh_agent"}},
        "r5": [], "r5": []
        }"#,
    )
    .unwrap_err();
    assert_eq!(error.code(), Code::InventoryInvalid);
    let lines: Vec<&str> = error.message().lines().collect();
    assert!(lines[0].contains("Device configuration validation failed for `devices.json`"));
    for part in [
        "  - device `r1`: field `ip`: is missing",
        "  - device `r1`: field `port`: invalid device port `70000`: must be in 1..=65535",
        "  - device `r1`: field `username`: invalid username `a b`",
        "  - device `r1`: field `auth.type`: unsupported auth type `telnet`",
        "  - device `r2`: field `auth`: is missing: either provide",
        "  - device `r3`: field `ip`: must be a string",
        "  - device `r3`: field `ip`: is given more than once",
        "  - device `r3`: field `auth.private_key_path`: is missing",
        "  - device `r3`: field `framing`: must be `auto` or `eom`",
        "  - device `r3`: field `timeout`: invalid timeout `0`",
        "  - device `r\\u{7}4`: a name must have",
        "  - device `r5`: must be an object",
        "  - device `r5`: is defined more than once",
    ] {
        assert!(
            lines.iter().any(|line| line.starts_with(part)),
            "{part}\nnot in\n{}",
            error.message()
        );
    }
    assert_eq!(lines.len(), 14);
}

#[test]
fn broken_json_names_the_place() {
    let error = parse("{\n  \"r1\": {\"ip\": \"192.0.2.1\",}\n}").unwrap_err();
    assert!(error.message().contains("line 2, column 28: trailing comma"), "{error}");
    assert!(
        parse("[]")
            .unwrap_err()
            .message()
            .contains("top level must be an object")
    );
    assert!(parse("").unwrap_err().message().contains("line 1"));
    assert!(parse("\u{feff}{}").is_ok());
}

#[test]
fn a_missing_key_file_stops_only_its_own_device() {
    let directory = tempfile::tempdir().unwrap();
    let key = directory.path().join("id_r2");
    let text = format!(
        r#"{{"r1": {{"ip": "192.0.2.1", "username": "u", "auth": {{"type": "ssh_agent"}}}},
            "r2": {{"ip": "192.0.2.2", "username": "u", "auth": {{"type": "ssh_key", "private_key_path": {:?}}}}}}}"#,
        key
    );
    let inventory = parse(&text).unwrap();
    assert!(inventory.device("r1").unwrap().usable().is_ok());
    let r2 = inventory.device("r2").unwrap();
    assert_eq!(r2.problem.as_ref().unwrap().code(), Code::NotFound);
    assert!(r2.usable().unwrap_err().message().contains("id_r2"));
    std::fs::write(&key, "key").unwrap();
    assert!(r2.usable().is_ok(), "a key put there later is found");
}

#[test]
fn key_paths_begin_at_the_inventory() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("id"), "key").unwrap();
    let text = r#"{"r": {"ip": "r", "username": "u", "auth": {"type": "ssh_key", "private_key_path": "id"}}}"#;
    let inventory = Inventory::parse(text, directory.path(), "x").unwrap();
    let expected = Auth::Key {
        path: directory.path().join("id"),
        passphrase: None,
    };
    assert_eq!(inventory.device("r").unwrap().auth, expected);
}

#[cfg(unix)]
#[test]
fn readable_passwords_are_warned_about() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("devices.json");
    std::fs::write(
        &path,
        r#"{"r": {"ip": "r", "username": "u", "auth": {"type": "password", "password": "p"}}}"#,
    )
    .unwrap();
    for (mode, warnings) in [(0o600, 0), (0o640, 1), (0o604, 1)] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(Inventory::load(&path).unwrap().warnings.len(), warnings, "{mode:o}");
    }
}

#[test]
fn empty_is_legal_but_can_be_refused() {
    let inventory = parse("{}").unwrap();
    assert!(
        inventory
            .require_devices()
            .unwrap_err()
            .message()
            .contains("inventory is empty (no devices)")
    );
    let error = Inventory::load(Path::new("/nowhere/devices.json")).unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
}

#[test]
fn debug_shows_no_secret() {
    let text = r#"{"r": {"ip": "r", "username": "u", "password": "hunter2", "auth": {"type": "ssh_key",
        "private_key_path": "/k", "passphrase": "hunter2"}}}"#;
    assert!(!format!("{:?}", parse(text).unwrap()).contains("hunter2"));
}
