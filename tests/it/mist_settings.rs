//! How the Mist side is set up: flags, variables, files.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{
    cloud::Cloud,
    program::{self, Ended, ONE_DEVICE},
    talk::{Era, Talk, code, text},
};

/// A cloud that knows who asks.
async fn cloud() -> Cloud {
    Cloud::start(|path| match path {
        "/api/v1/self" => (200, json!({ "email": "anna@example.net", "privileges": [] })),
        "/api/v1/self/usage" => (200, json!({ "requests": 1, "request_limit": 5000, "seconds": 3600 })),
        _ => (404, json!({ "detail": "not found" })),
    })
    .await
}

/// Runs the program with these variables.
async fn run(home: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
    let mut command = program::command(home, arguments);
    command.envs(environment.iter().copied());
    let mut child = command.spawn().unwrap();
    drop(child.stdin.take());
    program::ended(child).await
}

#[tokio::test]
async fn the_variables_of_both_servers_give_the_account() {
    let (cloud, home) = (cloud().await, tempfile::tempdir().unwrap());
    let url = cloud.url();
    for (token, host) in [("MIST_APITOKEN", "MIST_HOST"), ("MIST_API_TOKEN", "MIST_BASE_URL")] {
        let environment = [(token, "t-1"), (host, &url), ("JMCP_ALLOW_MIST_HOST", &url)];
        let ended = run(home.path(), &["call", "getSelf"], &environment).await;
        assert_eq!(ended.status.code(), Some(0), "{token}: {}", ended.stderr);
        assert!(ended.stdout.contains("anna@example.net"), "{}", ended.stdout);
        let came = cloud.came().pop().unwrap();
        assert_eq!(
            (came.line.as_str(), came.token.as_str()),
            ("GET /api/v1/self", "Token t-1")
        );
    }
}

#[tokio::test]
async fn no_token_goes_to_a_host_that_nobody_allowed() {
    let home = tempfile::tempdir().unwrap();
    let environment = [("MIST_APITOKEN", "t-1"), ("MIST_HOST", "api.mist.example")];
    let ended = run(home.path(), &["call", "getSelf"], &environment).await;
    assert_eq!(ended.status.code(), Some(2), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("`api.mist.example` is no Mist cloud") && ended.stderr.contains("--allow-mist-host"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn an_inventory_is_needed_only_without_the_cloud_or_where_it_is_named() {
    let home = tempfile::tempdir().unwrap();
    let token = [("MIST_APITOKEN", "t-1")];
    let without = run(home.path(), &["check"], &token).await;
    assert_eq!(without.status.code(), Some(0), "{}{}", without.stdout, without.stderr);
    for (arguments, environment) in [
        (&["check"][..], &[][..]),
        (&["check", "-f", "devices.json"], &token),
        (&["check"], &[token[0], ("JMCP_DEVICES_PATH", "other.json")]),
    ] {
        let ended = run(home.path(), arguments, environment).await;
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {}", ended.stdout);
        assert!(ended.stdout.contains("does not exist"), "{}", ended.stdout);
    }
    std::fs::write(home.path().join("devices.json"), ONE_DEVICE).unwrap();
    let with = run(home.path(), &["check"], &token).await;
    assert!(with.stdout.contains("1 devices"), "{}", with.stdout);
}

/// The tools that would be listed with these variables.
async fn listed(home: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Vec<String> {
    let ended = run(home, &[&["tools", "--json"], arguments].concat(), environment).await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    let list: Value = serde_json::from_str(&ended.stdout).unwrap();
    names(&list)
}

fn names(list: &Value) -> Vec<String> {
    let tools = list["tools"].as_array().unwrap().iter();
    tools.map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_file_gives_what_the_environment_leaves_open() {
    let (cloud, home) = (cloud().await, tempfile::tempdir().unwrap());
    let url = cloud.url();
    let file = home.path().join(".env");
    let allowed = ("JMCP_ALLOW_MIST_HOST", url.as_str());
    // What is not the servers' own does not count from a file, and least of all where tokens may go.
    std::fs::write(
        &file,
        format!("MIST_APITOKEN=of-file\nMIST_HOST={url}\nJMCP_ALLOW_MIST_HOST={url}\n"),
    )
    .unwrap();
    let ended = run(home.path(), &["call", "getSelf"], &[]).await;
    assert_eq!(ended.status.code(), Some(2), "{}", ended.stderr);
    for (environment, expected) in [
        (vec![allowed], "Token of-file"),
        (vec![allowed, ("MIST_APITOKEN", "real")], "Token real"),
        (vec![allowed, ("MIST_APITOKEN", "")], "Token of-file"),
    ] {
        let ended = run(home.path(), &["call", "getSelf"], &environment).await;
        assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
        assert_eq!(cloud.came().pop().unwrap().token, expected);
    }
    std::fs::rename(&file, home.path().join("mist.env")).unwrap();
    for (arguments, environment) in [
        (&["-e", "mist.env"][..], vec![allowed]),
        (&["--env-file", "~/mist.env"], vec![allowed]),
        (&[], vec![allowed, ("MIST_ENV_FILE", "~/mist.env")]),
        (&["-e", "mist.env"], vec![allowed, ("MIST_ENV_FILE", "other.env")]),
    ] {
        let ended = run(home.path(), &[&["call", "getSelf"], arguments].concat(), &environment).await;
        assert_eq!(
            ended.status.code(),
            Some(0),
            "{arguments:?} {environment:?}: {}",
            ended.stderr
        );
    }
}

#[tokio::test]
async fn what_cannot_be_meant_is_one_line_and_exit_code_2() {
    let home = tempfile::tempdir().unwrap();
    let token = ("MIST_APITOKEN", "t");
    for (arguments, environment, words) in [
        (&["-e", "none.env"][..], vec![token], "there is no such file"),
        (&[], vec![token, ("MIST_ENV_FILE", "none.env")], "there is no such file"),
        (&["-m", "custom"], vec![token], "--categories"),
        (&["-m", "loud"], vec![token], "managed"),
        (&[], vec![token, ("MIST_MAX_CONCURRENT", "lots")], "MIST_MAX_CONCURRENT"),
        (
            &[],
            vec![token, ("MIST_STRICT_SECURITY_MODE", "maybe")],
            "MIST_STRICT_SECURITY_MODE",
        ),
        (
            &[],
            vec![token, ("MIST_BASE_URL", "https://mist.example")],
            "MIST_BASE_URL",
        ),
        (
            &["--confirm", "write", "--disable-elicitation"],
            vec![token],
            "--disable-elicitation",
        ),
        (&["--mist-openapi", "none.json"], vec![token], "none.json"),
        (&["-t", "http", "-H", "0.0.0.0"], vec![], "--allow-insecure-bind"),
        (&["-t", "http"], vec![token], "needs tokens"),
    ] {
        let ended = run(home.path(), arguments, &environment).await;
        let code = if words == "none.json" {
            ended.status.code().filter(|code| *code != 0)
        } else {
            Some(2)
        };
        assert_eq!(ended.status.code(), code, "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(words), "{arguments:?}: {}", ended.stderr);
        assert_eq!(ended.stderr.trim().lines().count(), 1, "{}", ended.stderr);
    }
}

#[tokio::test]
async fn modes_and_categories_say_what_is_listed() {
    let home = tempfile::tempdir().unwrap();
    let (token, enhanced) = (("MIST_APITOKEN", "t"), ("MIST_API_TOKEN", "t"));
    for (arguments, environment, shows, hides) in [
        (&[][..], vec![token], "getSelf", "getOrgStats"),
        (&["-m", "all"], vec![token], "getOrgStats", "get_router_list"),
        (
            &[],
            vec![token, ("MISTMCP_TOOL_LOADING_MODE", "all")],
            "getOrgStats",
            "get_router_list",
        ),
        (
            &["-c", "orgs_stats,nothing"],
            vec![token],
            "getOrgStats",
            "getSiteStats",
        ),
        (
            &["-m", "custom", "-c", "Sites Stats"],
            vec![enhanced],
            "getSiteStats",
            "getOrgStats",
        ),
        (
            &["-m", "minimal"],
            vec![token, ("MISTMCP_TOOL_CATEGORIES", "orgs_stats")],
            "getSelf",
            "getOrgStats",
        ),
        (&["--all"], vec![], "get_router_list", "none"),
    ] {
        let listed = listed(home.path(), arguments, &environment).await;
        let has = |name: &str| listed.iter().any(|listed| listed == name);
        assert!(has(shows) && !has(hides), "{arguments:?} {environment:?}: {listed:?}");
    }
    let size = run(home.path(), &["tools", "-m", "all"], &[token]).await;
    assert!(size.stderr.contains("bytes of tools/list"), "{}", size.stderr);
}

#[tokio::test]
async fn the_token_is_tried_before_it_is_needed() {
    let (cloud, home) = (cloud().await, tempfile::tempdir().unwrap());
    let url = cloud.url();
    let good = [
        ("MIST_API_TOKEN", "t"),
        ("MIST_BASE_URL", url.as_str()),
        ("JMCP_ALLOW_MIST_HOST", &url),
    ];
    let passed = run(home.path(), &["--validate-config", "-t", "http"], &good).await;
    assert_eq!(passed.status.code(), Some(0), "{}{}", passed.stdout, passed.stderr);
    assert!(
        passed.stdout.starts_with("PASSED: anna@example.net"),
        "{}",
        passed.stdout
    );
    let checked = run(home.path(), &["check", "--connect"], &good).await;
    assert!(
        checked.stdout.contains("ok    Mist token: anna@example.net"),
        "{}",
        checked.stdout
    );
    let refusing = Cloud::start(|_| (401, json!({ "detail": "no" }))).await;
    let url = refusing.url();
    let bad = [
        ("MIST_API_TOKEN", "t"),
        ("MIST_BASE_URL", url.as_str()),
        ("JMCP_ALLOW_MIST_HOST", &url),
    ];
    let failed = run(home.path(), &["--validate-config"], &bad).await;
    assert_eq!(failed.status.code(), Some(1), "{}", failed.stdout);
    assert!(failed.stdout.starts_with("FAILED: "), "{}", failed.stdout);
    let checked = run(home.path(), &["check", "--connect"], &bad).await;
    assert_eq!(checked.status.code(), Some(1), "{}", checked.stdout);
    assert!(checked.stdout.contains("wrong Mist token"), "{}", checked.stdout);
}

#[tokio::test]
async fn the_log_goes_where_and_as_deep_as_flags_and_variables_say() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("devices.json"), ONE_DEVICE).unwrap();
    let lines = |arguments: &'static [&'static str], environment: Vec<(&'static str, &'static str)>| {
        let home = home.path().to_owned();
        async move {
            let file = home.join("log");
            let _ = std::fs::remove_file(&file);
            let mut command = program::command(&home, arguments);
            command.env_remove("RUST_LOG").envs(environment);
            let mut child = command.spawn().unwrap();
            drop(child.stdin.take());
            let ended = program::ended(child).await;
            assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
            assert_eq!(ended.stdout, "", "stdout is the protocol's");
            std::fs::read_to_string(file).unwrap_or_default()
        }
    };
    let (debug, words) = ("MISTMCP_DEBUG", "serving on stdin");
    assert!(lines(&["--log-file", "log", "-d"], vec![]).await.contains(words));
    assert!(
        lines(&["--log-file", "log", "--log-level", "debug"], vec![])
            .await
            .contains(words)
    );
    assert!(
        lines(&[], vec![("MISTMCP_LOG_FILE", "~/log"), (debug, "1")])
            .await
            .contains(words)
    );
    assert!(!lines(&["--log-file", "log"], vec![]).await.contains(words));
    assert!(
        !lines(&["--log-file", "log"], vec![(debug, "1"), ("RUST_LOG", "warn")])
            .await
            .contains(words)
    );
    assert!(
        !lines(&["--log-file", "log", "--log-level", "WARNING"], vec![(debug, "1")])
            .await
            .contains(words)
    );
}

#[tokio::test]
async fn a_session_on_stdio_chooses_its_tools() {
    let (cloud, home) = (cloud().await, tempfile::tempdir().unwrap());
    let url = cloud.url();
    let environment = [
        ("MIST_APITOKEN", "t"),
        ("MIST_HOST", url.as_str()),
        ("JMCP_ALLOW_MIST_HOST", &url),
    ];
    for (era, is_told) in [(Era::Handshake, true), (Era::PerRequest, false)] {
        let mut command = program::command(home.path(), &[]);
        command.envs(environment);
        let mut child = command.spawn().unwrap();
        let mut talk = Talk::to(era, &mut child).await;
        let instructions = talk.server["instructions"].as_str().unwrap();
        assert!(
            instructions.contains("Mist") && !instructions.contains("NETCONF"),
            "{instructions}"
        );
        let before = names(&talk.request("tools/list", json!({})).await);
        assert!(!before.contains(&"get_router_list".to_owned()), "{before:?}");
        // Hidden, and found all the same.
        let hidden = talk
            .call(
                "getOrgStats",
                json!({ "org_id": "00000000-0000-4000-8000-000000000001" }),
            )
            .await;
        assert_eq!(
            code(&hidden),
            "not_found",
            "the cloud has no such organisation: {hidden}"
        );
        let chosen = json!({ "enable_mcp_tools_categories": "[\"orgs-stats\"]" });
        let answered = talk.call("manageMcpTools", chosen).await;
        assert!(text(&answered).contains("getOrgStats"), "{answered}");
        let told = |talk: &Talk| {
            talk.seen
                .iter()
                .filter(|seen| seen["method"] == "notifications/tools/list_changed")
                .count()
        };
        assert_eq!(told(&talk), usize::from(is_told), "{era:?}");
        let after = names(&talk.request("tools/list", json!({})).await);
        assert_eq!(after.contains(&"getOrgStats".to_owned()), is_told, "{era:?}");
        let answered = talk.call("manageMcpTools", json!({ "disable": ["orgs_stats"] })).await;
        assert_ne!(answered["isError"], true, "{answered}");
        assert_eq!(names(&talk.request("tools/list", json!({})).await), before);
        if era == Era::PerRequest {
            let wanted = json!({ "notifications": { "toolsListChanged": true } });
            talk.send("subscriptions/listen", wanted).await;
            let accepted = talk.next().await.unwrap();
            assert_eq!(
                accepted["params"]["notifications"]["toolsListChanged"], true,
                "{accepted}"
            );
        }
        talk.close_output();
        program::ended(child).await;
    }
}

#[tokio::test]
async fn servers_for_accounts_may_listen_where_others_need_tokens() {
    let home = tempfile::tempdir().unwrap();
    for (arguments, environment) in [
        (&["check", "-t", "http"][..], vec![]),
        (
            &["check", "-t", "http", "-H", "0.0.0.0", "--allow-insecure-bind"],
            vec![],
        ),
        (
            &["check"],
            vec![("MISTMCP_TRANSPORT_MODE", "http"), ("MISTMCP_PORT", "8000")],
        ),
    ] {
        let ended = run(home.path(), arguments, &environment).await;
        assert_eq!(
            ended.status.code(),
            Some(0),
            "{arguments:?}: {}{}",
            ended.stdout,
            ended.stderr
        );
    }
    // Where there is anything to protect, all is as ever.
    let ended = run(home.path(), &["check", "-t", "http", "--allow-no-auth"], &[]).await;
    assert!(ended.stdout.contains("does not exist"), "{}", ended.stdout);
    for environment in [
        vec![("MIST_APITOKEN", "t")],
        vec![("JMCP_DEVICES_PATH", "devices.json")],
    ] {
        let ended = run(home.path(), &["check", "-t", "http"], &environment).await;
        assert!(ended.stderr.contains("HTTP needs tokens"), "{}", ended.stderr);
    }
    std::fs::write(home.path().join("devices.json"), ONE_DEVICE).unwrap();
    let ended = run(home.path(), &["check", "-t", "http"], &[]).await;
    assert!(ended.stderr.contains("HTTP needs tokens"), "{}", ended.stderr);
}

#[tokio::test]
async fn the_risks_of_the_token_are_said_and_decide_the_exit_code() {
    let home = tempfile::tempdir().unwrap();
    let admin = |number: u32| json!({ "scope": "org", "role": "admin", "org_id": format!("o{number}"), "name": "x" });
    for (privileges, expected) in [(vec![admin(1)], 0), (vec![admin(1), admin(2)], 1)] {
        let cloud = Cloud::start(move |path| match path {
            "/api/v1/self" => (200, json!({ "email": "anna@example.net", "privileges": privileges })),
            _ => (200, json!({})),
        })
        .await;
        let url = cloud.url();
        let environment = [
            ("MIST_API_TOKEN", "t"),
            ("MIST_HOST", url.as_str()),
            ("JMCP_ALLOW_MIST_HOST", &url),
        ];
        let ended = run(home.path(), &["--security-check", "-t", "http"], &environment).await;
        assert_eq!(ended.status.code(), Some(expected), "{}{}", ended.stdout, ended.stderr);
        assert_eq!(
            ended.stdout.contains("MULTIPLE_ORG_ADMIN"),
            expected == 1,
            "{}",
            ended.stdout
        );
    }
}
