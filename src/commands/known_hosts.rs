//! `jmcp known-hosts scan`: collects the host keys of the devices.

use std::{process::ExitCode, sync::Arc};

use super::{print, say};
use crate::{
    cli::ScanArgs,
    error::{Code, Error, Result},
    junos::{
        inventory::{Device, Inventory},
        ssh,
    },
    settings::Settings,
};

pub(super) async fn scan(settings: Settings, args: &ScanArgs) -> Result<ExitCode> {
    let inventory = Inventory::load(&settings.inventory)?;
    let devices: Vec<Arc<Device>> = if args.devices.is_empty() {
        inventory.devices.values().cloned().collect()
    } else {
        args.devices.iter().map(|name| inventory.device(name).cloned()).collect::<Result<_>>()?
    };
    let mut lines = String::new();
    let mut failed = false;
    for (device, outcome) in ssh::scan(&settings.ssh(), &devices).await {
        match outcome {
            Ok(keys) => {
                for key in keys {
                    say(&format!("{device}: {} {}", key.key_type, key.fingerprint));
                    lines.push_str(&key.line);
                    lines.push('\n');
                }
            }
            Err(error) => {
                failed = true;
                say(&format!("{device}: {error}"));
            }
        }
    }
    if args.print {
        print(&lines);
    } else if !lines.is_empty() {
        let file = settings
            .host_keys
            .files
            .first()
            .ok_or_else(|| Error::new(Code::InvalidInput, "no known_hosts file; give `--known-hosts-file`"))?;
        let added = ssh::add_known_hosts(file, &lines)?;
        say(&format!("{added} keys written to {}", file.display()));
    }
    Ok(ExitCode::from(u8::from(failed)))
}
