//! A real OpenSSH server on loopback, with its own keys and configuration in a temporary directory.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};

use tempfile::TempDir;

const SSHD: &str = "/usr/sbin/sshd";

/// Whether tests against OpenSSH can run. Says so if not; fails where `JMCP_REQUIRE_OPENSSH=1` demands them.
pub(crate) fn available() -> bool {
    let there = Path::new(SSHD).exists() && which("ssh-keygen").is_some();
    if !there {
        let required = std::env::var("JMCP_REQUIRE_OPENSSH").is_ok_and(|value| value == "1");
        assert!(!required, "JMCP_REQUIRE_OPENSSH=1, but {SSHD} or ssh-keygen is missing");
        eprintln!("skipped: {SSHD} or ssh-keygen is missing");
    }
    there
}

/// The path of a program.
pub(crate) fn which(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|dir| dir.join(name))
        .find(|path| path.exists())
}

/// Runs a program and returns what it printed.
pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// The user that runs the tests.
pub(crate) fn user() -> String {
    run("id", &["-un"]).trim().to_owned()
}

pub(crate) fn is_root() -> bool {
    run("id", &["-u"]).trim() == "0"
}

/// Makes a key pair and returns the path of the private key.
pub(crate) fn keygen(directory: &Path, name: &str, options: &[&str], passphrase: &str) -> PathBuf {
    let path = directory.join(name);
    let mut arguments = vec!["-q", "-N", passphrase, "-C", name, "-f", path.to_str().unwrap()];
    arguments.extend(options);
    run("ssh-keygen", &arguments);
    path
}

/// The type and key of a public key file.
pub(crate) fn public(key: &Path) -> String {
    let text = fs::read_to_string(format!("{}.pub", key.display())).unwrap();
    text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

/// How a server is set up.
#[derive(Default)]
pub(crate) struct Setup<'a> {
    /// Lines before the usual configuration; the first value of a keyword wins.
    pub(crate) config: &'a str,
    /// `ssh-keygen` options per host key; default is one Ed25519 key.
    pub(crate) host_keys: &'a [&'a [&'a str]],
    /// Public key lines that may log in.
    pub(crate) authorized: &'a [String],
    /// The script of the `netconf` subsystem; default says hello and echoes. Empty: there is no subsystem.
    pub(crate) subsystem: Option<&'a str>,
}

/// A running server; ends when dropped.
pub(crate) struct Sshd {
    child: Child,
    log: Arc<Mutex<String>>,
    pub(crate) port: u16,
    pub(crate) directory: TempDir,
    pub(crate) host_keys: Vec<PathBuf>,
}

impl Sshd {
    pub(crate) fn start(setup: Setup<'_>) -> Self {
        // The port is free until sshd takes it; another test may be faster, so try again.
        (0..5).find_map(|_| Self::try_start(&setup)).expect("sshd starts")
    }

    fn try_start(setup: &Setup<'_>) -> Option<Self> {
        if is_root() {
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let directory = tempfile::tempdir().unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let (host_keys, config) = write_files(directory.path(), setup);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let text = format!("Port {port}\n{config}");
        let path = directory.path().join("sshd_config");
        fs::write(&path, text).unwrap();
        let mut child = Command::new(SSHD)
            .args(["-D", "-e", "-f", path.to_str().unwrap()])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let log = Arc::new(Mutex::new(String::new()));
        for line in lines.by_ref() {
            let line = line.unwrap();
            if line.contains("Server listening") {
                let kept = log.clone();
                std::thread::spawn(move || {
                    lines
                        .map_while(Result::ok)
                        .for_each(|line| kept.lock().unwrap().push_str(&(line + "\n")))
                });
                return Some(Self {
                    child,
                    log,
                    port,
                    directory,
                    host_keys,
                });
            }
            eprintln!("sshd: {line}");
        }
        let _ = child.wait();
        None
    }

    /// A known_hosts file with the host keys of this server.
    pub(crate) fn known_hosts(&self) -> PathBuf {
        let lines = self
            .host_keys
            .iter()
            .map(|key| format!("[127.0.0.1]:{} {}\n", self.port, public(key)));
        self.write("known_hosts", &lines.collect::<String>())
    }

    /// Writes a file into the directory of the server.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// What the server logged.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn write_files(directory: &Path, setup: &Setup<'_>) -> (Vec<PathBuf>, String) {
    let default: &[&[&str]] = &[&["-t", "ed25519"]];
    let kinds = if setup.host_keys.is_empty() {
        default
    } else {
        setup.host_keys
    };
    let host_keys: Vec<PathBuf> = kinds
        .iter()
        .enumerate()
        .map(|(index, options)| keygen(directory, &format!("host_key_{index}"), options, ""))
        .collect();
    let script = directory.join("netconf.sh");
    let hello = "#!/bin/sh\nprintf '<hello/>]]>]]>'\nexec cat\n";
    fs::write(&script, setup.subsystem.unwrap_or(hello)).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let authorized = directory.join("authorized_keys");
    fs::write(&authorized, setup.authorized.join("\n") + "\n").unwrap();
    let keys: String = host_keys
        .iter()
        .map(|key| format!("HostKey {}\n", key.display()))
        .collect();
    let subsystem = match setup.subsystem {
        Some("") => String::new(),
        _ => format!("Subsystem netconf {}\n", script.display()),
    };
    let config = format!(
        "{}\nListenAddress 127.0.0.1\n{keys}{subsystem}AuthorizedKeysFile {}\nPidFile none\nStrictModes no\n\
         UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\nLogLevel VERBOSE\n\
         MaxStartups 100\nUseDNS no\n",
        setup.config,
        authorized.display()
    );
    (host_keys, config)
}

/// An SSH agent; ends when dropped.
pub(crate) struct Agent {
    child: Child,
    pub(crate) socket: PathBuf,
}

impl Agent {
    pub(crate) fn start(directory: &Path) -> Self {
        let socket = directory.join("agent");
        let mut child = Command::new("ssh-agent")
            .args(["-D", "-a", socket.to_str().unwrap()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // It prints the socket once that is there.
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        Self { child, socket }
    }

    pub(crate) fn add(&self, key: &Path) {
        let status = Command::new("ssh-add")
            .arg("-q")
            .arg(key)
            .env("SSH_AUTH_SOCK", &self.socket)
            .status()
            .unwrap();
        assert!(status.success());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A system user with a password; removed when dropped.
pub(crate) struct Account {
    pub(crate) name: &'static str,
}

impl Account {
    pub(crate) fn create(name: &'static str, password: &str) -> Self {
        let _ = Command::new("userdel").arg(name).stderr(Stdio::null()).status();
        run("useradd", &["--no-create-home", "--shell", "/bin/sh", name]);
        let mut child = Command::new("chpasswd").stdin(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(
            &mut child.stdin.take().unwrap(),
            format!("{name}:{password}\n").as_bytes(),
        )
        .unwrap();
        assert!(child.wait().unwrap().success());
        Self { name }
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let _ = Command::new("userdel").arg(self.name).stderr(Stdio::null()).status();
    }
}

/// Passes connections on to a port, until dropped.
pub(crate) struct Relay {
    task: tokio::task::JoinHandle<()>,
    pub(crate) port: u16,
}

impl Relay {
    pub(crate) async fn to(port: u16) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                let mut far = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                connections.spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await });
            }
        });
        Self { task, port: own }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}
