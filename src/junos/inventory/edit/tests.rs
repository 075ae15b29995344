//! Tests of adding a device.

use super::*;

fn agent(name: &str) -> NewDevice {
    NewDevice {
        name: name.to_owned(),
        host: "192.0.2.9".to_owned(),
        port: 22,
        username: "netops".to_owned(),
        auth: Auth::Agent,
        extra: Map::new(),
    }
}

fn written(directory: &tempfile::TempDir, text: &str) -> Inventory {
    let path = directory.path().join("devices.json");
    std::fs::write(&path, text).unwrap();
    Inventory::load(&path).unwrap()
}

const FILE: &str = "{\n  \"_note\": [1.50, \"kept\"],\n  \"r1\": {\"ip\": \"192.0.2.1\", \"username\": \"u\",   \"auth\": \
    {\"type\": \"ssh_agent\"}, \"rack\": {\"u\": 7}}\n}\n";

#[test]
fn what_is_in_the_file_stays_byte_for_byte() {
    let directory = tempfile::tempdir().unwrap();
    let inventory = written(&directory, FILE).add_to_file(&agent("r2")).unwrap();
    let text = std::fs::read_to_string(directory.path().join("devices.json")).unwrap();
    assert!(text.starts_with(FILE.trim_end().trim_end_matches('}').trim_end()));
    assert!(text.ends_with("    }\n  }\n}\n"), "{text}");
    assert_eq!(inventory.devices.len(), 2);
    let again = inventory.add_to_file(&agent("r3")).unwrap();
    assert_eq!(again.devices.len(), 3);
    assert_eq!(
        std::fs::read_dir(directory.path()).unwrap().count(),
        1,
        "no temporary file is left"
    );
}

#[test]
fn a_file_changed_meanwhile_is_not_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let inventory = written(&directory, FILE);
    std::fs::write(directory.path().join("devices.json"), "{}").unwrap();
    let error = inventory.add_to_file(&agent("r2")).unwrap_err();
    assert_eq!(error.code(), Code::Conflict);
    assert_eq!(
        std::fs::read_to_string(directory.path().join("devices.json")).unwrap(),
        "{}"
    );
}

#[test]
fn a_bad_entry_never_reaches_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let inventory = written(&directory, FILE);
    let missing = Auth::Key {
        path: PathBuf::from("/nowhere/id"),
        passphrase: None,
    };
    let cases = [
        (
            NewDevice {
                auth: missing,
                ..agent("r2")
            },
            Code::NotFound,
        ),
        (
            NewDevice {
                host: "300.1.1.1".to_owned(),
                ..agent("r2")
            },
            Code::InvalidInput,
        ),
        (NewDevice { port: 0, ..agent("r2") }, Code::InvalidInput),
        (
            NewDevice {
                username: "-oProxyCommand".to_owned(),
                ..agent("r2")
            },
            Code::InvalidInput,
        ),
        (agent("a b"), Code::InvalidInput),
        (agent("_x"), Code::InvalidInput),
        (agent("r1"), Code::Conflict),
    ];
    for (device, code) in cases {
        assert_eq!(inventory.add_to_file(&device).unwrap_err().code(), code);
        assert_eq!(inventory.with_device(&device).unwrap_err().code(), code);
    }
    assert_eq!(
        std::fs::read_to_string(directory.path().join("devices.json")).unwrap(),
        FILE
    );
}

#[cfg(unix)]
#[test]
fn mode_and_link_are_kept() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let real = directory.path().join("real.json");
    let link = directory.path().join("devices.json");
    std::fs::write(&real, "{}").unwrap();
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let secret = NewDevice {
        auth: Auth::Password("pa\"ss".into()),
        ..agent("r1")
    };
    let inventory = Inventory::load(&link).unwrap().add_to_file(&secret).unwrap();
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(inventory.device("r1").unwrap().auth, secret.auth);
    assert_eq!(Inventory::load(&link).unwrap().devices, inventory.devices);
}

#[test]
fn line_ends_and_indent_follow_the_file() {
    let text = "{\r\n\t\"a\": {}\r\n}";
    let added = inserted(text, "b", &agent("b").entry()).unwrap();
    assert!(
        added.starts_with("{\r\n\t\"a\": {},\r\n\t\"b\": {\r\n\t\t\"ip\""),
        "{added:?}"
    );
    assert!(!added.replace("\r\n", "").contains('\n'));
    assert!(
        inserted("{}", "b", &Map::new())
            .unwrap()
            .starts_with("{\n    \"b\": {}")
    );
}

#[test]
fn extra_fields_never_replace_the_own_ones() {
    let extra = json!({"ip": "203.0.113.1", "role": "edge"})
        .as_object()
        .unwrap()
        .clone();
    let entry = NewDevice { extra, ..agent("r2") }.entry();
    assert_eq!(
        entry.keys().collect::<Vec<_>>(),
        ["ip", "port", "username", "auth", "role"]
    );
    assert_eq!(entry["ip"], "192.0.2.9");
}
