//! `jmcp known-hosts scan`: collects the host keys of the devices.

use std::{
    collections::HashSet,
    fs::OpenOptions,
    io::{Read as _, Write as _},
    path::Path,
    process::ExitCode,
    sync::Arc,
};

use super::{print, say};
use crate::{
    cli::ScanArgs,
    error::{Code, Error, Result},
    junos::{
        inventory::{Device, Inventory},
        ssh::{self, SshConnector},
    },
    settings::Settings,
};

pub(super) async fn scan(settings: Settings, args: &ScanArgs) -> Result<ExitCode> {
    let inventory = Inventory::load(&settings.inventory)?;
    let devices: Vec<Arc<Device>> = if args.devices.is_empty() {
        inventory.devices.values().cloned().collect()
    } else {
        args.devices
            .iter()
            .map(|name| inventory.device(name).cloned())
            .collect::<Result<_>>()?
    };
    let mut lines = String::new();
    let mut failed = false;
    for (device, outcome) in ssh::scan(&SshConnector::new(settings.ssh()), devices).await {
        match outcome {
            Ok(keys) => {
                for key in keys {
                    say(&format!("{}: {} {}", key.server, key.key_type, key.fingerprint));
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
        let added = add(file, &lines)?;
        say(&format!("{added} keys written to {}", file.display()));
    }
    Ok(ExitCode::from(u8::from(failed)))
}

/// Appends the lines that the file does not have yet and answers how many.
fn add(file: &Path, lines: &str) -> Result<usize> {
    let io =
        |e: std::io::Error| Error::new(Code::Io, format!("`{}` cannot be written: {e}", file.display())).caused_by(e);
    if let Some(dir) = file.parent() {
        std::fs::create_dir_all(dir).map_err(io)?;
    }
    let mut open = OpenOptions::new()
        .create(true)
        .read(true)
        .append(true)
        .open(file)
        .map_err(io)?;
    let mut present = String::new();
    open.read_to_string(&mut present).map_err(io)?;
    let known: HashSet<&str> = present.lines().map(str::trim).collect();
    let mut seen = known;
    let new: Vec<&str> = lines.lines().filter(|line| seen.insert(line.trim())).collect();
    let start = if present.is_empty() || present.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    let text = new.iter().fold(start.to_owned(), |text, line| text + line + "\n");
    open.write_all(text.as_bytes()).map_err(io)?;
    Ok(new.len())
}
