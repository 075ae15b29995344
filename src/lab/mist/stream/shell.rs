//! A session's own socket: a command line that behaves as one (echo, escape sequences, a pager, questions), and programs that draw.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures::StreamExt as _;
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

use super::{super::State, Session, Socket, StreamFault, console, send};

/// Bytes of one frame: odd, so that frames end anywhere.
const FRAME: usize = 61;
/// Lines of a page where nobody set them.
const PAGE: usize = 24;
/// How often what goes on for ever says something.
const TICK: Duration = Duration::from_millis(500);
const PAGER: &str = "---(more)---";
const STOP: char = '\u{3}';

/// Serves a session's socket.
pub(super) async fn serve(state: &Arc<State>, socket: Socket, session: Session) {
    let (banner, prompt) = console::prompt(&state.world, &session);
    let mut shell = Shell {
        socket,
        page: PAGE,
        keys: String::new(),
        is_gone: false,
        left: state.sessions.fault(|fault| match fault {
            StreamFault::SilentAfter(lines) => Some((*lines, false)),
            StreamFault::CloseAfter(lines) => Some((*lines, true)),
            _ => None,
        }),
        always_pages: state
            .sessions
            .fault(|fault| matches!(fault, StreamFault::AlwaysPages).then_some(()))
            .is_some(),
    };
    // Keys that come before the greeting go nowhere.
    if !shell.is_sized().await {
        return;
    }
    if session.action != "shell" {
        shell.draw(state, &session).await;
        return;
    }
    let gate = state.sessions.fault(|fault| match fault {
        StreamFault::Hold(gate) => Some(gate.clone()),
        _ => None,
    });
    if let Some(gate) = gate {
        gate.pass().await;
        shell.forget_keys().await;
    }
    shell
        .put(&format!(
            "\x1b[?2004h--- JUNOS 23.4R2 Kernel 64-bit\r\n\0{banner}{prompt}"
        ))
        .await;
    while let Some(line) = shell.line().await {
        shell.run(state, &session, line.trim()).await;
        shell.put(&format!("\r\n{banner}\x1b[1m{prompt}\x1b[0m\x1b[K")).await;
    }
}

struct Shell {
    socket: Socket,
    /// Lines of a page; 0 is no pager.
    page: usize,
    /// What was typed and not taken yet.
    keys: String,
    is_gone: bool,
    /// Lines of output that are still printed, and whether the connection ends then.
    left: Option<(usize, bool)>,
    always_pages: bool,
}

impl Shell {
    /// Waits for the size of the terminal.
    async fn is_sized(&mut self) -> bool {
        while let Some(Ok(message)) = self.socket.next().await {
            if let Message::Text(text) = &message {
                let size: Value = serde_json::from_str(text).unwrap_or_default();
                if size.pointer("/resize/height").is_some() {
                    return true;
                }
            }
        }
        false
    }

    /// Drops what was typed until now.
    async fn forget_keys(&mut self) {
        while let Ok(true) = tokio::time::timeout(Duration::ZERO, self.read()).await {}
        self.keys.clear();
    }

    /// Reads what is typed next; false when the client is gone.
    async fn read(&mut self) -> bool {
        match self.socket.next().await {
            Some(Ok(Message::Binary(bytes))) => {
                if let Some(keys) = bytes.strip_prefix(&[0]) {
                    self.keys.push_str(&String::from_utf8_lossy(keys));
                }
                true
            }
            Some(Ok(Message::Close(_)) | Err(_)) | None => {
                self.is_gone = true;
                false
            }
            Some(Ok(_)) => true,
        }
    }

    /// The next key.
    async fn key(&mut self) -> Option<char> {
        while self.keys.is_empty() {
            if !self.read().await {
                return None;
            }
        }
        Some(self.keys.remove(0))
    }

    /// The next line, with its echo.
    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        loop {
            match self.key().await? {
                '\n' | '\r' => {
                    self.put("\x1b[K\r\n").await;
                    return Some(line);
                }
                STOP => line.clear(),
                key => {
                    line.push(key);
                    self.put(&key.to_string()).await;
                }
            }
        }
    }

    async fn run(&mut self, state: &State, session: &Session, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [] => {}
            ["set", "cli", "screen-length", lines] => {
                self.page = lines.parse().unwrap_or(PAGE);
                self.put(&format!("Screen length set to {lines}\r\n")).await;
            }
            ["set", "cli", "screen-width", columns] => {
                self.put(&format!("Screen width set to {columns}\r\n")).await;
            }
            ["ping", host, ..] => self.ping(host, &words).await,
            ["request", "system", "reboot"] => {
                self.put("Reboot the system ? [yes,no] (no) ").await;
                if self.line().await.is_some_and(|answer| answer.trim() == "yes") {
                    self.put("Shutdown NOW!\r\n").await;
                }
            }
            _ => match console::command(&state.world, session, line) {
                Some(text) => self.print(&text).await,
                None => self.put("                ^\r\nunknown command.\r\n").await,
            },
        }
    }

    /// Prints lines, a page at a time.
    async fn print(&mut self, text: &str) {
        for (number, line) in text.lines().enumerate() {
            let page = if self.always_pages { PAGE } else { self.page };
            if page > 0 && number > 0 && number % (page - 1).max(1) == 0 {
                self.put(PAGER).await;
                let key = self.key().await;
                self.put(&format!("\r{}\r", " ".repeat(PAGER.len()))).await;
                if key != Some(' ') {
                    return;
                }
            }
            if !self.says(line).await {
                return;
            }
        }
    }

    /// One line of output; false when no more follows.
    async fn says(&mut self, line: &str) -> bool {
        match &mut self.left {
            Some((0, true)) => {
                // Ends with whatever was sent.
                let _ = self.socket.close(None).await;
                self.is_gone = true;
                return false;
            }
            Some((0, false)) => {
                // Until the client has enough of it.
                while self.key().await.is_some_and(|key| key != STOP) {}
                return false;
            }
            Some((left, _)) => *left -= 1,
            None => {}
        }
        self.put(&format!("{line}\r\n")).await;
        !self.is_gone
    }

    async fn ping(&mut self, host: &str, words: &[&str]) {
        let count = words.iter().skip_while(|word| **word != "count").nth(1);
        let count: Option<usize> = count.and_then(|count| count.parse().ok());
        self.put(&format!("PING {host} ({host}): 56 data bytes\r\n")).await;
        for n in 0..count.unwrap_or(usize::MAX) {
            let line = format!("64 bytes from {host}: icmp_seq={n} ttl=58 time=11.870 ms");
            if !self.says(&line).await {
                return;
            }
            if count.is_none() {
                tokio::select! {
                    () = tokio::time::sleep(TICK) => {}
                    is_there = self.read() => {
                        if !is_there || self.keys.contains(STOP) {
                            self.keys.clear();
                            return;
                        }
                    }
                }
            }
        }
        self.put(&format!("\r\n--- {host} ping statistics ---\r\n0% packet loss\r\n"))
            .await;
    }

    /// What goes on until somebody stops it: pictures, or lines.
    async fn draw(&mut self, state: &State, session: &Session) {
        let mut n = 0;
        while !self.is_gone && !self.keys.contains(STOP) {
            match console::screen(&state.world, session, n % 10) {
                Some(picture) => {
                    self.put("\x1b[H\x1b[2J").await;
                    for (row, line) in picture.lines().enumerate() {
                        self.put(&format!("\x1b[{};1H{line}\x1b[K", row + 1)).await;
                    }
                }
                None if session.action == "monitor_traffic" => {
                    let line = format!(
                        "10:15:0{}.000000  In IP 192.0.2.57.52114 > 203.0.113.10.443: tcp",
                        n % 10
                    );
                    if !self.says(&line).await {
                        return;
                    }
                }
                None => {
                    self.put(&console::utility(&state.world, session).replace('\n', "\r\n"))
                        .await;
                    return;
                }
            }
            n += 1;
            tokio::select! {
                () = tokio::time::sleep(TICK) => {}
                _ = self.read() => {}
            }
        }
    }

    /// Sends text in frames that end anywhere.
    async fn put(&mut self, text: &str) {
        for piece in text.as_bytes().chunks(FRAME) {
            if !send(&mut self.socket, Message::Binary(Bytes::copy_from_slice(piece))).await {
                self.is_gone = true;
                return;
            }
        }
    }
}
