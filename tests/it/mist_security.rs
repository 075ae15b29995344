//! Tokens that may do too much: what is blocked, and who can accept the risk.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jmcp::{
    error::Result,
    lab::mist::MistFault,
    mist::security,
    server::path::{Answered, Call, Confirm},
    tools::{Ask, Principal, Question, Round},
};
use serde_json::{Map, Value, json};

use crate::support::mist::{MistBench, Setup};

/// A person who agrees to everything, or to nothing, and remembers what was asked.
struct Person {
    agrees: bool,
    asked: Mutex<Vec<String>>,
}

impl Person {
    fn new(agrees: bool) -> Arc<Self> {
        Arc::new(Self {
            agrees,
            asked: Mutex::default(),
        })
    }
}

#[async_trait]
impl Ask for Person {
    fn can(&self, _: &Question) -> bool {
        true
    }

    async fn ask(&self, round: Round) -> Result<Map<String, Value>> {
        let mut answers = Map::new();
        for (name, question) in round.questions() {
            let Question::Form { message, .. } = question;
            self.asked.lock().unwrap().push(message.clone());
            let answer = json!({ "action": "accept", "content": { "confirm": self.agrees } });
            answers.insert(name.clone(), answer);
        }
        Ok(answers)
    }
}

async fn asked(bench: &MistBench, person: &Arc<Person>, caller: &str, tool: &str, arguments: Value) -> Answered {
    let principal = Arc::new(Principal::local(caller));
    let mut call = Call::new(tool, arguments.as_object().unwrap().clone(), principal);
    call.ask = Some(person.clone());
    bench.answer(call).await
}

fn code(answered: &Answered) -> &'static str {
    answered.error.as_ref().map_or("", |error| error.code().as_str())
}

/// The lab's token administers one organisation: here that is too many.
fn strict(confirm: Confirm) -> Setup {
    Setup {
        confirm,
        guarded: true,
        security: security::Options {
            max_admin_orgs: 0,
            ..security::Options::default()
        },
        ..Setup::writing()
    }
}

fn site(bench: &MistBench) -> Value {
    json!({ "org_id": bench.lab.org(), "body": { "name": "Kiosk" } })
}

#[tokio::test]
async fn every_write_of_a_token_with_a_critical_risk_is_blocked() {
    let bench = MistBench::with(strict(Confirm::Never)).await;
    let (org, site_id, device) = (
        bench.lab.org().to_owned(),
        bench.lab.site().to_owned(),
        bench.lab.switch_id().to_owned(),
    );
    for (tool, arguments) in [
        ("createOrgSite", site(&bench)),
        (
            "device_action",
            json!({ "site_id": site_id, "device_id": device, "action": "restart" }),
        ),
        (
            "make_mist_api_call",
            json!({ "endpoint": "/orgs/{org_id}/sites", "org_id": org, "method": "POST", "data": { "name": "x" } }),
        ),
        (
            "make_mist_api_call",
            json!({ "endpoint": "/orgs/{org_id}/sites", "org_id": org }),
        ),
    ] {
        let (code, text) = bench.bad(tool, arguments).await;
        assert_eq!(code, "blocked", "{tool}: {text}");
        assert!(text.contains("MULTIPLE_ORG_ADMIN"), "{text}");
    }
    bench.good("get_org_sites", json!({ "org_id": org })).await;
    let arrived = bench.arrived();
    let selves = arrived.iter().filter(|seen| seen.path == "/api/v1/self").count();
    assert_eq!(selves, 1, "what is known of a token holds for a while");
    assert!(arrived.iter().all(|seen| seen.method == "GET"), "{arrived:?}");
    let report = bench.good("analyze_token_security", json!({})).await;
    assert_eq!(report["security_analysis_summary"]["writes_blocked"], true);
}

#[tokio::test]
async fn what_is_not_known_blocks_for_now() {
    let bench = MistBench::with(strict(Confirm::Never)).await;
    bench.lab.faults().on("/api/v1/self", MistFault::Detail(401), None);
    let answered = bench.call("createOrgSite", site(&bench)).await;
    assert_eq!(code(&answered), "blocked");
    assert!(answered.error.as_ref().unwrap().retryable(), "{}", answered.text);
    bench.lab.faults().clear();
    let (_, text) = bench.bad("createOrgSite", site(&bench)).await;
    assert!(text.contains("MULTIPLE_ORG_ADMIN"), "{text}");
    assert!(bench.arrived().iter().all(|seen| seen.method == "GET"));
}

#[tokio::test]
async fn a_token_of_one_organisation_is_not_blocked() {
    let bench = MistBench::with(Setup {
        token: Some(jmcp::lab::mist::ORG_TOKEN),
        security: security::Options::default(),
        ..strict(Confirm::Never)
    })
    .await;
    let report = bench.good("analyze_token_security", json!({})).await;
    assert_eq!(report["security_analysis_summary"]["is_safe"], true, "{report}");
    bench.good("createOrgSite", site(&bench)).await;
}

#[tokio::test]
async fn only_a_person_can_accept_the_risks() {
    let bench = MistBench::with(strict(Confirm::Destroy)).await;
    let magic = json!({ "confirmation": "I_ACKNOWLEDGE_SECURITY_RISKS" });
    let (code_of, _) = bench.bad("acknowledge_security_risks", magic.clone()).await;
    assert_eq!(code_of, "confirmation_required", "nobody can be asked");
    let refuses = Person::new(false);
    let answered = asked(&bench, &refuses, "anna", "acknowledge_security_risks", magic.clone()).await;
    assert_eq!(code(&answered), "confirmation_required");
    let agrees = Person::new(true);
    assert_eq!(
        code(&asked(&bench, &agrees, "anna", "createOrgSite", site(&bench)).await),
        "blocked"
    );
    let answered = asked(&bench, &agrees, "anna", "acknowledge_security_risks", json!({})).await;
    assert!(!answered.failed, "{}", answered.text);
    let words = agrees.asked.lock().unwrap().last().cloned().unwrap();
    assert!(words.contains("MULTIPLE_ORG_ADMIN"), "{words}");
    let made = asked(&bench, &agrees, "anna", "createOrgSite", site(&bench)).await;
    assert!(!made.failed, "{}", made.text);
    let other = asked(&bench, &agrees, "ben", "createOrgSite", site(&bench)).await;
    assert_eq!(code(&other), "blocked", "one person's word is not another's");
}

#[tokio::test]
async fn where_nobody_is_asked_a_model_cannot_unlock_itself() {
    let bench = MistBench::with(strict(Confirm::Never)).await;
    let person = Person::new(true);
    let answered = asked(&bench, &person, "anna", "acknowledge_security_risks", json!({})).await;
    assert_eq!(code(&answered), "confirmation_required", "{}", answered.text);
    assert!(person.asked.lock().unwrap().is_empty());
    assert_eq!(
        code(&asked(&bench, &person, "anna", "createOrgSite", site(&bench)).await),
        "blocked"
    );
}

#[tokio::test]
async fn the_person_sees_what_the_generic_call_would_change() {
    let bench = MistBench::with(Setup {
        confirm: Confirm::Destroy,
        ..Setup::writing()
    })
    .await;
    let person = Person::new(true);
    let call = json!({ "endpoint": "/sites/{site_id}", "site_id": bench.lab.site(), "method": "PUT", "data": { "name": "Renamed" } });
    let answered = asked(&bench, &person, "anna", "make_mist_api_call", call).await;
    assert!(!answered.failed, "{}", answered.text);
    let words = person.asked.lock().unwrap().last().cloned().unwrap();
    for part in ["PUT /api/v1/sites/", "Renamed", "There now"] {
        assert!(words.contains(part), "{words}");
    }
    let arrived = bench.arrived();
    let sent = arrived.iter().find(|seen| seen.method == "PUT").unwrap();
    assert_eq!(sent.body, Some(json!({ "name": "Renamed" })));
}
