//! `reload_devices`.

use serde_json::{Value, json};

use crate::support::{
    bench::Bench,
    talk::{ERAS, Era, Served, Talk, code, text},
};

struct File<'a>(&'a Bench, Value);

impl<'a> File<'a> {
    fn of(bench: &'a Bench) -> Self {
        let text = std::fs::read(bench.directory.path().join("devices.json")).unwrap();
        Self(bench, serde_json::from_slice(&text).unwrap())
    }

    fn write(&self, name: &str) {
        std::fs::write(self.0.directory.path().join(name), self.1.to_string()).unwrap();
    }
}

async fn routers(client: &mut Talk) -> Value {
    client.call("get_router_list", json!({})).await["structuredContent"]["routers"].take()
}

#[tokio::test]
async fn it_tells_what_changed_and_calls_see_it() {
    for era in ERAS {
        let bench = Bench::start().await;
        let (_served, mut client) = Served::client(&bench.path, era, json!({})).await;
        client
            .call("gather_device_facts", json!({ "router_name": "ex-lab-1" }))
            .await;
        let mut file = File::of(&bench);
        let mut entry = file.1["mx-lab-1"].clone();
        entry["role"] = "core".into();
        file.1["mx-lab-1"] = entry.clone();
        file.1["new-1"] = entry;
        file.1.as_object_mut().unwrap().remove("srx-lab-1");
        file.write("devices.json");
        let answer = client.call("reload_devices", json!({})).await;
        let changes = &answer["structuredContent"];
        assert_eq!(
            (&changes["added"], &changes["removed"], &changes["changed"]),
            (&json!(["new-1"]), &json!(["srx-lab-1"]), &json!(["mx-lab-1"])),
            "{answer}"
        );
        assert_eq!(
            (&changes["previous_router_count"], &changes["new_router_count"]),
            (&json!(3), &json!(3))
        );
        let mut now: Vec<String> = serde_json::from_value(routers(&mut client).await).unwrap();
        now.sort();
        assert_eq!(now, ["ex-lab-1", "mx-lab-1", "new-1"]);
        let gone = client
            .call("gather_device_facts", json!({ "router_name": "srx-lab-1" }))
            .await;
        assert_eq!(code(&gone), "unknown_router");
        let new = client
            .call("gather_device_facts", json!({ "router_name": "new-1" }))
            .await;
        assert_ne!(new["isError"], true, "{new}");
        // A device that did not change keeps its session.
        client
            .call("gather_device_facts", json!({ "router_name": "ex-lab-1" }))
            .await;
        assert_eq!(bench.device("ex-lab-1").counters().ssh_connections, 1);
    }
}

#[tokio::test]
async fn a_broken_file_changes_nothing() {
    let bench = Bench::start().await;
    let (_served, mut client) = Served::client(&bench.path, Era::PerRequest, json!({})).await;
    let before = routers(&mut client).await;
    let mut file = File::of(&bench);
    file.1["bad"] = json!({ "ip": "192.0.2.1", "port": 99_999, "username": "u", "auth": { "type": "ssh_agent" } });
    file.1.as_object_mut().unwrap().remove("srx-lab-1");
    file.write("devices.json");
    let answer = client.call("reload_devices", json!({})).await;
    assert_eq!(code(&answer), "inventory_invalid");
    assert!(text(&answer).contains("`bad`"), "{}", text(&answer));
    for content in ["", "{", "[]", "{}"] {
        std::fs::write(bench.directory.path().join("devices.json"), content).unwrap();
        let answer = client.call("reload_devices", json!({})).await;
        assert_eq!(code(&answer), "inventory_invalid", "{content}");
    }
    assert_eq!(routers(&mut client).await, before);
    let answer = client
        .call("gather_device_facts", json!({ "router_name": "srx-lab-1" }))
        .await;
    assert_ne!(answer["isError"], true, "{answer}");
}

#[tokio::test]
async fn a_rule_file_that_is_broken_changes_nothing_either() {
    let bench = Bench::start().await;
    let (_served, mut client) = Served::client(&bench.path, Era::Handshake, json!({})).await;
    let before = routers(&mut client).await;
    let mut file = File::of(&bench);
    file.1.as_object_mut().unwrap().remove("srx-lab-1");
    file.1["mx-lab-1"]["blocklist"] = json!({ "commands": ["no object"] });
    file.write("devices.json");
    let answer = client.call("reload_devices", json!({})).await;
    assert_eq!(code(&answer), "inventory_invalid");
    assert_eq!(routers(&mut client).await, before, "{answer}");
}

#[tokio::test]
async fn only_files_beside_the_inventory_are_read() {
    let bench = Bench::start().await;
    let outside = tempfile::tempdir().unwrap();
    let file = File::of(&bench);
    file.write("other.json");
    std::fs::create_dir(bench.directory.path().join("sub")).unwrap();
    file.write("sub/third.json");
    let stranger = outside.path().join("stranger.json");
    std::fs::write(&stranger, file.1.to_string()).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(&stranger, bench.directory.path().join("link.json")).unwrap();
    let (_served, mut client) = Served::client(&bench.path, Era::PerRequest, json!({})).await;
    let name = outside.path().file_name().unwrap().to_str().unwrap();
    let escapes = [
        stranger.display().to_string(),
        format!("../{name}/stranger.json"),
        "sub/../../x.json".into(),
        "link.json".into(),
    ];
    for escape in escapes {
        let answer = client.call("reload_devices", json!({ "file_name": escape })).await;
        assert_eq!(code(&answer), "invalid_input", "{escape}");
    }
    let answer = client
        .call("reload_devices", json!({ "file_name": "nowhere.json" }))
        .await;
    assert_eq!(code(&answer), "not_found");
    let answer = client
        .call("reload_devices", json!({ "file_name": "sub/third.json" }))
        .await;
    assert!(
        answer["structuredContent"]["inventory_path"]
            .as_str()
            .unwrap()
            .ends_with("third.json"),
        "{answer}"
    );

    let fixed = Bench::serve(&bench.directory, &["--inventory-readonly"]);
    let (_served, mut client) = Served::client(&fixed, Era::Handshake, json!({})).await;
    let answer = client
        .call("reload_devices", json!({ "file_name": "other.json" }))
        .await;
    assert_eq!(code(&answer), "inventory_readonly");
    let answer = client.call("reload_devices", json!({})).await;
    assert_ne!(answer["isError"], true, "{answer}");
}
