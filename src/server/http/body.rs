//! Reads the body of a request: no more than the operator allows, and no slower than a client that means it.

use std::{future::poll_fn, pin::pin, time::Duration};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{StatusCode, header, request::Parts};
use http_body::Body as _;

use super::refusal::Refusal;

/// How much and how long.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimits {
    /// Bytes of a body; 0 is no limit.
    pub bytes: usize,
    /// How long a client may take for a whole body.
    pub time: Duration,
}

/// The whole body.
///
/// # Errors
/// 413 where it is too long, whatever the client says of its length; 408 where it does not come; 400 where it breaks off.
pub(super) async fn read(parts: &Parts, body: Body, limits: BodyLimits) -> Result<Bytes, Refusal> {
    let most = if limits.bytes == 0 { usize::MAX } else { limits.bytes };
    let too_long = || {
        let description = format!("the body of a request may have {most} bytes");
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "request_body_too_large", description)
    };
    let announced = parts
        .headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > most) {
        return Err(too_long());
    }
    let reading = collect(body, most);
    match tokio::time::timeout(limits.time, reading).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(Broken::TooLong)) => Err(too_long()),
        Ok(Err(Broken::Off)) => Err(Refusal::bad_request("the body of the request broke off")),
        Err(_) => Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "request_timeout",
            "the body of the request did not come in time",
        )),
    }
}

enum Broken {
    TooLong,
    Off,
}

async fn collect(body: Body, most: usize) -> Result<Bytes, Broken> {
    let mut body = pin!(body);
    let mut first: Option<Bytes> = None;
    let mut rest = BytesMut::new();
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let Ok(data) = frame.map_err(|_| Broken::Off)?.into_data() else {
            continue;
        };
        if rest.len() + first.as_ref().map_or(0, Bytes::len) + data.len() > most {
            return Err(Broken::TooLong);
        }
        // Most bodies come in one piece, which is then handed on as it is.
        match first.take() {
            None if rest.is_empty() => first = Some(data),
            None => rest.extend_from_slice(&data),
            Some(before) => {
                rest.extend_from_slice(&before);
                rest.extend_from_slice(&data);
            }
        }
    }
    Ok(first.unwrap_or_else(|| rest.freeze()))
}
