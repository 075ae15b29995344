//! What a client reads before it calls: tools, instructions, resources, prompts, completion.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{
    bench::Bench,
    talk::{ERAS, Era, Served},
};

#[tokio::test]
async fn tools_come_with_title_hints_and_schemas() {
    let bench = Bench::start().await;
    for era in ERAS {
        let (_served, mut client) = Served::client(&bench.path, era, json!({})).await;
        let listed = client.request("tools/list", json!({})).await;
        if era == Era::PerRequest {
            assert!(listed["ttlMs"].is_u64(), "{era:?}: {}", listed["ttlMs"]);
            assert_eq!(listed["cacheScope"], "private");
        }
        let tools = listed["tools"].as_array().unwrap();
        assert!(tools.len() > 10);
        for tool in tools {
            let name = tool["name"].as_str().unwrap();
            assert!(tool["title"].is_string() && tool["description"].is_string(), "{name}");
            for hint in ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] {
                assert!(tool["annotations"][hint].is_boolean(), "{name}: {hint}");
            }
            assert_ne!(
                tool["annotations"]["readOnlyHint"], tool["annotations"]["destructiveHint"],
                "{name}"
            );
            for schema in ["inputSchema", "outputSchema"] {
                assert_eq!(tool[schema]["type"], "object", "{name}: {schema}");
                jsonschema::validator_for(&tool[schema]).unwrap_or_else(|e| panic!("{name}: {schema}: {e}"));
            }
        }
    }
}

#[tokio::test]
async fn the_server_says_who_it_is_and_what_it_is_for() {
    let bench = Bench::start().await;
    for era in ERAS {
        let (_served, client) = Served::client(&bench.path, era, json!({})).await;
        let server = &client.server;
        assert!(
            server["instructions"].as_str().unwrap().contains("get_router_list"),
            "{server}"
        );
        for capability in ["tools", "resources", "prompts", "completions"] {
            assert!(
                server["capabilities"][capability].is_object(),
                "{era:?}: {capability}: {server}"
            );
        }
        match era {
            Era::Handshake => {
                assert_eq!(server["protocolVersion"], "2025-06-18");
                assert_eq!(server["serverInfo"]["name"], "jmcp-server");
            }
            Era::PerRequest => {
                let versions = server["supportedVersions"].as_array().unwrap();
                assert!(versions.contains(&json!("2026-07-28")), "{server}");
            }
        }
    }
}

#[tokio::test]
async fn devices_are_resources() {
    let bench = Bench::start().await;
    for era in ERAS {
        let (_served, mut client) = Served::client(&bench.path, era, json!({})).await;
        let listed = client.request("resources/list", json!({})).await;
        let mut types: BTreeMap<&str, &str> = BTreeMap::new();
        for resource in listed["resources"].as_array().unwrap() {
            types.insert(
                resource["uri"].as_str().unwrap(),
                resource["mimeType"].as_str().unwrap(),
            );
        }
        assert_eq!(types["junos://mx-lab-1/config"], "text/plain");
        assert_eq!(types["junos://srx-lab-1/facts"], "application/json");
        let templates = client.request("resources/templates/list", json!({})).await;
        let templates: Vec<&Value> = templates["resourceTemplates"]
            .as_array()
            .unwrap()
            .iter()
            .map(|t| &t["uriTemplate"])
            .collect();
        assert_eq!(
            templates,
            [&json!("junos://{router}/config"), &json!("junos://{router}/facts")]
        );

        let read = client
            .request("resources/read", json!({ "uri": "junos://mx-lab-1/config" }))
            .await;
        let content = &read["contents"][0];
        assert_eq!(
            (&content["uri"], &content["mimeType"]),
            (&json!("junos://mx-lab-1/config"), &json!("text/plain"))
        );
        assert!(
            content["text"]
                .as_str()
                .unwrap()
                .contains("set system host-name mx-lab-1"),
            "{content}"
        );
        let read = client
            .request("resources/read", json!({ "uri": "junos://mx-lab-1/facts" }))
            .await;
        let facts: Value = serde_json::from_str(read["contents"][0]["text"].as_str().unwrap()).unwrap();
        assert!(facts["version"].is_string(), "{facts}");
        for uri in [
            "junos://nowhere/config",
            "junos://mx-lab-1/passwords",
            "file:///etc/passwd",
            "junos://",
        ] {
            let refused = client.refusal("resources/read", json!({ "uri": uri })).await;
            let expected = if era == Era::PerRequest { -32602 } else { -32002 };
            assert_eq!(refused["code"], expected, "{era:?} {uri}: {refused}");
        }
    }
}

#[tokio::test]
async fn prompts_are_filled_in() {
    let bench = Bench::start().await;
    for era in ERAS {
        let (_served, mut client) = Served::client(&bench.path, era, json!({})).await;
        let listed = client.request("prompts/list", json!({})).await;
        for prompt in listed["prompts"].as_array().unwrap() {
            assert!(prompt["title"].is_string(), "{prompt}");
            let arguments = prompt["arguments"].as_array().unwrap();
            let values: serde_json::Map<String, Value> = arguments
                .iter()
                .map(|a| (a["name"].as_str().unwrap().to_owned(), json!("192.0.2.77")))
                .collect();
            let params = json!({ "name": prompt["name"], "arguments": values });
            let filled = client.request("prompts/get", params).await;
            let text = filled["messages"][0]["content"]["text"].as_str().unwrap();
            assert!(text.contains("192.0.2.77"), "{text}");
            assert!(
                !text.contains("{router}") && !text.contains("{neighbor}") && !text.contains("{change}"),
                "{text}"
            );
        }
        let missing = client
            .refusal("prompts/get", json!({ "name": "bgp_session_down" }))
            .await;
        assert_eq!(missing["code"], -32602);
        assert!(missing["message"].as_str().unwrap().contains("`router`"), "{missing}");
        assert_eq!(
            client.refusal("prompts/get", json!({ "name": "no_such" })).await["code"],
            -32602
        );
    }
}

#[tokio::test]
async fn names_of_routers_are_completed() {
    let bench = Bench::start().await;
    for era in ERAS {
        let (_served, mut client) = Served::client(&bench.path, era, json!({})).await;
        let references = [
            json!({ "type": "ref/prompt", "name": "bgp_session_down" }),
            json!({ "type": "ref/resource", "uri": "junos://{router}/config" }),
        ];
        for reference in references {
            let mut complete = async |name: &str, value: &str| {
                let params = json!({ "ref": reference, "argument": { "name": name, "value": value } });
                client.request("completion/complete", params).await["completion"]["values"].take()
            };
            assert_eq!(complete("router", "SR").await, json!(["srx-lab-1"]));
            assert_eq!(complete("router", "").await.as_array().unwrap().len(), 3);
            assert_eq!(complete("router", "zz").await, json!([]));
            assert_eq!(complete("neighbor", "").await, json!([]));
        }
    }
}

#[tokio::test]
async fn a_read_only_server_lists_nothing_that_writes() {
    let bench = Bench::start().await;
    let path = Bench::serve(&bench.directory, &["--read-only"]);
    for era in ERAS {
        let (_served, mut client) = Served::client(&path, era, json!({})).await;
        let listed = client.request("tools/list", json!({})).await;
        for tool in listed["tools"].as_array().unwrap() {
            assert_eq!(tool["annotations"]["readOnlyHint"], true, "{}", tool["name"]);
        }
        let refused = client.call("load_and_commit_config", super::change()).await;
        assert_eq!(crate::support::talk::code(&refused), "read_only");
    }
}

#[tokio::test]
async fn methods_of_sessions_are_unknown_without_sessions() {
    let bench = Bench::start().await;
    let (_served, mut client) = Served::client(&bench.path, Era::PerRequest, json!({})).await;
    for method in ["logging/setLevel", "ping", "resources/subscribe", "no/such"] {
        let error = client.refusal(method, json!({})).await;
        assert_eq!(error["code"], -32601, "{method}: {error}");
    }
    let error = client.refusal("tools/call", json!({})).await;
    assert_eq!(error["code"], -32602, "a call of no tool is a call: {error}");
}
