//! Clients that show questions: what an answer counts for, and what ends one.

use super::*;
use crate::support::talk::ERAS;

/// The next question of a server to a client with a handshake: its id and its words.
async fn question(client: &mut Talk) -> (Value, String) {
    let question = client.next_but_log().await.unwrap();
    assert_eq!(question["method"], "elicitation/create", "{question}");
    let words = question["params"]["message"].as_str().unwrap().to_owned();
    (question["id"].clone(), words)
}

async fn reply(client: &mut Talk, id: &Value, result: Value) {
    client
        .write(&json!({ "jsonrpc": "2.0", "id": id, "result": result }))
        .await;
}

fn yes() -> Value {
    json!({ "action": "accept", "content": { "confirm": true } })
}

/// Calls, and answers the question in the way of the era.
async fn answered(client: &mut Talk, era: Era, answer: Value) -> Value {
    if era == Era::Handshake {
        let id = client.begin("change", arguments()).await;
        let (question, _) = question(client).await;
        reply(client, &question, answer).await;
        return client.answer(id).await["result"].clone();
    }
    let asked = client.call("change", arguments()).await;
    again(client, &asked, answer).await
}

/// The call of a client without handshake once more, with an answer to its question.
async fn again(client: &mut Talk, asked: &Value, answer: Value) -> Value {
    let params = bring(asked, answer);
    client.request("tools/call", params).await
}

fn bring(asked: &Value, answer: Value) -> Value {
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    let key = asked["inputRequests"].as_object().unwrap().keys().next().unwrap();
    json!({
        "name": "change", "arguments": arguments(), "requestState": asked["requestState"],
        "inputResponses": { key: answer },
    })
}

#[tokio::test]
async fn only_a_yes_is_a_yes() {
    for era in ERAS {
        let scene = Scene::new(Confirm::Write);
        let (_served, mut client) = scene.asked(era).await;
        for (answer, why) in [
            (json!({ "action": "decline" }), "declined"),
            (json!({ "action": "cancel" }), "closed without an answer"),
            (
                json!({ "action": "accept", "content": { "confirm": false } }),
                "declined",
            ),
            (
                json!({ "action": "accept", "content": { "confirm": "true" } }),
                "declined",
            ),
            (json!({ "action": "accept" }), "declined"),
        ] {
            let result = answered(&mut client, era, answer.clone()).await;
            assert_eq!(code(&result), "confirmation_required", "{era:?}: {answer}");
            assert!(text(&result).contains(why), "{era:?}: {answer}: {result}");
            assert!(result["_meta"].get("jmcp/confirmation").is_none(), "{result}");
        }
        assert!(scene.thing.done().is_empty());
        let result = answered(&mut client, era, yes()).await;
        assert_eq!(result["isError"], false, "{era:?}: {result}");
        assert_eq!(scene.thing.done(), [DIFF]);
        assert!(scene.audited().contains(r#""approval":{"how":"elicitation""#));
    }
}

#[tokio::test]
async fn a_token_is_nothing_to_a_client_that_can_be_asked() {
    let scene = Scene::new(Confirm::Write);
    let (_served, mut mute) = scene.mute(Era::Handshake).await;
    let given = token(&mute.call("change", arguments()).await);
    let (_served, mut client) = scene.asked(Era::Handshake).await;
    let id = client.begin("change", with(arguments(), &given)).await;
    let (question, _) = question(&mut client).await;
    reply(&mut client, &question, json!({ "action": "decline" })).await;
    assert_eq!(code(&client.answer(id).await["result"]), "confirmation_required");
    assert!(scene.thing.done().is_empty());
}

#[tokio::test]
async fn an_answer_to_another_plan_is_asked_again() {
    let scene = Scene::new(Confirm::Write);
    let (_served, mut client) = scene.asked(Era::PerRequest).await;
    let asked = client.call("change", arguments()).await;
    scene.thing.would_change("delete protocols bgp");
    let asked = again(&mut client, &asked, yes()).await;
    let (_, request) = asked["inputRequests"].as_object().unwrap().iter().next().unwrap();
    assert!(
        request["params"]["message"]
            .as_str()
            .unwrap()
            .contains("delete protocols bgp"),
        "{asked}"
    );
    assert!(scene.thing.done().is_empty());
    let result = again(&mut client, &asked, yes()).await;
    assert_eq!(result["isError"], false, "{result}");
}

#[tokio::test]
async fn the_state_of_a_question_gets_too_old_and_comes_back_once() {
    let clock = Clock::new();
    let scene = Scene::with(Confirm::Write, clock.approval());
    let (_served, mut client) = scene.asked(Era::PerRequest).await;
    let asked = client.call("change", arguments()).await;
    clock.advance(Duration::from_secs(300));
    let error = client.refusal("tools/call", bring(&asked, yes())).await;
    assert_eq!(error["code"], -32602, "{error}");
    let asked = client.call("change", arguments()).await;
    again(&mut client, &asked, json!({ "action": "decline" })).await;
    let error = client.refusal("tools/call", bring(&asked, yes())).await;
    assert_eq!(error["code"], -32602, "a no cannot become a yes: {error}");
    assert!(scene.thing.done().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_person_who_does_not_answer_has_not_agreed() {
    let scene = Scene::new(Confirm::Write);
    let (_served, mut client) = scene.asked(Era::Handshake).await;
    let id = client.begin("change", arguments()).await;
    question(&mut client).await;
    tokio::time::advance(Duration::from_secs(301)).await;
    let answer = client.answer(id).await;
    assert_eq!(code(&answer["result"]), "confirmation_required", "{answer}");
    assert!(text(&answer["result"]).contains("nobody answered in time"), "{answer}");
    assert!(scene.thing.done().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_time_that_a_person_takes_is_not_the_calls() {
    let scene = Scene::new(Confirm::Write);
    let (_served, mut client) = scene.asked(Era::Handshake).await;
    let mut arguments = arguments();
    arguments["timeout"] = 5.into();
    let id = client.begin("change", arguments).await;
    let (asked, _) = question(&mut client).await;
    tokio::time::advance(Duration::from_secs(100)).await;
    reply(&mut client, &asked, yes()).await;
    let answer = client.answer(id).await;
    let left: u64 = text(&answer["result"]).split(' ').nth(2).unwrap().parse().unwrap();
    assert!((4..=5).contains(&left), "{answer}");
}

#[tokio::test]
async fn a_call_that_is_taken_back_during_its_question_does_nothing() {
    let scene = Scene::new(Confirm::Write);
    let (_served, mut client) = scene.asked(Era::Handshake).await;
    let id = client.begin("change", arguments()).await;
    let (asked, _) = question(&mut client).await;
    client
        .notify("notifications/cancelled", json!({ "requestId": id }))
        .await;
    client.request("tools/list", json!({})).await;
    reply(&mut client, &asked, yes()).await;
    client.request("tools/list", json!({})).await;
    scene.path.idle().await;
    assert!(scene.thing.done().is_empty());
}

#[tokio::test]
async fn two_questions_at_once_have_an_answer_each() {
    let scene = Scene::new(Confirm::Write);
    let (_served, mut client) = scene.asked(Era::Handshake).await;
    let calls = [
        client.begin("change", arguments()).await,
        client.begin("wipe", arguments()).await,
    ];
    let questions = [question(&mut client).await, question(&mut client).await];
    let of = |part: &str| {
        questions
            .iter()
            .find(|(_, words)| words.contains(part))
            .unwrap()
            .0
            .clone()
    };
    reply(&mut client, &of("Run wipe on core-1?"), json!({ "action": "decline" })).await;
    let no = client.answer(calls[1]).await;
    assert_eq!(code(&no["result"]), "confirmation_required");
    reply(&mut client, &of(DIFF), yes()).await;
    let done = client.answer(calls[0]).await;
    assert_eq!(done["result"]["isError"], false, "{done}");
    assert_eq!(scene.thing.done(), [DIFF]);
}

#[tokio::test]
async fn a_call_that_only_reads_or_commits_nothing_is_never_asked_about() {
    let scene = Scene::new(Confirm::Write);
    let (_served, mut client) = scene.asked(Era::Handshake).await;
    for tool in ["look", "check"] {
        scene.thing.would_change(tool);
        let answer = client.call(tool, arguments()).await;
        assert_eq!(answer["isError"], false, "{answer}");
    }
    let ruled = Scene::ruled(json!([{ "confirm": true }]));
    let (_served, mut client) = ruled.asked(Era::Handshake).await;
    for tool in ["look", "check"] {
        assert_eq!(client.call(tool, arguments()).await["isError"], false);
    }
    let asked = client.seen.iter().filter(|seen| seen["method"] == "elicitation/create");
    assert_eq!(asked.count(), 0, "{:?}", client.seen);
}

#[tokio::test]
async fn a_tool_knows_itself_where_a_person_must_agree_and_where_there_is_nothing_to_agree_to() {
    let scene = Scene::new(Confirm::Never);
    let (_served, mut client) = scene.mute(Era::Handshake).await;
    let given = token(&client.call("loss", arguments()).await);
    assert!(scene.thing.done().is_empty());
    assert_eq!(client.call("loss", with(arguments(), &given)).await["isError"], false);
    let scene = Scene::new(Confirm::Write);
    let (_served, mut client) = scene.mute(Era::Handshake).await;
    assert_eq!(client.call("idle", arguments()).await["isError"], false);
}

#[tokio::test]
async fn a_plan_that_costs_much_is_made_only_where_somebody_reads_it() {
    let scene = Scene::new(Confirm::Destroy);
    let (_served, mut client) = scene.mute(Era::Handshake).await;
    assert_eq!(client.call("change", arguments()).await["isError"], false);
    assert_eq!(scene.thing.planned.load(Ordering::SeqCst), 0);
    let scene = Scene::new(Confirm::Write);
    let (_served, mut client) = scene.mute(Era::Handshake).await;
    token(&client.call("change", arguments()).await);
    assert_eq!(scene.thing.planned.load(Ordering::SeqCst), 1);
}
