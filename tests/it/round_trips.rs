//! What a distant device costs: flights (turns of the traffic from client to device), counted by the device.

use jmcp::lab::LabOptions;
use serde_json::json;

use crate::support::bench::Bench;

#[tokio::test]
async fn a_cold_command_and_a_warm_one() {
    let bench = Bench::start().await;
    let version = || bench.text("execute_junos_command", json!({"router": "mx-lab-1", "command": "show version"}));
    version().await;
    let cold = bench.device("mx-lab-1").counters();
    println!("cold command: {} flights, {:?}", cold.flights, cold);
    version().await;
    let warm = bench.device("mx-lab-1").counters();
    assert_eq!(warm.flights - cold.flights, 1, "a warm command");
    assert_eq!(warm.ssh_connections, 1);
}

#[tokio::test]
async fn five_commands_at_once_on_a_cold_device() {
    let bench = Bench::start().await;
    let version = || bench.text("execute_junos_command", json!({"router": "mx-lab-1", "command": "show version"}));
    tokio::join!(version(), version(), version(), version(), version());
    let counters = bench.device("mx-lab-1").counters();
    println!("five at once: {} flights, {:?}", counters.flights, counters);
    assert_eq!(counters.ssh_connections, 1);
}

#[tokio::test]
async fn twenty_devices_with_three_commands_each() {
    let bench = Bench::with(LabOptions { devices: 20, ..LabOptions::default() }, &[]).await;
    let names: Vec<&str> = bench.lab.devices().iter().map(|device| device.name.as_str()).collect();
    let commands = ["show version", "show system uptime", "show interfaces terse"];
    let arguments = json!({"router_names": names, "commands": commands, "max_concurrent_routers": 20});
    let answer = bench.structured("execute_junos_command_batch", arguments).await;
    assert_eq!(answer["summary"]["failed"], 0, "{}", answer["summary"]);
    let most = bench.lab.devices().iter().map(|device| device.counters().flights).max().unwrap();
    println!("20 x 3: {most} flights on the costliest device");
}
