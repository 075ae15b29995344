//! Sessions that go stale, are cut, are few, are taken back.

use std::time::Duration;

use jmcp::{
    error::Code,
    lab::{Fault, Gate, Spoil},
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{
    MX, ROUTERS, assert_failed, assert_outcome, assert_read, becomes, becomes_clean, change, lines, running, show,
    version,
};
use crate::support::bench::Bench;

#[tokio::test]
async fn new_keys_every_mebibyte_do_not_disturb_a_long_reply() {
    let bench = Bench::start().await;
    bench.device(MX).faults().set(Fault::RekeyEvery(1 << 20));
    bench.device(MX).faults().set(Fault::Reply {
        on: "show version".into(),
        how: Spoil::HugeText(8),
    });
    assert_read(
        &version(&bench, MX).await,
        &["line          1 of a very long answer", "handle="],
    );
    bench.device(MX).faults().clear();
    assert_read(&version(&bench, MX).await, &["Junos:"]);
    assert_outcome(&change(&bench, MX, json!({})).await, "committed", &[]);
    assert_eq!(bench.device(MX).counters().ssh_connections, 1);
}

#[tokio::test]
async fn a_session_dropped_when_idle_is_replaced() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let device = bench.device(router);
        device.faults().set(Fault::DropWhenIdle(Duration::from_millis(200)));
        assert_read(&version(&bench, router).await, &["Junos:"]);
        becomes("not dropped", device, || lines(device, "disconnected") == 1).await;
        device.faults().clear();
        assert_read(&version(&bench, router).await, &["Junos:"]);
        assert_outcome(&change(&bench, router, json!({})).await, "committed", &[]);
        assert_eq!(device.counters().ssh_connections, 2, "{router}");
    }
}

#[tokio::test]
async fn a_read_on_a_stale_session_is_repeated_once() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let device = bench.device(router);
        assert_read(&version(&bench, router).await, &["Junos:"]);
        device.faults().once(Fault::DropOnRequest);
        assert_read(&version(&bench, router).await, &["Junos:"]);
        assert_eq!(lines(device, "dropped"), 1, "{router}");
        // Twice is no accident any more: the request itself may be what ends the session.
        device.faults().set(Fault::DropOnRequest);
        assert_failed(
            &version(&bench, router).await,
            Code::Transport,
            &[router, "the session ended before the reply"],
        );
        assert_eq!(lines(device, "dropped"), 3, "{router}");
        device.faults().clear();
        assert_read(&version(&bench, router).await, &["Junos:"]);
    }
}

#[tokio::test]
async fn a_read_that_ends_a_fresh_session_is_not_repeated() {
    let bench = Bench::start().await;
    bench.device(MX).faults().set(Fault::DropOnRequest);
    assert_failed(&version(&bench, MX).await, Code::Transport, &[MX]);
    assert_eq!(lines(bench.device(MX), "dropped"), 1);
}

#[tokio::test]
async fn a_power_failure_between_two_calls() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let device = bench.device(router);
        assert_read(&version(&bench, router).await, &["Junos:"]);
        device.drop_connections();
        assert_read(&version(&bench, router).await, &["Junos:"]);
        device.drop_connections();
        assert_outcome(&change(&bench, router, json!({})).await, "committed", &[]);
    }
}

#[tokio::test]
async fn five_reads_and_a_change_share_one_channel() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let device = bench.device(router);
        device.faults().set(Fault::MaxSessions(1));
        let read = |command: &'static str| show(&bench, router, command);
        let (a, b, c, d, e, changed) = tokio::join!(
            read("show version"),
            read("show system uptime"),
            read("show interfaces terse"),
            read("show version"),
            read("show system uptime"),
            change(&bench, router, json!({})),
        );
        assert_read(&a, &["Junos:"]);
        assert_read(&b, &["System booted"]);
        assert_read(&c, &["Admin"]);
        assert_read(&d, &["Junos:"]);
        assert_read(&e, &["System booted"]);
        assert_outcome(&changed, "committed", &["to the test"]);
        assert_eq!(device.counters().ssh_connections, 1, "{router}");
        becomes_clean(device, &running(device)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_command_that_is_taken_back_is_aborted_on_the_device() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let device = bench.device(router);
        let gate = Gate::new();
        device.faults().once(Fault::Hold {
            on: "show system uptime".into(),
            gate: gate.clone(),
        });
        let cancel = CancellationToken::new();
        let arguments = json!({"router_name": router, "command": "show system uptime"});
        let (answered, ()) = tokio::join!(
            bench.cancellable("execute_junos_command", arguments, cancel.clone()),
            async {
                gate.reached().await;
                cancel.cancel();
            }
        );
        assert_failed(&answered, Code::Cancelled, &["cancelled"]);
        tokio::time::sleep(Duration::from_secs(5)).await;
        becomes("not aborted", device, || {
            lines(device, "`show system uptime` aborted") == 1
        })
        .await;
        assert_read(&version(&bench, router).await, &["Junos:", router]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_command_that_times_out_is_aborted_on_the_device() {
    let bench = Bench::start().await;
    let gate = Gate::new();
    bench.device(MX).faults().once(Fault::Hold {
        on: "show system uptime".into(),
        gate: gate.clone(),
    });
    let arguments = json!({"router_name": MX, "command": "show system uptime", "timeout": 3});
    let answered = bench.call("execute_junos_command", arguments).await;
    assert_failed(&answered, Code::Timeout, &[MX, "no reply within 3 s"]);
    tokio::time::sleep(Duration::from_secs(5)).await;
    becomes("not aborted", bench.device(MX), || {
        lines(bench.device(MX), "aborted") == 1
    })
    .await;
}

#[tokio::test]
async fn the_reply_to_a_cancelled_read_is_nobody_elses() {
    let bench = Bench::start().await;
    for router in ROUTERS {
        let device = bench.device(router);
        device.faults().set(Fault::MaxSessions(1));
        assert_read(&show(&bench, router, "show interfaces terse").await, &["Admin"]);
        let gate = Gate::new();
        device.faults().once(Fault::HoldReply {
            on: "show version".into(),
            gate: gate.clone(),
        });
        let cancel = CancellationToken::new();
        let arguments = json!({"router_name": router, "command": "show version"});
        let (answered, ()) = tokio::join!(
            bench.cancellable("execute_junos_command", arguments, cancel.clone()),
            async {
                gate.reached().await;
                cancel.cancel();
            }
        );
        assert_failed(&answered, Code::Cancelled, &[]);
        let (next, ()) = tokio::join!(show(&bench, router, "show system uptime"), async { gate.open() });
        assert_read(&next, &["System booted"]);
        assert!(!next.text.contains("Junos:"), "{}", next.text);
        assert_read(&version(&bench, router).await, &["Junos:"]);
    }
}
