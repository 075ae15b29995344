//! The Mist cloud over HTTP: accounts that requests bring, what they reach, and what is listed to whom.

use std::path::Path;

use serde_json::{Value, json};

use super::Running;
use crate::support::{
    cloud::Cloud,
    program::ONE_DEVICE,
    site::token_file,
    talk::{ERAS, Era, code, text},
    web::{Client, Reply, Request, Wire},
};

/// Organisations and sites by the names that the tests give them; any other name is the id of a thing that is not there.
fn id(name: &str) -> String {
    let number = ["o1", "o2", "s1", "s2", "s3", "s4"]
        .iter()
        .position(|known| *known == name)
        .unwrap_or(9);
    format!("00000000-0000-4000-8000-00000000000{number}")
}

/// Two organisations, a site in each, and who asks.
async fn cloud() -> Cloud {
    let ids = ["o1", "o2", "s1", "s2", "s3", "s4"].map(|name| (id(name), name));
    Cloud::start(move |path| {
        let named = ids
            .iter()
            .fold(path.to_owned(), |path, (id, name)| path.replace(id, name));
        answer(&named)
    })
    .await
}

fn answer(path: &str) -> (u16, Value) {
    match path {
        "/api/v1/self" => (200, json!({ "email": "anna@example.net", "privileges": [] })),
        "/api/v1/self/usage" => (200, json!({ "requests": 1, "request_limit": 5000, "seconds": 3600 })),
        "/api/v1/const/countries" => (200, json!([{ "alpha2": "CH" }])),
        "/api/v1/sites/s1" => (200, json!({ "id": id("s1"), "org_id": id("o1"), "name": "one" })),
        "/api/v1/sites/s2" => (200, json!({ "id": id("s2"), "org_id": id("o2"), "name": "two" })),
        "/api/v1/orgs/o1/stats" | "/api/v1/sites/s1/stats" => (200, json!({ "num_devices": 3 })),
        path if path.starts_with("/api/v1/orgs/o1/sites") => {
            let sites = ["s1", "s3", "s4"].map(|name| json!({ "id": id(name), "org_id": id("o1"), "name": name }));
            (200, json!(sites))
        }
        _ => (404, json!({ "detail": "not found" })),
    }
}

/// A client whose every request has this target and these headers.
#[derive(Clone)]
struct Theirs {
    client: Client,
    target: String,
    headers: Vec<(String, String)>,
}

impl Theirs {
    async fn start(running: &Running, era: Era, target: &str, headers: &[(&str, &str)]) -> Self {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let mut theirs = Self {
            client: Client {
                address: running.address,
                era,
                token: None,
                session: None,
                capabilities: json!({}),
            },
            target: target.into(),
            headers: headers.iter().map(own).collect(),
        };
        if era == Era::Handshake {
            let reply = theirs.send(theirs.client.initialize()).await;
            assert_eq!(reply.status, 200, "{}", reply.text());
            theirs.client.session = Some(reply.header("mcp-session-id").unwrap().to_owned());
        }
        theirs
    }

    fn made(&self, request: Request) -> Request {
        let request = request.to(&self.target);
        self.headers
            .iter()
            .fold(request, |request, (name, value)| request.with(name, value))
    }

    async fn send(&self, request: Request) -> Reply {
        self.made(request).send(self.client.address).await
    }

    async fn call(&self, tool: &str, arguments: Value) -> Value {
        self.send(self.client.tool(1, tool, arguments)).await.result()
    }

    async fn listed(&self) -> Vec<String> {
        let listed = self
            .send(self.client.request(1, "tools/list", json!({})))
            .await
            .result();
        let tools = listed["tools"].as_array().unwrap();
        tools
            .iter()
            .map(|tool| tool["name"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn lists(&self, tool: &str) -> bool {
        self.listed().await.iter().any(|listed| listed == tool)
    }
}

/// A server that has nothing of its own.
async fn for_accounts(home: &Path, cloud: &Cloud, arguments: &[&str]) -> Running {
    let arguments = [&["-t", "http"], arguments].concat();
    Running::start(home, &arguments, &[("JMCP_ALLOW_MIST_HOST", &cloud.url())]).await
}

#[tokio::test]
async fn a_server_with_nothing_of_its_own_serves_who_brings_an_account() {
    let (cloud, home) = (cloud().await, tempfile::tempdir().unwrap());
    let mut running = for_accounts(home.path(), &cloud, &[]).await;
    running.signal("HUP");
    running.says("read all files again: nothing has changed").await;
    assert!(
        running.said().contains("for callers who bring an account"),
        "{}",
        running.said()
    );
    let host = cloud.address.to_string();
    let by_query = format!("/mcp?cloud={host}");
    for era in ERAS {
        for (target, headers) in [
            (by_query.as_str(), vec![("X-Authorization", "mine")]),
            (by_query.as_str(), vec![("Authorization", "Bearer mine")]),
            (
                "/mcp/",
                vec![("X-Mist-Cloud", host.as_str()), ("Authorization", "Token mine")],
            ),
        ] {
            let theirs = Theirs::start(&running, era, target, &headers).await;
            let listed = theirs.listed().await;
            assert!(listed.iter().any(|name| name == "getSelf"), "{listed:?}");
            assert!(!listed.iter().any(|name| name == "get_router_list"), "{listed:?}");
            let answered = theirs.call("getSelf", json!({})).await;
            assert!(text(&answered).contains("anna@example.net"), "{answered}");
            assert_eq!(cloud.came().pop().unwrap().token, "Token mine", "{target}");
        }
    }
}

#[tokio::test]
async fn half_an_account_lists_and_says_what_is_missing() {
    let (cloud, home) = (cloud().await, tempfile::tempdir().unwrap());
    let running = for_accounts(home.path(), &cloud, &[]).await;
    let by_query = format!("/mcp?cloud={}", cloud.address);
    for era in ERAS {
        for (target, headers, expected, words) in [
            (by_query.as_str(), vec![], "mist_not_configured", "no token"),
            (
                "/mcp",
                vec![("X-Authorization", "mine")],
                "mist_not_configured",
                "no host",
            ),
            ("/mcp", vec![], "mist_not_configured", "no token"),
            (
                "/mcp?cloud=api.mist.example",
                vec![("X-Authorization", "mine")],
                "invalid_input",
                "no Mist cloud",
            ),
        ] {
            let theirs = Theirs::start(&running, era, target, &headers).await;
            assert!(theirs.lists("getSelf").await, "{target}");
            let answered = theirs.call("getSelf", json!({})).await;
            assert_eq!(code(&answered), expected, "{target}: {answered}");
            assert!(text(&answered).contains(words), "{target}: {answered}");
        }
    }
    assert!(cloud.came().is_empty(), "{:?}", cloud.came());
}

#[tokio::test]
async fn such_a_server_reaches_no_devices_and_keeps_its_names() {
    let (cloud, home) = (cloud().await, tempfile::tempdir().unwrap());
    let running = for_accounts(home.path(), &cloud, &["--enable-metrics"]).await;
    let target = format!("/mcp?cloud={}", cloud.address);
    let theirs = Theirs::start(&running, Era::PerRequest, &target, &[("X-Authorization", "mine")]).await;
    for (tool, arguments) in [
        (
            "add_device",
            json!({ "device_name": "x", "device_ip": "192.0.2.9", "username": "u" }),
        ),
        ("get_router_list", json!({})),
        ("reload_devices", json!({})),
    ] {
        let answered = theirs.call(tool, arguments).await;
        let code = code(&answered);
        assert!(
            ["unknown_tool", "tool_scope_denied"].contains(&code),
            "{tool}: {answered}"
        );
    }
    let strange = theirs.client.tool(1, "getSelf", json!({})).set("Host", "evil.example");
    assert_eq!(theirs.send(strange).await.status, 403);
    let page = theirs
        .client
        .tool(1, "getSelf", json!({}))
        .with("Origin", "https://evil.example");
    assert_eq!(theirs.send(page).await.status, 403);
    assert_eq!(Request::get("/metrics").send(running.address).await.status, 403);
}

#[tokio::test]
async fn what_is_kept_belongs_to_the_account() {
    let (cloud, home) = (cloud().await, tempfile::tempdir().unwrap());
    let running = for_accounts(home.path(), &cloud, &["--max-result-chars", "1000"]).await;
    let target = format!("/mcp?cloud={}", cloud.address);
    let anna = Theirs::start(&running, Era::Handshake, &target, &[("X-Authorization", "annas")]).await;
    let ben = Theirs::start(&running, Era::Handshake, &target, &[("X-Authorization", "bens")]).await;
    let long = anna.call("manageMcpTools", json!({ "list": true })).await;
    let long: Value = serde_json::from_str(text(&long)).unwrap();
    let handle = json!({ "handle": long["truncated"]["handle"] });
    assert_ne!(anna.call("read_result", handle.clone()).await["isError"], true);
    assert_eq!(code(&ben.call("read_result", handle.clone()).await), "not_found");
    let nobody = Theirs::start(&running, Era::Handshake, "/mcp", &[]).await;
    assert_eq!(code(&nobody.call("read_result", handle).await), "not_found");
    // They are many, and nothing tells them apart.
    let long = nobody.call("manageMcpTools", json!({ "list": true })).await;
    let long: Value = serde_json::from_str(text(&long)).unwrap();
    let handle = json!({ "handle": long["truncated"]["handle"] });
    for other in [&nobody, &anna] {
        assert_eq!(code(&other.call("read_result", handle.clone()).await), "not_found");
    }
    let mut stolen = ben.clone();
    stolen.client.session = anna.client.session.clone();
    let reply = stolen.send(stolen.client.tool(1, "getSelf", json!({}))).await;
    assert_eq!(reply.status, 404, "{}", reply.text());
    assert!(anna.lists("getSelf").await, "it is still there for its owner");
}

/// A server with devices, tokens and an account of its own.
async fn with_tokens(home: &Path, cloud: &Cloud, tokens: &[(&str, Value)], arguments: &[&str]) -> Running {
    std::fs::write(home.join("devices.json"), ONE_DEVICE).unwrap();
    std::fs::write(home.join(".tokens"), token_file(tokens).to_string()).unwrap();
    let url = cloud.url();
    let environment = [
        ("MIST_APITOKEN", "own"),
        ("MIST_HOST", &url),
        ("JMCP_ALLOW_MIST_HOST", &url),
    ];
    Running::start(home, &[&["-t", "http"], arguments].concat(), &environment).await
}

/// With the server's token of this name.
async fn of_token(running: &Running, era: Era, token: &str, target: &str, headers: &[(&str, &str)]) -> Theirs {
    let bearer = format!("Bearer {}", crate::support::web::secret(token));
    let headers = [&[("Authorization", bearer.as_str())], headers].concat();
    Theirs::start(running, era, target, &headers).await
}

#[tokio::test]
async fn tokens_of_this_server_never_reach_the_cloud() {
    let (cloud, home) = (cloud().await, tempfile::tempdir().unwrap());
    let running = with_tokens(home.path(), &cloud, &[("alice", json!({}))], &[]).await;
    let target = format!("/mcp?cloud={}", cloud.address);
    for era in ERAS {
        for (target, headers, expected) in [
            ("/mcp", vec![], Some("Token own")),
            (target.as_str(), vec![("X-Authorization", "mine")], Some("Token mine")),
            (target.as_str(), vec![], None),
            ("/mcp", vec![("X-Authorization", "mine")], None),
        ] {
            let before = cloud.came().len();
            let alice = of_token(&running, era, "alice", target, &headers).await;
            let answered = alice.call("getSelf", json!({})).await;
            let came = cloud.came().split_off(before);
            match expected {
                // The second time the answer may be known already.
                Some(token) => assert!(
                    cloud.came().iter().any(|came| came.token == token),
                    "{came:?} {answered}"
                ),
                None => assert_eq!((code(&answered), came.len()), ("mist_not_configured", 0), "{came:?}"),
            }
        }
        assert!(
            !cloud.came().iter().any(|came| came.token.contains("jmcp_")),
            "{:?}",
            cloud.came()
        );
        let unknown = Theirs::start(&running, Era::PerRequest, "/mcp", &[("X-Authorization", "mine")]).await;
        let refused = unknown.send(unknown.client.tool(1, "getSelf", json!({}))).await;
        assert_eq!(refused.status, 401);
    }
}

#[tokio::test]
async fn a_token_reaches_its_organisations_and_sites() {
    let (cloud, home) = (cloud().await, tempfile::tempdir().unwrap());
    let tokens = [
        ("all", json!({})),
        ("org", json!({ "mist_orgs": [id("o1")] })),
        (
            "site",
            json!({ "mist_orgs": [id("o1")], "mist_sites": [id("s1"), id("s2"), id("s4")] }),
        ),
    ];
    let running = with_tokens(home.path(), &cloud, &tokens, &[]).await;
    let nothing = json!({});
    for (token, tool, arguments, expected) in [
        ("org", "getOrgStats", json!({ "org_id": id("o1") }), "ok"),
        ("org", "getOrgStats", json!({ "org_id": id("o2") }), "not_found"),
        ("org", "getSiteStats", json!({ "site_id": id("s1") }), "ok"),
        // The site is another organisation's.
        ("org", "getSiteStats", json!({ "site_id": id("s2") }), "not_found"),
        ("site", "getSiteStats", json!({ "site_id": id("s1") }), "ok"),
        ("site", "getSiteStats", json!({ "site_id": id("s2") }), "not_found"),
        ("site", "getSiteStats", json!({ "site_id": id("s3") }), "not_found"),
        (
            "site",
            "getOrgStats",
            json!({ "org_id": id("o1") }),
            "tool_scope_denied",
        ),
        ("org", "listCountryCodes", nothing.clone(), "ok"),
        ("org", "getSelf", nothing.clone(), "tool_scope_denied"),
        ("all", "getSelf", nothing.clone(), "ok"),
    ] {
        let theirs = of_token(&running, Era::PerRequest, token, "/mcp", &[]).await;
        let answered = theirs.call(tool, arguments.clone()).await;
        let said = if answered["isError"] == true {
            code(&answered)
        } else {
            "ok"
        };
        assert_eq!(said, expected, "{token} {tool} {arguments}: {answered}");
    }
    let org = of_token(&running, Era::PerRequest, "org", "/mcp", &[]).await;
    let foreign = org.call("getSiteStats", json!({ "site_id": id("s2") })).await;
    let unknown = org.call("getSiteStats", json!({ "site_id": id("s9") })).await;
    assert_eq!(text(&foreign).replace(&id("s2"), &id("s9")), text(&unknown));
    for (token, sites) in [("org", vec!["s1", "s3", "s4"]), ("site", vec!["s1", "s4"])] {
        let theirs = of_token(&running, Era::PerRequest, token, "/mcp", &[]).await;
        let answered = theirs.call("listOrgSites", json!({ "org_id": id("o1") })).await;
        let body: Value = serde_json::from_str(text(&answered)).unwrap_or_else(|e| panic!("{e}: {answered}"));
        let found: Vec<&str> = body["results"]
            .as_array()
            .unwrap()
            .iter()
            .map(|site| site["name"].as_str().unwrap())
            .collect();
        assert_eq!(found, sites, "{token}");
    }
}

#[tokio::test]
async fn a_client_cannot_switch_confirmation_off() {
    let (cloud, home) = (cloud().await, tempfile::tempdir().unwrap());
    let target = format!(
        "/mcp?cloud={}&disable_elicitation=true&experimental=true",
        cloud.address
    );
    let headers = [("X-Authorization", "mine"), ("X-Disable-Elicitation", "true")];
    let delete = json!({ "name": "deleteSite", "arguments": { "site_id": id("s1") } });
    for (arguments, expected) in [
        (&[][..], "read_only"),
        (&["--enable-write-tools"][..], "confirmation_required"),
    ] {
        let running = for_accounts(home.path(), &cloud, arguments).await;
        for era in ERAS {
            let theirs = Theirs::start(&running, era, &target, &headers).await;
            let answered = theirs.call("call_tool", delete.clone()).await;
            assert_eq!(code(&answered), expected, "{answered}");
        }
    }
    let deletes = |cloud: &Cloud| {
        cloud
            .came()
            .iter()
            .filter(|came| came.line.starts_with("DELETE"))
            .count()
    };
    assert_eq!(deletes(&cloud), 0);
    // An operator can.
    let running = for_accounts(home.path(), &cloud, &["--enable-write-tools", "--disable-elicitation"]).await;
    let theirs = Theirs::start(&running, Era::PerRequest, &target, &headers).await;
    theirs.call("call_tool", delete).await;
    assert_eq!(deletes(&cloud), 1);
}

#[tokio::test]
async fn a_request_chooses_what_is_listed() {
    let (cloud, home) = (cloud().await, tempfile::tempdir().unwrap());
    let running = for_accounts(home.path(), &cloud, &[]).await;
    for era in ERAS {
        for (target, headers, shows, hides) in [
            ("/mcp", vec![], "getSelf", "getOrgStats"),
            ("/mcp?mode=all", vec![], "getOrgStats", "get_user_info"),
            ("/mcp?mode=loud", vec![], "getSelf", "getOrgStats"),
            ("/mcp?categories=orgs_stats", vec![], "getOrgStats", "getSiteStats"),
            (
                "/mcp?mode=custom&categories=sites_stats",
                vec![],
                "getSiteStats",
                "getOrgStats",
            ),
            (
                "/mcp",
                vec![("X-MCP-Toolsets", "orgs_stats, sites_stats")],
                "getSiteStats",
                "listOrgDevices",
            ),
        ] {
            let listed = Theirs::start(&running, era, target, &headers).await.listed().await;
            let has = |name: &str| listed.iter().any(|listed| listed == name);
            assert!(has(shows) && !has(hides), "{target} {headers:?}: {listed:?}");
        }
    }
}

#[tokio::test]
async fn sessions_on_one_connection_choose_their_own_tools() {
    let (cloud, home) = (cloud().await, tempfile::tempdir().unwrap());
    let running = for_accounts(home.path(), &cloud, &[]).await;
    let target = format!("/mcp?cloud={}", cloud.address);
    let mine = [("X-Authorization", "mine")];
    let one = Theirs::start(&running, Era::Handshake, &target, &mine).await;
    let two = Theirs::start(&running, Era::Handshake, &target, &mine).await;
    // As a proxy does: both on one connection.
    let mut wire = Wire::to(running.address).await;
    let choose = json!({ "enable_mcp_tools_categories": "Orgs Stats" });
    let reply = wire
        .ask(&one.made(one.client.tool(5, "manageMcpTools", choose.clone())))
        .await;
    let methods: Vec<Value> = reply
        .messages()
        .into_iter()
        .map(|message| message["method"].clone())
        .collect();
    assert!(
        methods.contains(&json!("notifications/tools/list_changed")),
        "{methods:?}"
    );
    for (theirs, shows) in [(&one, true), (&two, false)] {
        let reply = wire
            .ask(&theirs.made(theirs.client.request(6, "tools/list", json!({}))))
            .await;
        assert_eq!(reply.text().contains("\"getOrgStats\""), shows);
    }
    // Hidden, and not forbidden.
    let hidden = two.call("getOrgStats", json!({ "org_id": id("o1") })).await;
    assert!(text(&hidden).contains("num_devices"), "{hidden}");
    // A list that depends on nothing but the request never changes.
    let newer = Theirs::start(&running, Era::PerRequest, &target, &mine).await;
    let reply = newer.send(newer.client.tool(7, "manageMcpTools", choose)).await;
    assert_eq!(reply.messages().len(), 1, "{}", reply.text());
    assert!(!newer.lists("getOrgStats").await);
    // Calling what is hidden by name needs no listing at all; what the cloud may not write stays so.
    let write = newer
        .call(
            "call_tool",
            json!({ "name": "deleteSite", "arguments": { "site_id": id("s1") } }),
        )
        .await;
    assert_eq!(code(&write), "read_only", "{write}");
}

#[tokio::test]
async fn whoever_listens_for_changes_waits_in_nobodys_way() {
    let (cloud, home) = (cloud().await, tempfile::tempdir().unwrap());
    let running = for_accounts(home.path(), &cloud, &["--max-inflight-requests", "1"]).await;
    let target = format!("/mcp?cloud={}", cloud.address);
    let theirs = Theirs::start(&running, Era::PerRequest, &target, &[("X-Authorization", "mine")]).await;
    let wanted = json!({ "notifications": { "toolsListChanged": true, "promptsListChanged": true } });
    let listen = theirs.made(theirs.client.request(9, "subscriptions/listen", wanted));
    let mut wire = listen.begin(running.address).await;
    assert_eq!(wire.head().await.unwrap().status, 200);
    let (_, accepted) = wire.message().await.unwrap();
    assert_eq!(
        accepted["method"], "notifications/subscriptions/acknowledged",
        "{accepted}"
    );
    assert_eq!(accepted["params"]["notifications"], json!({ "toolsListChanged": true }));
    // The one place is free.
    assert!(text(&theirs.call("getSelf", json!({})).await).contains("anna"));
    running.signal("TERM");
    let (_, ended) = wire.message().await.unwrap();
    assert_eq!(ended["result"]["resultType"], "complete", "{ended}");
    assert!(running.ended().await.success());
}

#[tokio::test]
async fn what_a_token_may_not_call_no_choice_makes_callable() {
    let (cloud, home) = (cloud().await, tempfile::tempdir().unwrap());
    let few = json!({ "tools": ["getSelf", "manageMcpTools", "call_tool"] });
    let tokens = [("few", few), ("devices", json!({ "toolsets": ["junos"] }))];
    let running = with_tokens(home.path(), &cloud, &tokens, &[]).await;
    let stats = json!({ "org_id": id("o1") });
    for era in ERAS {
        let theirs = of_token(&running, era, "few", "/mcp?mode=all", &[]).await;
        theirs
            .call(
                "manageMcpTools",
                json!({ "enable_mcp_tools_categories": ["orgs_stats"] }),
            )
            .await;
        assert_eq!(theirs.listed().await, ["call_tool", "getSelf", "manageMcpTools"]);
        for (tool, arguments) in [
            ("getOrgStats", stats.clone()),
            ("call_tool", json!({ "name": "getOrgStats", "arguments": stats })),
        ] {
            let answered = theirs.call(tool, arguments).await;
            assert_eq!(code(&answered), "unknown_tool", "{answered}");
        }
        // The server's own account is for those whose tools reach the cloud.
        let theirs = of_token(&running, era, "devices", "/mcp?mode=all", &[]).await;
        assert!(!theirs.lists("getSelf").await && theirs.lists("get_router_list").await);
        let answered = theirs.call("getSelf", json!({})).await;
        assert_eq!(code(&answered), "unknown_tool", "{answered}");
    }
    assert!(cloud.came().is_empty(), "{:?}", cloud.came());
}

#[tokio::test]
async fn who_brings_an_account_is_told_of_the_tools_for_it() {
    let (cloud, home) = (cloud().await, tempfile::tempdir().unwrap());
    std::fs::write(home.path().join("devices.json"), ONE_DEVICE).unwrap();
    let environment = [("JMCP_ALLOW_MIST_HOST", cloud.url())];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let running = Running::start(home.path(), &["-t", "http", "--allow-no-auth"], &environment).await;
    let target = format!("/mcp?cloud={}", cloud.address);
    for (target, headers, is_told) in [
        ("/mcp", vec![], false),
        (target.as_str(), vec![("X-Authorization", "mine")], true),
    ] {
        let theirs = Theirs::start(&running, Era::Handshake, target, &headers).await;
        let first = theirs.send(theirs.client.initialize()).await.result();
        let instructions = first["instructions"].as_str().unwrap();
        assert!(instructions.contains("NETCONF"), "{instructions}");
        assert_eq!(instructions.contains("getSelf"), is_told, "{instructions}");
        assert!(theirs.lists("get_router_list").await);
        assert_eq!(theirs.lists("getSelf").await, is_told);
    }
}
