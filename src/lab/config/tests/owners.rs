use super::*;

const COMMIT: &str = "<commit-configuration/>";
const ROLLBACK: &str = "<load-configuration rollback=\"0\"/>";

fn owners(device: &Device, action: Action) -> Vec<Vec<String>> {
    let log = device.store.log().iter();
    log.filter(|e| e.action == action).map(|e| e.owners.clone()).collect()
}

#[test]
fn each_edit_belongs_to_who_made_it() {
    let mut device = device();
    device.set(1, "set system domain-name example.net");
    device.set(2, "delete interfaces ge-0/0/0 description");
    let edits: Vec<(String, String)> = device
        .store
        .shared_edits()
        .into_iter()
        .map(|edit| (edit.user, edit.statement))
        .collect();
    let edit = |user: &str, statement: &str| (user.to_owned(), statement.to_owned());
    assert_eq!(
        edits,
        [
            edit("user1", "+set system domain-name example.net"),
            edit("user2", "-set interfaces ge-0/0/0 description up"),
        ]
    );
}

#[test]
fn a_commit_and_a_discard_say_whose_edits_they_took() {
    let mut device = device();
    device.store.dirty_by("anna", "set system domain-name example.net");
    device.set(1, "set system host-name r2");
    device.rpc(1, COMMIT);
    assert_eq!(owners(&device, Action::Commit), [["anna", "user1"]]);
    assert!(device.store.shared_edits().is_empty());
    device.store.dirty_by("anna", "set system domain-name example.org");
    device.rpc(1, ROLLBACK);
    assert_eq!(owners(&device, Action::Discard), [["anna"]]);
    device.rpc(1, "<open-configuration><private/></open-configuration>");
    device.set(1, "set system host-name r3");
    device.rpc(1, ROLLBACK);
    let none: [&str; 0] = [];
    assert_eq!(
        owners(&device, Action::Discard)[1],
        none,
        "a private copy is nobody else's"
    );
}

#[test]
fn an_edit_that_takes_the_place_of_anothers_is_a_loss() {
    for request in [
        "<load-configuration action=\"set\"><configuration-set>set system domain-name example.org</configuration-set></load-configuration>",
        "<load-configuration action=\"override\" format=\"text\"><configuration-text>system { host-name r9; }</configuration-text></load-configuration>",
        "<discard-changes/>",
    ] {
        let mut device = device();
        device.store.dirty_by("anna", "set system domain-name example.net");
        device.rpc(1, request);
        assert_eq!(owners(&device, Action::Discard), [["anna"]], "{request}");
    }
    let mut device = device();
    device.store.dirty_by("anna", "set system domain-name example.net");
    device.set(1, "set system host-name r2");
    device.rpc(1, "<get-configuration/>");
    assert!(owners(&device, Action::Discard).is_empty());
}

#[test]
fn a_commit_in_progress_keeps_everybody_out_and_outlives_its_session() {
    let mut device = device();
    device.rpc(1, "<open-configuration><private/></open-configuration>");
    device.set(1, "set system host-name r2");
    assert!(device.store.begin_commit(&who(1), &element(COMMIT)));
    assert!(!device.store.begin_commit(&who(2), &element(COMMIT)));
    device.store.session_ended(&who(1));
    let words = "configuration database locked by:\n  user1 (pid 1001) on since 2026-05-25 19:42:48 UTC, idle 00:00:00\n      commit in progress";
    for request in [
        "<lock-configuration/>",
        COMMIT,
        "<discard-changes/>",
        "<cancel-commit/>",
    ] {
        let reply = device.rpc(2, request);
        assert!(reply.contains(words), "{request}: {reply}");
    }
    assert_eq!(device.store.lock_holder(), Some(&who(1)));
    assert_eq!(
        (device.did(Action::Commit), device.store.private_copies()),
        (0, vec![1])
    );
    assert!(
        device
            .rpc(2, "<get-commit-information/>")
            .matches("<commit-history>")
            .count()
            == 1
    );
    assert_eq!(device.store.finish_commit().as_deref(), Some("<ok/>\n"));
    assert_eq!(device.store.finish_commit(), None);
    assert_eq!((device.did(Action::Commit), device.store.lock_holder()), (1, None));
    assert!(device.store.private_copies().is_empty(), "the session is gone");
    assert_eq!(device.rpc(2, "<lock-configuration/>"), "<ok/>\n");
}

#[test]
fn killing_a_session_takes_its_unconfirmed_commit_back() {
    let mut device = device();
    device.set(1, "set system host-name r2");
    device.rpc(1, "<commit-configuration><confirmed/></commit-configuration>");
    device.store.session_killed(2);
    assert_eq!(device.store.pending_commit().map(|p| p.user).as_deref(), Some("user1"));
    device.store.session_killed(1);
    assert_eq!(device.store.value("system host-name").as_deref(), Some("r1"));
    assert_eq!(device.store.pending_commit(), None);
}
