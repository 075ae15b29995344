//! Other people at a device, as a client meets them.

use std::collections::BTreeSet;

use jmcp::lab::{Kind, config::Action};

use super::{Client, device, lab};

const COMPARE: &str = "<get-configuration compare=\"rollback\" rollback=\"0\" format=\"text\"/>";
const PRIVATE: &str = "<open-configuration><private/></open-configuration>";
const COMMIT: &str = "<commit-configuration/>";

fn set(lines: &str) -> String {
    format!(
        "<load-configuration action=\"set\" format=\"text\"><configuration-set>{lines}</configuration-set></load-configuration>"
    )
}

#[tokio::test]
async fn their_edits_stand_in_the_way_and_are_theirs() {
    let lab = lab().await;
    for device in lab.devices() {
        let (anna, ben) = (device.operator("anna"), device.operator("ben"));
        anna.edits("set system domain-name anna.example.net").unwrap();
        ben.edits("set system location building b7").unwrap();
        let mut session = Client::password(device).await.netconf().await;
        let diff = session.rpc(COMPARE).await;
        assert!(
            diff.contains("anna.example.net") && diff.contains("building b7"),
            "{diff}"
        );
        let refused = session.rpc("<lock-configuration/>").await;
        assert!(refused.contains("configuration database modified"), "{refused}");
        let users: BTreeSet<String> = device.shared_edits().into_iter().map(|edit| edit.user).collect();
        assert_eq!(users, ["anna", "ben"].map(str::to_owned).into(), "{}", device.name);
        session.rpc("<load-configuration rollback=\"0\"/>").await;
        let discard = device
            .events()
            .into_iter()
            .rfind(|e| e.action == Action::Discard)
            .unwrap();
        assert_eq!(
            (discard.user.as_str(), discard.owners),
            ("lab", vec!["anna".to_owned(), "ben".to_owned()])
        );
        assert!(device.shared_edits().is_empty());
    }
}

#[tokio::test]
async fn their_lock_is_told_with_process_and_terminal() {
    let lab = lab().await;
    for device in lab.devices() {
        let anna = device.operator("anna");
        anna.locks().unwrap();
        let mut session = Client::password(device).await.netconf().await;
        let refused = session.rpc("<lock-configuration/>").await;
        let holder = format!("anna terminal pts/1 (pid {}) on since ", anna.who().pid);
        assert!(refused.contains(&holder) && refused.contains("idle 00:0"), "{refused}");
        assert_eq!(device.lock_holder().as_ref(), Some(anna.who()));
        anna.clone().leaves();
        assert_eq!(device.lock_holder(), None);
        assert!(session.rpc("<lock-configuration/>").await.contains("ok/>"));
        let said = device
            .operator("anna")
            .edits("set system location building b7")
            .unwrap_err();
        assert!(said.contains("lab (pid "), "{said}");
    }
}

#[tokio::test]
async fn who_is_at_a_terminal_is_seen() {
    let lab = lab().await;
    for device in lab.devices() {
        let mut session = Client::password(device).await.netconf().await;
        let users = "<command format=\"text\">show system users</command>";
        assert!(session.rpc(users).await.contains(" 1 user,"));
        let anna = device.operator("anna");
        device.operator("anna");
        device.operator("ben");
        let shown = session.rpc(users).await;
        assert!(
            shown.contains(" 3 users,") && shown.contains("\nanna     pts/1 "),
            "{shown}"
        );
        let xml = session.rpc("<get-system-users-information/>").await;
        assert!(xml.contains("<user>ben</user>\n<tty>pts/2</tty>"), "{xml}");
        anna.leaves();
        assert!(session.rpc(users).await.contains(" 2 users,"));
    }
}

#[tokio::test]
async fn their_commits_change_what_runs_behind_our_back() {
    let lab = lab().await;
    for device in lab.devices() {
        let mut session = Client::password(device).await.netconf().await;
        session.rpc(PRIVATE).await;
        assert_eq!(device.open_candidates(), [session.id()]);
        session.rpc(&set("set system location building ours")).await;
        let anna = device.operator("anna");
        anna.changes("set system domain-name anna.example.net").unwrap();
        let history = session.rpc("<get-commit-information/>").await;
        let newest = history.split("</commit-history>").next().unwrap();
        assert!(newest.contains("<user>anna</user>\n<client>cli</client>"), "{newest}");
        assert!(newest.contains("<log>changed by hand</log>"), "{newest}");
        // Statements of both are kept where they do not meet.
        assert!(!session.rpc(COMMIT).await.contains("error-severity"));
        assert_eq!(
            device.store(|s| s.value("system domain-name")).as_deref(),
            Some("anna.example.net")
        );
        assert_eq!(
            device.store(|s| s.value("system location building")).as_deref(),
            Some("ours")
        );
        // And refused where they do.
        session.rpc(&set("set system location building again")).await;
        anna.changes("set system location building hers").unwrap();
        let refused = session.rpc(COMMIT).await;
        assert!(refused.contains("statement does not match patch"), "{refused}");
    }
}

#[tokio::test]
async fn a_commit_of_theirs_waits_and_is_confirmed_by_anybody() {
    let lab = lab().await;
    for device in lab.devices() {
        let anna = device.operator("anna");
        anna.edits("set system location building b7")
            .unwrap()
            .commits_confirmed(5)
            .unwrap();
        assert_eq!(device.pending_commit().unwrap().user, "anna");
        let mut session = Client::password(device).await.netconf().await;
        let history = session.rpc("<get-commit-information/>").await;
        assert!(
            history.contains("<comment>commit confirmed, rollback in 5mins</comment>"),
            "{history}"
        );
        let shown = session
            .rpc("<command format=\"text\">show system commit</command>")
            .await;
        assert!(
            shown.contains("commit confirmed will be rolled back in 5 minutes"),
            "{shown}"
        );
        let check = "<commit-configuration><check/></commit-configuration>";
        session.rpc(check).await;
        let confirm = device
            .events()
            .into_iter()
            .rfind(|e| e.action == Action::Confirm)
            .unwrap();
        assert_eq!(
            (confirm.user.as_str(), confirm.detail.as_str()),
            ("lab", "by commit check")
        );
        assert_eq!(device.pending_commit(), None);
        anna.edits("set system location building b8")
            .unwrap()
            .commits_confirmed(5)
            .unwrap();
        anna.cancels_commit().unwrap();
        assert_eq!(
            device.store(|s| s.value("system location building")).as_deref(),
            Some("b7")
        );
        anna.commits_confirmed(5).unwrap().commits("kept").unwrap();
        assert_eq!(device.pending_commit(), None);
        assert!(anna.cancels_commit().is_err());
    }
}

#[tokio::test]
async fn they_keep_a_private_candidate_until_they_leave() {
    let lab = lab().await;
    let mx = device(&lab, "mx-lab-1");
    assert_eq!(mx.kind(), Kind::Mx);
    let anna = mx.operator("anna");
    anna.opens_private()
        .unwrap()
        .edits("set system location building b7")
        .unwrap()
        .checks()
        .unwrap();
    let mut session = Client::password(mx).await.netconf().await;
    let refused = session.rpc(&set("set system location building b8")).await;
    assert!(refused.contains("private edits in use"), "{refused}");
    assert_eq!(mx.open_candidates(), [anna.who().session]);
    anna.discards().unwrap().closes_private().unwrap();
    assert!(mx.open_candidates().is_empty());
    anna.locks()
        .unwrap()
        .edits("set system location building b7")
        .unwrap()
        .unlocks()
        .unwrap();
    assert!(mx.shared_edits().is_empty() && !mx.store(|s| s.running_set()).contains("building b7"));
    assert!(
        anna.asks("<get-system-information/>")
            .unwrap_err()
            .contains("not about the configuration")
    );
}
