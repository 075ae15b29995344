//! Clients that cannot show a question: the plan with a token, which is good once for this caller, this call and this plan.

use super::*;
use crate::support::talk::ERAS;

#[tokio::test]
async fn the_plan_and_a_token_come_first_and_the_change_with_the_token() {
    for era in ERAS {
        let scene = Scene::new(Confirm::Write);
        let (_served, mut client) = scene.mute(era).await;
        let answer = client.call("change", arguments()).await;
        let token = token(&answer);
        let said = text(&answer);
        for part in [
            "| The difference:\n",
            &format!("| {DIFF}\n"),
            "| It is committed now.\n",
            "Only if the person agrees",
            "[code=confirmation_required]",
        ] {
            assert!(said.contains(part), "{era:?}: {part}: {said}");
        }
        let given = &answer["_meta"]["jmcp/confirmation"];
        assert_eq!(
            (&given["expires_in_secs"], &given["parameter"]),
            (&json!(300), &json!("confirmation_token"))
        );
        assert!(given["expires_at"].as_str().unwrap().ends_with('Z'), "{given}");
        assert!(!answer["_meta"]["jmcp/error"].to_string().contains(&token), "{answer}");
        assert!(scene.thing.done().is_empty());
        let answer = client.call("change", with(json!({ "router": "core-1" }), &token)).await;
        assert_eq!(answer["isError"], false, "{answer}");
        assert_eq!(scene.thing.done(), [DIFF]);
        let audited = scene.audited();
        assert!(!audited.contains(&token[8..40]), "{audited}");
        assert!(audited.contains(r#""approval":{"how":"token""#), "{audited}");
    }
}

#[tokio::test]
async fn a_token_is_good_once_whatever_came_of_it() {
    let scene = Scene::new(Confirm::Write);
    let (_served, mut client) = scene.mute(Era::Handshake).await;
    let used = token(&client.call("change", arguments()).await);
    client.call("change", with(arguments(), &used)).await;
    scene.thing.would_change(DIFF);
    let again = client.call("change", with(arguments(), &used)).await;
    assert!(text(&again).contains("used before"), "{again}");
    assert_ne!(token(&again), used);
    assert_eq!(scene.thing.done().len(), 1);
}

#[tokio::test]
async fn a_token_is_good_for_its_call_and_its_plan_only() {
    let scene = Scene::new(Confirm::Write);
    let (_served, mut client) = scene.mute(Era::PerRequest).await;
    for other in [
        json!({ "router_name": "edge-1" }),
        json!({ "router_name": "core-1", "timeout": 9 }),
    ] {
        let given = token(&client.call("change", arguments()).await);
        let answer = client.call("change", with(other, &given)).await;
        assert!(text(&answer).contains("another call"), "{answer}");
        token(&answer);
    }
    let given = token(&client.call("change", arguments()).await);
    let answer = client.call("wipe", with(arguments(), &given)).await;
    assert!(text(&answer).contains("another call"), "another tool: {answer}");

    let given = token(&client.call("change", arguments()).await);
    scene.thing.would_change("delete protocols bgp");
    let answer = client.call("change", with(arguments(), &given)).await;
    assert!(
        text(&answer).contains("no longer what the person was shown"),
        "{answer}"
    );
    assert!(
        text(&answer).contains("| delete protocols bgp"),
        "the new plan: {answer}"
    );
    assert!(scene.thing.done().is_empty());
    let answer = client.call("change", with(arguments(), &token(&answer))).await;
    assert_eq!(
        (&answer["isError"], scene.thing.done()),
        (&json!(false), vec!["delete protocols bgp".into()])
    );
}

#[tokio::test]
async fn what_is_no_token_is_a_wrong_argument_and_what_was_changed_is_none_of_ours() {
    let scene = Scene::new(Confirm::Write);
    let (_served, mut client) = scene.mute(Era::Handshake).await;
    let given = token(&client.call("change", arguments()).await);
    for garbage in ["yes", "confirm-yes", &given[1..]] {
        assert_eq!(
            code(&client.call("change", with(arguments(), garbage)).await),
            "invalid_input",
            "{garbage}"
        );
    }
    let mut number = arguments();
    number["confirmation_token"] = 7.into();
    assert_eq!(code(&client.call("change", number).await), "invalid_input");
    let at = given.len() / 2;
    let other = if &given[at..=at] == "A" { "B" } else { "A" };
    let tampered = format!("{}{other}{}", &given[..at], &given[at + 1..]);
    let answer = client.call("change", with(arguments(), &tampered)).await;
    assert!(text(&answer).contains("none that this server gave"), "{answer}");
    token(&answer);
    // What models write into fields that they leave out.
    for nothing in [json!(null), json!("")] {
        let mut arguments = arguments();
        arguments["confirmation_token"] = nothing;
        token(&client.call("change", arguments).await);
    }
    assert!(scene.thing.done().is_empty());
}

#[tokio::test]
async fn a_token_gets_too_old() {
    let clock = Clock::new();
    let scene = Scene::with(Confirm::Write, clock.approval());
    let (_served, mut client) = scene.mute(Era::Handshake).await;
    let given = token(&client.call("change", arguments()).await);
    clock.advance(Duration::from_secs(300));
    let answer = client.call("change", with(arguments(), &given)).await;
    assert!(text(&answer).contains("too old"), "{answer}");
    let given = token(&answer);
    clock.advance(Duration::from_secs(299));
    assert_eq!(client.call("change", with(arguments(), &given)).await["isError"], false);
}

#[tokio::test]
async fn a_token_of_one_instance_is_good_at_another_with_the_same_key_and_a_replay_finds_another_plan() {
    let home = tempfile::tempdir().unwrap();
    let key = home.path().join("key");
    std::fs::write(&key, "k".repeat(32)).unwrap();
    let shared = || {
        let options = ApprovalOptions {
            key: Some(key.clone()),
            ..ApprovalOptions::default()
        };
        Approval::open(options).unwrap()
    };
    let one = Scene::with(Confirm::Write, shared());
    let two = Scene::over(&one.thing, Confirm::Write, shared());
    let stranger = Scene::over(&one.thing, Confirm::Write, Approval::default());
    let (_served, mut first) = one.mute(Era::PerRequest).await;
    let (_served, mut second) = two.mute(Era::PerRequest).await;
    let (_served, mut third) = stranger.mute(Era::PerRequest).await;
    let given = token(&first.call("change", arguments()).await);
    let answer = third.call("change", with(arguments(), &given)).await;
    assert!(text(&answer).contains("none that this server gave"), "{answer}");
    assert_eq!(second.call("change", with(arguments(), &given)).await["isError"], false);
    // The first instance does not know that it was used; but nothing is left to change.
    let answer = first.call("change", with(arguments(), &given)).await;
    assert!(
        text(&answer).contains("no longer what the person was shown"),
        "{answer}"
    );
    assert_eq!(one.thing.done(), [DIFF]);
}

#[tokio::test]
async fn a_persons_own_word_is_not_given_by_a_token_and_an_operator_can_refuse_all() {
    for era in ERAS {
        let scene = Scene::new(Confirm::Write);
        let (_served, mut client) = scene.mute(era).await;
        let answer = client.call("vow", json!({})).await;
        assert_eq!(code(&answer), "confirmation_required");
        assert!(answer["_meta"].get("jmcp/confirmation").is_none(), "{answer}");
        let refusing = ApprovalOptions {
            without_asking: jmcp::server::path::WithoutAsking::Refuse,
            ..ApprovalOptions::default()
        };
        let scene = Scene::with(Confirm::Write, Approval::open(refusing).unwrap());
        let (_served, mut client) = scene.mute(era).await;
        let answer = client.call("change", arguments()).await;
        assert_eq!(code(&answer), "confirmation_required");
        assert!(answer["_meta"].get("jmcp/confirmation").is_none(), "{answer}");
        assert!(scene.thing.done().is_empty());
    }
}

#[tokio::test]
async fn tools_that_people_are_asked_about_take_a_token_and_others_do_not() {
    let scene = Scene::new(Confirm::Write);
    let (_served, mut client) = scene.mute(Era::Handshake).await;
    let listed = client.request("tools/list", json!({})).await;
    let takes = |name: &str| {
        let tool = listed["tools"]
            .as_array()
            .unwrap()
            .iter()
            .find(|tool| tool["name"] == name)
            .unwrap();
        tool["inputSchema"]["properties"]["confirmation_token"]["type"] == "string"
    };
    assert!(takes("change") && takes("wipe"));
    assert!(!takes("look") && !takes("check") && !takes("vow"));
    let answer = client.call("look", with(arguments(), "x")).await;
    assert_eq!(code(&answer), "invalid_input", "a tool that only reads: {answer}");
}

#[tokio::test]
async fn a_token_that_is_no_good_runs_nothing_also_where_nobody_has_to_agree() {
    let scene = Scene::new(Confirm::Write);
    let (_served, mut client) = scene.mute(Era::Handshake).await;
    let used = token(&client.call("change", arguments()).await);
    client.call("change", with(arguments(), &used)).await;
    let answer = client.call("idle", with(arguments(), &used)).await;
    assert_eq!(code(&answer), "confirmation_required", "{answer}");
    assert!(answer["_meta"].get("jmcp/confirmation").is_none(), "{answer}");
    assert_eq!(scene.thing.done().len(), 1);
    assert_eq!(client.call("idle", arguments()).await["isError"], false);
}
