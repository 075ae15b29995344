//! Several questions in one call: together, and under names that are taken.

use std::sync::Arc;

use jmcp::{
    server::path::Path,
    tools::{Context, Effect, Question, Round, Tool, Typed},
};
use serde_json::{Value, json};

use crate::support::{
    made::{Nothing, Said, server},
    talk::{Era, Served, Talk, code, text},
};

fn able() -> Value {
    json!({ "elicitation": {} })
}

fn form(message: &str) -> Question {
    Question::Form {
        message: message.into(),
        schema: json!({ "type": "object", "properties": { "it": { "type": "string" } }, "required": ["it"] }),
    }
}

/// Asks for a name and a site together, then for a name again, and says what it was told.
fn curious() -> Arc<Path> {
    let run = |context: Context, _: Nothing| async move {
        let ask = context.ask.unwrap();
        let both = Round::default()
            .question("name", form("Name?"))
            .question("site", form("Site?"));
        let first = ask.ask(both).await?;
        let second = ask.ask(Round::default().question("name", form("Name again?"))).await?;
        let told = [first.get("name"), first.get("site"), second.get("name")];
        let told = told.map(|answer| {
            answer
                .and_then(|answer| answer.pointer("/content/it")?.as_str())
                .unwrap_or("-")
        });
        Ok(Typed::field(Said { said: told.join(" ") }, "said"))
    };
    server(vec![Tool::new("curious", Effect::Read, "Curious", "Asks.", run)])
}

fn accept(it: &str) -> Value {
    json!({ "action": "accept", "content": { "it": it } })
}

async fn again(client: &mut Talk, asked: &Value, responses: Value) -> Value {
    let params = json!({
        "name": "curious", "arguments": {}, "requestState": asked["requestState"], "inputResponses": responses,
    });
    client.request("tools/call", params).await
}

/// Names and words of the questions that a call ended with.
fn questions(result: &Value) -> Vec<(&str, &str)> {
    assert_eq!(result["resultType"], "input_required", "{result}");
    let requests = result["inputRequests"].as_object().unwrap();
    requests
        .iter()
        .map(|(name, request)| (name.as_str(), request["params"]["message"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn a_client_is_asked_for_all_at_once_and_again_for_what_it_left_out() {
    let (_served, mut client) = Served::client(&curious(), Era::PerRequest, able()).await;
    let asked = client.call("curious", json!({})).await;
    assert_eq!(questions(&asked), [("name", "Name?"), ("site", "Site?")]);

    let answers = json!({ "name": accept("core-1"), "no-question": accept("x"), "site": 12 });
    let asked = again(&mut client, &asked, answers).await;
    assert_eq!(
        questions(&asked),
        [("site", "Site?")],
        "an answer that is no object is none"
    );

    let answers = json!({ "name": accept("too late"), "site": accept("Oslo") });
    let asked = again(&mut client, &asked, answers).await;
    assert_eq!(questions(&asked), [("name-2", "Name again?")]);

    let answer = again(&mut client, &asked, json!({ "name-2": accept("core-2") })).await;
    assert_eq!(text(&answer), "core-1 Oslo core-2");
}

#[tokio::test]
async fn a_client_with_a_session_is_asked_one_after_the_other() {
    let (_served, mut client) = Served::client(&curious(), Era::Handshake, able()).await;
    let id = client.begin("curious", json!({})).await;
    for (words, answer) in [
        ("Name?", accept("core-1")),
        ("Site?", json!({ "action": "decline" })),
        ("Name again?", accept("core-2")),
    ] {
        let question = client.next().await.unwrap();
        assert_eq!(question["method"], "elicitation/create", "{question}");
        assert_eq!(question["params"]["message"], words);
        let reply = json!({ "jsonrpc": "2.0", "id": question["id"], "result": answer });
        client.write(&reply).await;
    }
    assert_eq!(text(&client.answer(id).await["result"]), "core-1 - core-2");
}

#[tokio::test]
async fn who_cannot_be_asked_is_told_what_it_would_take() {
    let path = curious();
    let (_served, mut modern) = Served::client(&path, Era::PerRequest, json!({})).await;
    let error = modern
        .refusal("tools/call", json!({ "name": "curious", "arguments": {} }))
        .await;
    assert_eq!(error["code"], -32021, "{error}");
    assert!(
        error["data"]["requiredCapabilities"]["elicitation"].is_object(),
        "{error}"
    );
    let (_served, mut client) = Served::client(&path, Era::Handshake, json!({})).await;
    let answer = client.call("curious", json!({})).await;
    assert_eq!(code(&answer), "confirmation_required", "{answer}");
}
