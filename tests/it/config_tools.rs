//! The tools for the life of a change, each against all kinds of device: what the caller sees, and what the device has on record.

mod check;
mod compare;
mod discard;
mod kept;
mod pending;
mod rollback;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jmcp::{
    junos::netconf::xml::Element,
    lab::{
        LabDevice, LabOptions, ManualClock,
        config::{Action, Who},
    },
    server::path::{Answered, Call},
    tools::{Ask, Principal, Question, Round},
};
use serde_json::{Map, Value, json};

use crate::support::bench::Bench;

const ROUTERS: [&str; 3] = ["mx-lab-1", "srx-lab-1", "ex-lab-1"];
const MX: &str = "mx-lab-1";
const CHANGE: &str = "set interfaces ge-0/0/0 description \"to the test\"";
const FOREIGN: &str = "set system domain-name anna.example.net";

/// A lab whose time the test moves.
async fn clocked() -> (Bench, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::default());
    let options = LabOptions {
        clock: Some(clock.clone()),
        ..LabOptions::default()
    };
    (Bench::with(options, &[]).await, clock)
}

async fn commit(bench: &Bench, router: &str, text: &str) -> Value {
    let arguments = json!({"router_name": router, "config_text": text});
    let answer = bench.structured("load_and_commit_config", arguments).await;
    assert_eq!(answer["outcome"], "committed", "{answer}");
    answer
}

/// A commit that waits for its confirmation.
async fn commit_confirmed(bench: &Bench, router: &str) {
    let arguments = json!({"router_name": router, "config_text": CHANGE, "confirm_timeout_mins": 5});
    let answer = bench.structured("load_and_commit_config", arguments).await;
    assert_eq!(
        (&answer["outcome"], &answer["confirmed"]),
        (&json!("committed"), &json!(true)),
        "{answer}"
    );
}

/// Another person edits and commits at the device.
fn commit_as(device: &LabDevice, user: &str, text: &str) {
    let who = Who {
        session: 1,
        user: user.to_owned(),
        pid: 1,
        terminal: "p0".to_owned(),
    };
    let reply = device.store(|store| {
        store.dirty_by(user, text);
        store.handle(&who, &Element::new("commit-configuration"))
    });
    assert!(reply.is_some_and(|reply| !reply.contains("<error-severity>error<")));
}

fn running(device: &LabDevice) -> String {
    device.store(|store| store.running_set())
}

fn candidate(device: &LabDevice) -> String {
    device.store(|store| store.candidate_set())
}

/// How often the device did this.
fn count(device: &LabDevice, action: Action) -> usize {
    device.store(|store| store.log().iter().filter(|event| event.action == action).count())
}

/// Nothing is open or locked, nothing uncommitted, and the device runs `expected`.
#[track_caller]
fn assert_clean(device: &LabDevice, expected: &str) {
    assert_eq!(running(device), expected, "{}", device.name);
    assert_eq!(candidate(device), expected, "{}: something is left behind", device.name);
    assert_eq!(
        count(device, Action::Open),
        count(device, Action::Close),
        "{}",
        device.name
    );
    assert_eq!(
        count(device, Action::Lock),
        count(device, Action::Unlock),
        "{}",
        device.name
    );
}

#[track_caller]
fn assert_says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "`{word}` is not in: {text}");
    }
}

/// A person who is asked, and something that happens before the answer.
struct Person {
    agrees: bool,
    meanwhile: Box<dyn Fn() + Send + Sync>,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl Ask for Person {
    fn can(&self, _: &Question) -> bool {
        true
    }

    async fn ask(&self, round: Round) -> jmcp::error::Result<Map<String, Value>> {
        let mut answers = Map::new();
        for (name, question) in round.questions() {
            let Question::Form { message, .. } = question;
            self.asked.lock().unwrap().push(message.clone());
            (self.meanwhile)();
            let answer = json!({ "action": "accept", "content": { "confirm": self.agrees } });
            answers.insert(name.clone(), answer);
        }
        Ok(answers)
    }
}

/// A call at a client that asks, and what the person was shown.
async fn asked_while(
    bench: &Bench,
    agrees: bool,
    meanwhile: impl Fn() + Send + Sync + 'static,
    tool: &str,
    arguments: Value,
) -> (Answered, Vec<String>) {
    let person = Arc::new(Person {
        agrees,
        meanwhile: Box::new(meanwhile),
        asked: Mutex::default(),
    });
    let principal = Arc::new(Principal::local("test"));
    let mut call = Call::new(tool, arguments.as_object().unwrap().clone(), principal);
    call.ask = Some(person.clone());
    let answered = bench.path.call(call).await;
    let asked = std::mem::take(&mut *person.asked.lock().unwrap());
    (answered, asked)
}

async fn asked(bench: &Bench, agrees: bool, tool: &str, arguments: Value) -> (Answered, Vec<String>) {
    asked_while(bench, agrees, || (), tool, arguments).await
}

/// The structured result of a call that has to succeed, and its text.
#[track_caller]
fn good(answered: Answered) -> (Value, String) {
    assert!(!answered.failed, "{}", answered.text);
    (Value::Object(answered.structured.unwrap()), answered.text)
}
