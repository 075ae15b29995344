use russh::keys::PrivateKey;

use super::*;

fn key() -> PublicKey {
    PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519)
        .unwrap()
        .public_key()
        .clone()
}

fn other_type() -> PublicKey {
    let algorithm = Algorithm::Ecdsa {
        curve: russh::keys::EcdsaCurve::NistP256,
    };
    PrivateKey::random(&mut rand::rng(), algorithm)
        .unwrap()
        .public_key()
        .clone()
}

fn text(key: &PublicKey) -> String {
    key.to_openssh().unwrap()
}

fn known(text: &str) -> KnownHosts {
    let mut known = KnownHosts::default();
    known.add(text, Path::new("/etc/jmcp/known_hosts"));
    known
}

fn check(file: &str, names: &[&str], port: u16, key: &PublicKey) -> Verdict {
    known(file).check(&HostNames::new(names.iter().copied(), port), key)
}

#[test]
fn names_lists_wildcards_and_exceptions() {
    let k = key();
    let file = format!(
        "# comment\n\nr1,192.0.2.1 {0}\n*.lab,!r9.lab {0} trailing comment\nbroken line\n",
        text(&k)
    );
    for (name, matches) in [
        ("R1", true),
        ("192.0.2.1", true),
        ("r2.lab", true),
        ("r9.lab", false),
        ("r3", false),
    ] {
        let verdict = check(&file, &[name], 22, &k);
        assert_eq!(matches!(verdict, Verdict::Match), matches, "{name}");
        assert_eq!(matches!(verdict, Verdict::Unknown), !matches, "{name}");
    }
}

#[test]
fn another_key_is_a_change_and_names_the_line() {
    let (old, new) = (key(), key());
    let file = format!("r0 {0}\nr1 {0}\n", text(&old));
    let Verdict::Changed(records) = check(&file, &["r1"], 22, &new) else {
        panic!("changed")
    };
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].place.to_string(), "/etc/jmcp/known_hosts:2");
    assert_eq!(fingerprint(&records[0].key), fingerprint(&old));
    assert!(matches!(check(&file, &["r1"], 22, &other_type()), Verdict::Changed(_)));
}

#[test]
fn several_keys_of_one_host_are_all_good() {
    let (one, two) = (key(), other_type());
    let file = format!("r1 {}\nr1 {}\n", text(&one), text(&two));
    assert!(matches!(check(&file, &["r1"], 22, &one), Verdict::Match));
    assert!(matches!(check(&file, &["r1"], 22, &two), Verdict::Match));
    let names = HostNames::new(["r1"], 22);
    assert_eq!(known(&file).algorithms(&names), [one.algorithm(), two.algorithm()]);
}

#[test]
fn ports_are_written_in_brackets_and_the_bare_name_only_helps() {
    let (k, other) = (key(), key());
    let file = format!("[r1]:830 {0}\nr2 {0}\n", text(&k));
    assert!(matches!(check(&file, &["r1"], 830, &k), Verdict::Match));
    assert!(matches!(check(&file, &["r1"], 22, &k), Verdict::Unknown));
    assert!(matches!(check(&file, &["r1"], 2022, &k), Verdict::Unknown));
    assert!(matches!(check(&file, &["r2"], 830, &k), Verdict::Match));
    assert!(matches!(check(&file, &["r2"], 830, &other), Verdict::Unknown));
}

#[test]
fn the_alias_counts_as_well_as_the_address() {
    let (k, other) = (key(), key());
    let file = format!("core {}\n", text(&k));
    assert!(matches!(check(&file, &["192.0.2.1", "core"], 22, &k), Verdict::Match));
    assert!(matches!(
        check(&file, &["192.0.2.1", "core"], 22, &other),
        Verdict::Changed(_)
    ));
}

#[test]
fn revoked_keys_are_refused_also_where_another_line_allows_them() {
    let k = key();
    let file = format!("r1 {0}\n@revoked * {0}\n", text(&k));
    assert!(matches!(check(&file, &["r1"], 22, &k), Verdict::Revoked(place) if place.line == 2));
    assert!(matches!(check(&file, &["r1"], 830, &k), Verdict::Revoked(_)));
    assert!(matches!(check(&file, &["r1"], 22, &key()), Verdict::Changed(_)));
}

#[test]
fn authorities_and_unknown_markers_say_nothing_about_plain_keys() {
    let k = key();
    let file = format!("@cert-authority * {0}\n@later * {0}\n", text(&k));
    assert!(matches!(check(&file, &["r1"], 22, &k), Verdict::Unknown));
}

#[test]
fn ipv6_is_compared_as_an_address() {
    let k = key();
    assert!(matches!(
        check(&format!("2001:db8::1 {}\n", text(&k)), &["2001:DB8:0::1"], 22, &k),
        Verdict::Match
    ));
    assert_eq!(HostNames::new(["2001:db8::1"], 830).primary(), "[2001:db8::1]:830");
}

#[test]
fn pinning_appends_once_and_never_overwrites() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("new/known_hosts");
    let (k, other) = (key(), key());
    let names = HostNames::new(["r1"], 830);
    std::fs::create_dir(directory.path().join("new")).unwrap();
    std::fs::write(&path, "r0 no newline at the end").unwrap();
    assert!(matches!(pin(&path, &names, &k).unwrap(), Verdict::Match));
    assert!(matches!(pin(&path, &names, &k).unwrap(), Verdict::Match));
    assert!(matches!(pin(&path, &names, &other).unwrap(), Verdict::Changed(_)));
    let written = std::fs::read_to_string(&path).unwrap();
    let expected = format!("r0 no newline at the end\n[r1]:830 {}\n", text(&k).trim_end());
    assert_eq!(written, expected);
}

#[test]
fn pinning_at_the_same_time_records_one_key() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("deep/er/known_hosts");
    let k = key();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| pin(&path, &HostNames::new(["r1"], 22), &k).unwrap());
        }
    });
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
