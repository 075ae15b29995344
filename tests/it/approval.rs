//! A person's word before a change: how it is asked for, what it counts for, and what happens without it.

mod cloud;
mod command_line;
mod questions;
mod rules;
mod tokens;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use jmcp::{
    error::{Code, Error},
    server::{
        Seals,
        audit::{Audit, AuditFormat},
        path::{Approval, ApprovalOptions, Confirm, LimitOptions, Path, Rules},
    },
    tools::{Arguments, Catalogue, Context, Effect, Judged, Permits, Plan, Tool, Typed, string_argument},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    bench::Bench,
    made::Said,
    program::directory,
    talk::{Era, Served, Talk, code, text},
};

const DEVICES: &str = r#"{"core-1": {"ip": "192.0.2.1", "username": "netops", "auth": {"type": "ssh_agent"}},
    "edge-1": {"ip": "192.0.2.2", "username": "netops", "auth": {"type": "ssh_agent"}}}"#;
/// What `change` would change until a test says otherwise.
const DIFF: &str = "set protocols bgp group transit neighbor 192.0.2.9";

#[derive(Deserialize, JsonSchema)]
struct Args {
    #[expect(dead_code)]
    router_name: Option<String>,
    #[expect(dead_code)]
    router_names: Option<Vec<String>>,
    #[expect(dead_code)]
    config_text: Option<String>,
    #[expect(dead_code)]
    timeout: Option<u64>,
}

/// What the tools here change.
struct Thing {
    /// What would change, a statement on a line.
    diff: Mutex<String>,
    done: Mutex<Vec<String>>,
    /// How often a plan was made.
    planned: AtomicUsize,
}

impl Thing {
    fn would_change(&self, diff: &str) {
        *self.diff.lock().unwrap() = diff.into();
    }

    fn done(&self) -> Vec<String> {
        self.done.lock().unwrap().clone()
    }

    fn plan(&self, ask: Option<bool>) -> Plan {
        self.planned.fetch_add(1, Ordering::SeqCst);
        let diff = self.diff.lock().unwrap().clone();
        Plan {
            statements: diff.lines().map(str::to_owned).collect(),
            ask,
            ..Plan::new(format!("The difference:\n{diff}\nIt is committed now."), json!(diff))
        }
    }

    fn run(&self, context: &Context) -> jmcp::error::Result<Typed<Said>> {
        let diff = std::mem::take(&mut *self.diff.lock().unwrap());
        if context.plan.as_ref().is_some_and(|plan| plan.evidence != diff) {
            return Err(Error::new(Code::Conflict, "it is another difference"));
        }
        self.done.lock().unwrap().push(diff);
        let said = format!("done with {} s left", context.remaining().as_secs());
        Ok(Typed::field(Said { said }, "said"))
    }
}

/// `look` reads; the others change the thing: `change` plans when asked, `blind` has no plan, `loss` wants a person, `idle` wants none,
/// `vow` is a person's word, `check` commits nothing.
fn tools(thing: &Arc<Thing>) -> Vec<Tool> {
    let tool = |name, effect| {
        let thing = thing.clone();
        Tool::new(
            name,
            effect,
            "A tool",
            "Does what the test is about.",
            move |context: Context, _: Args| {
                let done = thing.run(&context);
                async move { done }
            },
        )
    };
    let plan = |ask| {
        let thing = thing.clone();
        move |_: Context, _: Arguments| {
            let plan = thing.plan(ask);
            async move { Ok(plan) }
        }
    };
    let config = |arguments: &Arguments| {
        let text = string_argument(arguments, "config_text");
        vec![Judged::Config { format: None, text }]
    };
    vec![
        tool("look", Effect::Read),
        tool("change", Effect::Write)
            .planned_when_asked(plan(None))
            .aliases(&[("router", "router_name")]),
        tool("blind", Effect::Write).judged(config),
        tool("wipe", Effect::Destroy),
        tool("loss", Effect::Write).planned(plan(Some(true))),
        tool("idle", Effect::Write).planned_when_asked(plan(Some(false))),
        tool("vow", Effect::Write).asks_always(),
        tool("check", Effect::Write).commits_nothing(),
    ]
}

/// A server with these tools.
struct Scene {
    path: Arc<Path>,
    thing: Arc<Thing>,
    home: TempDir,
}

impl Scene {
    fn new(confirm: Confirm) -> Self {
        Self::with(confirm, Approval::default())
    }

    fn with(confirm: Confirm, approval: Approval) -> Self {
        let thing = Arc::new(Thing {
            diff: Mutex::new(DIFF.into()),
            done: Mutex::default(),
            planned: AtomicUsize::default(),
        });
        Self::over(&thing, confirm, approval)
    }

    /// Another server for the same thing.
    fn over(thing: &Arc<Thing>, confirm: Confirm, approval: Approval) -> Self {
        let home = directory(DEVICES);
        let services = Bench::serve(&home, &[]).services().clone();
        let rules = Rules {
            show_secrets: false,
            permits: Permits::default(),
            confirm,
            max_result_chars: 40_000,
            timeout: Duration::from_secs(360),
        };
        let audit = Audit::open(AuditFormat::Json, Some(&home.path().join("audit.log"))).unwrap();
        let catalogue = Catalogue::of(tools(thing)).unwrap();
        let path = Path::new(catalogue, services, rules, LimitOptions::default(), audit).with_approval(approval);
        Self {
            path: Arc::new(path),
            thing: thing.clone(),
            home,
        }
    }

    /// With these rules, where nothing else asks.
    fn ruled(rules: Value) -> Self {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("rules.json");
        std::fs::write(&file, json!({ "rules": rules }).to_string()).unwrap();
        let options = ApprovalOptions {
            rules: Some(file),
            ..ApprovalOptions::default()
        };
        Self::with(Confirm::Never, Approval::open(options).unwrap())
    }

    /// A client that shows questions.
    async fn asked(&self, era: Era) -> (Served, Talk) {
        Served::client(&self.path, era, json!({ "elicitation": {} })).await
    }

    /// A client that does not.
    async fn mute(&self, era: Era) -> (Served, Talk) {
        Served::client(&self.path, era, json!({})).await
    }

    fn audited(&self) -> String {
        std::fs::read_to_string(self.home.path().join("audit.log")).unwrap()
    }
}

/// A clock that a test sets.
#[derive(Clone)]
struct Clock(Arc<Mutex<SystemTime>>);

impl Clock {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(SystemTime::now())))
    }

    fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }

    fn approval(&self) -> Approval {
        let clock = self.clone();
        Approval::default().sealed_by(Seals::random().by_clock(Arc::new(move || *clock.0.lock().unwrap())))
    }
}

fn arguments() -> Value {
    json!({ "router_name": "core-1" })
}

/// The same with a token.
fn with(mut arguments: Value, token: &str) -> Value {
    arguments["confirmation_token"] = token.into();
    arguments
}

/// The token of an answer that gives one, which is an error without a structured value and holds the plan.
fn token(answer: &Value) -> String {
    assert_eq!(code(answer), "confirmation_required", "{answer}");
    assert!(answer.get("structuredContent").is_none(), "{answer}");
    let given = &answer["_meta"]["jmcp/confirmation"];
    let token = given["token"].as_str().unwrap_or_else(|| panic!("no token: {answer}"));
    assert!(text(answer).contains(token), "{}", text(answer));
    token.to_owned()
}
