//! The task behind a session: it alone reads and writes the stream.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::{Buf, Bytes, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf},
    sync::{mpsc, oneshot, watch},
    time::Instant,
};

use super::{BASE_NAMESPACE, Command, Error, Framing, Hello, Options, Phase, Rope, Shared, pending::Pending};
use crate::junos::netconf::{
    framing::{self, Decoder},
    hello,
    reader::{self, Kind},
};

/// Room for one read: a little more than an SSH packet.
const READ: usize = 64 * 1024;

/// How long a session may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

/// Message-id of the goodbye, which no request has.
const CLOSE_ID: &str = "close";

/// Something happened.
enum Wake {
    Read(io::Result<usize>),
    Wrote(io::Result<usize>),
    Flushed(io::Result<()>),
    Command(Option<Command>),
    TakenBack,
    Deadline,
}

/// Why the session ends.
enum End {
    /// It was asked to.
    Asked,
    /// A cancelled request did not end.
    Cancelled,
    /// The device closed it.
    Eof,
    /// Anything else.
    Failed(Error),
    /// The stream failed.
    Io(io::Error),
}

/// Where requests can go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sending {
    /// Nowhere yet: the framing is not known.
    Held,
    /// Out, in this framing.
    Open(Framing),
    /// Nowhere any more.
    Over,
}

/// State of the task.
pub(super) struct Actor<S> {
    reader: ReadHalf<S>,
    writer: WriteHalf<S>,
    commands: mpsc::UnboundedReceiver<Command>,
    phase: watch::Sender<Phase>,
    shared: Arc<Shared>,
    options: Options,
    decoder: Decoder,
    buffer: BytesMut,
    out: VecDeque<(Option<u64>, Bytes)>,
    unflushed: bool,
    sending: Sending,
    /// Whether base:1.1 was offered.
    offered: bool,
    greeted: bool,
    pending: Pending,
    hello_deadline: Option<Instant>,
    cancel_deadline: Option<Instant>,
    /// When it ends at the latest, and why.
    closing: Option<(Instant, End)>,
    goodbyes: Vec<oneshot::Sender<()>>,
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Actor<S> {
    pub(super) fn new(
        stream: S,
        options: Options,
        commands: mpsc::UnboundedReceiver<Command>,
        phase: watch::Sender<Phase>,
        shared: Arc<Shared>,
    ) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        Self {
            reader,
            writer,
            commands,
            phase,
            decoder: Decoder::new().with_limit(options.max_message),
            buffer: BytesMut::new(),
            out: VecDeque::new(),
            unflushed: false,
            sending: options.known.map_or(Sending::Held, Sending::Open),
            // Without the offer the device cannot contradict what is known, whatever it advertises today.
            offered: options.chunked && options.known != Some(Framing::EndOfMessage),
            greeted: false,
            pending: Pending::new(Arc::clone(&shared), Arc::clone(&options.round_trips)),
            hello_deadline: Some(Instant::now() + options.hello_timeout),
            cancel_deadline: None,
            closing: None,
            goodbyes: Vec::new(),
            shared,
            options,
        }
    }

    /// Runs until the session has ended.
    pub(super) async fn run(mut self) {
        self.send(
            None,
            Framing::EndOfMessage,
            hello::client_hello(self.offered).as_bytes(),
        );
        let end = loop {
            let wake = self.wake().await;
            if let Err(end) = self.handle(wake) {
                break end;
            }
        };
        self.finish(end);
        // The stream is closed in any case; a peer that does not listen must not keep the task.
        let _ = tokio::time::timeout(GOODBYE, self.writer.shutdown()).await;
    }

    async fn wake(&mut self) -> Wake {
        if self.buffer.capacity() < READ / 16 {
            self.buffer.reserve(READ);
        }
        let deadlines = [
            self.hello_deadline,
            self.cancel_deadline,
            self.closing.as_ref().map(|(at, _)| *at),
        ];
        let deadline = deadlines.into_iter().flatten().min();
        let listening = self.closing.is_none();
        let watching = self.cancel_deadline.is_none() && !self.pending.is_empty();
        let Self {
            reader,
            writer,
            commands,
            buffer,
            out,
            pending,
            unflushed,
            ..
        } = self;
        let next = out.front().map(|(_, bytes)| bytes.clone()).unwrap_or_default();
        tokio::select! {
            read = reader.read_buf(buffer) => Wake::Read(read),
            wake = write(writer, &next), if !next.is_empty() || *unflushed => wake,
            command = commands.recv(), if listening => Wake::Command(command),
            () = pending.first_taken_back(), if watching => Wake::TakenBack,
            () = sleep_until(deadline), if deadline.is_some() => Wake::Deadline,
        }
    }

    fn handle(&mut self, wake: Wake) -> Result<(), End> {
        match wake {
            Wake::Read(Ok(0)) => Err(End::Eof),
            Wake::Read(Ok(count)) => {
                self.shared.bytes_in.fetch_add(count as u64, Ordering::Relaxed);
                self.decoder.push(self.buffer.split().freeze());
                self.read_messages()
            }
            Wake::Read(Err(error)) => Err(End::Io(error)),
            Wake::Wrote(Ok(count)) if count > 0 => {
                self.wrote(count);
                Ok(())
            }
            Wake::Wrote(Ok(_)) => self.stop_writing(io::ErrorKind::WriteZero.into()),
            Wake::Wrote(Err(error)) | Wake::Flushed(Err(error)) => self.stop_writing(error),
            Wake::Flushed(Ok(())) => {
                self.unflushed = false;
                Ok(())
            }
            Wake::Command(command) => self.command(command),
            Wake::TakenBack => {
                self.taken_back();
                Ok(())
            }
            Wake::Deadline => self.deadline(),
        }
    }

    fn command(&mut self, command: Option<Command>) -> Result<(), End> {
        match command {
            Some(Command::Request { id, message, answer }) => {
                self.pending.add(id, message, answer);
                self.send_held();
                Ok(())
            }
            Some(Command::Abort) => Err(End::Asked),
            Some(Command::Close(done)) => {
                self.goodbyes.push(done);
                self.say_goodbye()
            }
            None => self.say_goodbye(),
        }
    }

    fn say_goodbye(&mut self) -> Result<(), End> {
        let (Sending::Open(framing), true) = (self.sending, self.greeted) else {
            return Err(End::Asked);
        };
        let goodbye = format!("<rpc xmlns=\"{BASE_NAMESPACE}\" message-id=\"{CLOSE_ID}\"><close-session/></rpc>");
        self.send(None, framing, goodbye.as_bytes());
        self.sending = Sending::Over;
        self.closing = Some((Instant::now() + GOODBYE, End::Asked));
        Ok(())
    }

    /// Encodes the requests that wait, where the framing is known.
    fn send_held(&mut self) {
        let Sending::Open(framing) = self.sending else { return };
        for (id, message) in self.pending.release() {
            self.shared.requests.fetch_add(1, Ordering::Relaxed);
            self.send(Some(id), framing, message.as_bytes());
        }
    }

    fn send(&mut self, id: Option<u64>, framing: Framing, message: &[u8]) {
        match (framing::encode(framing, message), id) {
            (Ok(bytes), id) => self.out.push_back((id, bytes)),
            (Err(error), Some(id)) => self.pending.fail(id, error.into()),
            (Err(error), None) => tracing::error!(%error, "a message of our own cannot be framed"),
        }
    }

    fn wrote(&mut self, count: usize) {
        self.shared.bytes_out.fetch_add(count as u64, Ordering::Relaxed);
        self.unflushed = true;
        let Some((id, bytes)) = self.out.front_mut() else {
            return;
        };
        if let Some(id) = id.take() {
            self.pending.mark_sent(id);
        }
        bytes.advance(count.min(bytes.len()));
        if bytes.is_empty() {
            self.out.pop_front();
        }
    }

    /// Nothing can be written any more, but the device's last words may still come.
    fn stop_writing(&mut self, error: io::Error) -> Result<(), End> {
        self.out.clear();
        self.unflushed = false;
        self.sending = Sending::Over;
        if self.closing.is_none() {
            self.closing = Some((Instant::now() + GOODBYE, End::Io(error)));
        }
        Ok(())
    }

    fn read_messages(&mut self) -> Result<(), End> {
        while let Some(message) = self.decoder.next_message().map_err(|error| End::Failed(error.into()))? {
            if self.greeted {
                self.read_reply(message)?;
            } else {
                self.read_hello(&message)?;
            }
        }
        Ok(())
    }

    fn read_hello(&mut self, message: &Rope) -> Result<(), End> {
        if reader::kind(message) == Kind::Nothing {
            return Ok(());
        }
        let hello = Hello::read(message).map_err(End::Failed)?;
        let framing = hello.framing(self.offered).map_err(End::Failed)?;
        if self.options.known.is_some_and(|known| known != framing) {
            return Err(End::Failed(Error::FramingChanged));
        }
        tracing::debug!(
            device = self.options.device,
            session = hello.session_id,
            ?framing,
            "NETCONF session open"
        );
        self.decoder.agree(framing);
        self.greeted = true;
        self.hello_deadline = None;
        if self.sending == Sending::Held {
            self.sending = Sending::Open(framing);
        }
        let _ = self.shared.agreed.set((Arc::new(hello), framing));
        self.phase.send_replace(Phase::Ready);
        self.send_held();
        Ok(())
    }

    fn read_reply(&mut self, message: Rope) -> Result<(), End> {
        let answered = match reader::kind(&message) {
            Kind::Nothing => return Ok(()),
            Kind::Root(root) if &*root.name != "rpc-reply" => false,
            Kind::Root(root) if root.attribute("message-id") == Some(CLOSE_ID) => return Err(End::Asked),
            Kind::Root(root) => self.pending.answer(root.attribute("message-id"), message),
            // Whoever waits is told that the reply cannot be read.
            Kind::Unreadable => self.pending.answer(None, message),
        };
        if answered {
            self.cancel_deadline = None;
        } else {
            tracing::debug!(device = self.options.device, "a message that nobody waits for");
        }
        Ok(())
    }

    fn taken_back(&mut self) {
        match self.pending.forget_unsent() {
            Some(id) => self.out.retain(|(of, _)| *of != Some(id)),
            None => self.cancel_deadline = Some(Instant::now() + self.options.grace),
        }
    }

    fn deadline(&mut self) -> Result<(), End> {
        let passed = |at: Instant| at <= Instant::now();
        if self.cancel_deadline.is_some_and(passed) {
            return Err(End::Cancelled);
        }
        if self.hello_deadline.is_some_and(passed) {
            return Err(End::Failed(Error::HelloTimeout(self.options.hello_timeout)));
        }
        match self.closing.take_if(|(at, _)| passed(*at)) {
            Some((_, end)) => Err(end),
            None => Ok(()),
        }
    }

    /// Tells everybody who waits.
    fn finish(&mut self, end: End) {
        // What `stop_writing` met is the better reason than the end of the stream that follows from it, but the device's
        // words in place of a hello are better still.
        let end = match (end, self.closing.take()) {
            (End::Eof, Some((_, End::Io(error)))) if self.greeted || Error::is_report(&error) => End::Io(error),
            (end, _) => end,
        };
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            match command {
                Command::Request { id, message, answer } => self.pending.add(id, message, answer),
                Command::Close(done) => self.goodbyes.push(done),
                Command::Abort => {}
            }
        }
        let partial = self.decoder.partial();
        let reply_started = self.greeted && self.decoder.is_mid_message() && partial.head(4) != b"<!--";
        let words = if self.greeted {
            None
        } else {
            Some(hello::said(&String::from_utf8_lossy(&partial.head(4096))))
        };
        let error = match end {
            End::Cancelled => Error::NeverAnswered,
            End::Failed(error) => error,
            End::Asked => Error::Closed {
                sent: false,
                reply_started: false,
                cause: None,
            },
            End::Io(error) => Error::from_io(error, false, false),
            End::Eof => match words {
                Some(said) => Error::NoHello { said },
                None => Error::Closed {
                    sent: false,
                    reply_started: false,
                    cause: None,
                },
            },
        };
        tracing::debug!(device = self.options.device, %error, "NETCONF session ended");
        self.phase.send_replace(Phase::Ended(error.clone()));
        self.pending
            .fail_all(reply_started, |sent, reply_started| match &error {
                Error::Closed { cause, .. } => Error::Closed {
                    sent,
                    reply_started,
                    cause: cause.clone(),
                },
                other => other.clone(),
            });
        self.goodbyes.clear();
    }
}

/// Writes what comes next, or flushes where there is nothing left.
async fn write<W: AsyncWrite + Unpin>(writer: &mut W, next: &[u8]) -> Wake {
    if next.is_empty() {
        Wake::Flushed(writer.flush().await)
    } else {
        Wake::Wrote(writer.write(next).await)
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
