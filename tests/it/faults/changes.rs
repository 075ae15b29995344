//! Changes that the device refuses, answers oddly or forgets to answer: nothing is committed twice, nothing is left behind,
//! nobody else's edits are touched.

use std::time::Duration;

use jmcp::{
    error::Code,
    lab::{Fault, Gate, Lost, Spoil, config::Action},
};
use serde_json::json;

use super::{
    CHANGE, MX, ROUTERS, assert_failed, assert_outcome, assert_read, assert_says, becomes_clean, change, count, lines,
    running,
};
use crate::support::bench::Bench;

fn reply(on: &str, how: Spoil) -> Fault {
    Fault::Reply { on: on.into(), how }
}

#[tokio::test]
async fn a_lock_that_somebody_holds_is_told_with_its_holder() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let device = bench.device(router);
        let before = running(device);
        device.faults().once(Fault::LockDenied { pid: 4711 });
        let answered = change(&bench, router, json!({"database": "exclusive"})).await;
        assert_failed(&answered, Code::ConfigurationLocked, &[router, "operator", "4711"]);
        becomes_clean(device, &before).await;
        assert_outcome(
            &change(&bench, router, json!({"database": "exclusive"})).await,
            "committed",
            &[],
        );
    }
}

#[tokio::test]
async fn a_candidate_that_somebody_edits_is_left_alone() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let device = bench.device(router);
        device.faults().once(Fault::DatabaseModified);
        let answered = change(&bench, router, json!({"database": "exclusive"})).await;
        assert_failed(
            &answered,
            Code::CandidateModified,
            &[router, "configuration database modified"],
        );
        device.store(|store| store.dirty_by("anna", "set system domain-name anna.example.net"));
        for database in ["exclusive", "shared"] {
            let answered = change(&bench, router, json!({"database": database})).await;
            assert_failed(&answered, Code::CandidateModified, &[router]);
        }
        // Junos refuses to commit a private candidate then; our part of it goes, Anna's stays. That is no word on the change.
        let answered = change(&bench, router, json!({})).await;
        assert_outcome(
            &answered,
            "check_failed",
            &[
                router,
                "shared configuration database modified",
                "last edited",
                "anna.example.net",
            ],
        );
        device.store(|store| {
            assert!(
                store.candidate_set().contains("anna.example.net"),
                "{router}: the edits of another were lost"
            );
            assert!(
                !store.candidate_set().contains("to the test"),
                "{router}: our edits were left behind"
            );
            assert!(
                !store.running_set().contains("anna.example.net"),
                "{router}: the edits of another were committed"
            );
        });
        assert_eq!(count(device, Action::Commit), 0, "{router}");
        assert_eq!(count(device, Action::Open), count(device, Action::Close), "{router}");
    }
}

#[tokio::test]
async fn a_device_without_private_candidates_is_edited_exclusively() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let device = bench.device(router);
        device.faults().set(Fault::PrivateRefused);
        let answered = change(&bench, router, json!({})).await;
        assert_outcome(
            &answered,
            "committed",
            &["note: a private candidate was refused", "edited exclusively"],
        );
        assert_eq!(answered.structured.unwrap()["database"], "exclusive");
        assert_eq!(count(device, Action::Lock), 1);
        becomes_clean(device, &running(device)).await;
    }
}

#[tokio::test]
async fn confirmed_commits_that_a_private_candidate_cannot_have_are_made_exclusively() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let device = bench.device(router);
        device.faults().set(Fault::PrivateConfirmedRefused);
        for (round, database) in [Some("private"), None].into_iter().enumerate() {
            let text = format!("set interfaces ge-0/0/0 description \"round {round}\"");
            let arguments = json!({"config_text": text, "confirm_timeout_mins": 5, "database": database});
            let answered = change(&bench, router, arguments).await;
            let words = [
                "auto-rollback in 5 minutes",
                "note: a private candidate was refused",
                "edited exclusively",
            ];
            assert_outcome(&answered, "committed", &words);
            assert_eq!(answered.structured.unwrap()["database"], "exclusive");
            // The device is asked once; after that it is known.
            assert_eq!(count(device, Action::Open), 1, "{router}");
            assert_eq!(
                (count(device, Action::Lock), count(device, Action::Commit)),
                (2 * round + 1, 2 * round + 1)
            );
            bench.text("confirm_commit", json!({"router_name": router})).await;
            becomes_clean(device, &running(device)).await;
        }
    }
}

#[tokio::test]
async fn confirmed_commits_are_made_in_a_private_candidate_where_the_device_can() {
    let bench = Bench::start().await;
    for (router, database) in [(MX, "private"), ("srx-lab-1", "exclusive"), ("ex-lab-1", "private")] {
        let answered = change(&bench, router, json!({"confirm_timeout_mins": 5})).await;
        assert_outcome(&answered, "committed", &["auto-rollback in 5 minutes"]);
        assert_eq!(answered.structured.unwrap()["database"], database, "{router}");
    }
}

#[tokio::test]
async fn engines_that_are_never_closed_are_no_failure() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let device = bench.device(router);
        // The check and the commit: on the SRX that is what it always answers.
        device
            .faults()
            .times(reply("commit-configuration", Spoil::UnclosedRoutingEngine), 2);
        assert_outcome(&change(&bench, router, json!({})).await, "committed", &["to the test"]);
        assert_eq!(count(device, Action::Commit), 1, "{router}");
    }
}

#[tokio::test]
async fn refusals_in_every_shape_are_refusals() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let device = bench.device(router);
        let before = running(device);
        for (how, outcome, words) in [
            (Spoil::WarningThenError, "invalid", "statement creation failed"),
            (Spoil::TextOnly, "invalid", "device ge-9/9/9 not found"),
            (
                Spoil::XnmError,
                "invalid",
                "the chassis-control subsystem is not running",
            ),
            (Spoil::OneEngineFailed, "invalid", "could not connect to node1"),
            (Spoil::PermissionDenied, "check_failed", "permission denied"),
        ] {
            for step in ["load-configuration", "commit-configuration"] {
                device.faults().once(reply(step, how.clone()));
                let answered = change(&bench, router, json!({})).await;
                assert_outcome(&answered, outcome, &[router, words]);
                becomes_clean(device, &before).await;
            }
        }
        assert_eq!(count(device, Action::Commit), 0, "{router}");
    }
}

#[tokio::test]
async fn warnings_are_told_and_do_not_stop_a_commit() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        bench
            .device(router)
            .faults()
            .set(reply("load-configuration", Spoil::WarningBeside));
        bench
            .device(router)
            .faults()
            .set(reply("commit-configuration", Spoil::WarningBeside));
        let answered = change(&bench, router, json!({})).await;
        assert_outcome(
            &answered,
            "committed",
            &["warning: ", "uncommitted changes will be discarded on exit"],
        );
    }
}

#[tokio::test]
async fn empty_replies_are_agreement() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        bench
            .device(router)
            .faults()
            .set(reply("commit-configuration", Spoil::Empty));
        assert_outcome(&change(&bench, router, json!({})).await, "committed", &[]);
        assert_eq!(count(bench.device(router), Action::Commit), 1);
    }
}

#[tokio::test]
async fn an_answer_to_open_that_cannot_be_read_leaves_no_candidate_open() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let device = bench.device(router);
        let before = running(device);
        for (database, request) in [("private", "open-configuration"), ("exclusive", "lock-configuration")] {
            device.faults().once(reply(request, Spoil::Content("<a></b>".into())));
            let answered = change(&bench, router, json!({"database": database})).await;
            assert_failed(&answered, Code::Protocol, &[router]);
            becomes_clean(device, &before).await;
        }
        assert_outcome(&change(&bench, router, json!({})).await, "committed", &[]);
    }
}

#[tokio::test]
async fn a_history_that_cannot_be_read_leaves_no_candidate_open() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let device = bench.device(router);
        let before = running(device);
        device
            .faults()
            .once(reply("get-commit-information", Spoil::Content("<a></b>".into())));
        let answered = change(&bench, router, json!({})).await;
        becomes_clean(device, &if answered.failed { before } else { running(device) }).await;
    }
}

#[tokio::test]
async fn a_check_answer_that_cannot_be_read_is_no_verdict() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let device = bench.device(router);
        let before = running(device);
        device
            .faults()
            .once(reply("commit-configuration", Spoil::Content("<a></b>".into())));
        let answered = change(&bench, router, json!({})).await;
        assert!(answered.failed, "{}", answered.text);
        assert_says(&answered.text, &[router]);
        becomes_clean(device, &before).await;
        assert_eq!(count(device, Action::Commit), 0, "{router}");
    }
}

/// Lets the check pass, then switches the fault on: before the request of the commit arrives, or while it waits to be done.
async fn at_the_commit(bench: &Bench, router: &str, text: &str, fault: Fault) -> jmcp::server::path::Answered {
    let device = bench.device(router);
    let (check, commit) = (Gate::new(), Gate::new());
    let hold = |gate: &Gate| Fault::Hold {
        on: "commit-configuration".into(),
        gate: gate.clone(),
    };
    device.faults().once(Fault::HoldReply {
        on: "commit-configuration".into(),
        gate: check.clone(),
    });
    let (answered, ()) = tokio::join!(change(bench, router, json!({"config_text": text})), async {
        check.reached().await;
        if matches!(fault, Fault::DropOnRequest) {
            device.faults().once(fault);
            return check.open();
        }
        device.faults().once(hold(&commit));
        check.open();
        commit.reached().await;
        device.faults().once(fault);
        commit.open();
    });
    answered
}

#[tokio::test(start_paused = true)]
async fn commit_replies_that_say_nothing_are_settled_by_the_history() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let device = bench.device(router);
        for (round, fault) in [
            Fault::CommitEof { committed: true },
            reply("commit-configuration", Spoil::CutOff),
            reply("commit-configuration", Spoil::Content("<commit-results><a></b>".into())),
        ]
        .into_iter()
        .enumerate()
        {
            let text = format!("set interfaces ge-0/0/0 description \"round {round}\"");
            let answered = at_the_commit(&bench, router, &text, fault).await;
            assert_outcome(&answered, "committed", &["was lost"]);
            assert_eq!(count(device, Action::Commit), round + 1, "{router}");
            becomes_clean(device, &running(device)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_was_lost_on_its_way_is_not_committed_and_never_repeated() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let device = bench.device(router);
        let before = running(device);
        let lost = Fault::CommitLost {
            when: Lost::Before,
            takes: Duration::ZERO,
        };
        for fault in [Fault::CommitEof { committed: false }, lost] {
            let answered = at_the_commit(&bench, router, CHANGE, fault).await;
            assert_outcome(
                &answered,
                "not_committed",
                &[router, "history shows that it did not happen", "it may be made again"],
            );
            becomes_clean(device, &before).await;
        }
        assert_eq!(count(device, Action::Commit), 0, "{router}");
        assert_outcome(&change(&bench, router, json!({})).await, "committed", &[]);
        assert_eq!(count(device, Action::Commit), 1, "{router}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_device_that_is_gone_after_the_commit_is_unknown() {
    let bench = Bench::start().await;
    let device = bench.device(MX);
    let check = Gate::new();
    device.faults().once(Fault::HoldReply {
        on: "commit-configuration".into(),
        gate: check.clone(),
    });
    let (answered, ()) = tokio::join!(change(&bench, MX, json!({})), async {
        check.reached().await;
        device.faults().once(Fault::CommitEof { committed: true });
        device.faults().set(Fault::EofAtIdent);
        check.open();
    });
    assert_outcome(&answered, "unknown", &[MX, "cannot be asked at the moment"]);
    assert_eq!(count(device, Action::Commit), 1);
}

#[tokio::test]
async fn nothing_is_checked_or_committed_while_a_confirmed_commit_waits() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let device = bench.device(router);
        assert_outcome(
            &change(&bench, router, json!({"confirm_timeout_mins": 5})).await,
            "committed",
            &[],
        );
        let other = "set system domain-name other.example.net";
        for database in ["private", "exclusive", "shared"] {
            let answered = change(&bench, router, json!({"config_text": other, "database": database})).await;
            assert_failed(
                &answered,
                Code::CommitConfirmedActive,
                &[router, "`lab`", "confirm_commit"],
            );
        }
        let template = json!({
            "template_content": other, "vars_content": "{}", "router_name": router, "apply_config": true, "dry_run": true
        });
        let dry = bench.call("render_and_apply_j2_template", template).await;
        assert_says(&dry.text, &["commit_confirmed_active"]);
        assert_eq!(count(device, Action::Confirm), 0, "{router}: confirmed by a check");
        becomes_clean(device, &running(device)).await;
        bench.text("confirm_commit", json!({"router_name": router})).await;
        assert_eq!(count(device, Action::Confirm), 1, "{router}");
        assert_outcome(
            &change(&bench, router, json!({"config_text": other})).await,
            "committed",
            &[],
        );
    }
}

#[tokio::test]
async fn edits_in_the_shared_candidate_that_cannot_be_taken_back_are_told() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let device = bench.device(router);
        let before = running(device);
        device.faults().once(reply("commit-configuration", Spoil::CutOff));
        let answered = change(&bench, router, json!({"database": "shared"})).await;
        assert!(answered.failed, "{}", answered.text);
        assert_eq!(running(device), before, "{router}");
        assert!(
            device.store(|store| store.candidate_set() != before),
            "{router}: the lab keeps what nobody locked"
        );
        assert_failed(&answered, Code::CandidateCleanupFailed, &[router, "shared candidate"]);
    }
}

#[tokio::test]
async fn a_load_that_is_refused_half_way_leaves_nothing_in_any_database() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let device = bench.device(router);
        let before = running(device);
        for database in ["private", "exclusive", "shared"] {
            let text = format!("{CHANGE}\nset nonsense here");
            let answered = change(&bench, router, json!({"config_text": text, "database": database})).await;
            assert_outcome(&answered, "invalid", &[router, "nonsense"]);
            becomes_clean(device, &before).await;
        }
        assert_eq!(lines(device, "Commit by"), 0);
        let text = bench.call("get_junos_config", json!({"router_name": router})).await;
        assert_read(&text, &["host-name"]);
    }
}
