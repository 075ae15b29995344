//! One exchange with the cloud: its answer as it came, and what it means that none came.

use std::time::{Duration, SystemTime};

use futures::StreamExt as _;
use reqwest::{
    StatusCode,
    header::{HeaderMap, HeaderValue, RETRY_AFTER},
};
use serde_json::Value;

use super::{Account, Failure, PageOf, Request, Response};
use crate::error::Code;

/// Bytes of a body that is taken: what is longer is asked for in pieces.
const LONGEST_BODY: usize = 16 << 20;

/// The body, as long as it is not too long.
pub(super) async fn read(answer: reqwest::Response, asked: &str, host: &str) -> Result<Vec<u8>, Failure> {
    let too_long = || {
        Failure::new(
            Code::TooLarge,
            format!(
                "the answer to `{asked}` of `{host}` is longer than {} MiB",
                LONGEST_BODY >> 20
            ),
        )
        .advise("ask for less: a smaller `limit`, a shorter time, one object instead of a list")
    };
    if answer
        .content_length()
        .is_some_and(|length| length > LONGEST_BODY as u64)
    {
        return Err(too_long());
    }
    let mut body = Vec::new();
    let mut pieces = answer.bytes_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|e| {
            Failure::new(
                Code::Transport,
                format!("the answer to `{asked}` of `{host}` broke off: {}", causes(&e)),
            )
        })?;
        if body.len() + piece.len() > LONGEST_BODY {
            return Err(too_long());
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// A good answer, where it can be read.
pub(super) fn good(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    request: &Request,
    asked: &str,
) -> Result<Response, Failure> {
    let value = if body.iter().all(u8::is_ascii_whitespace) {
        Value::Null
    } else {
        serde_json::from_slice(body).map_err(|e| {
            let failure = Failure::new(Code::Protocol, format!("the answer to `{asked}` is not JSON: {e}"))
                .advise("the cloud or a proxy before it answered with something else; try again, and look at the host");
            unsure(failure, request)
        })?
    };
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse().ok();
    let page = number("x-page-total").map(|total| PageOf {
        limit: number("x-page-limit").unwrap_or(100),
        page: number("x-page-page").unwrap_or(1),
        total,
    });
    Ok(Response {
        status: status.as_u16(),
        body: value,
        bytes: body.len(),
        page,
    })
}

/// What an answer that refuses means.
pub(super) fn bad(status: StatusCode, headers: &HeaderMap, body: &[u8], asked: &str, host: &str) -> Failure {
    Failure::of(
        status.as_u16(),
        body,
        asked,
        host,
        headers.get(RETRY_AFTER).and_then(wait),
    )
}

/// `Retry-After`: seconds, or a date (RFC 9110, section 10.2.3).
fn wait(value: &HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds.max(0.0)).ok();
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

/// No answer came.
pub(super) fn unanswered(error: &reqwest::Error, request: &Request, asked: &str, host: &str) -> Failure {
    let why = causes(error);
    if error.is_connect() {
        let code = if error.is_timeout() {
            Code::ConnectTimeout
        } else {
            Code::ConnectFailed
        };
        return Failure::new(code, format!("no connection to `{host}`: {why}"))
            .advise("check the Mist host, the network and the proxy of this machine");
    }
    let failure = if error.is_timeout() {
        Failure::new(Code::Timeout, format!("`{asked}` had no answer from `{host}` in time"))
    } else {
        Failure::new(Code::Transport, format!("`{asked}` had no answer from `{host}`: {why}"))
    };
    unsure(failure, request)
}

/// The deadline passed first.
pub(super) fn late(request: &Request, account: &Account) -> Failure {
    let asked = format!("{} {}", request.method, request.template);
    Failure::new(
        Code::Timeout,
        format!("`{asked}` had no answer from `{}` in time", account.cloud().host()),
    )
    .advise("ask for less; an operator can raise MIST_REQUEST_TIMEOUT")
}

/// What changed something perhaps must not be sent again unseen.
pub(super) fn unsure(mut failure: Failure, request: &Request) -> Failure {
    if !request.reads() {
        failure.code = Code::OutcomeUnknown;
        failure.message = format!("whether the change took effect is not known: {}", failure.message);
        failure.advice = Some("read the object before you do anything else; the change may have been made".into());
        failure.may_have_happened = true;
    }
    failure
}

/// What the library says, without the URL, whose query belongs to the caller.
pub(super) fn causes(error: &reqwest::Error) -> String {
    let mut causes = Vec::new();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    causes.pop().unwrap_or_else(|| "the exchange failed".into())
}
