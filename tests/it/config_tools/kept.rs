//! `get_rollback_list` and `save_rescue_config`.

use jmcp::{
    error::Code,
    lab::{Fault, Spoil, config::Action},
};
use serde_json::{Value, json};

use super::{
    CHANGE, FOREIGN, ROUTERS, assert_clean, assert_says, commit, commit_as, commit_confirmed, count, good, running,
};
use crate::support::bench::Bench;

fn on(router: &str) -> Value {
    json!({"router_name": router})
}

#[tokio::test]
async fn earlier_configurations_are_listed_with_who_when_how_and_why() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        commit_as(bench.device(router), "anna", FOREIGN);
        let arguments = json!({"router_name": router, "config_text": CHANGE, "commit_comment": "new port"});
        good(bench.call("load_and_commit_config", arguments).await);
        let (list, text) = good(bench.call("get_rollback_list", on(router)).await);
        assert_eq!(list["count"], 3);
        let rows = list["rollbacks"].as_array().unwrap();
        let users: Vec<&Value> = rows.iter().map(|row| &row["user"]).collect();
        assert_eq!(users, ["lab", "anna", "root"]);
        let numbers: Vec<&Value> = rows.iter().map(|row| &row["number"]).collect();
        assert_eq!(numbers, [&json!(0), &json!(1), &json!(2)]);
        assert_eq!(
            (&rows[0]["client"], &rows[0]["pending"]),
            (&json!("netconf"), &json!(false))
        );
        assert_says(rows[0]["comment"].as_str().unwrap(), &["new port", "jmcp-"]);
        assert!(rows[0]["time_utc"].as_str().unwrap().ends_with('Z'));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert_says(lines[0], &["0 ", "by lab via netconf", "new port"]);
        let before = running(bench.device(router));
        let more =
            json!({"router_name": router, "config_text": "set system location building 7", "confirm_timeout_mins": 5});
        good(bench.call("load_and_commit_config", more).await);
        let (list, text) = good(bench.call("get_rollback_list", on(router)).await);
        assert_eq!(
            (&list["rollbacks"][0]["pending"], &list["rollbacks"][1]["pending"]),
            (&json!(true), &json!(false))
        );
        assert_says(text.lines().next().unwrap(), &["[", "rollback in"]);
        good(bench.call("cancel_commit", on(router)).await);
        assert_clean(bench.device(router), &before);
    }
}

#[tokio::test]
async fn what_runs_is_saved_for_the_rescue_and_the_commit_is_named() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let arguments = json!({"router_name": router, "from": "rescue", "to": "running"});
        assert_eq!(bench.code("compare_configs", arguments.clone()).await, Code::NotFound);
        let done = commit(&bench, router, CHANGE).await;
        let (saved, text) = good(bench.call("save_rescue_config", on(router)).await);
        assert_eq!((&saved["saved"], &saved["notes"]), (&json!(true), &json!([])));
        assert_says(
            saved["commit"]["comment"].as_str().unwrap(),
            &[done["commit_token"].as_str().unwrap()],
        );
        assert_says(&text, &["is its rescue configuration now", "by lab via netconf"]);
        let (same, _) = good(bench.call("compare_configs", arguments.clone()).await);
        assert_eq!(same["changed"], false, "{same}");
        commit(&bench, router, FOREIGN).await;
        let (differs, _) = good(bench.call("compare_configs", arguments).await);
        assert_says(differs["diff"].as_str().unwrap(), &["anna.example.net"]);
        assert_eq!(count(bench.device(router), Action::Commit), 2);
    }
}

#[tokio::test]
async fn what_is_saved_while_a_commit_waits_is_told() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        commit_confirmed(&bench, router).await;
        let (saved, text) = good(bench.call("save_rescue_config", on(router)).await);
        assert_says(&saved["notes"].to_string(), &["confirmed commit of `lab` waits"]);
        assert_says(&text, &["note: a confirmed commit"]);
        assert_eq!(count(bench.device(router), Action::Confirm), 0);
        good(bench.call("cancel_commit", on(router)).await);
        let device = bench.device(router);
        device.faults().once(Fault::Reply {
            on: "request-save-rescue-configuration".into(),
            how: Spoil::PermissionDenied,
        });
        assert_eq!(
            bench.code("save_rescue_config", on(router)).await,
            Code::PermissionDenied
        );
    }
}
