use super::*;

const OPEN: &str = "<open-configuration><private/></open-configuration>";
const COMMIT: &str = "<commit-configuration/>";

#[test]
fn a_lock_keeps_others_out_and_names_its_owner() {
    let mut device = device();
    assert_eq!(device.rpc(1, "<lock-configuration/>"), "<ok/>\n");
    device.clock.forward(10);
    let refused = "configuration database locked by:\n  user1 (pid 1001) on since 2026-05-25 19:42:48 UTC, idle 00:00:10\n      exclusive [edit]";
    for request in [
        "<lock-configuration/>",
        "<lock><target><candidate/></target></lock>",
        COMMIT,
        "<discard-changes/>",
    ] {
        let reply = device.rpc(2, request);
        assert!(reply.contains(refused), "{request}: {reply}");
        assert!(reply.contains("<error-severity>error</error-severity>"), "{reply}");
    }
    assert!(device.set(2, "set system host-name x").contains(refused));
    assert!(device.set(1, "set system host-name r2").contains("<ok/>"));
    assert_eq!(device.rpc(1, COMMIT), "<ok/>\n");
    assert_eq!(device.rpc(1, "<unlock-configuration/>"), "<ok/>\n");
    assert_eq!(device.rpc(2, "<lock-configuration/>"), "<ok/>\n");
    assert_eq!(device.store.value("system host-name").as_deref(), Some("r2"));
}

#[test]
fn foreign_edits_prevent_the_lock() {
    let mut device = device();
    device.store.dirty_by("somebody", "set system domain-name example.net");
    assert!(
        device
            .rpc(1, "<lock-configuration/>")
            .contains("configuration database modified")
    );
    assert!(device.store.candidate_set().contains("domain-name"));
}

#[test]
fn the_end_of_a_session_frees_its_lock_and_drops_its_edits() {
    let mut device = device();
    device.rpc(1, "<lock-configuration/>");
    device.set(1, "set system host-name r2");
    device.store.session_ended(&who(1));
    assert_eq!(device.store.candidate_set(), device.store.running_set());
    assert_eq!(device.rpc(2, "<lock-configuration/>"), "<ok/>\n");
    assert_eq!(device.did(Action::Discard), 1);
}

#[test]
fn unlocking_discards_what_was_not_committed() {
    let mut device = device();
    device.rpc(1, "<lock-configuration/>");
    device.set(1, "set system host-name r2");
    device.rpc(1, "<unlock-configuration/>");
    assert_eq!(device.store.candidate_set(), device.store.running_set());
    assert!(
        device
            .rpc(1, "<unlock-configuration/>")
            .contains("Configuration database is not open")
    );
}

#[test]
fn edits_without_a_lock_outlive_their_session() {
    let mut device = device();
    device.set(1, "set system host-name r2");
    device.store.session_ended(&who(1));
    assert!(device.store.candidate_set().contains("host-name r2"));
}

#[test]
fn private_copies_do_not_see_each_other() {
    let mut device = device();
    let reply = device.rpc(1, OPEN);
    assert!(
        reply.contains("uncommitted changes will be discarded on exit"),
        "{reply}"
    );
    assert!(
        reply.contains("<error-severity>warning</error-severity>") && reply.contains("<ok/>"),
        "{reply}"
    );
    device.rpc(2, OPEN);
    device.set(1, "set system host-name r2");
    device.set(2, "set interfaces ge-0/0/0 mtu 9000");
    assert!(!device.diff(2).contains("host-name"));
    assert_eq!(device.rpc(1, COMMIT), "<ok/>\n");
    assert_eq!(device.rpc(2, COMMIT), "<ok/>\n");
    let running = device.store.running_set();
    assert!(
        running.contains("host-name r2") && running.contains("mtu 9000"),
        "{running}"
    );
    assert_eq!(device.store.candidate_set(), running);
    assert_eq!(device.rpc(1, "<close-configuration/>"), "<ok/>\n");
    assert!(
        device
            .rpc(1, "<close-configuration/>")
            .contains("Configuration database is not open")
    );
}

#[test]
fn private_copies_conflict_where_both_change_one_statement() {
    let mut device = device();
    device.rpc(1, OPEN);
    device.rpc(2, OPEN);
    device.set(1, "set system host-name r2");
    device.set(2, "set system host-name r3\ndelete interfaces ge-0/0/0");
    device.rpc(1, COMMIT);
    let reply = device.rpc(2, COMMIT);
    assert!(reply.contains("<error-path>[edit system]</error-path>"), "{reply}");
    assert!(
        reply.contains("statement does not match patch; &apos;r2&apos; != &apos;r3&apos;"),
        "{reply}"
    );
    assert!(device.store.running_set().contains("ge-0/0/0"));
}

#[test]
fn a_private_commit_waits_for_the_shared_candidate() {
    let mut device = device();
    device.store.dirty_by("somebody", "set system domain-name example.net");
    device.rpc(1, OPEN);
    device.set(1, "set system host-name r2");
    let reply = device.rpc(1, COMMIT);
    assert!(reply.contains("shared configuration database modified"), "{reply}");
    assert!(
        device.store.candidate_set().contains("domain-name"),
        "the edits of others stay"
    );
    assert_eq!(device.store.value("system host-name").as_deref(), Some("r1"));
}

#[test]
fn shared_edits_wait_for_private_ones() {
    let mut device = device();
    device.rpc(1, OPEN);
    let reply = device.set(2, "set system host-name r2");
    assert!(reply.contains("private edits in use"), "{reply}");
    device.store.session_ended(&who(1));
    assert!(device.set(2, "set system host-name r2").contains("<ok/>"));
    assert!(
        device
            .rpc(3, "<open-configuration><ephemeral/></open-configuration>")
            .contains("operation-not-supported")
    );
}
