use super::*;

const COMMIT: &str = "<commit-configuration/>";
const CONFIRMED: &str =
    "<commit-configuration><confirmed/><confirm-timeout>5</confirm-timeout><log>try</log></commit-configuration>";
const HISTORY: &str = "<get-commit-information/>";

fn entry(history: &str, number: usize) -> String {
    history.split("<commit-history>").nth(number + 1).unwrap().to_owned()
}

#[test]
fn a_confirmed_commit_is_marked_until_it_is_confirmed() {
    let mut device = device();
    device.set(1, "set system host-name r2");
    device.rpc(1, CONFIRMED);
    let pending = "<comment>commit confirmed, rollback in 5mins</comment>\n<log>try</log>\n<commit-confirmed>rollback pending</commit-confirmed>";
    device.clock.forward(120);
    let newest = entry(&device.rpc(1, HISTORY), 0);
    assert!(newest.contains(pending), "the minutes that were given: {newest}");
    let detail = device.rpc(
        1,
        "<get-commit-revision-information><detail/></get-commit-revision-information>",
    );
    assert!(
        detail.contains("<comment>commit confirmed, rollback in 5mins</comment>"),
        "{detail}"
    );
    assert!(
        detail.contains("<user>user1</user>\n<client>netconf</client>"),
        "{detail}"
    );
    device.rpc(1, COMMIT);
    let history = device.rpc(1, HISTORY);
    assert!(!history.contains("rollback pending"), "{history}");
    assert!(!entry(&history, 0).contains("rollback in"), "{history}");
    assert!(
        entry(&history, 1).contains("rollback in 5mins"),
        "older entries keep it: {history}"
    );
}

#[test]
fn an_automatic_rollback_is_the_devices_own_commit() {
    let mut device = device();
    device.set(1, "set system host-name r2");
    device.rpc(1, CONFIRMED);
    device.clock.forward(300);
    device.store.tick();
    let newest = entry(&device.rpc(1, HISTORY), 0);
    assert!(newest.contains("<user>root</user>\n<client>other</client>"), "{newest}");
}

#[test]
fn archived_configurations_in_every_format() {
    let mut device = device();
    device.set(1, "set system host-name r2");
    device.rpc(1, COMMIT);
    for (format, words) in [
        ("text", "host-name r1;"),
        ("set", "set system host-name r1"),
        ("xml", "<host-name>r1</host-name>"),
        ("json", "\"host-name\": \"r1\""),
    ] {
        let request =
            format!("<get-rollback-information format=\"{format}\"><rollback>1</rollback></get-rollback-information>");
        let reply = device.rpc(1, &request).replace("&quot;", "\"");
        assert!(reply.contains(words), "{format}: {reply}");
    }
    for (command, words) in [
        ("show system rollback 1", "host-name r1;"),
        ("show system rollback 1 | display set", "set system host-name r1"),
        ("show system rollback compare 1 0", "+  host-name r2;"),
        ("show configuration | compare rollback 1", "+  host-name r2;"),
        ("show system rollback 7", "rollback 7 not found"),
        ("show system rollback 50", "invalid rollback number"),
        ("show system commit revision detail", "<revision>re0-"),
    ] {
        let reply = device.store.command(&who(1), command, "text").unwrap();
        assert!(reply.contains(words), "{command}: {reply}");
    }
    assert!(
        device
            .rpc(1, "<load-configuration rollback=\"7\"/>")
            .contains("rollback 7 not found")
    );
}

#[test]
fn a_private_candidate_is_compared_with_any_archived_one() {
    let mut device = device();
    for name in ["r2", "r3"] {
        device.set(1, &format!("set system host-name {name}"));
        device.rpc(1, COMMIT);
    }
    device.rpc(2, "<open-configuration><private/></open-configuration>");
    device.set(2, "set system host-name r9");
    for (number, name) in [(0, "r3"), (1, "r2"), (2, "r1")] {
        let compare = format!("<get-configuration compare=\"rollback\" rollback=\"{number}\" format=\"text\"/>");
        let own = device.rpc(2, &compare);
        assert!(
            own.contains(&format!("-  host-name {name};\n+  host-name r9;")),
            "{own}"
        );
        assert!(!device.rpc(1, &compare).contains("r9"));
    }
}

#[test]
fn the_rescue_configuration_by_command() {
    let mut device = device();
    let mut run = |command: &str| device.store.command(&who(1), command, "text").unwrap();
    assert!(run("show system configuration rescue").contains("no rescue configuration is set"));
    assert!(run("request system configuration rescue delete").contains("rpc-error"));
    assert_eq!(run("request system configuration rescue save"), "<ok/>\n");
    assert!(run("show system configuration rescue").contains("host-name r1;"));
    assert!(run("show system configuration rescue | display set").contains("set system host-name r1"));
    assert_eq!(run("req sys conf res del"), "<ok/>\n");
    assert!(device.store.command(&who(1), "request system reboot", "text").is_none());
}
