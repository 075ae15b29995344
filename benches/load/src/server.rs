//! The server under load: the built program with an inventory of the lab, in a directory of its own.

use std::{
    fs::{self, File},
    io::{Error, Result},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

/// The token of every client.
pub const TOKEN: &str = "jmcp_loadloadloadloadloadloadloadloadloadloadloa";

/// Nothing is refused for being too much.
const NO_LIMITS: [&str; 12] = [
    "--max-inflight-requests",
    "0",
    "--max-inflight-requests-per-token",
    "0",
    "--max-inflight-requests-per-router",
    "0",
    "--max-sessions",
    "0",
    "--max-sessions-per-token",
    "0",
    "--max-connections",
    "0",
];

/// A running server; it ends when this is dropped.
pub struct Server {
    child: Child,
    directory: TempDir,
    pub address: SocketAddr,
}

impl Server {
    /// Starts it, and waits until it listens.
    pub async fn start(binary: &Path, idle_seconds: u32) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let here = directory.path();
        write_lab(binary, here).await?;
        let tokens = here.join("tokens");
        let token =
            format!(r#"{{"load": {{"token": "{TOKEN}", "description": "", "created": "2026-01-01T00:00:00Z"}}}}"#);
        fs::write(&tokens, token)?;
        let log = here.join("log");
        let mut command = Command::new(binary);
        command.arg("-f").arg(here.join("devices.json"));
        command.arg("--known-hosts-file").arg(here.join("known_hosts"));
        command.arg("--tokens-file").arg(tokens);
        command.args([
            "-t",
            "http",
            "-p",
            "0",
            "--session-idle-timeout-secs",
            &idle_seconds.to_string(),
        ]);
        command.args(NO_LIMITS);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log)?);
        let child = command.spawn()?;
        let address = listening(&log).await?;
        Ok(Self {
            child,
            directory,
            address,
        })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Memory that it holds, in KiB.
    pub fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok())
            .unwrap_or_default()
    }

    /// Processor time that it has used so far, in seconds.
    pub fn processor(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let after = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks: f64 = after
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|t| t.parse::<f64>().ok())
            .sum();
        ticks / 100.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = self.directory.path();
    }
}

/// The lab's files; its devices are not needed for what is measured.
async fn write_lab(binary: &Path, here: &Path) -> Result<()> {
    let mut lab = Command::new(binary)
        .args(["lab", "--no-serve", "--dir"])
        .arg(here)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(here.join("lab.log"))?)
        .spawn()?;
    let said = said(&here.join("lab.log"), "The lab is running").await;
    let _ = lab.kill();
    let _ = lab.wait();
    said.map(|_| ())
}

async fn listening(log: &Path) -> Result<SocketAddr> {
    let text = said(log, "/mcp ").await?;
    let address = text
        .split("serving http://")
        .nth(1)
        .and_then(|rest| rest.split('/').next());
    address
        .and_then(|a| a.parse().ok())
        .ok_or_else(|| Error::other("the server did not say where it listens"))
}

async fn said(log: &Path, what: &str) -> Result<String> {
    for _ in 0..200 {
        let text = fs::read_to_string(log)?;
        if text.contains(what) {
            return Ok(text);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(Error::other(format!("no `{what}` in {}", fs::read_to_string(log)?)))
}
