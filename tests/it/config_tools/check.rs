//! `commit_check_config`.

use std::time::Duration;

use jmcp::{
    error::Code,
    lab::{Fault, Spoil, config::Action},
};
use serde_json::{Value, json};

use super::{
    CHANGE, FOREIGN, MX, ROUTERS, asked, assert_clean, assert_says, candidate, clocked, commit, commit_confirmed,
    count, running,
};
use crate::support::bench::Bench;

const NAME: &str = "commit_check_config";

fn check(router: &str, text: &str) -> Value {
    json!({"router_name": router, "config_text": text})
}

#[tokio::test]
async fn a_good_change_is_valid_and_forgotten() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let device = bench.device(router);
        let before = running(device);
        let answered = bench.call(NAME, check(router, CHANGE)).await;
        assert_says(&answered.text, &["nothing was committed", "to the test"]);
        let answer = answered.structured.unwrap();
        for (key, value) in [
            ("success", json!(true)),
            ("outcome", json!("valid")),
            ("checked_only", json!(true)),
            ("database", json!("private")),
        ] {
            assert_eq!(answer[key], value, "{router}: {key}");
        }
        assert!(answer["diff"].as_str().unwrap().contains("to the test"));
        assert!(answer.get("commit_token").is_none() && answer.get("commit").is_none());
        assert_eq!((count(device, Action::Check), count(device, Action::Commit)), (1, 0));
        assert_clean(device, &before);
        commit(&bench, router, CHANGE).await;
        let again = bench.structured(NAME, check(router, CHANGE)).await;
        assert_eq!(
            (&again["success"], &again["outcome"], &again["diff"]),
            (&json!(true), &json!("unchanged"), &json!(""))
        );
    }
}

#[tokio::test]
async fn what_the_device_refuses_is_invalid_and_what_it_did_not_look_at_is_no_verdict() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let device = bench.device(router);
        let before = running(device);
        let refused = "set protocols bgp group bad type external\nset protocols bgp group bad neighbor 192.0.2.99";
        for text in ["set nonsense here", refused] {
            let answered = bench.call(NAME, check(router, text)).await;
            assert!(answered.failed);
            let answer = answered.structured.unwrap();
            assert_eq!(
                (&answer["success"], &answer["outcome"], &answer["error_code"]),
                (&json!(false), &json!("invalid"), &json!("configuration_invalid")),
                "{router}"
            );
            assert!(answer["error"].is_string() && answer["hint"].is_string() && answer["checked_only"] == true);
        }
        for step in ["load-configuration", "commit-configuration"] {
            device.faults().once(Fault::Reply {
                on: step.into(),
                how: Spoil::PermissionDenied,
            });
            let answer = bench.structured(NAME, check(router, CHANGE)).await;
            assert_eq!(
                (&answer["outcome"], &answer["error_code"]),
                (&json!("check_failed"), &json!("permission_denied")),
                "{router} {step}: {answer}"
            );
        }
        assert_clean(device, &before);
        assert_eq!(count(device, Action::Commit), 0);
    }
}

#[tokio::test]
async fn what_stands_in_the_way_is_told_and_left_alone() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let device = bench.device(router);
        let exclusive = json!({"router_name": router, "config_text": CHANGE, "database": "exclusive"});
        device.faults().once(Fault::LockDenied { pid: 4711 });
        let answered = bench.call(NAME, exclusive.clone()).await;
        assert_eq!(answered.error.unwrap().code(), Code::ConfigurationLocked);
        assert_says(&answered.text, &["Failed to lock configuration: ", "4711"]);
        device.store(|store| store.dirty_by("anna", FOREIGN));
        assert_eq!(bench.code(NAME, exclusive).await, Code::CandidateModified);
        assert!(candidate(device).contains("anna.example.net"), "{router}");
    }
}

#[tokio::test]
async fn a_check_does_not_confirm_what_waits() {
    let (bench, clock) = clocked().await;
    for router in ROUTERS {
        let device = bench.device(router);
        let before = running(device);
        commit_confirmed(&bench, router).await;
        for database in ["private", "exclusive", "shared"] {
            let arguments = json!({"router_name": router, "config_text": FOREIGN, "database": database});
            let answered = bench.call(NAME, arguments).await;
            assert_eq!(answered.error.unwrap().code(), Code::CommitConfirmedActive, "{router}");
            assert_says(
                &answered.text,
                &["would confirm it", "confirm_commit", "cancel_commit", "`lab`"],
            );
        }
        assert_eq!(count(device, Action::Confirm), 0, "{router}");
        clock.advance(Duration::from_secs(301));
        assert_clean(device, &before);
        let answer = bench.structured(NAME, check(router, FOREIGN)).await;
        assert_eq!(answer["outcome"], "valid", "{answer}");
    }
}

#[tokio::test]
async fn nobody_is_asked_about_a_check_and_a_read_only_server_makes_none() {
    let bench = Bench::with(jmcp::lab::LabOptions::default(), &["--confirm", "write"]).await;
    let (answered, shown) = asked(&bench, false, NAME, check(MX, CHANGE)).await;
    assert_eq!(answered.structured.unwrap()["outcome"], "valid");
    assert_eq!(shown, [] as [String; 0]);
    let path = Bench::serve(&bench.directory, &["--read-only"]);
    let principal = std::sync::Arc::new(jmcp::tools::Principal::local("test"));
    let arguments = check(MX, CHANGE).as_object().unwrap().clone();
    let answered = path
        .call(jmcp::server::path::Call::new(NAME, arguments, principal))
        .await;
    assert!(answered.failed, "{}", answered.text);
    assert_eq!(count(bench.device(MX), Action::Check), 1);
}

/// Open and history; load, difference and history; check and history; close. The line is long, so that requests that go out together
/// are one flight.
#[tokio::test]
async fn a_check_of_a_warm_device_costs_five_flights_at_most() {
    let bench = Bench::start().await;
    let one = async |router: &str| {
        let device = bench.device(router);
        device.faults().set(Fault::OneWayDelay(Duration::from_millis(200)));
        let command = json!({"router_name": router, "command": "show version"});
        bench.text("execute_junos_command", command).await;
        let before = device.counters();
        let warm = bench.structured(NAME, check(router, CHANGE)).await;
        assert_eq!(warm["outcome"], "valid", "{warm}");
        let after = device.counters();
        assert_eq!(after.ssh_connections, before.ssh_connections, "{router}");
        after.flights - before.flights
    };
    let flights: [u64; 3] = tokio::join!(one(ROUTERS[0]), one(ROUTERS[1]), one(ROUTERS[2])).into();
    eprintln!("a check of a warm device: {flights:?} flights");
    assert!(flights.iter().all(|flights| (1..=5).contains(flights)), "{flights:?}");
}
