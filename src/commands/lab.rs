//! `jmcp lab`: simulated devices and a simulated Mist cloud on this machine, MCP for them, and what to paste into a client.

use std::{
    io::IsTerminal as _,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use serde_json::json;

use super::{say, serve, serve_http};
use crate::{
    cli::LabArgs,
    error::{Code, Error, Result},
    junos::ssh::HostKeys,
    lab::{
        Lab, LabOptions,
        mist::{MistLab, MistLabOptions},
    },
    mist::{Account, Clouds},
    settings::Settings,
};

/// The file with the variables that point at the simulated cloud.
const MIST_ENV: &str = "mist.env";

/// Running devices and the cloud, and the directory of their files where it is a temporary one.
pub(super) struct Running {
    lab: Lab,
    mist: MistLab,
    dir: PathBuf,
    _temporary: Option<tempfile::TempDir>,
}

/// Starts the devices and the cloud, and points the settings at them.
pub(super) async fn start(settings: &mut Settings) -> Result<Running> {
    start_in(settings, LabOptions::default(), None).await
}

async fn start_in(settings: &mut Settings, options: LabOptions, dir: Option<PathBuf>) -> Result<Running> {
    let io = |e: std::io::Error| Error::new(Code::Io, format!("no directory for the lab's files: {e}")).caused_by(e);
    let (dir, temporary) = match dir {
        Some(dir) => {
            std::fs::create_dir_all(&dir).map_err(io)?;
            (std::path::absolute(dir).map_err(io)?, None)
        }
        None => {
            let temporary = tempfile::Builder::new().prefix("jmcp-lab-").tempdir().map_err(io)?;
            (temporary.path().to_owned(), Some(temporary))
        }
    };
    let port = options
        .base_port
        .map(|base| base.saturating_add(u16::try_from(options.devices).unwrap_or(u16::MAX)));
    let lab = Lab::start(options).await?;
    let files = lab.write_files(&dir)?;
    let mist = MistLab::start(MistLabOptions {
        port,
        ..MistLabOptions::default()
    })
    .await?;
    let variables = format!("MIST_APITOKEN={}\nMIST_BASE_URL={}\n", mist.token(), mist.base_url());
    std::fs::write(dir.join(MIST_ENV), variables).map_err(io)?;
    let clouds = Clouds::with([mist.base_url()])?;
    let account = Account::new(clouds.cloud(&mist.base_url())?, &mist.token().into())?;
    settings.mist.clouds = clouds;
    settings.mist.own = Some(Arc::new(account));
    settings.listing.has_junos = true;
    settings.listing.has_mist = true;
    settings.inventory = files.inventory;
    settings.host_keys = HostKeys {
        files: vec![files.known_hosts],
        accept_new: false,
    };
    Ok(Running {
        lab,
        mist,
        dir,
        _temporary: temporary,
    })
}

pub(super) async fn run(mut settings: Settings, args: LabArgs) -> Result<ExitCode> {
    let options = LabOptions {
        base_port: args.base_port,
        ..LabOptions::default()
    };
    let running = start_in(&mut settings, options, args.dir).await?;
    say(&announcement(&running)?);
    if let Some(http) = settings.http.clone().filter(|_| !args.no_serve) {
        return serve_http::run(settings, http).await;
    }
    let stop = serve::stop_signal();
    let serves = !args.no_serve && !std::io::stdin().is_terminal();
    if serves && serve::on_stdio(settings.path()?, stop.clone()).await? {
        return Ok(ExitCode::SUCCESS);
    }
    stop.cancelled().await;
    Ok(ExitCode::SUCCESS)
}

/// What a newcomer needs: the devices, and entries for clients that work as they are.
fn announcement(running: &Running) -> Result<String> {
    let program = std::env::current_exe()
        .map_err(|e| Error::new(Code::Io, format!("the path of this program is not known: {e}")).caused_by(e))?;
    let program = program.display().to_string();
    let file = |name: &str| Path::new(&running.dir).join(name).display().to_string();
    let arguments = [
        "-f",
        &file("devices.json"),
        "--known-hosts-file",
        &file("known_hosts"),
        "--env-file",
        &file(MIST_ENV),
        "--allow-mist-host",
        &running.mist.base_url(),
        "-t",
        "stdio",
    ];
    let claude = json!({ "mcpServers": { "jmcp-lab": { "type": "stdio", "command": program, "args": arguments } } });
    let code = json!({ "servers": { "jmcp-lab": { "type": "stdio", "command": program, "args": arguments } } });
    let devices: Vec<String> = running
        .lab
        .devices()
        .iter()
        .map(|device| format!("  {:<12} {}:{}", device.name, device.address, device.port))
        .collect();
    let first = running
        .lab
        .devices()
        .first()
        .map_or("mx-lab-1", |device| device.name.as_str());
    let pretty = |value: &serde_json::Value| serde_json::to_string_pretty(value).unwrap_or_default();
    Ok(format!(
        "The lab is running. Its devices (user lab, password lab-password):\n{}\n\n\
         Its Mist cloud: {} (token {})\n\n\
         Claude Desktop (claude_desktop_config.json):\n{}\n\n\
         VS Code (.vscode/mcp.json):\n{}\n\n\
         Command line:\n{program} call -f {} --known-hosts-file {} gather_device_facts router_name={first}\n\n\
         Stop it with Ctrl-C.",
        devices.join("\n"),
        running.mist.base_url(),
        running.mist.token(),
        pretty(&claude),
        pretty(&code),
        file("devices.json"),
        file("known_hosts"),
    ))
}
