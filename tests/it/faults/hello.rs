//! From the subsystem to the first reply: noise, prefixes, refusals, silence, delimiters in pieces.

use jmcp::{error::Code, lab::Fault};
use serde_json::json;

use super::{MX, ROUTERS, assert_failed, assert_outcome, assert_read, change, edit_inventory, lines, version};
use crate::support::bench::Bench;

#[tokio::test]
async fn noise_before_the_hello_is_skipped() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let noise = "<!-- user root, class super-user -->\nmgd: error: schema: init: could not resolve function\n\
                     <!-- a comment with <hello> in it -->\n";
        bench.device(router).faults().set(Fault::NoiseBeforeHello(noise.into()));
        assert_read(&version(&bench, router).await, &["Junos:", router]);
    }
}

#[tokio::test]
async fn prefixed_replies_are_replies() {
    let bench = Bench::start().await;
    bench.device(MX).faults().set(Fault::NcPrefixes);
    assert_read(&version(&bench, MX).await, &["Junos:"]);
    assert_outcome(&change(&bench, MX, json!({})).await, "committed", &["to the test"]);
    let wrong = change(&bench, MX, json!({"config_text": "set nonsense here"})).await;
    assert_outcome(&wrong, "invalid", &[MX, "nonsense"]);
}

#[tokio::test]
async fn an_error_inside_the_hello_is_about_the_users_rights() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let words = "user lab does not have access privileges.";
        bench.device(router).faults().set(Fault::ErrorInHello(words.into()));
        assert_failed(
            &version(&bench, router).await,
            Code::PermissionDenied,
            &[router, words, "login class"],
        );
        assert_failed(
            &change(&bench, router, json!({})).await,
            Code::PermissionDenied,
            &[router, words],
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_device_without_a_hello_times_out() {
    let bench = Bench::start().await;
    bench.device(MX).faults().set(Fault::NoHello);
    let read = json!({"router_name": MX, "command": "show version", "timeout": 1});
    let read = bench.call("execute_junos_command", read).await;
    let code = read.error.as_ref().unwrap().code();
    assert!(matches!(code, Code::Timeout | Code::ConnectTimeout), "{}", read.text);
    assert_failed(&read, code, &[MX, "within 1 s"]);
    let written = change(&bench, MX, json!({"timeout": 1})).await;
    assert_failed(&written, Code::Timeout, &[MX, "nothing was committed"]);
    // Once the device greets again, it is reached again.
    bench.device(MX).faults().clear();
    bench.device(MX).drop_connections();
    assert_read(&version(&bench, MX).await, &["Junos:"]);
}

#[tokio::test(start_paused = true)]
async fn the_wait_for_a_hello_ends_by_itself() {
    let bench = Bench::start().await;
    bench.device(MX).faults().set(Fault::NoHello);
    let read = version(&bench, MX).await;
    assert_failed(&read, Code::NetconfUnavailable, &[MX, "no NETCONF hello within 60 s"]);
}

#[tokio::test]
async fn a_refused_subsystem_says_what_to_configure() {
    let bench = Bench::start().await;
    bench.device(MX).faults().set(Fault::RefuseSubsystem);
    let words = [MX, "refused the NETCONF subsystem", "set system services netconf ssh"];
    assert_failed(&version(&bench, MX).await, Code::NetconfUnavailable, &words);
    assert_failed(&change(&bench, MX, json!({})).await, Code::NetconfUnavailable, &words);
}

#[tokio::test]
async fn a_framing_that_was_not_agreed_is_read_all_the_same() {
    let mut bench = Bench::start().await;
    bench.device(MX).faults().set(Fault::FramingMismatch);
    assert_read(&version(&bench, MX).await, &["Junos:"]);
    assert_outcome(&change(&bench, MX, json!({})).await, "committed", &[]);
    edit_inventory(&mut bench, |inventory| inventory[MX]["framing"] = json!("eom"));
    assert_read(&version(&bench, MX).await, &["Junos:"]);
    assert_outcome(&change(&bench, MX, json!({})).await, "unchanged", &[]);
}

#[tokio::test]
async fn one_byte_at_a_time() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        bench.device(router).faults().set(Fault::TinyWrites(1));
        assert_read(&version(&bench, router).await, &["Junos:", router]);
        assert_outcome(&change(&bench, router, json!({})).await, "committed", &["to the test"]);
    }
}

#[tokio::test]
async fn a_delimiter_in_two_pieces_at_every_byte() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        for first in 1..=5 {
            let device = bench.device(router);
            device.faults().clear();
            device.drop_connections();
            device.faults().set(Fault::SplitDelimiter(first));
            assert_read(&version(&bench, router).await, &["Junos:", router]);
            let text = format!("set interfaces ge-0/0/0 description \"split at {first}\"");
            let changed = change(&bench, router, json!({"config_text": text})).await;
            assert_outcome(&changed, "committed", &["split at"]);
        }
        assert_eq!(lines(bench.device(router), "no NETCONF"), 0);
    }
}
