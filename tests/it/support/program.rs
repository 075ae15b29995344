//! The built program as a child process, with an inventory of its own.

use std::{
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    io::AsyncReadExt as _,
    process::{Child, Command},
    time::timeout,
};

/// More than a busy machine needs for what these tests do.
const PATIENCE: Duration = Duration::from_secs(60);

/// One device that nobody has to reach.
pub(crate) const ONE_DEVICE: &str = r#"{"edge-1": {"ip": "192.0.2.1", "username": "netops", "role": "edge",
    "auth": {"type": "ssh_agent"}}}"#;

/// How a run of the program ended.
pub(crate) struct Ended {
    /// Exit status.
    pub(crate) status: ExitStatus,
    /// All of stdout.
    pub(crate) stdout: String,
    /// All of stderr.
    pub(crate) stderr: String,
}

/// The program with these arguments, far from the settings of the user who runs the tests.
pub(crate) fn command(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jmcp"));
    command
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .env("RUST_LOG", "off")
        .current_dir(home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// A directory with this inventory as devices.json.
pub(crate) fn directory(inventory: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("devices.json"), inventory).unwrap();
    directory
}

/// Runs the program to its end, with nothing on stdin.
pub(crate) async fn run(home: &Path, arguments: &[&str]) -> Ended {
    let mut child = command(home, arguments).spawn().unwrap();
    drop(child.stdin.take());
    ended(child).await
}

/// Waits for the end of the program, which comes soon or is a failure.
pub(crate) async fn ended(child: Child) -> Ended {
    timeout(PATIENCE, collect(child))
        .await
        .expect("the program comes to its end")
}

async fn collect(mut child: Child) -> Ended {
    let (mut stdout, mut stderr) = (String::new(), String::new());
    let out = child.stdout.take();
    let err = child.stderr.take();
    let read_out = async {
        if let Some(mut out) = out {
            out.read_to_string(&mut stdout).await.unwrap();
        }
    };
    let read_err = async {
        if let Some(mut err) = err {
            err.read_to_string(&mut stderr).await.unwrap();
        }
    };
    let ((), (), status) = tokio::join!(read_out, read_err, child.wait());
    Ended {
        status: status.unwrap(),
        stdout,
        stderr,
    }
}

/// Sends SIGTERM.
pub(crate) fn terminate(child: &Child) {
    let id = child.id().expect("the program runs").to_string();
    super::sshd::run("kill", &["-TERM", &id]);
}
