//! `jmcp call`, where a person has to agree.

use super::*;
use crate::support::program::{Ended, run};

async fn add(home: &TempDir, more: &[&str]) -> Ended {
    let line = [
        "call",
        "--confirm",
        "write",
        "add_device",
        "device_name=new-1",
        "device_ip=192.0.2.9",
        "username=netops",
    ];
    let key = format!("ssh_key_path={}", home.path().join("id").display());
    let line = [&line[..], &[&key], more].concat();
    run(home.path(), &line).await
}

fn home() -> TempDir {
    let home = directory(DEVICES);
    std::fs::write(home.path().join("id"), "not read before a login").unwrap();
    home
}

fn devices(home: &TempDir) -> String {
    std::fs::read_to_string(home.path().join("devices.json")).unwrap()
}

#[tokio::test]
async fn without_a_terminal_the_plan_is_printed_and_nothing_is_done() {
    let home = home();
    let ended = add(&home, &[]).await;
    assert_eq!(ended.status.code(), Some(4), "{}", ended.stderr);
    assert!(ended.stderr.contains("| Run add_device?"), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("--yes") && !ended.stderr.contains("confirm-AAAA"),
        "{}",
        ended.stderr
    );
    assert!(!devices(&home).contains("new-1"));
}

#[tokio::test]
async fn a_script_can_say_yes() {
    let home = home();
    let ended = add(&home, &["--yes"]).await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("Run add_device?"),
        "what was agreed to is said: {}",
        ended.stderr
    );
    assert!(devices(&home).contains("new-1"));
}

#[tokio::test]
async fn with_a_key_file_a_later_call_can_bring_the_token() {
    let home = home();
    std::fs::write(home.path().join("key"), "k".repeat(32)).unwrap();
    let key = ["--confirm-key-file", "key"];
    let ended = add(&home, &key).await;
    assert_eq!(ended.status.code(), Some(4), "{}", ended.stderr);
    let at = ended
        .stderr
        .find("confirm-AAAA")
        .unwrap_or_else(|| panic!("{}", ended.stderr));
    let token: String = ended.stderr[at..].chars().take_while(|c| *c != '"').collect();
    let brought = format!("confirmation_token={token}");
    let other = add(&home, &[key[0], key[1], &brought, "device_port=2222"]).await;
    assert_eq!(other.status.code(), Some(4), "{}", other.stderr);
    assert!(!devices(&home).contains("new-1"));
    let ended = add(&home, &[key[0], key[1], &brought]).await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(devices(&home).contains("new-1"));
}
