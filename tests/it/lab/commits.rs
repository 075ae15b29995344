//! Commits that take time, lose their reply, or are refused by one routing engine; steps that a device refuses.

use std::time::Duration;

use jmcp::lab::{Denied, Fault, LabDevice, Lost, config::Action};

use super::{Client, client::Session, device, lab};

const LOAD: &str = "<load-configuration action=\"set\" format=\"text\"><configuration-set>set system location building b7\
                    </configuration-set></load-configuration>";
const PRIVATE: &str = "<open-configuration><private/></open-configuration>";
const COMMIT: &str = "<commit-configuration><log>mark</log></commit-configuration>";
const HISTORY: &str = "<get-commit-information/>";

/// A session with a private candidate that holds an edit.
async fn editing(device: &LabDevice) -> Session {
    let mut session = Client::password(device).await.netconf().await;
    session.rpc(PRIVATE).await;
    session.rpc(LOAD).await;
    session
}

fn runs(device: &LabDevice) -> bool {
    device.store(|s| s.value("system location building")).is_some()
}

#[tokio::test(start_paused = true)]
async fn a_lost_commit_goes_on_alone_and_locks_until_it_is_done() {
    let takes = Duration::from_secs(90);
    for when in [Lost::During, Lost::After] {
        let lab = lab().await;
        for device in lab.devices() {
            device.faults().once(Fault::CommitLost { when, takes });
            let mut session = editing(device).await;
            assert_eq!(session.try_rpc(COMMIT).await, None);
            assert_eq!(session.partial().contains("commit-check-success"), when == Lost::During);
            let mut other = Client::password(device).await.netconf().await;
            assert!(!other.rpc(HISTORY).await.contains("mark"), "{}", device.name);
            let refused = other.rpc("<lock-configuration/>").await;
            assert!(
                refused.contains("commit in progress") && refused.contains("lab (pid "),
                "{refused}"
            );
            assert!(device.committing().is_some() && !runs(device));
            tokio::time::sleep(takes + Duration::from_secs(1)).await;
            assert!(other.rpc(HISTORY).await.contains("<log>mark</log>"), "{}", device.name);
            assert!(runs(device) && device.lock_holder().is_none() && device.open_candidates().is_empty());
            assert!(other.rpc("<lock-configuration/>").await.contains("ok/>"));
        }
    }
}

#[tokio::test]
async fn a_lost_commit_was_done_or_not() {
    for (when, done) in [(Lost::Before, false), (Lost::During, true), (Lost::After, true)] {
        let lab = lab().await;
        for device in lab.devices() {
            let takes = Duration::ZERO;
            device.faults().once(Fault::CommitLost { when, takes });
            let mut session = editing(device).await;
            assert_eq!(session.try_rpc(COMMIT).await, None);
            assert_eq!(runs(device), done, "{when:?} {}", device.name);
            assert_eq!(
                session.partial().is_empty(),
                when != Lost::During,
                "{}",
                session.partial()
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_commit_is_done_once_and_outlives_its_session() {
    let lab = lab().await;
    for device in lab.devices() {
        let time = Duration::from_secs(300);
        device.faults().once(Fault::SlowCommit(time));
        device.faults().once(Fault::SlowCheck(time));
        let mut session = editing(device).await;
        let begun = tokio::time::Instant::now();
        session
            .rpc("<commit-configuration><check/></commit-configuration>")
            .await;
        assert!(begun.elapsed() >= time && device.committing().is_none());
        let reply = session.rpc(COMMIT).await;
        assert!(!reply.contains("rpc-error") && begun.elapsed() >= 2 * time, "{reply}");
        assert!(runs(device));
        device.faults().once(Fault::SlowCommit(time));
        session.rpc(&LOAD.replace("b7", "b8")).await;
        session.request(COMMIT).await;
        while device.committing().is_none() {
            tokio::task::yield_now().await;
        }
        session.close().await;
        device.logged("aborted").await;
        tokio::time::sleep(time + Duration::from_secs(1)).await;
        let commits = device.events().iter().filter(|e| e.action == Action::Commit).count();
        assert_eq!((commits, device.lock_holder()), (2, None), "{}", device.name);
        assert!(device.open_candidates().is_empty());
    }
}

#[tokio::test]
async fn one_engine_refuses() {
    for committed in [false, true] {
        let lab = lab().await;
        for (name, second) in [("mx-lab-1", "re1"), ("srx-lab-1", "node1"), ("ex-lab-1", "fpc1")] {
            let device = device(&lab, name);
            device.faults().once(Fault::OneEngineRefuses { committed });
            let mut session = editing(device).await;
            let reply = session.rpc(COMMIT).await;
            assert!(
                reply.contains(&format!("remote lock-configuration failed on {second}")),
                "{reply}"
            );
            assert_eq!(reply.contains("<commit-success/>"), committed, "{reply}");
            assert_eq!(runs(device), committed, "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_device_that_reboots_is_gone_for_a_while() {
    let lab = lab().await;
    for device in lab.devices() {
        let time = Duration::from_secs(240);
        device.faults().once(Fault::UnreachableAfterCommit(time));
        let mut session = editing(device).await;
        assert_eq!(session.try_rpc(COMMIT).await, None);
        let refused = Client::connect(device, russh::Preferred::DEFAULT).await;
        assert!(refused.is_err(), "{}", device.name);
        tokio::time::sleep(time + Duration::from_secs(1)).await;
        let mut session = Client::password(device).await.netconf().await;
        assert!(session.rpc(HISTORY).await.contains("<log>mark</log>"));
    }
}

#[tokio::test]
async fn a_device_refuses_the_steps_it_is_told_to() {
    let compare = "<get-configuration compare=\"rollback\" rollback=\"0\" format=\"text\"/>";
    let lab = lab().await;
    for device in lab.devices() {
        for (step, operation, words) in [
            (Denied::History, HISTORY, "permission denied"),
            (
                Denied::History,
                "<command format=\"text\">show system commit</command>",
                "permission denied",
            ),
            (Denied::Compare, compare, "permission denied"),
            (
                Denied::Discard,
                "<load-configuration rollback=\"0\"/>",
                "could not discard",
            ),
            (Denied::Discard, "<discard-changes/>", "could not discard"),
            (Denied::Close, "<close-configuration/>", "could not close"),
        ] {
            device.faults().clear();
            let mut session = editing(device).await;
            device.faults().once(Fault::Denied(step));
            let refused = session.rpc(operation).await;
            assert!(refused.contains(words), "{operation}: {refused}");
            assert_eq!(device.open_candidates().len(), 1, "{operation}");
            assert!(
                session.rpc(compare).await.contains("building b7"),
                "{operation}: nothing was done"
            );
            session.close().await;
            while !device.open_candidates().is_empty() {
                tokio::task::yield_now().await;
            }
        }
        let mut session = Client::password(device).await.netconf().await;
        session.rpc("<lock-configuration/>").await;
        device.faults().once(Fault::Denied(Denied::Unlock));
        assert!(
            session
                .rpc("<unlock-configuration/>")
                .await
                .contains("could not unlock")
        );
        assert!(device.lock_holder().is_some());
        assert!(session.rpc("<unlock-configuration/>").await.contains("ok/>"));
    }
}

#[tokio::test]
async fn a_killed_session_loses_its_unconfirmed_commit() {
    let lab = lab().await;
    let mx = device(&lab, "mx-lab-1");
    let client = Client::password(mx).await;
    let (mut one, mut two) = (client.netconf().await, client.netconf().await);
    one.rpc(PRIVATE).await;
    one.rpc(LOAD).await;
    one.rpc("<commit-configuration><confirmed/><confirm-timeout>5</confirm-timeout></commit-configuration>")
        .await;
    assert!(runs(mx));
    two.rpc(&format!(
        "<kill-session><session-id>{}</session-id></kill-session>",
        one.id()
    ))
    .await;
    assert!(!runs(mx), "a killed session takes its confirmed commit with it");
}
