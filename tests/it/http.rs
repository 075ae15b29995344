//! The HTTP server from outside: bytes on connections, both protocol eras, tokens, limits, files that change, signals.

mod connections;
mod fair;
mod health;
mod limits;
mod long;
mod mist;
mod names;
mod recorded;
mod reload;
mod rpc;
mod stopping;
mod tls;
mod transport;
mod who;

use std::{
    net::SocketAddr,
    process::ExitStatus,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Child,
    sync::watch,
};

use crate::support::{program, sshd, web::within};

/// The program as a server over HTTP.
struct Running {
    child: Child,
    /// `http` or `https`.
    scheme: String,
    address: SocketAddr,
    said: Arc<Mutex<String>>,
    lines: watch::Receiver<usize>,
}

impl Running {
    /// Starts it on a port of its own; it serves when this returns.
    async fn start(home: &std::path::Path, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let arguments = [&["-p", "0"], arguments].concat();
        let mut command = program::command(home, &arguments);
        command.env("RUST_LOG", "jmcp=info").envs(environment.iter().copied());
        let mut child = command.spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        let said = Arc::new(Mutex::new(String::new()));
        let (count, lines) = watch::channel(0);
        let kept = said.clone();
        tokio::spawn(async move {
            while let Ok(Some(line)) = stderr.next_line().await {
                *kept.lock().unwrap() += &(line + "\n");
                count.send_modify(|count| *count += 1);
            }
        });
        let mut running = Self {
            child,
            scheme: String::new(),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            said,
            lines,
        };
        let line = running.says("jmcp: serving ").await;
        let url = line.split("serving ").nth(1).unwrap().split("/mcp").next().unwrap();
        let (scheme, address) = url.split_once("://").unwrap();
        (running.scheme, running.address) = (scheme.into(), address.parse().unwrap());
        running
    }

    /// Waits for a line with these words.
    async fn says(&mut self, words: &str) -> String {
        let found = async {
            loop {
                self.lines.mark_unchanged();
                let said = self.said.lock().unwrap().clone();
                if let Some(line) = said.lines().find(|line| line.contains(words)) {
                    return line.to_owned();
                }
                assert!(self.lines.changed().await.is_ok(), "no `{words}` in {said}");
            }
        };
        within(words, found).await
    }

    fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().expect("the program runs").to_string();
        sshd::run("kill", &[&format!("-{name}"), &id]);
    }

    async fn ended(mut self) -> ExitStatus {
        within("the end of the program", self.child.wait()).await.unwrap()
    }
}
