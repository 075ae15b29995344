//! A command on a device's own command line, through the cloud.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::{
    super::{Access, BODY, effects::Deed},
    Ended, Listener, Output,
    output::Lines,
    socket::{self, Frame, Socket},
    transcript::{Doing, Transcript, without_banner},
};
use crate::error::{Code, Error, Result};

/// The operation that opens a shell.
const OPEN: &str = "createSiteDeviceShellSession";
/// How long the first output may take. Keys that are sent before it are lost.
const GREETING: Duration = Duration::from_secs(10);
/// How long nothing more may come after a prompt before it counts: a line of output may begin like one.
const SETTLED: Duration = Duration::from_millis(150);
/// The same after a question.
const ASKED: Duration = Duration::from_millis(750);
/// How long a device is silent that is done, where its prompt is not known.
const IDLE: Duration = Duration::from_secs(5);
/// How long one of the commands may take that prepare the command line.
const PREPARING: Duration = Duration::from_secs(5);
/// A wide terminal: neither echo nor output is folded.
const SIZE: (u16, u16) = (512, 100);
/// So that nothing waits for a key, and no line is folded.
const PREPARE: &[&str] = &["set cli screen-length 0", "set cli screen-width 1024"];
/// Ctrl-C.
const STOP: &str = "\u{3}";

/// A command for a device.
#[derive(Debug, Clone, Copy)]
pub struct Command<'a> {
    /// The site of the device.
    pub site: &'a str,
    /// The device's id.
    pub device: &'a str,
    /// Of a cluster, the node: `node0`, `node1`.
    pub node: Option<&'a str>,
    /// One line.
    pub line: &'a str,
    /// Whether the command is known to change nothing.
    pub reads: bool,
}

impl Access {
    /// Runs a command on a device's command line until the prompt is back or the call's time is over; what came until then is kept.
    ///
    /// # Errors
    /// `invalid_input` for what is no single line, before anything is sent; what the cloud answers; `protocol` where it leads elsewhere;
    /// `timeout` and `transport` where the command did not get to the device.
    pub async fn shell(&self, command: &Command<'_>, listener: Listener<'_>) -> Result<Output> {
        check(command.line)?;
        let body = command.node.map_or_else(|| json!({}), |node| json!({ "node": node }));
        let values = Map::from_iter([
            ("site_id".to_owned(), command.site.into()),
            ("device_id".to_owned(), command.device.into()),
            (BODY.to_owned(), body),
        ]);
        let mut request = self.mist().request(self.operation(OPEN)?, self.account(), &values)?;
        if command.reads {
            // The shell itself changes nothing; its command has been judged.
            request.deed = Deed::Reads;
        }
        let opened = self.send(request).await.map_err(no_shell)?;
        let url = opened.body().get("url").and_then(Value::as_str).unwrap_or_default();
        let url = socket::place(self.account().cloud(), url)?;
        // What the URL holds is the credential; the account's token is not needed there.
        let mut socket = Socket::open(self, &url, false, self.deadline()).await?;
        let outcome = converse(&mut socket, command, self.deadline(), listener).await;
        socket.close().await;
        outcome
    }
}

fn no_shell(error: Error) -> Error {
    match error.code() {
        Code::PermissionDenied => error.advise(
            "the token's role needs shell access: an administrator of the organisation allows it in its settings (`junos_shell_access`)",
        ),
        _ => error,
    }
}

/// # Errors
/// `invalid_input` for what is not one line of text. A `?` and a tab make the command line help and complete, not run.
fn check(line: &str) -> Result<()> {
    let wrong = |why: &str| {
        Err(Error::new(Code::InvalidInput, format!("`command` {why}")).advise("give one command, on one line"))
    };
    if line.trim().is_empty() {
        return wrong("is empty");
    }
    if line.chars().any(char::is_control) {
        return wrong("has line ends or other control characters");
    }
    if line.chars().count() > 400 {
        return wrong("is longer than 400 characters");
    }
    let outside = line.split('"').step_by(2);
    if outside.into_iter().any(|part| part.contains('?')) {
        return wrong("has a `?` outside of quotes, which asks for help instead of running");
    }
    Ok(())
}

/// Waits for the prompt, prepares the command line, runs the command.
pub(super) async fn converse(
    socket: &mut Socket,
    command: &Command<'_>,
    until: Instant,
    listener: Listener<'_>,
) -> Result<Output> {
    let (width, height) = SIZE;
    socket
        .say(json!({ "resize": { "width": width, "height": height } }).to_string())
        .await?;
    let mut session = Session {
        socket,
        transcript: Transcript::new(),
    };
    session.greet(until).await?;
    let is_junos = session.transcript.prompt().is_some_and(|prompt| prompt.ends_with('>'));
    if is_junos {
        for prepare in PREPARE {
            let done = session
                .run(prepare, until.min(Instant::now() + PREPARING), &|_| ())
                .await?;
            if done.ended == Ended::Closed {
                return Err(gone());
            }
        }
    }
    if !is_junos && command.reads && !is_plain(command.line) {
        return Err(elsewhere());
    }
    if Instant::now() >= until {
        return Err(not_sent());
    }
    let output = session.run(command.line, until, listener).await?;
    if matches!(
        output.ended,
        Ended::TimedOut | Ended::Full | Ended::Idle | Ended::Question(_)
    ) {
        // What goes on there must not go on for ever; whether it hears this shows nowhere.
        let _ = session.socket.keys(STOP).await;
    }
    Ok(output)
}

/// Words only: what a Unix shell makes of these is what Junos makes of them, or nothing.
fn is_plain(line: &str) -> bool {
    line.chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | ':' | '/' | '-' | '_' | ',' | '@'))
}

fn elsewhere() -> Error {
    Error::new(
        Code::Unsupported,
        "the device has another command line than that of Junos, where what the command does is not known; it was not sent",
    )
    .advise("give a command without pipes and quotes")
}

fn not_sent() -> Error {
    Error::new(
        Code::Timeout,
        "the device's command line was not ready in time; the command was not sent",
    )
    .advise("try again with a longer `timeout`, and look whether the device is connected")
}

fn gone() -> Error {
    Error::new(
        Code::Transport,
        "the device's command line was closed before the command was sent",
    )
    .advise("try again; where it happens again, look whether the device is connected")
}

struct Session<'a> {
    socket: &'a mut Socket,
    transcript: Transcript,
}

impl Session<'_> {
    /// Waits for the first output and learns the prompt from it. A device that shows none is asked all the same.
    async fn greet(&mut self, until: Instant) -> Result<()> {
        let mut latest = until.min(Instant::now() + GREETING);
        loop {
            let is_known = self.transcript.learn();
            let wait = if is_known {
                latest.min(Instant::now() + SETTLED)
            } else {
                latest
            };
            match self.socket.next(wait).await {
                Frame::Text(text) => self.hear(text.as_bytes(), &mut latest, until),
                Frame::Binary(bytes) => self.hear(&bytes, &mut latest, until),
                Frame::Closed => return Err(gone()),
                Frame::Late if Instant::now() >= until => return Err(not_sent()),
                Frame::Late => return Ok(()),
            }
        }
    }

    fn hear(&mut self, bytes: &[u8], latest: &mut Instant, until: Instant) {
        if self.transcript.is_silent() {
            *latest = until.min(Instant::now() + GREETING);
        }
        self.transcript.feed(bytes);
    }

    /// Types a command and takes its output.
    async fn run(&mut self, command: &str, until: Instant, listener: Listener<'_>) -> Result<Output> {
        self.transcript.typed(command);
        self.socket.keys(&format!("{command}\n")).await?;
        let mut lines = Lines::default();
        let ended = self.listen(&mut lines, until, listener).await;
        if ended != Ended::Complete && ended != Ended::Full {
            let rest = self.transcript.rest();
            lines.add(rest.into_iter().collect(), listener);
        }
        without_banner(&mut lines.lines);
        Ok(Output {
            text: lines.text(),
            ended,
        })
    }

    async fn listen(&mut self, lines: &mut Lines, until: Instant, listener: Listener<'_>) -> Ended {
        let mut has_turned = false;
        loop {
            let doing = self.transcript.doing();
            has_turned &= doing == Doing::Pager;
            if doing == Doing::Pager && !has_turned {
                has_turned = true;
                if self.socket.keys(" ").await.is_err() {
                    return Ended::Closed;
                }
            }
            let bytes = match self.socket.next(until.min(self.patience(&doing, until))).await {
                Frame::Binary(bytes) => bytes,
                Frame::Text(text) => text.into_bytes(),
                Frame::Closed => return Ended::Closed,
                Frame::Late => return after_silence(doing, until),
            };
            // The next page has its own pager.
            has_turned &= !bytes.contains(&b'\n');
            if !lines.add(self.transcript.feed(&bytes), listener) {
                return Ended::Full;
            }
        }
    }

    /// Until when nothing more has to come for the present state to count.
    fn patience(&self, doing: &Doing, until: Instant) -> Instant {
        let now = Instant::now();
        match doing {
            Doing::Prompt => now + SETTLED,
            Doing::Question(_) => now + ASKED,
            Doing::Working if self.transcript.prompt().is_none() => now + IDLE,
            Doing::Working | Doing::Pager => until,
        }
    }
}

fn after_silence(doing: Doing, until: Instant) -> Ended {
    match doing {
        Doing::Prompt => Ended::Complete,
        Doing::Question(question) => Ended::Question(question),
        _ if Instant::now() >= until => Ended::TimedOut,
        _ => Ended::Idle,
    }
}
