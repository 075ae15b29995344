//! The stream: channels that are asked for, and what the devices' utilities say on them. Other people's commands run on the same devices,
//! so their words come on the same channels.

use std::{collections::BTreeSet, sync::Arc};

use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::sync::{broadcast, mpsc};
use tokio_tungstenite::tungstenite::Message;

use super::{
    super::{State, access::Caller},
    Session, Socket, StreamFault, console, send,
};

/// Somebody else's session on every device.
const ANOTHER: &str = "7d3c1a52-0000-4000-8000-00000000f00d";

/// Serves a connection to the stream.
pub(super) async fn serve(state: &Arc<State>, mut socket: Socket, caller: Caller) {
    let mut news = state.sessions.news.subscribe();
    let mut channels = BTreeSet::new();
    let (say, mut saying) = mpsc::channel::<Option<Message>>(16);
    loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    let (channel, answer) = subscribed(state, caller, &text);
                    channels.extend(channel);
                    if !send(&mut socket, Message::text(answer.to_string())).await {
                        return;
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
            session = news.recv() => match session {
                Ok(session) if channels.contains(&channel_of(&session)) => {
                    tokio::spawn(speak(Arc::clone(state), session, say.clone()));
                }
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return,
            },
            message = saying.recv() => match message.flatten() {
                Some(message) => {
                    if !send(&mut socket, message).await {
                        return;
                    }
                }
                None => return,
            },
        }
    }
}

fn channel_of(session: &Session) -> String {
    format!("/sites/{}/devices/{}/cmd", session.site, session.device)
}

/// The channel, where it may be had, and the answer.
fn subscribed(state: &State, caller: Caller, text: &str) -> (Option<String>, Value) {
    let asked: Value = serde_json::from_str(text).unwrap_or_default();
    let channel = asked
        .get("subscribe")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let refused = state
        .sessions
        .fault(|fault| matches!(fault, StreamFault::RefuseChannel).then_some(()))
        .is_some();
    if refused || !may_hear(state, caller, &channel) {
        let answer = json!({"event": "subscribe_failed", "channel": channel, "detail": "permission denied"});
        return (None, answer);
    }
    let answer = json!({"event": "channel_subscribed", "channel": channel});
    (Some(channel), answer)
}

fn may_hear(state: &State, caller: Caller, channel: &str) -> bool {
    let segments: Vec<&str> = channel.split('/').collect();
    let ["", "sites", site, "devices", device, "cmd"] = segments.as_slice() else {
        return false;
    };
    let device = state.world.devices.iter().find(|known| known.id == *device);
    device.is_some_and(|device| device.site() == *site && caller.reaches(device.org(), &state.world))
}

/// Says what a utility says, in pieces, among what others say.
async fn speak(state: Arc<State>, session: Session, say: mpsc::Sender<Option<Message>>) {
    let channel = channel_of(&session);
    let frame = |of: &str, raw: &str, as_text: bool| {
        let data = json!({"session": of, "raw": raw});
        let data = if as_text { Value::String(data.to_string()) } else { data };
        Some(Message::text(
            json!({"event": "data", "channel": channel, "data": data}).to_string(),
        ))
    };
    let fault = |pick: fn(&StreamFault) -> Option<usize>| state.sessions.fault(pick);
    let silent = fault(|fault| match fault {
        StreamFault::SilentAfter(lines) => Some(*lines),
        _ => None,
    });
    let closed = fault(|fault| match fault {
        StreamFault::CloseAfter(lines) => Some(*lines),
        _ => None,
    });
    let gate = state.sessions.fault(|fault| match fault {
        StreamFault::Hold(gate) => Some(gate.clone()),
        _ => None,
    });
    let text = console::utility(&state.world, &session);
    // An error below is the client's leaving.
    let _ = say.send(frame(ANOTHER, "the words of another command\n", false)).await;
    for (number, line) in text.lines().enumerate() {
        if silent == Some(number) {
            return;
        }
        if closed == Some(number) {
            let _ = say.send(None).await;
            return;
        }
        if let Some(gate) = gate.as_ref().filter(|_| number == 1) {
            gate.pass().await;
        }
        let line = format!("{line}\n");
        let half = line
            .char_indices()
            .nth(line.chars().count() / 2)
            .map_or(0, |(at, _)| at);
        let (first, second) = line.split_at(half);
        for piece in [first, second] {
            let _ = say.send(frame(&session.id, piece, number % 2 == 1)).await;
        }
        let _ = say.send(frame(ANOTHER, "more of them\n", number % 3 == 0)).await;
    }
}
