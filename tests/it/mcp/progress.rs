//! Calls of tools made for the purpose: slow ones and broken ones; progress of real ones.

use std::{sync::Arc, time::Duration};

use jmcp::tools::{Context, Effect, Tool, Typed};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::support::{
    bench::Bench,
    made::{Nothing, Said, server},
    talk::{ERAS, Era, Served, Talk, code, text},
};

/// Says nothing until it is told to, then takes one step, waits again and ends.
fn slow(go_on: Arc<Notify>) -> Tool {
    Tool::new(
        "slow",
        Effect::Read,
        "Slow",
        "Waits.",
        move |context: Context, _: Nothing| {
            let go_on = go_on.clone();
            async move {
                go_on.notified().await;
                context.progress.step(1, Some(2), "half of it");
                go_on.notified().await;
                Ok(Typed::field(Said { said: "done".into() }, "said"))
            }
        },
    )
}

async fn with_token(client: &mut Talk, tool: &str, arguments: Value) -> u64 {
    let params = json!({ "name": tool, "arguments": arguments, "_meta": { "progressToken": "p-1" } });
    client.send("tools/call", params).await
}

async fn progress(client: &mut Talk) -> Value {
    let mut message = client.next().await.unwrap();
    assert_eq!(message["method"], "notifications/progress", "{message}");
    assert_eq!(message["params"]["progressToken"], "p-1", "{message}");
    message["params"].take()
}

#[tokio::test(start_paused = true)]
async fn a_slow_call_is_heard_of_and_its_progress_grows() {
    for era in ERAS {
        let go_on = Arc::new(Notify::new());
        let path = server(vec![slow(go_on.clone())]);
        let (_served, mut client) = Served::client(&path, era, json!({})).await;
        let id = with_token(&mut client, "slow", json!({})).await;
        let mut heard = Vec::new();
        let begun = tokio::time::Instant::now();
        for _ in 0..3 {
            heard.push(progress(&mut client).await);
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
        go_on.notify_one();
        let step = progress(&mut client).await;
        assert_eq!(
            (&step["message"], &step["total"]),
            (&json!("half of it"), &json!(2.0)),
            "{step}"
        );
        heard.push(step);
        for _ in 0..3 {
            heard.push(progress(&mut client).await);
        }
        assert!(
            heard[4]["message"].as_str().unwrap().starts_with("half of it ("),
            "{}",
            heard[4]
        );
        let numbers: Vec<f64> = heard
            .iter()
            .map(|params| params["progress"].as_f64().unwrap())
            .collect();
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
        assert!(numbers.iter().all(|number| *number < 2.0), "{numbers:?}");
        go_on.notify_one();
        let answer = client.answer(id).await;
        assert_eq!(text(&answer["result"]), "done");
        // Nothing of a call after its answer.
        let id = client.send("tools/list", json!({})).await;
        tokio::time::advance(Duration::from_secs(20)).await;
        client.answer(id).await;
        assert!(client.seen.is_empty(), "{:?}", client.seen);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_did_not_ask_hears_no_progress() {
    for era in ERAS {
        let go_on = Arc::new(Notify::new());
        let path = server(vec![slow(go_on.clone())]);
        let (_served, mut client) = Served::client(&path, era, json!({})).await;
        let id = client.begin("slow", json!({})).await;
        tokio::time::sleep(Duration::from_secs(20)).await;
        go_on.notify_one();
        tokio::time::sleep(Duration::from_secs(20)).await;
        go_on.notify_one();
        client.answer(id).await;
        assert!(client.seen.is_empty(), "{:?}", client.seen);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_only_reads_on_is_waited_for_longer_than_the_library_would() {
    for era in ERAS {
        let go_on = Arc::new(Notify::new());
        let path = server(vec![slow(go_on.clone())]);
        let (served, mut client) = Served::client(&path, era, json!({})).await;
        let id = client.begin("slow", json!({})).await;
        client.close_output();
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_secs(20)).await;
            go_on.notify_one();
        }
        assert_eq!(text(&client.answer(id).await["result"]), "done");
        assert!(client.rest().await.is_empty());
        assert!(served.ended().await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_that_never_ends_is_given_up_after_the_end_of_its_client() {
    for era in ERAS {
        let path = server(vec![slow(Arc::new(Notify::new()))]);
        let (served, mut client) = Served::client(&path, era, json!({})).await;
        let id = client.begin("slow", json!({})).await;
        client.close_output();
        assert_eq!(code(&client.answer(id).await["result"]), "shutting_down");
        assert!(served.ended().await);
    }
}

#[tokio::test]
async fn a_batch_tells_each_router_before_the_answer() {
    let bench = Bench::start().await;
    for era in ERAS {
        let (_served, mut client) = Served::client(&bench.path, era, json!({})).await;
        let batch = json!({ "router_names": ["mx-lab-1", "srx-lab-1", "ex-lab-1"], "commands": ["show version"] });
        let id = with_token(&mut client, "execute_junos_command_batch", batch).await;
        let answer = client.answer(id).await;
        assert_ne!(answer["result"]["isError"], true, "{answer}");
        let (steps, lines): (Vec<Value>, Vec<Value>) = client
            .seen
            .drain(..)
            .partition(|message| message["method"] == "notifications/progress");
        // A client with a session has a log, whether or not it follows progress.
        assert_eq!(lines.len(), if era == Era::Handshake { 3 } else { 0 }, "{lines:?}");
        assert!(
            lines
                .iter()
                .all(|line| line["params"]["data"].as_str().unwrap().contains("-lab-1")),
            "{lines:?}"
        );
        let steps: Vec<&Value> = steps.iter().map(|step| &step["params"]).collect();
        let done: Vec<&Value> = steps.iter().map(|step| &step["progress"]).collect();
        assert_eq!(done, [&json!(1.0), &json!(2.0), &json!(3.0)]);
        for router in ["mx-lab-1", "srx-lab-1", "ex-lab-1"] {
            let told = steps
                .iter()
                .filter(|step| step["message"].as_str().unwrap().contains(router))
                .count();
            assert_eq!(told, 1, "{router}: {steps:?}");
        }
        assert!(steps.iter().all(|step| step["total"] == 3.0), "{steps:?}");
    }
}

#[tokio::test]
async fn a_tool_that_panics_is_answered_and_the_server_lives() {
    let broken = |effect| {
        move |_: Context, _: Nothing| async move {
            if effect == Effect::Read || effect == Effect::Write {
                panic!("kaboom");
            }
            Ok(Typed::field(Said { said: String::new() }, "said"))
        }
    };
    for era in ERAS {
        let path = server(vec![
            Tool::new("broken_read", Effect::Read, "Broken", "Panics.", broken(Effect::Read)),
            Tool::new(
                "broken_write",
                Effect::Write,
                "Broken",
                "Panics.",
                broken(Effect::Write),
            ),
        ]);
        let (_served, mut client) = Served::client(&path, era, json!({})).await;
        for tool in ["broken_read", "broken_write"] {
            let result = client.call(tool, json!({})).await;
            assert_eq!(code(&result), "internal");
            assert!(!text(&result).contains("kaboom"), "{result}");
        }
        assert_eq!(path.in_flight(), 0);
        client.request("tools/list", json!({})).await;
    }
}
