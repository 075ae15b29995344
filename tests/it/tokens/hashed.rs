//! The words of rust-junosmcp: `tokens.json` with hashes and scopes.

use jmcp::tools::Effect;

use super::{Place, said};

/// Adds a token and answers its secret.
async fn add(place: &Place, arguments: &[&str]) -> String {
    let line: Vec<&str> = ["add"].iter().chain(arguments).copied().collect();
    let ended = place.on_hashed(&line).await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    ended.stdout.trim_end_matches('\n').to_owned()
}

#[tokio::test]
async fn add_prints_the_secret_and_nothing_else() {
    let place = Place::new();
    let line = [
        "add",
        "--name",
        "alice",
        "--routers",
        "*",
        "--tools",
        "get_router_list,get_junos_config",
    ];
    let ended = place.on_hashed(&line).await;
    let (status, stdout, stderr) = said(&ended);
    assert_eq!((status, stderr), (Some(0), ""));
    let secret = stdout.strip_suffix('\n').unwrap();
    assert_eq!(secret.len(), 43);
    assert!(secret.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
    let caller = place.caller("tokens.json", secret).unwrap();
    assert_eq!(caller.principal.name.as_ref(), "alice");
    assert!(caller.principal.devices.is_all());
    assert!(caller.principal.tools.has("get_junos_config") && !caller.principal.tools.has("add_device"));
    assert!(!place.text("tokens.json").contains(secret));
}

#[tokio::test]
async fn every_scope_has_its_flag() {
    let place = Place::new();
    let org = "aaaaaaaa-0000-4000-8000-00000000000f";
    let line = [
        "--id",
        "alice",
        "--routers",
        "edge-*,core-1",
        "--tools",
        "*",
        "--toolsets",
        "junos",
        "--effects",
        "read,write",
        "--expires",
        "30d",
        "--description",
        "night shift",
        "--mist-orgs",
        org,
        "--mist-sites",
        org,
        "--max-inflight-requests",
        "4",
        "--max-requests-per-second",
        "5",
        "--max-request-burst",
        "9",
        "--max-sessions",
        "2",
        "--show-secrets",
    ];
    let secret = add(&place, &line).await;
    let caller = place.caller("tokens.json", &secret).unwrap();
    let principal = &caller.principal;
    assert!(principal.may_reach("edge-9") && principal.may_reach("core-1") && !principal.may_reach("core-2"));
    assert!(principal.tools.is_all() && principal.toolsets.has("junos") && !principal.toolsets.has("results"));
    assert!(principal.may_do(Effect::Write) && !principal.may_do(Effect::Destroy));
    assert!(principal.mist_organisations.has(org) && !principal.mist_organisations.is_all());
    assert!(principal.mist_sites.has(org) && !principal.mist_sites.is_all());
    let limits = principal.limits;
    assert_eq!((limits.in_flight, limits.per_second), (Some(4), Some(5)));
    assert_eq!((limits.burst, limits.sessions), (Some(9), Some(2)));
    assert!(principal.show_secrets);
    let left = caller
        .expires
        .unwrap()
        .duration_since(std::time::SystemTime::now())
        .unwrap();
    assert_eq!(left.as_secs() / 86_400, 29);
}

#[tokio::test]
async fn limits_of_the_server_do_not_get_into_a_token() {
    let place = Place::new();
    let file = place.file("tokens.json");
    let mut command = crate::support::program::command(place.path(), &["token", "add", "--name", "a"]);
    command
        .env("JMCP_TOKENS_PATH", &file)
        .env("JMCP_MAX_INFLIGHT_REQUESTS", "7")
        .env("JMCP_MAX_SESSIONS", "8");
    let ended = crate::support::program::ended(command.spawn().unwrap()).await;
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(!place.text("tokens.json").contains("limits"));
}

#[tokio::test]
async fn lists_that_are_not_given_are_empty() {
    let place = Place::new();
    let ended = place.on_hashed(&["add", "--name", "alice"]).await;
    let (status, stdout, stderr) = said(&ended);
    assert_eq!(status, Some(0));
    assert!(
        stderr.contains("`routers` is empty") && stderr.contains("`tools` is empty"),
        "{stderr}"
    );
    let caller = place.caller("tokens.json", stdout.trim_end()).unwrap();
    assert!(!caller.principal.may_reach("edge-1") && !caller.principal.tools.has("get_router_list"));
}

#[tokio::test]
async fn list_is_the_known_table_and_two_columns_more() {
    let text = r#"{"version": 1, "tokens": [
        {"name": "alice", "hash": "sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "routers": ["r1", "r2"], "tools": ["*"],
         "created_at": "2026-05-05T00:00:00.123456789Z"},
        {"name": "bob", "hash": "sha256:EEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEE", "created_at": "2026-05-05T02:00:00+02:00",
         "expires_at": "2026-05-06T00:00:00Z"}]}"#;
    let place = Place::with("tokens.json", text);
    let ended = place.on_hashed(&["list"]).await;
    let columns = |cells: [&str; 6]| {
        let [name, routers, tools, created, expires, used] = cells;
        format!("{name:<32} {routers:<24} {tools:<24} {created:<35} {expires:<35} {used}\n")
    };
    let wanted = [
        columns(["NAME", "ROUTERS", "TOOLS", "CREATED_AT", "EXPIRES_AT", "LAST_USED"]),
        columns(["alice", "r1,r2", "*", "2026-05-05T00:00:00.123456789+00:00", "-", "-"]),
        columns([
            "bob",
            "*",
            "*",
            "2026-05-05T00:00:00+00:00",
            "2026-05-06T00:00:00+00:00 (expired)",
            "-",
        ]),
    ];
    assert_eq!(said(&ended), (Some(0), wanted.concat().as_str(), ""));
    let earlier = format!("{:<32} {:<24} {:<24} CREATED_AT", "NAME", "ROUTERS", "TOOLS");
    assert!(ended.stdout.starts_with(&earlier));
}

#[tokio::test]
async fn list_shows_the_last_use_of_the_secret_in_force() {
    let place = Place::new();
    let secret = add(&place, &["--name", "alice", "--routers", "*", "--tools", "*"]).await;
    let known = jmcp::tokens::Known::default();
    let file = place.file("tokens.json");
    let clock = || std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_767_225_600);
    let tokens = jmcp::tokens::Tokens::open_at(file, &known, std::sync::Arc::new(clock)).unwrap();
    assert!(tokens.authenticate(&secret).is_some());
    tokens.save_used().unwrap();
    let listed = place.on_hashed(&["list"]).await;
    assert!(
        listed.stdout.ends_with("2026-01-01T00:00:00+00:00\n"),
        "{}",
        listed.stdout
    );
    place.on_hashed(&["rotate", "--name", "alice"]).await;
    let listed = place.on_hashed(&["list"]).await;
    assert!(listed.stdout.ends_with(" -\n"), "{}", listed.stdout);
}

#[tokio::test]
async fn an_empty_store_is_told_on_stderr() {
    let place = Place::with("tokens.json", r#"{"version": 1, "tokens": []}"#);
    assert_eq!(said(&place.on_hashed(&["list"]).await), (Some(0), "", "(no tokens)\n"));
}

#[tokio::test]
async fn revoke_says_what_it_did_and_never_fails_for_a_name() {
    let place = Place::new();
    let secret = add(&place, &["--name", "bob", "--routers", "*", "--tools", "*"]).await;
    add(&place, &["--name", "carol", "--routers", "*", "--tools", "*"]).await;
    assert_eq!(
        said(&place.on_hashed(&["revoke", "--name", "bob"]).await),
        (Some(0), "", "revoked 'bob'\n")
    );
    assert!(place.caller("tokens.json", &secret).is_none());
    assert_eq!(
        said(&place.on_hashed(&["revoke", "--id", "bob"]).await),
        (Some(0), "", "no such token 'bob' (no-op)\n")
    );
    let listed = place.on_hashed(&["list"]).await.stdout;
    assert!(listed.contains("carol") && !listed.contains("bob"), "{listed}");
}

#[tokio::test]
async fn rotate_keeps_the_scopes() {
    let place = Place::new();
    let old = add(
        &place,
        &[
            "--name",
            "carol",
            "--routers",
            "r1,r2",
            "--tools",
            "execute_junos_command",
        ],
    )
    .await;
    let ended = place.on_hashed(&["rotate", "--name", "carol"]).await;
    let (status, stdout, stderr) = said(&ended);
    assert_eq!((status, stderr), (Some(0), ""));
    let new = stdout.trim_end_matches('\n');
    assert_eq!(new.len(), 43);
    assert!(place.caller("tokens.json", &old).is_none());
    let caller = place.caller("tokens.json", new).unwrap();
    assert!(caller.principal.may_reach("r2") && !caller.principal.may_reach("r3"));
    let unknown = place.on_hashed(&["rotate", "--name", "dan"]).await;
    assert_eq!(unknown.status.code(), Some(1));
    assert!(
        unknown.stdout.is_empty() && unknown.stderr.contains("no such token 'dan'"),
        "{}",
        unknown.stderr
    );
}

#[tokio::test]
async fn the_other_servers_words_work_on_this_file() {
    let place = Place::new();
    add(&place, &["--name", "alice", "--routers", "*", "--tools", "*"]).await;
    let ended = place.on_hashed(&["generate", "--id", "bob"]).await;
    let (status, stdout, _) = said(&ended);
    assert_eq!(status, Some(0));
    let lines: Vec<&str> = stdout.lines().collect();
    assert_eq!(lines[..2], ["Generated new token:", "  ID: bob"]);
    let secret = lines[2].strip_prefix("  Token: ").unwrap();
    assert_eq!(
        lines[3..],
        [
            "  Description: Token for bob",
            "",
            "Save this token securely - it won't be shown again!"
        ]
    );
    assert!(place.caller("tokens.json", secret).unwrap().principal.is_unrestricted());
    let shown = place.on_hashed(&["show", "--id", "bob"]).await;
    assert_eq!((shown.status.code(), shown.stdout.as_str()), (Some(1), ""));
    assert!(shown.stderr.contains("only its hash"), "{}", shown.stderr);
}

#[tokio::test]
async fn mistakes_are_told_with_their_status() {
    let place = Place::new();
    add(&place, &["--name", "alice", "--routers", "*", "--tools", "*"]).await;
    let before = place.text("tokens.json");
    for (status, line, wanted) in [
        (1, &["add", "--name", "alice"][..], "token 'alice' already exists"),
        (2, &["add"], "--name"),
        (2, &["add", "--name", "b", "--routers", "*,r1"], "'*'"),
        (2, &["add", "--name", "b", "--tools", "no_such_tool"], "no_such_tool"),
        (
            2,
            &["add", "--name", "b", "--toolsets", "none"],
            "there is no toolset `none`",
        ),
        (
            2,
            &["add", "--name", "b", "--effects", "all"],
            "there is no effect `all`",
        ),
        (2, &["add", "--name", "b", "--expires", "soon"], "--expires soon"),
        (
            2,
            &["add", "--name", "b", "--expires", "2001-01-01T00:00:00Z"],
            "is over already",
        ),
        (
            2,
            &["add", "--name", "b", "--mist-orgs", "acme"],
            "`acme` is not a UUID",
        ),
        (2, &["add", "--name", "b", "--max-request-burst", "4"], "go together"),
        (2, &["add", "--name", "b", "--max-sessions", "few"], "--max-sessions"),
        (2, &["add", "--name", ""], "the name is empty"),
        (2, &["add", "--name", "b", "--server-pid", "0"], "--server-pid"),
        (2, &["add", "--name", "b", "--server-pid", "-1"], "-1"),
        (2, &["forge", "--name", "b"], "forge"),
    ] {
        let ended = place.on_hashed(line).await;
        assert_eq!(ended.status.code(), Some(status), "{line:?}: {}", ended.stderr);
        assert!(
            ended.stdout.is_empty() && ended.stderr.contains(wanted),
            "{line:?}: {}",
            ended.stderr
        );
    }
    assert_eq!(place.text("tokens.json"), before);
    let missing = place.token(&["list", "--tokens-file", "none.json"]).await;
    assert_eq!(missing.status.code(), Some(1));
    assert!(
        missing.stderr.contains("`none.json` does not exist"),
        "{}",
        missing.stderr
    );
}

#[tokio::test]
async fn a_device_that_the_inventory_does_not_have_is_warned_about() {
    let place = Place::with("devices.json", crate::support::program::ONE_DEVICE);
    let line = [
        "add",
        "--name",
        "a",
        "--tools",
        "*",
        "--routers",
        "edge-1,edge-2,edge-*",
    ];
    let ended = place.on_hashed(&line).await;
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(
        ended.stderr,
        "warning: token `a`: the inventory has no device `edge-2`\n"
    );
}
