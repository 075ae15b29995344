//! The HTTP server in this process, before the lab or before tools that do what a test tells them.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use clap::Parser as _;
use jmcp::{
    cli::Cli,
    error::{Code, Error, Result},
    junos::{
        Junos,
        inventory::{Device, Inventory},
        pool::{self, Pool},
        transport::{Connect, Connection},
    },
    policy::Policy,
    server::{
        audit::{Audit, AuditFormat},
        http::{self, BodyLimits, ConnectionLimits, Health, Hosts, Listeners, SessionLimits, Tls},
        path::{Confirm, LimitOptions, Path, Rules},
        reload::Reloader,
    },
    settings::Settings,
    tokens::{Known, Tokens},
    tools::{Catalogue, Context, Effect, Permits, Services, Tool, Typed},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::{
    bench::Bench,
    talk::Era,
    web::{Client, Request, secret, within},
};

/// Devices of the server with tools of its own; nobody reaches them.
const DEVICES: &str = r#"{"mx": {"ip": "192.0.2.1", "username": "u", "auth": {"type": "ssh_agent"}},
    "ex": {"ip": "192.0.2.2", "username": "u", "auth": {"type": "ssh_agent"}}}"#;

/// Where calls wait until a test lets them go on.
#[derive(Clone, Default)]
pub(crate) struct Turnstile(Arc<Inside>);

struct Inside {
    open: watch::Sender<bool>,
    came: watch::Sender<u32>,
    passed: watch::Sender<u32>,
    dropped: watch::Sender<u32>,
}

impl Default for Inside {
    fn default() -> Self {
        Self {
            open: watch::Sender::new(false),
            came: watch::Sender::new(0),
            passed: watch::Sender::new(0),
            dropped: watch::Sender::new(0),
        }
    }
}

/// Tells a call that was dropped from one that went on.
struct Waiting(Turnstile, bool);

impl Drop for Waiting {
    fn drop(&mut self) {
        let counter = if self.1 { &self.0.0.passed } else { &self.0.0.dropped };
        counter.send_modify(|count| *count += 1);
    }
}

impl Turnstile {
    pub(crate) fn open(&self) {
        self.0.open.send_replace(true);
    }

    /// Waits until so many have come.
    pub(crate) async fn reached(&self, count: u32) {
        let mut came = self.0.came.subscribe();
        let _ = within("a call at the turnstile", came.wait_for(|came| *came >= count)).await;
    }

    /// Waits until so many that waited were dropped.
    pub(crate) async fn dropped(&self, count: u32) {
        let mut dropped = self.0.dropped.subscribe();
        let _ = within("the end of a call", dropped.wait_for(|dropped| *dropped >= count)).await;
    }

    /// Waits until so many have gone through.
    pub(crate) async fn passed(&self, count: u32) {
        let mut passed = self.0.passed.subscribe();
        let _ = within("a call to go through", passed.wait_for(|passed| *passed >= count)).await;
    }

    /// How many have come.
    pub(crate) fn came(&self) -> u32 {
        *self.0.came.borrow()
    }

    async fn pass(&self) {
        let mut waiting = Waiting(self.clone(), false);
        self.0.came.send_modify(|count| *count += 1);
        let _ = self.0.open.subscribe().wait_for(|open| *open).await;
        waiting.1 = true;
    }
}

#[derive(Deserialize, JsonSchema)]
struct Args {
    #[expect(dead_code)]
    router_name: Option<String>,
    #[expect(dead_code)]
    router_names: Option<Vec<String>>,
    /// Seconds to be silent.
    seconds: Option<u64>,
    #[expect(dead_code)]
    timeout: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
struct Said {
    said: String,
}

fn said(text: &str) -> Result<Typed<Said>> {
    Ok(Typed::field(Said { said: text.into() }, "said"))
}

/// `echo` answers at once, `held` waits at the turnstile, `steps` tells of two steps before it waits there, `write` waits there whatever
/// happens, `silent` says nothing for `seconds`, `broken` panics. Those with `plain_` say of themselves that they only answer, as `echo`
/// and `broken` do.
pub(crate) fn tools(gate: &Turnstile) -> Vec<Tool> {
    let tool = |name, effect| (name, effect, "A tool", "Does what the test is about.");
    let (name, effect, title, about) = tool("echo", Effect::Read);
    let echo = Tool::new(name, effect, title, about, |_: Context, _: Args| async { said("echo") });
    let (name, effect, title, about) = tool("held", Effect::Read);
    let at = gate.clone();
    let held = Tool::new(name, effect, title, about, move |_: Context, _: Args| {
        let at = at.clone();
        async move {
            at.pass().await;
            said("held")
        }
    });
    let (name, effect, title, about) = tool("steps", Effect::Read);
    let at = gate.clone();
    let steps = Tool::new(name, effect, title, about, move |context: Context, _: Args| {
        let at = at.clone();
        async move {
            context.progress.step(1, Some(2), "one");
            context.progress.step(2, Some(2), "two");
            at.pass().await;
            said("steps")
        }
    });
    let (name, effect, title, about) = tool("write", Effect::Write);
    let at = gate.clone();
    let write = Tool::new(name, effect, title, about, move |_: Context, _: Args| {
        let at = at.clone();
        async move {
            at.pass().await;
            said("written")
        }
    });
    let (name, effect, title, about) = tool("silent", Effect::Read);
    let silent = Tool::new(name, effect, title, about, |_: Context, args: Args| async move {
        tokio::time::sleep(Duration::from_secs(args.seconds.unwrap_or(40))).await;
        said("at last")
    });
    let (name, effect, title, about) = tool("broken", Effect::Read);
    let broken = Tool::new(name, effect, title, about, |_: Context, _: Args| async {
        assert!(std::env::args().count() == 0, "kaboom");
        said("")
    });
    let (name, effect, title, about) = tool("plain_held", Effect::Read);
    let at = gate.clone();
    let plain_held = Tool::new(name, effect, title, about, move |_: Context, _: Args| {
        let at = at.clone();
        async move {
            at.pass().await;
            said("held")
        }
    });
    let (name, effect, title, about) = tool("plain_silent", Effect::Read);
    let plain_silent = Tool::new(name, effect, title, about, |_: Context, args: Args| async move {
        tokio::time::sleep(Duration::from_secs(args.seconds.unwrap_or(40))).await;
        said("at last")
    });
    let plain = [echo, broken, plain_held, plain_silent].map(Tool::plain);
    plain.into_iter().chain([held, steps, write, silent]).collect()
}

struct Nowhere;

#[async_trait]
impl Connect for Nowhere {
    async fn connect(&self, device: &Device) -> Result<Arc<dyn Connection>> {
        let message = format!("device `{}` is nowhere", device.name);
        Err(Error::new(Code::ConnectFailed, message))
    }
}

/// A token file with these tokens; scopes and limits as the fields say.
pub(crate) fn token_file(tokens: &[(&str, Value)]) -> Value {
    let entry = |(name, fields): &(&str, Value)| {
        let mut entry = fields.clone();
        entry["token"] = secret(name).into();
        ((*name).to_owned(), entry)
    };
    Value::Object(tokens.iter().map(entry).collect::<Map<_, _>>())
}

/// What to start.
pub(crate) struct Plan {
    pub(crate) limits: LimitOptions,
    pub(crate) read_only: bool,
    pub(crate) confirm: Confirm,
    /// Name and fields of each token; none lets everybody in.
    pub(crate) tokens: Vec<(&'static str, Value)>,
    pub(crate) hosts: Hosts,
    pub(crate) stateless: bool,
    pub(crate) body: BodyLimits,
    pub(crate) connections: ConnectionLimits,
    pub(crate) sessions: SessionLimits,
    pub(crate) metrics: bool,
    /// A listener for figures alone.
    pub(crate) metrics_listener: bool,
    pub(crate) tls: Option<(PathBuf, PathBuf)>,
    pub(crate) grace: Duration,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            limits: LimitOptions::default(),
            read_only: false,
            confirm: Confirm::Never,
            tokens: Vec::new(),
            hosts: Hosts::new(&[], &[], false).unwrap(),
            stateless: false,
            body: BodyLimits {
                bytes: 1 << 20,
                time: Duration::from_secs(30),
            },
            connections: ConnectionLimits::default(),
            sessions: SessionLimits {
                sessions: 0,
                per_caller: 0,
                idle: Duration::from_secs(300),
                lifetime: Duration::from_secs(3600),
            },
            metrics: true,
            metrics_listener: false,
            tls: None,
            grace: Duration::from_secs(10),
        }
    }
}

impl Plan {
    /// Starts it before tools that wait at this turnstile.
    pub(crate) async fn start(self, gate: &Turnstile) -> Site {
        let directory = tempfile::tempdir().unwrap();
        let devices = directory.path().join("devices.json");
        std::fs::write(&devices, DEVICES).unwrap();
        let inventory = Inventory::load(&devices).unwrap();
        let policy = Policy::load(&inventory, jmcp::policy::Options::default()).unwrap();
        let junos = Junos::new(inventory, Pool::new(pool::Options::default(), Arc::new(Nowhere)));
        let services = Services::new(junos, policy).unwrap();
        let rules = Rules {
            permits: Permits {
                read_only: self.read_only,
                mist_writes: false,
                mist_unconfirmed: false,
                offer: Default::default(),
            },
            confirm: self.confirm,
            show_secrets: false,
            max_result_chars: 40_000,
            timeout: Duration::from_secs(360),
        };
        let catalogue = Catalogue::of(tools(gate)).unwrap();
        let known = Known::of(&catalogue);
        let audit = Audit::open(AuditFormat::Text, Some(&directory.path().join("audit.log"))).unwrap();
        let path = Path::new(catalogue, Arc::new(services), rules, self.limits, audit);
        self.start_over(Arc::new(path), known, directory).await
    }

    /// Starts it before the devices of this bench, with the real tools and these arguments.
    pub(crate) async fn before(self, bench: &Bench, arguments: &[&str]) -> Site {
        let file = |name: &str| bench.directory.path().join(name).display().to_string();
        let (devices, hosts, audit) = (file("devices.json"), file("known_hosts"), file("audit.log"));
        let mut line = vec![
            "jmcp",
            "-f",
            &devices,
            "--known-hosts-file",
            &hosts,
            "--audit-log-file",
            &audit,
        ];
        line.extend(["-t", "http", "--allow-no-auth"]);
        line.extend(arguments);
        let path = Settings::new(Cli::parse_from(line).options).unwrap().path().unwrap();
        let known = Known::of(&Catalogue::new().unwrap());
        self.start_over(path, known, tempfile::tempdir().unwrap()).await
    }

    async fn start_over(self, path: Arc<Path>, known: Known, directory: TempDir) -> Site {
        let file = directory.path().join(".tokens");
        let known = known.with_devices(path.services().junos.inventory().devices.keys());
        let tokens = (!self.tokens.is_empty()).then(|| {
            std::fs::write(&file, token_file(&self.tokens).to_string()).unwrap();
            Arc::new(Tokens::open(file, &known).unwrap())
        });
        let tls = self
            .tls
            .map(|(certificate, key)| Arc::new(Tls::open(certificate, key).unwrap()));
        let clients = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = clients.local_addr().unwrap();
        let mut metrics = Vec::new();
        if self.metrics_listener {
            metrics.push(TcpListener::bind("127.0.0.1:0").await.unwrap());
        }
        let figures = metrics.first().map(|listener| listener.local_addr().unwrap());
        let health = Health::new(path.clone());
        let options = http::Options {
            hosts: self.hosts,
            tokens: tokens.clone(),
            for_accounts: false,
            tls: tls.clone(),
            stateless: self.stateless,
            body: self.body,
            connections: self.connections,
            sessions: self.sessions,
            metrics: self.metrics,
            grace: self.grace,
        };
        let (stop, over) = (CancellationToken::new(), CancellationToken::new());
        let listeners = Listeners {
            clients: vec![clients],
            metrics,
        };
        let serving = tokio::spawn(http::serve(
            path.clone(),
            options,
            listeners,
            health.clone(),
            stop.clone(),
        ));
        let (reload, asked) = mpsc::channel(1);
        let reloader = Reloader {
            path: path.clone(),
            policy: jmcp::policy::Options::default(),
            tokens: tokens.clone(),
            tls,
            health,
        };
        Site {
            address,
            figures,
            path,
            stop,
            serving,
            directory,
            reload,
            reloader: Some((reloader, asked)),
            over: over.drop_guard(),
        }
    }
}

/// A running server.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    /// Where figures alone are.
    pub(crate) figures: Option<SocketAddr>,
    pub(crate) path: Arc<Path>,
    pub(crate) stop: CancellationToken,
    serving: JoinHandle<Result<()>>,
    pub(crate) directory: TempDir,
    /// What SIGHUP does.
    pub(crate) reload: mpsc::Sender<()>,
    reloader: Option<(Reloader, mpsc::Receiver<()>)>,
    over: tokio_util::sync::DropGuard,
}

impl Site {
    /// A server that lets everybody in.
    pub(crate) async fn open(gate: &Turnstile) -> Self {
        Plan::default().start(gate).await
    }

    pub(crate) async fn client(&self, era: Era, token: Option<&str>) -> Client {
        Client::start(self.address, era, token).await
    }

    /// Reads its files again whenever they change or `reload` says so.
    pub(crate) fn watch_files(&mut self) {
        let (reloader, asked) = self.reloader.take().expect("it watches already");
        let over = CancellationToken::new();
        let guard = std::mem::replace(&mut self.over, over.clone().drop_guard());
        drop(guard);
        tokio::spawn(reloader.run(asked, over));
    }

    /// Writes the token file.
    pub(crate) fn write_tokens(&self, tokens: &[(&str, Value)]) {
        let (file, new) = (self.directory.path().join(".tokens"), self.directory.path().join("new"));
        std::fs::write(&new, token_file(tokens).to_string()).unwrap();
        std::fs::rename(new, file).unwrap();
    }

    /// `/readyz`: status code and body.
    pub(crate) async fn ready(&self) -> (u16, Value) {
        let reply = Request::get("/readyz").send(self.address).await;
        (reply.status, reply.json())
    }

    /// One figure of `/metrics`, by the beginning of its line.
    pub(crate) fn figure(&self, line: &str) -> f64 {
        let text = self
            .path
            .figures()
            .render(&self.path.services().junos, &self.path.services().mist);
        let found = text
            .lines()
            .find_map(|found| found.strip_prefix(line)?.strip_prefix(' '));
        found.map_or(0.0, |value| value.parse().unwrap())
    }

    /// Waits until a figure has this value: what counts comes by and by.
    pub(crate) async fn until(&self, line: &str, value: f64) {
        let comes = async {
            while self.figure(line) != value {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        within(&format!("{line} {value}"), comes).await;
    }

    /// Waits until the server has ended by itself.
    pub(crate) async fn ended(self) {
        within("the end of the server", self.serving).await.unwrap().unwrap();
    }
}

/// Nothing in particular.
pub(crate) fn nothing() -> Value {
    json!({})
}
