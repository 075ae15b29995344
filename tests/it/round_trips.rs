//! What a distant device costs: flights (turns of the traffic from client to device), counted by the device.

use jmcp::lab::LabOptions;
use serde_json::json;

use crate::support::bench::Bench;

#[tokio::test]
async fn a_cold_command_and_a_warm_one() {
    let bench = Bench::start().await;
    let version = || {
        bench.text(
            "execute_junos_command",
            json!({"router": "mx-lab-1", "command": "show version"}),
        )
    };
    version().await;
    let cold = bench.device("mx-lab-1").counters();
    eprintln!("cold command: {} flights, {:?}", cold.flights, cold);
    version().await;
    let warm = bench.device("mx-lab-1").counters();
    assert_eq!(warm.flights - cold.flights, 1, "a warm command");
    assert_eq!(warm.ssh_connections, 1);
}

#[tokio::test]
async fn five_commands_at_once_on_a_cold_device() {
    let bench = Bench::start().await;
    let version = || {
        bench.text(
            "execute_junos_command",
            json!({"router": "mx-lab-1", "command": "show version"}),
        )
    };
    tokio::join!(version(), version(), version(), version(), version());
    let counters = bench.device("mx-lab-1").counters();
    eprintln!("five at once: {} flights, {:?}", counters.flights, counters);
    assert_eq!(counters.ssh_connections, 1);
}

#[tokio::test]
async fn twenty_devices_with_three_commands_each() {
    let bench = Bench::with(
        LabOptions {
            devices: 20,
            ..LabOptions::default()
        },
        &[],
    )
    .await;
    let names: Vec<&str> = bench.lab.devices().iter().map(|device| device.name.as_str()).collect();
    let commands = ["show version", "show system uptime", "show interfaces terse"];
    let arguments = json!({"router_names": names, "commands": commands, "max_concurrent_routers": 20});
    let answer = bench.structured("execute_junos_command_batch", arguments).await;
    assert_eq!(answer["summary"]["failed"], 0, "{}", answer["summary"]);
    let most = bench
        .lab
        .devices()
        .iter()
        .map(|device| device.counters().flights)
        .max()
        .unwrap();
    eprintln!("20 x 3: {most} flights on the costliest device");
}

/// The same counted by time: everything that the device sends arrives a fixed time later, so that the whole takes that time for each
/// round trip. Printed, not asserted: a busy machine adds to it.
#[tokio::test]
async fn a_cold_command_behind_a_long_line() {
    let bench = Bench::start().await;
    let delay = std::time::Duration::from_millis(100);
    for router in ["mx-lab-1", "ex-lab-1"] {
        bench.device(router).faults().set(jmcp::lab::Fault::OneWayDelay(delay));
        let started = std::time::Instant::now();
        bench
            .text(
                "execute_junos_command",
                json!({"router": router, "command": "show version"}),
            )
            .await;
        eprintln!(
            "{router}: cold command in {:.1} round trips",
            started.elapsed().as_secs_f64() / delay.as_secs_f64()
        );
        let started = std::time::Instant::now();
        bench
            .text(
                "load_and_commit_config",
                json!({"router": router, "config_text": "set system domain-name a.example.net"}),
            )
            .await;
        eprintln!(
            "{router}: change in {:.1} round trips",
            started.elapsed().as_secs_f64() / delay.as_secs_f64()
        );
    }
}
