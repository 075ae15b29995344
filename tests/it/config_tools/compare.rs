//! `compare_configs`.

use std::sync::Arc;

use jmcp::{
    error::Code,
    server::path::Call,
    tools::{Allowed, Principal},
};
use serde_json::{Value, json};

use super::{CHANGE, FOREIGN, MX, ROUTERS, assert_clean, assert_says, candidate, commit, good, running};
use crate::support::bench::Bench;

const NAME: &str = "compare_configs";
const POINTS: [&str; 5] = ["candidate", "running", "rollback 1", "2", "rescue"];

async fn compare(bench: &Bench, arguments: Value) -> Value {
    good(bench.call(NAME, arguments).await).0
}

/// Every configuration of the device is another: who holds which domain name.
async fn prepared(router: &str, bench: &Bench) {
    let name = |name: &str| format!("set system domain-name {name}.example.net");
    commit(bench, router, &name("second")).await;
    commit(bench, router, &name("first")).await;
    commit(bench, router, &name("rescued")).await;
    good(bench.call("save_rescue_config", json!({"router_name": router})).await);
    let back = json!({"router_name": router, "version": 2, "commit": true});
    good(bench.call("rollback_config", back).await);
    let back = json!({"router_name": router, "version": 2, "commit": true});
    good(bench.call("rollback_config", back).await);
    commit(bench, router, &name("running")).await;
    bench
        .device(router)
        .store(|store| store.dirty_by("anna", &name("candidate")));
}

#[tokio::test]
async fn every_two_configurations_of_a_device_are_compared_in_both_forms() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        prepared(router, &bench).await;
        let before = (running(bench.device(router)), candidate(bench.device(router)));
        let name = |point: &str| {
            match point {
                "rollback 1" => "first",
                "2" => "second",
                "rescue" => "rescued",
                other => other,
            }
            .to_owned()
                + ".example.net"
        };
        for from in POINTS {
            for to in POINTS.into_iter().filter(|to| *to != from) {
                let arguments = |format: &str| json!({"router_name": router, "from": from, "to": to, "format": format});
                let answer = compare(&bench, arguments("diff")).await;
                let diff = answer["diff"].as_str().unwrap();
                assert_says(diff, &["[edit system]", &format!("domain-name {};", name(to))]);
                let sign = |point: &str| {
                    diff.lines()
                        .find(|line| line.contains(&name(point)))
                        .unwrap()
                        .chars()
                        .next()
                };
                assert_eq!(
                    (sign(from), sign(to)),
                    (Some('-'), Some('+')),
                    "{router} {from} {to}: {diff}"
                );
                let by_device = matches!(
                    (from, to),
                    ("running" | "rollback 1" | "2", "candidate")
                        | ("rollback 1" | "2", "running")
                        | ("2", "rollback 1")
                );
                assert_eq!(
                    answer["compared_by"],
                    if by_device { "device" } else { "jmcp" },
                    "{from} {to}"
                );
                let answer = compare(&bench, arguments("set")).await;
                let expected = format!(
                    "delete system domain-name {}\nset system domain-name {}\n",
                    name(from),
                    name(to)
                );
                assert_eq!(answer["diff"], expected, "{router} {from} {to}");
            }
        }
        assert_eq!(
            (running(bench.device(router)), candidate(bench.device(router))),
            before,
            "only read"
        );
    }
}

#[tokio::test]
async fn equal_configurations_have_no_difference_and_none_is_compared_with_itself() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        commit(&bench, router, CHANGE).await;
        for (from, to) in [("running", "candidate"), ("candidate", "running")] {
            let (answer, text) = good(
                bench
                    .call(NAME, json!({"router_name": router, "from": from, "to": to}))
                    .await,
            );
            assert_eq!(
                (&answer["changed"], &answer["diff"]),
                (&json!(false), &json!("")),
                "{answer}"
            );
            assert_says(&text, &["No differences between", from, to]);
        }
        for arguments in [
            json!({"router_name": router}),
            json!({"router_name": router, "from": "0", "to": "running"}),
            json!({"router_name": router, "from": "startup"}),
            json!({"router_name": router, "from": "rollback 50"}),
            json!({"router_name": router, "from": "1", "path": "system | save x"}),
        ] {
            assert_eq!(bench.code(NAME, arguments).await, Code::InvalidInput);
        }
        for from in ["rescue", "rollback 9"] {
            let answered = bench.call(NAME, json!({"router_name": router, "from": from})).await;
            assert_eq!(answered.error.unwrap().code(), Code::NotFound);
            assert_says(&answered.text, &[router, from, "get_rollback_list"]);
        }
    }
}

#[tokio::test]
async fn one_part_of_the_tree_is_compared() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        commit(&bench, router, &format!("{CHANGE}\n{FOREIGN}")).await;
        for (path, words) in [
            ("interfaces", "set interfaces ge-0/0/0 description \"to the test\""),
            (
                "[edit interfaces ge-0/0/0]",
                "set interfaces ge-0/0/0 description \"to the test\"",
            ),
            ("system domain-name", "set system domain-name anna.example.net"),
        ] {
            let arguments = json!({"router_name": router, "from": "1", "path": path, "format": "set"});
            let answer = compare(&bench, arguments).await;
            let diff = answer["diff"].as_str().unwrap();
            let sets: Vec<&str> = diff.lines().filter(|line| line.starts_with("set")).collect();
            assert_eq!(sets, [words], "{router} {path}: {diff}");
            assert_eq!((&answer["path"], &answer["changed"]), (&json!(path), &json!(true)));
        }
        let (answer, text) = good(
            bench
                .call(
                    NAME,
                    json!({"router_name": router, "from": "1", "path": "protocols rip"}),
                )
                .await,
        );
        assert_eq!(answer["changed"], false);
        assert_says(&text, &["neither of both has anything"]);
    }
}

#[tokio::test]
async fn the_commands_make_one_device_like_the_other() {
    let bench = Bench::start().await;
    let arguments =
        |format: &str| json!({"router_name": MX, "other_router": "ex-lab-1", "path": "system", "format": format});
    let (hunks, text) = good(bench.call(NAME, arguments("diff")).await);
    assert_says(&text, &["From running of mx-lab-1 to running of ex-lab-1 at `system`:"]);
    assert_eq!(
        (&hunks["other_router"], &hunks["compared_by"]),
        (&json!("ex-lab-1"), &json!("jmcp"))
    );
    let (mx, ex) = (bench.device(MX).clone(), bench.device("ex-lab-1").clone());
    let commands = commands(&bench, MX, "ex-lab-1", "system").await;
    mx.store(|store| store.dirty_by("anna", &commands));
    let system = |text: String| {
        let mut lines: Vec<String> = text
            .lines()
            .filter(|line| line.contains(" system "))
            .map(str::to_owned)
            .collect();
        lines.sort();
        lines
    };
    assert_eq!(system(candidate(&mx)), system(running(&ex)));
    let (same, _) = good(
        bench
            .call(
                NAME,
                json!({"router_name": MX, "from": "candidate", "other_router": "ex-lab-1", "path": "system"}),
            )
            .await,
    );
    assert_eq!(same["changed"], false, "{same}");
}

/// The commands that lead from one device to the other, for a caller that sees secrets.
async fn commands(bench: &Bench, from: &str, to: &str, path: &str) -> String {
    let arguments = json!({"router_name": from, "other_router": to, "path": path, "format": "set"});
    let principal = Principal {
        show_secrets: true,
        ..Principal::local("test")
    };
    let call = Call::new(NAME, arguments.as_object().unwrap().clone(), Arc::new(principal));
    let (answer, _) = good(bench.path.call(call).await);
    answer["diff"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn order_counts_where_junos_goes_by_it() {
    let bench = Bench::start().await;
    commit(
        &bench,
        MX,
        "insert policy-options policy-statement TRANSIT-OUT term customers before term own",
    )
    .await;
    let arguments = json!({"router_name": MX, "from": "running", "to": "1", "format": "set"});
    let answer = compare(&bench, arguments).await;
    assert_eq!(
        answer["diff"],
        "insert policy-options policy-statement TRANSIT-OUT term own before term customers\n"
    );
    let device = bench.device(MX);
    let loaded = json!({"router_name": MX, "config_text": answer["diff"]});
    good(bench.call("load_and_commit_config", loaded).await);
    let back = compare(&bench, json!({"router_name": MX, "from": "rollback 2"})).await;
    assert_eq!(back["changed"], false, "{back}");
    assert_clean(device, &running(device));
}

#[tokio::test]
async fn a_caller_must_reach_both_devices_and_rules_hold_for_both() {
    let mut bench = Bench::start().await;
    let arguments = json!({"router_name": MX, "other_router": "ex-lab-1"});
    let principal = Principal {
        devices: Allowed::names([MX]),
        ..Principal::local("test")
    };
    let call = Call::new(NAME, arguments.as_object().unwrap().clone(), Arc::new(principal));
    let answered = bench.path.call(call).await;
    assert_eq!(answered.error.unwrap().code(), Code::UnknownRouter, "{}", answered.text);
    let nowhere = json!({"router_name": MX, "other_router": "nowhere"});
    assert_eq!(bench.code(NAME, nowhere).await, Code::UnknownRouter);
    let path = bench.directory.path().join("devices.json");
    let mut inventory: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    inventory["ex-lab-1"]["blocklist"] = json!({"commands": [{"action": "deny", "pattern": "show configuration*"}]});
    std::fs::write(&path, inventory.to_string()).unwrap();
    bench.path = Bench::serve(&bench.directory, &[]);
    assert_eq!(bench.code(NAME, arguments).await, Code::Blocked);
    let alone = json!({"router_name": MX, "to": "candidate"});
    assert_eq!(compare(&bench, alone).await["changed"], false);
}
