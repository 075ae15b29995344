//! `jmcp check`: reads every file and key and says all that is wrong at once; with `--connect` also logs in to each device.

use std::process::ExitCode;

use futures::{StreamExt as _, stream};

use super::print;
use crate::{cli::CheckArgs, error::Result, junos::inventory::Inventory, policy::Policy, settings::Settings};

/// Devices at a time.
const AT_ONCE: usize = 16;

pub(super) async fn run(settings: Settings, args: &CheckArgs) -> Result<ExitCode> {
    let mut bad = 0_usize;
    let mut report = |what: &str, outcome: Result<String, String>| match outcome {
        Ok(text) => print(&format!("ok    {what}: {text}")),
        Err(text) => {
            bad += 1;
            print(&format!("wrong {what}: {text}"));
        }
    };
    let inventory = Inventory::load(&settings.inventory);
    let name = format!("inventory {}", settings.inventory.display());
    report(
        &name,
        inventory
            .as_ref()
            .map(|i| format!("{} devices", i.devices.len()))
            .map_err(ToString::to_string),
    );
    for file in &settings.host_keys.files {
        let found = if file.exists() { "found" } else { "not there" };
        report(&format!("host keys {}", file.display()), Ok(found.into()));
    }
    if let Ok(inventory) = inventory {
        inventory
            .warnings
            .iter()
            .for_each(|warning| print(&format!("note  {warning}")));
        let policy = Policy::load(&inventory, settings.default_rules);
        report("guardrails", policy.map(|p| p.summary()).map_err(|e| e.to_string()));
        for device in inventory.devices.values() {
            let outcome = device
                .problem
                .as_ref()
                .map_or_else(|| Ok("usable".into()), |problem| Err(problem.to_string()));
            report(&format!("device {}", device.name), outcome);
        }
        if args.connect {
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
                report(&format!("login to {name}"), outcome.map_err(|e| e.to_string()));
            }
            junos.close().await;
        }
    }
    Ok(ExitCode::from(u8::from(bad > 0)))
}
