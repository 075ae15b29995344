//! The HTTP server of the simulated cloud: connections, bodies, faults of the wire.

use std::{convert::Infallible, sync::Arc, sync::atomic::Ordering};

use axum::body::Body;
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::{
    MistFault, RetryAfter, State,
    answer::{Answer, Content},
    call::Call,
    encoding, router,
    seen::{Place, Seen},
    stream as sockets,
};

/// Bytes of a request's body at most.
const LARGEST: usize = 16 << 20;
const MEBIBYTE: usize = 1 << 20;

/// The connection ends without an answer.
#[derive(Debug)]
struct Dropped;

impl std::fmt::Display for Dropped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is dropped")
    }
}

impl std::error::Error for Dropped {}

/// Accepts connections until the lab ends.
pub(super) async fn serve(state: Arc<State>, listener: TcpListener, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        if let Ok((stream, _)) = accepted {
            let _ = stream.set_nodelay(true);
            tokio::spawn(
                stop.clone()
                    .run_until_cancelled_owned(connection(Arc::clone(&state), stream)),
            );
        }
    }
}

async fn connection(state: Arc<State>, stream: TcpStream) {
    let service = service_fn(move |request| request_of(Arc::clone(&state), request));
    let serving = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    // An error is the peer's leaving, or a connection that was to be dropped.
    let _ = serving.await;
}

/// Counts a request while it runs.
struct Running<'a>(&'a State);

impl<'a> Running<'a> {
    fn new(state: &'a State) -> Self {
        let now = state.running.fetch_add(1, Ordering::Relaxed) + 1;
        state.most.fetch_max(now, Ordering::Relaxed);
        Self(state)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn request_of(state: Arc<State>, mut request: Request<Incoming>) -> Result<Response<Body>, Dropped> {
    if request.headers().contains_key(header::UPGRADE)
        && let Some(response) = sockets::upgrade(&state, &mut request)
    {
        return Ok(response);
    }
    let _running = Running::new(&state);
    let (head, body) = request.into_parts();
    let name = format!("{} {}", head.method, head.uri);
    let on = |is: fn(&MistFault) -> bool| state.faults.take(&name, |fault| is(fault).then_some(())).is_some();
    let place = state.log.add(seen(&head));
    if on(|fault| matches!(fault, MistFault::DropUnread)) {
        return Err(Dropped);
    }
    let body = body_of(&state, &place, body).await?;
    if let Some(gate) = state.faults.take(&name, |fault| match fault {
        MistFault::Hold(gate) => Some(gate.clone()),
        _ => None,
    }) {
        gate.pass().await;
    }
    let answer = match instead(&state, &name, head.uri.path()) {
        Some(answer) => answer,
        None => answer(&state, &head, body),
    };
    if on(|fault| matches!(fault, MistFault::DropUnanswered)) {
        return Err(Dropped);
    }
    if let Some(gate) = state.faults.take(&name, |fault| match fault {
        MistFault::HoldAnswer(gate) => Some(gate.clone()),
        _ => None,
    }) {
        gate.pass().await;
    }
    state.log.change(&place, |seen| seen.status = Some(answer.status));
    Ok(response(&state, &name, answer))
}

fn seen(head: &http::request::Parts) -> Seen {
    Seen {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: encoding::pairs(head.uri.query().unwrap_or_default()),
        authorized: head.headers.contains_key(header::AUTHORIZATION),
        user_agent: text_of(head, header::USER_AGENT).map(str::to_owned),
        body: None,
        status: None,
    }
}

fn text_of(head: &http::request::Parts, name: HeaderName) -> Option<&str> {
    head.headers.get(name)?.to_str().ok()
}

/// The body: none where there is none, an error where it is not JSON.
async fn body_of(state: &State, place: &Place, body: Incoming) -> Result<Result<Option<Value>, Answer>, Dropped> {
    let bytes = match Limited::new(body, LARGEST).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return Err(Dropped),
    };
    if bytes.is_empty() {
        return Ok(Ok(None));
    }
    let Ok(body) = serde_json::from_slice::<Value>(&bytes) else {
        return Ok(Err(Answer::bad("JSON parse error")));
    };
    state.log.change(place, |seen| seen.body = Some(body.clone()));
    Ok(Ok(Some(body)))
}

/// What a fault answers instead of doing what is asked.
pub(super) fn instead(state: &State, name: &str, path: &str) -> Option<Answer> {
    state.faults.take(name, |fault| match fault {
        MistFault::TooMany(retry) => {
            let answer = Answer::detail(429, "Too Many Requests. The limit of this API token is reached.");
            Some(match retry {
                None => answer,
                Some(RetryAfter::Seconds(seconds)) => answer.header("retry-after", seconds.to_string()),
                Some(RetryAfter::Date(after)) => {
                    answer.header("retry-after", encoding::http_date(state.clock.now() + *after))
                }
            })
        }
        MistFault::Html(status) => {
            let page = format!("<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>");
            Some(Answer::with(*status, Content::Text("text/html", page)))
        }
        MistFault::Detail(401) => Some(Answer::detail(401, "Authentication credentials were not provided.")),
        MistFault::Detail(403) => Some(Answer::forbidden()),
        MistFault::Detail(status) => Some(Answer::detail(*status, "this was asked for")),
        MistFault::Nothing(status) => Some(Answer::with(*status, Content::Nothing)),
        MistFault::Redirect(origin) => {
            Some(Answer::with(307, Content::Nothing).header("location", format!("{origin}{path}")))
        }
        _ => None,
    })
}

fn answer(state: &State, head: &http::request::Parts, body: Result<Option<Value>, Answer>) -> Answer {
    let now = state.now();
    let path = head.uri.path();
    let Some(segments) = Call::segments(path) else {
        return Answer::no_such_path();
    };
    let caller = match state.access.admit(text_of(head, header::AUTHORIZATION), now) {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    let body = match body {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    let call = Call {
        method: head.method.to_string(),
        path: path.to_owned(),
        segments,
        query: encoding::pairs(head.uri.query().unwrap_or_default()),
        body,
        caller,
        now,
    };
    router::answer(state, &call)
}

/// The answer as bytes, spoilt where a fault says so.
pub(super) fn response(state: &State, name: &str, mut answer: Answer) -> Response<Body> {
    if let (Some(next), Content::Json(Value::Object(body))) = (
        state.faults.take(name, |fault| match fault {
            MistFault::Next(next) => Some(next.clone()),
            _ => None,
        }),
        &mut answer.content,
    ) {
        body.insert("next".to_owned(), Value::String(next));
    }
    let (mut content_type, text) = match answer.content {
        Content::Nothing => (None, String::new()),
        Content::Json(body) => (Some("application/json".to_owned()), body.to_string()),
        Content::Text(content_type, text) => (Some(content_type.to_owned()), text),
    };
    if let Some(other) = state.faults.take(name, |fault| match fault {
        MistFault::ContentType(other) => Some(other.clone()),
        _ => None,
    }) {
        content_type = Some(other);
    }
    let (length, body) = spoilt(state, name, text);
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or_default();
    let headers = response.headers_mut();
    let own = answer.headers.into_iter().map(|(name, value)| (name, Some(value)));
    let given = [("content-type", content_type), ("content-length", length)];
    for (name, value) in own.chain(given) {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// The length where it is told, and the bytes.
fn spoilt(state: &State, name: &str, text: String) -> (Option<String>, Body) {
    let fault = state.faults.take(name, |fault| {
        matches!(
            fault,
            MistFault::InvalidJson | MistFault::Empty | MistFault::Truncated | MistFault::Huge(_)
        )
        .then(|| fault.clone())
    });
    match fault {
        Some(MistFault::InvalidJson) => (None, Body::from("{\"results\": [{\"id\": 1,}, oops")),
        Some(MistFault::Empty) => (None, Body::empty()),
        Some(MistFault::Truncated) => {
            let half = Bytes::from(text.as_bytes().get(..text.len() / 2).unwrap_or_default().to_vec());
            (Some(text.len().to_string()), cut_off(half))
        }
        Some(MistFault::Huge(mebibytes)) => (None, huge(mebibytes)),
        _ => (None, Body::from(text)),
    }
}

/// These bytes, then the end of the connection.
fn cut_off(half: Bytes) -> Body {
    let end = stream::once(async {
        // What was said goes out before the connection ends.
        tokio::task::yield_now().await;
        Err(Dropped)
    });
    Body::from_stream(stream::iter([Ok(half)]).chain(end))
}

/// An array of objects, made as it is read.
fn huge(mebibytes: usize) -> Body {
    let row = format!("{{\"id\": \"{}\"}},", "x".repeat(1010));
    let chunk = Bytes::from(row.repeat(MEBIBYTE / row.len()));
    let chunks = std::iter::once(Bytes::from_static(b"["))
        .chain(std::iter::repeat_n(chunk, mebibytes))
        .chain(std::iter::once(Bytes::from_static(b"{}]")))
        .map(Ok::<_, Infallible>);
    Body::from_stream(stream::iter(chunks))
}
