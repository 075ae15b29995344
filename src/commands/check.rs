//! `jmcp check`: reads every file and key and says all that is wrong at once; with `--connect` also logs in to each device
//! and tries the Mist token.

use std::{process::ExitCode, sync::Arc, time::Duration};

use futures::{StreamExt as _, stream};
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::print;
use crate::{
    cli::CheckArgs,
    error::{Code, Error, Result},
    junos::inventory::Inventory,
    mist::{Brought, Mist},
    policy::Policy,
    server::{Seals, http::Tls, path::ConfirmRules},
    settings::{HttpSettings, Settings},
    tokens::{Known, TokenSet},
    tools::{Catalogue, Principal},
};

/// Devices at a time.
const AT_ONCE: usize = 16;
/// How long the cloud may take to say whose the token is.
const LONGEST_ANSWER: Duration = Duration::from_secs(10);

pub(super) async fn run(settings: Settings, args: &CheckArgs) -> Result<ExitCode> {
    let mut report = Report::default();
    let inventory = settings.inventory();
    let devices = inventory.as_ref().map(|inventory| match inventory.path() {
        Some(_) => format!("{} devices", inventory.devices.len()),
        None => "not there, and not needed for the Mist cloud".to_owned(),
    });
    report.line(&format!("inventory {}", settings.inventory.display()), devices);
    for file in &settings.host_keys.files {
        let found = if file.exists() { "found" } else { "not there" };
        report.fine(&format!("host keys {}", file.display()), found);
    }
    report.confirmations(&settings)?;
    for (what, usable) in settings.audit.check() {
        report.line(&what, usable.map(str::to_owned));
    }
    report.cloud(&settings, args.connect).await;
    if let Some(http) = &settings.http {
        report.http(http, inventory.as_ref().ok())?;
    }
    let offered = settings
        .rules
        .permits
        .offer
        .check(&Catalogue::with(settings.mist.specification)?);
    if let Err(error) = offered {
        report.line("tools", Err(error));
    }
    if let Ok(inventory) = inventory {
        report.devices(&inventory, &settings);
        if args.connect {
            report.logins(&settings, &inventory).await?;
        }
    }
    Ok(ExitCode::from(u8::from(report.bad > 0)))
}

/// `--validate-config`: tries the server's own account of the Mist cloud.
pub(super) async fn account(settings: &Settings) -> ExitCode {
    match asked(settings).await {
        Ok(who) => {
            print(&format!("PASSED: {who}"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            print(&format!("FAILED: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Who the cloud says that the server's own account is.
async fn asked(settings: &Settings) -> Result<String> {
    let caller = Arc::new(Principal::local("check"));
    let deadline = Instant::now() + LONGEST_ANSWER;
    let mist = Mist::new(settings.mist.clone())?;
    let access = mist.access(&Brought::Nothing, caller.id.clone(), caller, deadline)?;
    let asked = tokio::time::timeout_at(deadline, access.run("getSelf", &Map::new())).await;
    let slow = |_| {
        Error::new(
            Code::Timeout,
            format!("the cloud gave no answer within {} s", LONGEST_ANSWER.as_secs()),
        )
    };
    let done = asked.map_err(slow)??;
    let of = |name: &str| {
        done.body()
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let privileges = done
        .body()
        .get("privileges")
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    Ok(format!(
        "{} at {}, {privileges} privileges",
        of("email")
            .or(of("name"))
            .unwrap_or("a token without name")
            .escape_debug(),
        access.account().cloud().host()
    ))
}

/// Says what is well and what is wrong, and counts the latter.
#[derive(Default)]
struct Report {
    bad: usize,
}

impl Report {
    fn fine(&mut self, what: &str, text: &str) {
        print(&format!("ok    {what}: {text}"));
    }

    fn line<E: ToString>(&mut self, what: &str, outcome: Result<String, E>) {
        match outcome {
            Ok(text) => self.fine(what, &text),
            Err(error) => {
                self.bad += 1;
                print(&format!("wrong {what}: {}", error.to_string()));
            }
        }
    }

    async fn cloud(&mut self, settings: &Settings, connect: bool) {
        let Some(account) = &settings.mist.own else {
            if settings.http.as_ref().is_some_and(|http| http.for_accounts) {
                self.fine(
                    "Mist cloud",
                    "callers bring their accounts, and need no token of this server",
                );
            }
            return;
        };
        let cloud = account.cloud();
        let what = format!("Mist cloud {}", cloud.base());
        self.fine(&what, cloud.region().unwrap_or("allowed by --allow-mist-host"));
        if connect {
            self.line("Mist token", asked(settings).await);
        }
    }

    /// The rules and the key for a person's word.
    fn confirmations(&mut self, settings: &Settings) -> Result<()> {
        if let Some(file) = &settings.approval.rules {
            let rules = ConfirmRules::read(file);
            if let Ok(rules) = &rules {
                let catalogue = Catalogue::with(settings.mist.specification)?;
                let names = catalogue.iter().map(|tool| tool.name).chain(catalogue.index().names());
                let idle = rules.without_tool(&names.collect::<Vec<_>>());
                Self::notes(
                    &idle
                        .iter()
                        .map(|n| format!("confirmation rule {n} names no tool"))
                        .collect::<Vec<_>>(),
                );
            }
            let words = rules.map(|rules| format!("{} rules", rules.len()));
            self.line(&format!("confirmation rules {}", file.display()), words);
        }
        if let Some(file) = &settings.approval.key {
            let words = Seals::of_file(file).map(|_| "usable".to_owned());
            self.line(&format!("key for confirmations {}", file.display()), words);
        }
        Ok(())
    }

    fn notes(warnings: &[String]) {
        warnings.iter().for_each(|warning| print(&format!("note  {warning}")));
    }

    fn http(&mut self, http: &HttpSettings, inventory: Option<&Inventory>) -> Result<()> {
        if let Some(file) = &http.tokens {
            let mut known = Known::of(&Catalogue::new()?);
            if let Some(inventory) = inventory {
                known = known.with_devices(inventory.devices.keys());
            }
            let read = TokenSet::read(file, &known);
            if let Ok(set) = &read {
                Self::notes(set.warnings());
            }
            let words = read.map(|set| format!("{} tokens", set.entries().len()));
            self.line(&format!("tokens {}", file.display()), words);
        }
        if let Some((certificate, key)) = http.tls.clone() {
            let name = format!("certificate {}", certificate.display());
            self.line(&name, Tls::open(certificate, key).map(|_| "usable".to_owned()));
        }
        Ok(())
    }

    fn devices(&mut self, inventory: &Inventory, settings: &Settings) {
        Self::notes(&inventory.warnings);
        let policy = Policy::load(inventory, settings.policy);
        self.line("guardrails", policy.map(|policy| policy.summary()));
        for device in inventory.devices.values() {
            let words = if device.read_only {
                "usable, read-only"
            } else {
                "usable"
            };
            let outcome = device.problem.as_ref().map_or_else(|| Ok(words.to_owned()), Err);
            self.line(&format!("device {}", device.name), outcome);
        }
    }

    async fn logins(&mut self, settings: &Settings, inventory: &Inventory) -> Result<()> {
        let path = settings.path()?;
        let junos = &path.services().junos;
        let timeout = settings.rules.timeout;
        let names: Vec<String> = inventory.devices.keys().cloned().collect();
        let outcomes = stream::iter(&names)
            .map(|name| async move { (name, junos.facts(name, timeout).await) })
            .buffered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        for (name, outcome) in outcomes {
            let outcome = outcome.map(|facts| {
                let fact = |key: &str| facts.get(key).and_then(|v| v.as_str()).unwrap_or("unknown").to_owned();
                format!("{}, Junos {}", fact("model"), fact("version"))
            });
            self.line(&format!("login to {name}"), outcome);
        }
        junos.close().await;
        Ok(())
    }
}
