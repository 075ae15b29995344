//! A lab and the server's call path before it, in this process.

use std::{sync::Arc, time::Duration};

use clap::Parser as _;
use jmcp::{
    cli::Cli,
    error::Code,
    lab::{Fault, Gate, Lab, LabDevice, LabOptions},
    server::path::{Answered, Call, Path},
    settings::Settings,
    tools::Principal,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// Simulated devices and the call path that reaches them.
pub(crate) struct Bench {
    pub(crate) lab: Lab,
    pub(crate) path: Arc<Path>,
    pub(crate) directory: TempDir,
}

impl Bench {
    /// The three devices of the lab.
    pub(crate) async fn start() -> Self {
        Self::with(LabOptions::default(), &[]).await
    }

    /// A lab with these options, and a server with these arguments.
    pub(crate) async fn with(options: LabOptions, arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let lab = Lab::start(options).await.unwrap();
        lab.write_files(directory.path()).unwrap();
        let path = Self::serve(&directory, arguments);
        Self { lab, path, directory }
    }

    /// Another server for the same devices.
    pub(crate) fn serve(directory: &TempDir, arguments: &[&str]) -> Arc<Path> {
        let file = |name: &str| directory.path().join(name).display().to_string();
        let (devices, known_hosts, audit) = (file("devices.json"), file("known_hosts"), file("audit.log"));
        let mut line = vec![
            "jmcp",
            "-f",
            &devices,
            "--known-hosts-file",
            &known_hosts,
            "--audit-log-file",
            &audit,
        ];
        line.extend(arguments);
        Settings::new(Cli::parse_from(line).options).unwrap().path().unwrap()
    }

    pub(crate) fn device(&self, name: &str) -> &LabDevice {
        self.lab.device(name).unwrap()
    }

    /// A call that nobody takes back.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Answered {
        self.cancellable(tool, arguments, CancellationToken::new()).await
    }

    /// A call that can be taken back.
    pub(crate) async fn cancellable(&self, tool: &str, arguments: Value, cancel: CancellationToken) -> Answered {
        let call = Call::new(
            tool,
            arguments.as_object().unwrap().clone(),
            Arc::new(Principal::local("test")),
        );
        let call = Call { cancel, ..call };
        tokio::time::timeout(Duration::from_secs(1800), self.path.call(call))
            .await
            .expect("an answer")
    }

    /// The text of a call that has to succeed.
    pub(crate) async fn text(&self, tool: &str, arguments: Value) -> String {
        let answered = self.call(tool, arguments).await;
        assert!(!answered.failed, "{}", answered.text);
        answered.text
    }

    /// The structured result of a call.
    pub(crate) async fn structured(&self, tool: &str, arguments: Value) -> Value {
        let answered = self.call(tool, arguments).await;
        Value::Object(answered.structured.unwrap_or_else(|| panic!("{}", answered.text)))
    }

    /// The code of a call that has to fail.
    pub(crate) async fn code(&self, tool: &str, arguments: Value) -> Code {
        let answered = self.call(tool, arguments).await;
        answered.error.unwrap_or_else(|| panic!("{}", answered.text)).code()
    }
}

/// Waits until the device has committed and holds its reply. The check, which goes by the same name, is let through.
pub(crate) async fn committed_and_held(device: &LabDevice) -> Gate {
    let hold_reply = || {
        let gate = Gate::new();
        device.faults().once(Fault::HoldReply {
            on: "commit-configuration".into(),
            gate: gate.clone(),
        });
        gate
    };
    let check = hold_reply();
    check.reached().await;
    let commit = hold_reply();
    check.open();
    commit.reached().await;
    commit
}

/// Holds the next request of this name before the device does it.
pub(crate) fn hold(device: &LabDevice, on: &str) -> Gate {
    let gate = Gate::new();
    device.faults().once(Fault::Hold {
        on: on.into(),
        gate: gate.clone(),
    });
    gate
}
