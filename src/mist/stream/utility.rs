//! A device utility of the cloud: the request starts it, and what the device says comes over a WebSocket. The channel is asked for before
//! the request goes out, so that nothing said early is lost.

use std::time::Duration;

use reqwest::Url;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::{
    super::{Access, BODY, Done},
    Ended, Listener, Output,
    event::{Event, channel, subscribe},
    output::Lines,
    screen::{COLUMNS, LINES, Screen},
    socket::{self, Frame, Socket},
    terminal::Terminal,
};
use crate::error::{Code, Error, Result};

/// How long the cloud may take to open a channel.
const SUBSCRIBING: Duration = Duration::from_secs(10);
/// Where the channels are.
const STREAM: &str = "/api-ws/v1/stream";
/// Ctrl-C.
const STOP: &str = "\u{3}";

/// Where a utility's output comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Nowhere: the answer to the request is all.
    Plain,
    /// On the channel of the device.
    Channel,
    /// On a socket of its own.
    Socket,
}

/// A utility and what it is given.
#[derive(Debug, Clone)]
pub struct Utility<'a> {
    /// The operation that starts it.
    pub operation: &'a str,
    /// The site of the device.
    pub site: &'a str,
    /// The device's id.
    pub device: &'a str,
    /// The body of the request.
    pub body: Option<Value>,
    /// Where its output comes.
    pub way: Way,
    /// How long the device may take to say the first thing.
    pub first: Duration,
    /// After how long a silence it is done.
    pub idle: Duration,
    /// It goes on until it is stopped.
    pub endless: bool,
    /// Lines with one of these are the last.
    pub last: &'a [&'a str],
    /// The numbered line with this word is the last: the hop where a path ends.
    pub arrival: Option<&'a str>,
}

impl Utility<'_> {
    /// Whether it says nothing after this line.
    fn is_last(&self, line: &str) -> bool {
        let mut words = line.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')'));
        let is_hop = words
            .find(|word| !word.is_empty())
            .is_some_and(|word| word.parse::<u8>().is_ok());
        let arrives = self
            .arrival
            .is_some_and(|host| is_hop && words.any(|word| word == host));
        arrives || self.last.iter().any(|last| line.contains(last))
    }
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Said {
    /// The answer to the request.
    pub answer: Value,
    /// What the device said; none where it says nothing.
    pub output: Option<Output>,
}

impl Access {
    /// Runs a utility until it is done or the call's time is over; what came until then is kept.
    ///
    /// # Errors
    /// What the cloud answers; `permission_denied` where it refuses the channel; `protocol` where it leads elsewhere; `timeout`. Where the
    /// request has gone out nothing is an error any more that happens on the WebSocket.
    pub async fn utility(&self, utility: &Utility<'_>, listener: Listener<'_>) -> Result<Said> {
        let mut values = Map::from_iter([
            ("site_id".to_owned(), utility.site.into()),
            ("device_id".to_owned(), utility.device.into()),
        ]);
        values.extend(utility.body.clone().map(|body| (BODY.to_owned(), body)));
        match utility.way {
            Way::Channel => self.on_channel(utility, &values, listener).await,
            Way::Plain | Way::Socket => {
                let done = self.run(utility.operation, &values).await?;
                let output = match url_of(&done) {
                    Some(url) => Some(self.on_socket(&url, utility, listener).await?),
                    None => None,
                };
                Ok(said(&done, output))
            }
        }
    }

    async fn on_channel(
        &self,
        utility: &Utility<'_>,
        values: &Map<String, Value>,
        listener: Listener<'_>,
    ) -> Result<Said> {
        let operation = self.operation(utility.operation)?;
        let request = self.mist().request(operation, self.account(), values)?;
        // The channel is the device's, whoever runs the command: it is judged before it is heard.
        self.permit(&request).await?;
        let segments: Vec<&str> = request.segments().collect();
        let (["sites", site, ..], [_, _, "devices", device, ..]) = (segments.as_slice(), segments.as_slice()) else {
            return Err(Error::new(Code::Internal, "a utility is none of a device"));
        };
        let channel = channel(site, device);
        let url = format!("{}{STREAM}", self.account().cloud().stream_base());
        let url = Url::parse(&url).map_err(|e| Error::new(Code::Internal, "the stream has no URL").caused_by(e))?;
        let mut socket = Socket::open(self, &url, true, self.deadline()).await?;
        let outcome = async {
            subscribed(&mut socket, &channel, self.deadline()).await?;
            let done = self.run(utility.operation, values).await?;
            if let Some(url) = url_of(&done) {
                return Ok(said(&done, Some(self.on_socket(&url, utility, listener).await?)));
            }
            let Some(session) = done.body().get("session").and_then(Value::as_str) else {
                return Ok(said(&done, None));
            };
            let output = listen(&mut socket, &channel, session, utility, self.deadline(), listener).await;
            Ok(said(&done, Some(output)))
        };
        let outcome = outcome.await;
        socket.close().await;
        outcome
    }

    /// What comes on a socket of its own.
    async fn on_socket(&self, url: &str, utility: &Utility<'_>, listener: Listener<'_>) -> Result<Output> {
        let url = socket::place(self.account().cloud(), url)?;
        let mut socket = Socket::open(self, &url, false, self.deadline()).await?;
        let output = watch(&mut socket, utility, self.deadline(), listener).await;
        socket.close().await;
        Ok(output)
    }
}

fn url_of(done: &Done) -> Option<String> {
    done.body().get("url").and_then(Value::as_str).map(str::to_owned)
}

/// The answer without what was only for the way.
fn said(done: &Done, output: Option<Output>) -> Said {
    let mut answer = done.body().clone();
    if let Some(fields) = answer.as_object_mut() {
        fields.shift_remove("url");
    }
    Said { answer, output }
}

/// Asks for a channel and waits until the cloud has opened it.
///
/// # Errors
/// `permission_denied`, `timeout`, `transport`
pub(super) async fn subscribed(socket: &mut Socket, channel: &str, until: Instant) -> Result<()> {
    socket.say(subscribe(channel)).await?;
    let until = until.min(Instant::now() + SUBSCRIBING);
    loop {
        let text = match socket.next(until).await {
            Frame::Text(text) => text,
            Frame::Binary(_) => continue,
            Frame::Closed => {
                return Err(Error::new(
                    Code::Transport,
                    "the cloud closed the stream before the channel was open",
                ));
            }
            Frame::Late => {
                return Err(
                    Error::new(Code::Timeout, "the cloud did not open the device's channel in time")
                        .advise("nothing was sent to the device; try again"),
                );
            }
        };
        match Event::read(&text) {
            Event::Subscribed { channel: opened } if opened == channel => return Ok(()),
            Event::Refused { channel: of, detail } if of == channel || of.is_empty() => {
                let detail: String = detail.chars().take(200).collect();
                return Err(Error::new(
                    Code::PermissionDenied,
                    format!("the cloud refused the device's channel: {}", detail.escape_debug()),
                )
                .advise(
                    "look at the site and device ids, and at the token's privileges; nothing was sent to the device",
                ));
            }
            _ => {}
        }
    }
}

/// Takes what is said in a session on a channel.
pub(super) async fn listen(
    socket: &mut Socket,
    channel: &str,
    session: &str,
    utility: &Utility<'_>,
    until: Instant,
    listener: Listener<'_>,
) -> Output {
    let mut terminal = Terminal::default();
    let mut lines = Lines::default();
    let mut silent_until = Instant::now() + utility.first;
    let ended = loop {
        let text = match socket.next(until.min(silent_until)).await {
            Frame::Text(text) => text,
            Frame::Binary(_) => continue,
            Frame::Closed => break Ended::Closed,
            Frame::Late => break after_silence(utility, until),
        };
        match Event::read(&text) {
            Event::Said {
                channel: on,
                session: of,
                text,
            } if on == channel && of == session => {
                silent_until = Instant::now() + utility.idle;
                let mut finished = Vec::new();
                terminal.feed(text.as_bytes(), &mut |line| finished.push(line));
                // Only whole lines count: the rest of the last one is still to come.
                let is_end = finished.iter().any(|line| utility.is_last(line));
                if !lines.add(finished, listener) {
                    break Ended::Full;
                }
                if is_end {
                    break Ended::Complete;
                }
            }
            // Another command of somebody on the same device.
            _ => {}
        }
    };
    finish(&terminal, lines, ended, listener)
}

/// Takes what comes on a socket of its own: lines, or a picture where the device draws one.
pub(super) async fn watch(
    socket: &mut Socket,
    utility: &Utility<'_>,
    until: Instant,
    listener: Listener<'_>,
) -> Output {
    let (mut terminal, mut screen, mut lines) = (Terminal::default(), Screen::new(), Lines::default());
    let size = json!({ "resize": { "width": COLUMNS, "height": LINES } });
    let mut silent_until = Instant::now() + utility.first;
    // A socket that is gone says so when it is read.
    let _ = socket.say(size.to_string()).await;
    let ended = loop {
        let bytes = match socket.next(until.min(silent_until)).await {
            Frame::Text(text) => text.into_bytes(),
            Frame::Binary(bytes) => bytes,
            Frame::Closed => break Ended::Closed,
            Frame::Late => break after_silence(utility, until),
        };
        silent_until = Instant::now() + utility.idle;
        screen.feed(&bytes);
        let mut finished = Vec::new();
        terminal.feed(&bytes, &mut |line| finished.push(line));
        if !terminal.draws() && !lines.add(finished, listener) {
            break Ended::Full;
        }
    };
    // It would go on; whether it hears this shows nowhere.
    let _ = socket.keys(STOP).await;
    if terminal.draws() {
        return Output {
            text: format!("{}\n", screen.last()),
            ended,
        };
    }
    finish(&terminal, lines, ended, listener)
}

fn finish(terminal: &Terminal, mut lines: Lines, ended: Ended, listener: Listener<'_>) -> Output {
    let rest = terminal.unfinished();
    if ended != Ended::Full && !rest.is_empty() {
        lines.add(vec![rest], listener);
    }
    Output {
        text: lines.text(),
        ended,
    }
}

fn after_silence(utility: &Utility<'_>, until: Instant) -> Ended {
    match Instant::now() >= until {
        true if utility.endless => Ended::Stopped,
        true => Ended::TimedOut,
        false => Ended::Idle,
    }
}
