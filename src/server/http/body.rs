//! Reads the body of a request: no more than the operator allows, and no slower than a client that means it.

use std::{
    collections::HashMap,
    future::poll_fn,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

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

/// Bytes of all bodies that are there at once, and of one caller's. What a call may be is not counted before it is read, so this is what
/// bounds the memory of many large ones.
const ROOM: usize = 256 << 20;
const ROOM_OF_CALLER: usize = 64 << 20;
/// Bodies up to this are not counted.
const SMALL: usize = 64 << 10;

/// The room for bodies, and who takes how much of it.
#[derive(Debug, Default)]
pub(super) struct Room(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    of_callers: HashMap<Arc<str>, usize>,
}

/// What one body takes of the room, until it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    room: Arc<Room>,
    caller: Arc<str>,
    bytes: usize,
}

impl Share {
    /// Nothing yet.
    pub(super) fn of(room: &Arc<Room>, caller: &Arc<str>) -> Self {
        Self {
            room: room.clone(),
            caller: caller.clone(),
            bytes: 0,
        }
    }

    /// Takes room for a body that has grown to this.
    fn grow(&mut self, bytes: usize, largest: usize) -> Result<(), Broken> {
        if bytes <= SMALL || bytes <= self.bytes {
            return Ok(());
        }
        let more = bytes - self.bytes;
        let mut taken = self.room.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = taken.of_callers.get(&self.caller).copied().unwrap_or_default() + more;
        // One body of the largest size has room in any case.
        if taken.all + more > ROOM.max(largest) || mine > ROOM_OF_CALLER.max(largest) {
            return Err(Broken::NoRoom);
        }
        taken.all += more;
        taken.of_callers.insert(self.caller.clone(), mine);
        self.bytes = bytes;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.bytes == 0 {
            return;
        }
        let mut taken = self.room.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all = taken.all.saturating_sub(self.bytes);
        if let Some(mine) = taken.of_callers.get_mut(&self.caller) {
            *mine = mine.saturating_sub(self.bytes);
            if *mine == 0 {
                taken.of_callers.remove(&self.caller);
            }
        }
    }
}

/// The whole body, with room taken from its share.
///
/// # Errors
/// 503 where there is no room for it; 413 where it is too long, whatever the client says of its length; 408 where it does not come; 400 where it breaks off.
pub(super) async fn read(parts: &Parts, body: Body, limits: BodyLimits, share: &mut Share) -> Result<Bytes, Refusal> {
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
    let reading = collect(body, most, share);
    match tokio::time::timeout(limits.time, reading).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(Broken::TooLong)) => Err(too_long()),
        Ok(Err(Broken::NoRoom)) => Err(Refusal::overloaded("request_body")),
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
    NoRoom,
    Off,
}

async fn collect(body: Body, most: usize, share: &mut Share) -> Result<Bytes, Broken> {
    let mut body = pin!(body);
    let mut first: Option<Bytes> = None;
    let mut rest = BytesMut::new();
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let Ok(data) = frame.map_err(|_| Broken::Off)?.into_data() else {
            continue;
        };
        let length = rest.len() + first.as_ref().map_or(0, Bytes::len) + data.len();
        if length > most {
            return Err(Broken::TooLong);
        }
        share.grow(length, if most == usize::MAX { 0 } else { most })?;
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
