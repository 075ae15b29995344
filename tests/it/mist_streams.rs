//! Device utilities and shell commands through the Mist cloud: the call path before the lab, over real WebSockets.

use std::{sync::Arc, time::Duration};

use clap::Parser as _;
use jmcp::{
    cli::Cli,
    error::Code,
    lab::{
        Gate,
        mist::{Generation, MistFault, MistLab, MistLabOptions, RetryAfter, StreamFault},
    },
    mist::{Account, Clouds, MistOptions},
    server::path::{Answered, Call, Path},
    settings::Settings,
    tools::{Allowed, News, Principal},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::mpsc};

use crate::support::program::{ONE_DEVICE, directory};

/// A cloud and a server before it.
struct Bench {
    lab: MistLab,
    path: Arc<Path>,
    _home: TempDir,
}

const WRITES: &[&str] = &["--enable-write-tools", "--confirm", "never"];

impl Bench {
    async fn start(arguments: &[&str]) -> Self {
        let lab = MistLab::start(MistLabOptions::default()).await.unwrap();
        let home = directory(ONE_DEVICE);
        let devices = home.path().join("devices.json").display().to_string();
        let audit = home.path().join("audit.log").display().to_string();
        let mut line = vec!["jmcp", "-f", &devices, "--audit-log-file", &audit];
        line.extend(arguments);
        let mut settings = Settings::new(Cli::parse_from(line).options).unwrap();
        let clouds = Clouds::with([lab.base_url()]).unwrap();
        let account = Account::new(clouds.cloud(&lab.base_url()).unwrap(), &lab.token().into()).unwrap();
        settings.mist = MistOptions {
            clouds,
            own: Some(Arc::new(account)),
            ..settings.mist
        };
        let path = settings.path().unwrap();
        Self { lab, path, _home: home }
    }

    async fn call(&self, tool: &str, arguments: Value) -> Answered {
        let call = Call::new(tool, object(arguments), Arc::new(Principal::local("test")));
        self.made(call).await
    }

    async fn made(&self, call: Call) -> Answered {
        tokio::time::timeout(Duration::from_secs(60), self.path.call(call))
            .await
            .expect("an answer")
    }

    async fn good(&self, tool: &str, arguments: Value) -> Value {
        let answered = self.call(tool, arguments).await;
        assert!(!answered.failed, "{}", answered.text);
        serde_json::from_str(&answered.text).unwrap()
    }

    async fn code(&self, tool: &str, arguments: Value) -> Code {
        let answered = self.call(tool, arguments).await;
        answered.error.unwrap_or_else(|| panic!("{}", answered.text)).code()
    }

    /// A utility of the first site's switch.
    fn utility(&self, utility: &str, parameters: Value) -> Value {
        json!({
            "device_type": "ex", "utility": utility, "site_id": self.lab.site(), "device_id": self.lab.switch_id(),
            "parameters": parameters
        })
    }

    /// A command on this device of the first site.
    fn command(&self, device: &str, command: &str) -> Value {
        json!({ "site_id": self.lab.site(), "device_id": device, "command": command })
    }

    /// What arrived: methods and the ends of paths.
    fn arrived(&self) -> Vec<String> {
        let requests = self.lab.requests().into_iter();
        requests
            .filter(|seen| !seen.path.starts_with("/api/v1/self"))
            .map(|seen| format!("{} {}", seen.method, seen.path.rsplit('/').next().unwrap()))
            .collect()
    }
}

fn object(value: Value) -> serde_json::Map<String, Value> {
    value.as_object().unwrap().clone()
}

const TOOL: &str = "mist_utilities";
const SHELL: &str = "execute_custom_shell_command";

#[tokio::test]
async fn a_utility_is_heard_from_its_first_line_and_nobody_else_is() {
    let bench = Bench::start(&[]).await;
    let (progress, mut news) = mpsc::unbounded_channel();
    let arguments = bench.utility("ping", json!({"host": "192.0.2.9", "count": "3"}));
    let call = Call {
        progress: Some(progress),
        ..Call::new(TOOL, object(arguments), Arc::new(Principal::local("test")))
    };
    let answered = bench.made(call).await;
    let answer: Value = serde_json::from_str(&answered.text).unwrap();
    let output = answer["output"].as_str().unwrap();
    assert!(
        output.starts_with("PING 192.0.2.9: 56 data bytes\n64 bytes from 192.0.2.9: seq=0 "),
        "{output}"
    );
    assert!(
        output
            .trim_end()
            .ends_with("round-trip min/avg/max = 11.200/11.575/12.325 ms"),
        "{output}"
    );
    assert!(
        !output.contains("them") && !output.contains("another command"),
        "{output}"
    );
    assert_eq!(
        (&answer["status"], &answer["timed_out"]),
        (&json!("complete"), &json!(false))
    );
    assert_eq!(
        bench.arrived(),
        ["GET stream", "POST ping"],
        "the channel is asked for first"
    );
    let seen = bench.lab.requests();
    let ping = seen.iter().find(|seen| seen.path.ends_with("/ping")).unwrap();
    assert_eq!(ping.body, Some(json!({"host": "192.0.2.9", "count": 3})));
    let stream = seen.iter().find(|seen| seen.path.ends_with("/stream")).unwrap();
    assert!(stream.authorized && stream.status == Some(101));
    let told: Vec<News> = std::iter::from_fn(|| news.try_recv().ok()).collect();
    assert!(
        told.iter().any(|news| news.message().starts_with("64 bytes from")),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_path_that_moved_is_found_in_the_middle_of_it() {
    let bench = Bench::start(&[]).await;
    bench.lab.faults().generation(Generation::Older);
    let mut arguments = bench.utility("retrieveBgpSummary", json!({}));
    arguments["timeout_seconds"] = json!(8);
    let answer = bench.good(TOOL, arguments).await;
    assert!(
        answer["output"]
            .as_str()
            .unwrap()
            .contains("192.0.2.21            65002")
    );
    assert_eq!(
        bench.arrived(),
        ["GET stream", "POST show_bgp_summary", "POST show_bgp_rummary"]
    );
}

#[tokio::test]
async fn nothing_is_sent_to_a_device_that_cannot_be_heard() {
    let bench = Bench::start(&[]).await;
    let arguments = bench.utility("retrieveArpTable", json!({}));
    let fault = MistFault::TooMany(Some(RetryAfter::Seconds(40)));
    bench.lab.faults().on("GET /api-ws", fault, Some(1));
    let answered = bench.call(TOOL, arguments.clone()).await;
    let error = answered.error.unwrap();
    assert_eq!(error.code(), Code::RateLimited);
    assert!(error.advice().unwrap().ends_with("try again in 40 s"), "{error}");

    bench.lab.set_stream(StreamFault::RefuseChannel);
    assert_eq!(bench.code(TOOL, arguments.clone()).await, Code::PermissionDenied);
    bench.lab.clear_streams();

    // Whom the site is kept from does not hear it either.
    let mut stranger = Principal::local("stranger");
    stranger.mist_sites = Allowed::names(["00000000-0000-0000-0000-00000000ffff"]);
    let answered = bench.made(Call::new(TOOL, object(arguments), Arc::new(stranger))).await;
    assert_eq!(answered.error.unwrap().code(), Code::NotFound);
    assert_eq!(bench.arrived(), ["GET stream", "GET stream"]);
}

#[tokio::test]
async fn what_came_until_the_time_was_over_is_kept() {
    let bench = Bench::start(&[]).await;
    bench.lab.set_stream(StreamFault::SilentAfter(2));
    let mut arguments = bench.utility("traceroute", json!({"host": "192.0.2.9"}));
    arguments["timeout_seconds"] = json!(1);
    let answer = bench.good(TOOL, arguments.clone()).await;
    assert_eq!(answer["timed_out"], true);
    assert!(
        answer["output"]
            .as_str()
            .unwrap()
            .ends_with(" 1  192.0.2.1  0.512 ms\n"),
        "{answer}"
    );
    bench.lab.clear_streams();
    bench.lab.set_stream(StreamFault::CloseAfter(1));
    let answer = bench.good(TOOL, arguments).await;
    assert_eq!(answer["status"], "connection_closed");
    assert!(
        answer["output"].as_str().unwrap().starts_with("traceroute to"),
        "{answer}"
    );
}

#[tokio::test]
async fn what_draws_is_shown_as_its_last_screen() {
    let bench = Bench::start(&[]).await;
    let mut top = bench.utility("topCommand", json!({}));
    top["timeout_seconds"] = json!(1);
    let answer = bench.good(TOOL, top).await;
    let screen = answer["output"].as_str().unwrap();
    assert!(
        screen.starts_with("last pid: 900") && screen.matches("last pid").count() == 1,
        "{screen}"
    );
    assert_eq!(
        (&answer["status"], &answer["timed_out"]),
        (&json!("stopped"), &json!(false))
    );
    assert!(
        answer["answer"].get("url").is_none(),
        "the socket's URL is a credential"
    );
    let mut traffic = bench.utility("monitorTraffic", json!({"port": "ge-0/0/1"}));
    traffic["timeout_seconds"] = json!(1);
    let answer = bench.good(TOOL, traffic).await;
    assert!(
        answer["output"]
            .as_str()
            .unwrap()
            .starts_with("10:15:00.000000  In IP 192.0.2.57"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_command_gives_its_output_and_nothing_else() {
    let bench = Bench::start(&[]).await;
    let switch = bench.lab.switch_id().to_owned();
    let answer = bench.good(SHELL, bench.command(&switch, "show version")).await;
    let output = answer["output"].as_str().unwrap();
    assert!(
        output.starts_with("Hostname: den-sw-1\nModel: qfx5120-48y\nJunos: "),
        "{output}"
    );
    assert!(
        output.ends_with("libs [20260115.c1b2a3d_builder_stable_12_234]\n"),
        "{output}"
    );
    for (name, value) in [
        ("status", json!("success")),
        ("command", json!("show version")),
        ("device_id", json!(switch)),
        ("site_id", json!(bench.lab.site())),
        ("error_message", Value::Null),
        ("timeout_used", json!(30)),
        ("output_truncated", json!(false)),
    ] {
        assert_eq!(answer.get(name), Some(&value), "{name}");
    }
    assert!(
        answer["execution_time"].is_number()
            && answer["timestamp"].is_string()
            && answer["max_output_size"].is_number()
    );
    let socket = bench
        .lab
        .requests()
        .into_iter()
        .find(|seen| seen.path == "/ssh")
        .unwrap();
    assert!(!socket.authorized, "the token is not needed there");

    // By its hardware address, on a cluster, with pipes; nothing waits for a pager.
    let mac = bench.lab.gateway_id().rsplit('-').next().unwrap().to_uppercase();
    let command = "show log messages | match \"mgd\" | last 100 | no-more";
    let answer = bench.good(SHELL, bench.command(&mac, command)).await;
    let lines: Vec<&str> = answer["output"].as_str().unwrap().lines().collect();
    assert_eq!(lines.len(), 100);
    assert!(lines.iter().all(|line| line.contains("den-gw-1 mgd[")), "{lines:?}");
}

#[tokio::test]
async fn pagers_silent_starts_and_foreign_command_lines_cost_nothing() {
    let bench = Bench::start(&[]).await;
    let switch = bench.lab.switch_id().to_owned();
    bench.lab.set_stream(StreamFault::AlwaysPages);
    let answer = bench.good(SHELL, bench.command(&switch, "show interfaces terse")).await;
    let output = answer["output"].as_str().unwrap();
    assert_eq!(output.lines().count(), 51, "{output}");
    assert!(!output.contains("more"), "{output}");
    bench.lab.clear_streams();

    let gate = Gate::new();
    bench.lab.set_stream(StreamFault::Hold(gate.clone()));
    let command = bench.command(&switch, "show chassis alarms");
    let (answer, ()) = tokio::join!(bench.good(SHELL, command), async {
        gate.reached().await;
        gate.open();
    });
    assert_eq!(answer["output"], "No alarms currently active\n");
    bench.lab.clear_streams();

    let ap = bench.lab.ap_id().to_owned();
    let answer = bench.good(SHELL, bench.command(&ap, "show version")).await;
    assert_eq!(answer["status"], "success");
    let code = bench
        .code(SHELL, bench.command(&ap, "show version | match \"x\""))
        .await;
    assert_eq!(code, Code::Unsupported, "its command line is another");
}

#[tokio::test]
async fn a_command_follows_no_url_to_another_host() {
    let bench = Bench::start(&[]).await;
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = elsewhere.local_addr().unwrap();
    let switch = bench.lab.switch_id().to_owned();
    for url in [
        format!("ws://{address}/ssh?jwt=x"),
        format!("http://{}/ssh", bench.lab.address()),
        format!("ws://localhost:{}/ssh", bench.lab.address().port()),
        format!("wss://{}/ssh", bench.lab.address()),
        String::new(),
    ] {
        bench.lab.clear_streams();
        bench.lab.set_stream(StreamFault::Url(url.clone()));
        assert_eq!(
            bench.code(SHELL, bench.command(&switch, "show version")).await,
            Code::Protocol,
            "{url}"
        );
        assert_eq!(
            bench.code(TOOL, bench.utility("topCommand", json!({}))).await,
            Code::Protocol,
            "{url}"
        );
    }
    let came = tokio::time::timeout(Duration::ZERO, elsewhere.accept()).await;
    assert!(came.is_err(), "somebody came: {came:?}");
}

#[tokio::test]
async fn what_may_change_something_needs_the_operator_and_a_person() {
    let bench = Bench::start(&[]).await;
    let switch = bench.lab.switch_id().to_owned();
    let bounce = bench.utility("bouncePort", json!({"ports": ["ge-0/0/1"]}));
    for command in [
        "request system halt",
        "clear bgp neighbor",
        "configure",
        "show version | save /tmp/x",
    ] {
        assert_eq!(
            bench.code(SHELL, bench.command(&switch, command)).await,
            Code::ReadOnly,
            "{command}"
        );
    }
    assert_eq!(bench.code(TOOL, bounce.clone()).await, Code::ReadOnly);
    for strange in ["show version\nrequest system reboot", "show ?"] {
        let code = bench.code(SHELL, bench.command(&switch, strange)).await;
        assert!(matches!(code, Code::InvalidInput | Code::ReadOnly), "{strange}: {code}");
    }
    assert!(bench.arrived().is_empty(), "{:?}", bench.arrived());

    let asking = Bench::start(&["--enable-write-tools"]).await;
    assert_eq!(asking.code(TOOL, bounce.clone()).await, Code::ConfirmationRequired);
    assert!(asking.arrived().iter().all(|line| line.starts_with("GET")));

    let writing = Bench::start(WRITES).await;
    let answer = writing.good(TOOL, bounce).await;
    assert!(
        answer["output"].as_str().unwrap().contains("Port bounce complete"),
        "{answer}"
    );
    let code = writing
        .code(SHELL, writing.command(&switch, "request system reboot"))
        .await;
    assert_eq!(code, Code::Blocked, "the operator's rules hold for the cloud's devices");
    assert_eq!(
        writing.code(SHELL, writing.command(&switch, "req sys reb")).await,
        Code::Blocked
    );
    let code = writing.code(SHELL, writing.command(&switch, "clear x\nclear y")).await;
    assert_eq!(code, Code::InvalidInput);
}

#[tokio::test]
async fn utilities_describe_themselves() {
    let bench = Bench::start(&[]).await;
    let about = bench.good(TOOL, json!({"device_type": "Switch"})).await;
    assert_eq!(about["device_type"], "ex");
    let ping = about["utilities"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["utility"] == "ping")
        .unwrap();
    assert!(
        ping["parameters"].as_str().unwrap().contains("host (string, required)"),
        "{ping}"
    );
    assert_eq!(ping["effect"], "read");
    let unknown = bench
        .call(TOOL, bench.utility("showServicePath", json!({})))
        .await
        .error
        .unwrap();
    assert_eq!(unknown.code(), Code::InvalidInput);
    assert!(unknown.advice().unwrap().contains("retrieveMacTable"), "{unknown}");
    assert!(bench.arrived().is_empty());
}
