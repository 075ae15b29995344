//! An SSH channel as a program of the device sees it: input that never blocks the connection, output, and its end.

use std::collections::VecDeque;

use bytes::Bytes;
use russh::{
    Channel, ChannelMsg, ChannelWriteHalf,
    server::{Handle, Msg},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Both halves of a channel.
pub(super) struct Pipe {
    pub(super) input: Input,
    pub(super) output: Output,
    /// Ends the whole connection.
    pub(super) connection: CancellationToken,
    /// Says goodbye on the connection, behind all that was sent.
    pub(super) handle: Handle,
}

/// What the client sends.
pub(super) struct Input {
    arriving: mpsc::UnboundedReceiver<ChannelMsg>,
    waiting: VecDeque<Bytes>,
    ended: bool,
    closed: bool,
}

/// What the client gets.
pub(super) struct Output(ChannelWriteHalf<Msg>);

impl Pipe {
    /// Takes the channel apart. A task of its own empties it, since a channel that nobody reads stops its connection.
    pub(super) fn new(channel: Channel<Msg>, connection: CancellationToken, handle: Handle) -> Self {
        let (mut read, write) = channel.split();
        let (queue, arriving) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(message) = read.wait().await {
                if queue.send(message).is_err() {
                    break;
                }
            }
        });
        let input = Input {
            arriving,
            waiting: VecDeque::new(),
            ended: false,
            closed: false,
        };
        Self {
            input,
            output: Output(write),
            connection,
            handle,
        }
    }
}

impl Input {
    /// What arrives next; `None` when the client sends no more.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(bytes) = self.waiting.pop_front() {
                return Some(bytes);
            }
            if self.ended || self.closed {
                return None;
            }
            let message = self.arriving.recv().await;
            self.accept(message);
        }
    }

    /// Returns when the client has closed the channel or is gone. What arrives meanwhile is kept for [`Input::next`].
    pub(super) async fn closed(&mut self) {
        while !self.closed {
            let message = self.arriving.recv().await;
            self.accept(message);
        }
    }

    fn accept(&mut self, message: Option<ChannelMsg>) {
        match message {
            Some(ChannelMsg::Data { data }) => self.waiting.push_back(data),
            Some(ChannelMsg::Eof) => self.ended = true,
            Some(ChannelMsg::Close) | None => self.closed = true,
            Some(_) => {}
        }
    }
}

impl Output {
    /// Sends bytes; `false` when the connection is gone.
    pub(super) async fn send(&self, bytes: impl Into<Bytes>) -> bool {
        self.0.data_bytes(bytes).await.is_ok()
    }

    /// Says that the program has ended, and closes.
    pub(super) async fn finish(&self, exit_status: u32) {
        let _ = self.0.eof().await;
        let _ = self.0.exit_status(exit_status).await;
        let _ = self.0.close().await;
    }
}
