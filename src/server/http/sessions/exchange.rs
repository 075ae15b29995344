//! One request of a session and all that is said about it: its answer, what the server says or asks before that, and what the client
//! replies. It is there whether or not the client listens: one whose connection broke comes back for the answer.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use futures::{Stream, stream};
use rmcp::model::{ClientJsonRpcMessage, RequestId};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::super::sse;

/// How much of what was said before the answer is kept for a client that comes back.
const KEPT_EVENTS: usize = 256;
const KEPT_BYTES: usize = 1 << 20;

/// A request on its way, or just answered.
pub(super) struct Exchange {
    /// Which of the session's it is.
    pub(super) number: u64,
    /// The client's id of the request.
    pub(super) id: RequestId,
    said: Mutex<Said>,
    changed: watch::Sender<()>,
    incoming: mpsc::UnboundedSender<ClientJsonRpcMessage>,
    /// Fires when the client takes the request back, or its session ends.
    pub(super) taken_back: CancellationToken,
    /// Fires when there is nothing more to come.
    pub(super) over: CancellationToken,
}

#[derive(Default)]
struct Said {
    /// The place of the oldest event that is kept; the first ever is 1.
    first: u64,
    events: VecDeque<Bytes>,
    bytes: usize,
    answer: Option<Bytes>,
    is_over: bool,
    /// The client was given ids to come back with.
    is_streamed: bool,
    over_since: Option<Instant>,
}

/// What the client replies in the middle of an exchange.
pub(super) type Replies = mpsc::UnboundedReceiver<ClientJsonRpcMessage>;

/// What an exchange begins with.
pub(super) enum First {
    /// The answer, and nothing before it.
    Answer(Bytes),
    /// Something before the answer, or nothing for a while.
    More,
    /// The client took the request back.
    Nothing,
}

impl Exchange {
    /// An exchange, and where what the client replies comes out.
    pub(super) fn new(number: u64, id: RequestId, taken_back: CancellationToken) -> (Arc<Self>, Replies) {
        let (incoming, replies) = mpsc::unbounded_channel();
        let exchange = Self {
            number,
            id,
            said: Mutex::new(Said {
                first: 1,
                ..Said::default()
            }),
            changed: watch::Sender::new(()),
            incoming,
            taken_back,
            over: CancellationToken::new(),
        };
        (Arc::new(exchange), replies)
    }

    /// Hands a message of the client to the call.
    pub(super) fn reply(&self, message: ClientJsonRpcMessage) {
        let _ = self.incoming.send(message);
    }

    /// Something before the answer.
    pub(super) fn say(&self, message: &[u8]) {
        let mut said = self.said();
        let place = said.first + said.events.len() as u64;
        let event = sse::message(Some(&self.event_id(place)), message);
        said.bytes += event.len();
        said.events.push_back(event);
        while said.events.len() > KEPT_EVENTS || (said.bytes > KEPT_BYTES && said.events.len() > 1) {
            said.bytes -= said.events.pop_front().map_or(0, |event| event.len());
            said.first += 1;
        }
        drop(said);
        self.changed.send_replace(());
    }

    /// The end: with an answer, or without where the client took the request back.
    pub(super) fn end(&self, answer: Option<Bytes>) {
        let mut said = self.said();
        if !said.is_over {
            (said.answer, said.is_over, said.over_since) = (answer, true, Some(Instant::now()));
        }
        drop(said);
        self.changed.send_replace(());
        self.over.cancel();
    }

    /// What it begins with; `More` when nothing was said by `until`.
    pub(super) async fn first(&self, until: Instant) -> First {
        let mut changes = self.changed.subscribe();
        loop {
            {
                let said = self.said();
                match &said.answer {
                    _ if !said.events.is_empty() => return First::More,
                    Some(answer) => return First::Answer(answer.clone()),
                    None if said.is_over => return First::Nothing,
                    None => {}
                }
            }
            tokio::select! {
                _ = changes.changed() => {}
                () = tokio::time::sleep_until(until) => return First::More,
            }
        }
    }

    /// All that was said after this place and will be, to its end, or until `closed`. 0 is the beginning.
    pub(super) fn events(
        self: &Arc<Self>,
        after: u64,
        is_primed: bool,
        closed: CancellationToken,
    ) -> impl Stream<Item = Bytes> + Send + use<> {
        self.said().is_streamed = true;
        let cursor = Cursor {
            exchange: self.clone(),
            changes: self.changed.subscribe(),
            next: after + 1,
            priming: is_primed.then(|| sse::priming(&self.event_id(after))),
            closed,
        };
        stream::unfold(Some(cursor), |cursor| async { cursor?.step().await })
    }

    /// Whether a client may still come back for it: it was streamed, and since when it is over.
    pub(super) fn kept_since(&self) -> Option<Instant> {
        let said = self.said();
        said.over_since.filter(|_| said.is_streamed && said.answer.is_some())
    }

    /// Bytes that it keeps.
    pub(super) fn bytes(&self) -> usize {
        let said = self.said();
        said.bytes + said.answer.as_ref().map_or(0, Bytes::len)
    }

    fn event_id(&self, place: u64) -> String {
        format!("{}-{place}", self.number)
    }

    fn said(&self) -> std::sync::MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a reader is.
struct Cursor {
    exchange: Arc<Exchange>,
    changes: watch::Receiver<()>,
    next: u64,
    priming: Option<Bytes>,
    closed: CancellationToken,
}

impl Cursor {
    async fn step(mut self) -> Option<(Bytes, Option<Self>)> {
        if let Some(priming) = self.priming.take() {
            return Some((priming, Some(self)));
        }
        loop {
            self.changes.mark_unchanged();
            match self.ready() {
                Ready::Event(event) => return Some((event, Some(self))),
                Ready::Last(event) => return Some((event, None)),
                Ready::End => return None,
                Ready::NotYet => {}
            }
            tokio::select! {
                // What was said before the end is not lost by it.
                biased;
                _ = self.changes.changed() => {}
                () = self.closed.cancelled() => return None,
            }
        }
    }

    fn ready(&mut self) -> Ready {
        let said = self.exchange.said();
        self.next = self.next.max(said.first);
        let index = usize::try_from(self.next - said.first).unwrap_or(usize::MAX);
        if let Some(event) = said.events.get(index) {
            self.next += 1;
            return Ready::Event(event.clone());
        }
        match &said.answer {
            Some(answer) if index == said.events.len() => {
                Ready::Last(sse::message(Some(&self.exchange.event_id(self.next)), answer))
            }
            _ if said.is_over => Ready::End,
            _ => Ready::NotYet,
        }
    }
}

enum Ready {
    Event(Bytes),
    Last(Bytes),
    End,
    NotYet,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::StreamExt as _;

    use super::*;

    fn exchange() -> Arc<Exchange> {
        Exchange::new(7, RequestId::Number(1), CancellationToken::new()).0
    }

    async fn all(exchange: &Arc<Exchange>, after: u64) -> String {
        let events: Vec<Bytes> = exchange.events(after, false, CancellationToken::new()).collect().await;
        String::from_utf8(events.concat()).unwrap()
    }

    #[tokio::test]
    async fn a_client_that_comes_back_reads_on_where_it_was() {
        let exchange = exchange();
        exchange.say(b"one");
        exchange.say(b"two");
        exchange.end(Some("done".into()));
        let whole = all(&exchange, 0).await;
        assert_eq!(
            whole,
            "id: 7-1\nevent: message\ndata: one\n\nid: 7-2\nevent: message\ndata: two\n\nid: 7-3\nevent: message\ndata: done\n\n"
        );
        assert_eq!(all(&exchange, 1).await, whole.split_once("\n\n").unwrap().1);
        assert_eq!(all(&exchange, 2).await, "id: 7-3\nevent: message\ndata: done\n\n");
        assert_eq!(all(&exchange, 3).await, "");
        assert_eq!(all(&exchange, 99).await, "");
    }

    #[tokio::test]
    async fn the_answer_is_never_dropped_and_the_rest_is_bounded() {
        let exchange = exchange();
        for _ in 0..1000 {
            exchange.say(&[b'x'; 10_000]);
        }
        exchange.end(Some("done".into()));
        assert!(exchange.bytes() < KEPT_BYTES + 20_000, "{}", exchange.bytes());
        assert!(all(&exchange, 0).await.ends_with("data: done\n\n"));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_alone_needs_no_stream() {
        let until = Instant::now() + Duration::from_secs(5);
        let quick = exchange();
        quick.end(Some("done".into()));
        assert!(matches!(quick.first(until).await, First::Answer(answer) if answer == "done"));
        assert!(matches!(exchange().first(until).await, First::More));
        let cancelled = exchange();
        cancelled.end(None);
        assert!(matches!(cancelled.first(until).await, First::Nothing));
    }
}
