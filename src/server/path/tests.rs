//! The call path with tools made for the purpose: what it promises for every tool.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::*;
use crate::{
    junos::{
        Junos,
        inventory::{Device, Inventory},
        pool::{self, Pool},
        transport::{Connect, Connection},
    },
    policy::{self, Policy},
    server::audit::AuditFormat,
    tools::{Effect, Judged, Typed},
};

#[derive(Deserialize, JsonSchema)]
struct Args {
    router_name: Option<String>,
    count: Option<u32>,
    names: Option<Vec<String>>,
    #[expect(dead_code)]
    timeout: Option<u64>,
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code)]
struct Login {
    auth: Way,
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schemars(inline)]
#[expect(dead_code)]
enum Way {
    Password { password: String },
    Agent,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    said: String,
}

struct Nowhere;

#[async_trait]
impl Connect for Nowhere {
    async fn connect(&self, device: &Device) -> Result<Arc<dyn Connection>> {
        Err(Error::new(
            Code::ConnectFailed,
            format!("device `{}` is nowhere", device.name),
        ))
    }
}

fn said(text: impl Into<String>) -> Result<Typed<Output>> {
    Ok(Typed::field(Output { said: text.into() }, "said"))
}

fn path(tools: Vec<Tool>, read_only: bool) -> Path {
    limited(tools, read_only, LimitOptions::default())
}

fn limited(tools: Vec<Tool>, read_only: bool, limits: LimitOptions) -> Path {
    let text = r#"{"mx": {"ip": "192.0.2.1", "username": "u", "auth": {"type": "password", "password": "p"}}}"#;
    let inventory = Inventory::parse(text, std::path::Path::new("."), "test").unwrap();
    let policy = Policy::load(&inventory, policy::Options::default()).unwrap();
    let junos = Junos::new(inventory, Pool::new(pool::Options::default(), Arc::new(Nowhere)));
    let services = Services::new(junos, policy).unwrap();
    let rules = Rules {
        permits: Permits {
            read_only,
            mist_writes: true,
            ..Permits::default()
        },
        confirm: Confirm::Destroy,
        show_secrets: false,
        max_result_chars: 40_000,
        timeout: Duration::from_secs(360),
    };
    let audit = Audit::open(AuditFormat::Text, None).unwrap();
    Path::new(Catalogue::of(tools).unwrap(), Arc::new(services), rules, limits, audit)
}

fn call(name: &str, arguments: serde_json::Value) -> Call {
    Call::new(
        name,
        arguments.as_object().unwrap().clone(),
        Arc::new(Principal::local("test")),
    )
}

fn code(answered: &Answered) -> Code {
    answered.error.as_ref().expect(&answered.text).code()
}

fn echo() -> Tool {
    Tool::new("echo", Effect::Read, "Echo", "Says what it was given.", |_: Context, args: Args| async move {
        said(format!("{:?} {:?} {:?}", args.router_name, args.count, args.names))
    })
    .aliases(&[("router", "router_name")])
}

#[tokio::test]
async fn arguments_are_read_as_models_write_them() {
    let path = path(vec![echo()], false);
    let arguments = json!({"router": "mx", "count": "100", "names": "a, b", "timeout": null});
    assert_eq!(
        path.call(call("echo", arguments)).await.text,
        r#"Some("mx") Some(100) Some(["a", "b"])"#
    );
}

#[tokio::test]
async fn a_wrong_argument_is_answered_with_what_would_be_right() {
    let path = path(vec![echo()], false);
    let answered = path.call(call("echo", json!({"rooter": "mx", "count": "many"}))).await;
    assert_eq!(code(&answered), Code::InvalidInput);
    assert!(answered.text.contains("did you mean `router`?"), "{}", answered.text);
    assert!(answered.text.contains("`count`"), "{}", answered.text);
    let both = path
        .call(call("echo", json!({"router": "mx", "router_name": "ex"})))
        .await;
    assert_eq!(code(&both), Code::InvalidInput);
}

#[tokio::test]
async fn an_unknown_tool_is_answered_with_the_nearest() {
    let answered = path(vec![echo()], false).call(call("ekho", json!({}))).await;
    assert_eq!(code(&answered), Code::UnknownTool);
    assert!(answered.text.contains("did you mean `echo`?"), "{}", answered.text);
}

#[tokio::test]
async fn an_unknown_device_and_one_out_of_scope_are_told_in_the_same_words() {
    let path = path(vec![echo()], false);
    let unknown = path.call(call("echo", json!({"router_name": "px"}))).await;
    let mut scoped = call("echo", json!({"router_name": "mx"}));
    scoped.principal = Arc::new(Principal {
        devices: crate::tools::Allowed::names(["ex"]),
        ..Principal::local("narrow")
    });
    let hidden = path.call(scoped).await;
    assert_eq!(code(&unknown), Code::UnknownRouter);
    assert_eq!(unknown.text, hidden.text.replace("mx", "px"));
}

#[tokio::test]
async fn a_panic_is_an_answer() {
    let tool = Tool::new(
        "broken",
        Effect::Write,
        "Broken",
        "Panics.",
        |_: Context, _: Args| async {
            if std::env::args().count() > 0 {
                panic!("kaboom");
            }
            said("")
        },
    );
    let answered = path(vec![tool], false).call(call("broken", json!({}))).await;
    assert_eq!(code(&answered), Code::Internal);
    assert!(!answered.text.contains("kaboom"));
}

/// Sets its flag when it is dropped before it was disarmed.
struct Dropped(Arc<AtomicBool>, bool);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(self.1, Ordering::SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_read_is_dropped_and_answered() {
    let dropped = Arc::new(AtomicBool::new(false));
    let flag = dropped.clone();
    let tool = Tool::new(
        "slow",
        Effect::Read,
        "Slow",
        "Never ends.",
        move |_: Context, _: Args| {
            let guard = Dropped(flag.clone(), true);
            async move {
                let _guard = guard;
                std::future::pending::<()>().await;
                said("")
            }
        },
    );
    let path = path(vec![tool], false);
    let slow = call("slow", json!({}));
    let cancel = slow.cancel.clone();
    let (answered, ()) = tokio::join!(path.call(slow), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        cancel.cancel();
    });
    assert_eq!(code(&answered), Code::Cancelled);
    path.idle().await;
    assert!(dropped.load(Ordering::SeqCst));
}

#[tokio::test(start_paused = true)]
async fn a_read_ends_at_its_deadline() {
    let tool = Tool::new(
        "slow",
        Effect::Read,
        "Slow",
        "Never ends.",
        |_: Context, _: Args| async {
            std::future::pending::<()>().await;
            said("")
        },
    );
    let answered = path(vec![tool], false).call(call("slow", json!({"timeout": 7}))).await;
    assert_eq!(code(&answered), Code::Timeout);
    assert!(answered.text.contains("7 s"), "{}", answered.text);
}

fn writer() -> Tool {
    Tool::new(
        "writer",
        Effect::Write,
        "Writer",
        "Writes.",
        |context: Context, _: Args| async move {
            context.cancel.cancelled().await;
            tokio::time::sleep(Duration::from_secs(30)).await;
            said("undone")
        },
    )
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_write_comes_to_its_end() {
    let path = path(vec![writer()], false);
    let write = call("writer", json!({"timeout": 5}));
    write.cancel.cancel();
    assert_eq!(path.call(write).await.text, "undone");
}

#[tokio::test]
async fn read_only_refuses_and_hides_what_writes() {
    let path = path(vec![echo(), writer()], true);
    assert_eq!(code(&path.call(call("writer", json!({}))).await), Code::ReadOnly);
    let listed: Vec<&str> = path
        .tools(&Principal::local("x"))
        .iter()
        .map(|tool| tool.name)
        .collect();
    assert_eq!(listed, ["echo"]);
}

/// A tool that runs any command, as `execute_junos_command` does.
fn runner() -> Tool {
    echo().judged(|arguments| vec![Judged::Command(crate::tools::string_argument(arguments, "router_name"))])
}

#[test]
fn read_only_runs_no_command_but_known_reads() {
    let path = path(vec![runner()], true);
    for (command, expected) in [
        ("show version", Effect::Read),
        ("request system snapshot", Effect::Destroy),
        ("cle bgp neighbor", Effect::Write),
        ("frobnicate", Effect::Destroy),
    ] {
        let mut arguments = crate::tools::Arguments::new();
        arguments.insert("router_name".into(), command.into());
        let effect = guard::effect(&runner(), &arguments);
        assert_eq!(effect, expected, "{command}");
        assert_eq!(
            path.rules.permits.check(&runner(), effect).is_err(),
            expected != Effect::Read,
            "{command}"
        );
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_is_recorded_all_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("audit");
    let tool = Tool::new("slow", Effect::Read, "Slow", "Is slow.", |_: Context, _: Args| async {
        std::future::pending::<()>().await;
        said("done")
    });
    let mut path = path(vec![tool], false);
    path.audit = Arc::new(Audit::open(AuditFormat::Json, Some(&file)).unwrap());
    let dropped = tokio::time::timeout(Duration::from_millis(20), path.call(call("slow", json!({})))).await;
    assert!(dropped.is_err());
    let written = std::fs::read_to_string(&file).unwrap();
    assert!(
        written.contains("\"slow\"") && written.contains("cancelled"),
        "{written}"
    );
}

#[test]
fn a_wrong_way_to_log_in_is_not_quoted() {
    let tool = Tool::new("echo", Effect::Write, "Echo", "Echoes.", |_: Context, _: Login| async {
        said("x")
    });
    let arguments = json!({"auth": {"type": "pasword", "password": "hunter2-of-the-test"}});
    let error = arguments::prepare(&tool, arguments.as_object().unwrap().clone()).unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[tokio::test]
async fn what_cannot_be_undone_is_not_done_for_a_client_that_cannot_ask() {
    let tool = Tool::new("wipe", Effect::Destroy, "Wipe", "Wipes.", |_: Context, _: Args| async {
        said("wiped")
    });
    assert_eq!(
        code(&path(vec![tool], false).call(call("wipe", json!({}))).await),
        Code::ConfirmationRequired
    );
}

#[test]
fn two_tools_of_one_name_are_refused() {
    assert_eq!(
        Catalogue::of(vec![echo(), echo()]).err().unwrap().code(),
        Code::Internal
    );
}

mod counting;
mod leaving;
