//! From the device's words to the closed list of codes.

use super::errors::RpcError;
use crate::error::{Code, Error};

/// Most messages that are quoted in one error.
const QUOTED: usize = 5;

/// Longest quote, in characters.
const LONGEST: usize = 1_200;

/// The error for the caller, `None` where there is none. The first error that has a code of its own decides.
pub(super) fn report(errors: &[RpcError], device: &str) -> Option<Error> {
    let first = errors.first()?;
    let (code, decisive) = errors
        .iter()
        .map(|error| (code(error), error))
        .find(|(code, _)| *code != Code::DeviceError)
        .unwrap_or((Code::DeviceError, first));
    let mut words: Vec<String> = vec![quote(decisive)];
    for error in errors {
        let quote = quote(error);
        if words.len() < QUOTED && !words.contains(&quote) {
            words.push(quote);
        }
    }
    let said: String = words.join("; ").chars().take(LONGEST).collect();
    let error = Error::new(code, format!("device `{device}` answered: {said}"));
    Some(match advice(code, decisive) {
        Some(advice) => error.advise(advice),
        None => error,
    })
}

fn code(error: &RpcError) -> Code {
    let message = error.message.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    let tag = error.tag.as_deref().unwrap_or_default();
    if says(&[
        "permission denied",
        "access privileges",
        "not authorized",
        "restricted user",
    ]) || tag == "access-denied"
    {
        Code::PermissionDenied
    } else if says(&["configuration database modified", "private edits in use"]) {
        Code::CandidateModified
    } else if says(&["database locked by", "configuration database is locked"]) || tag == "lock-denied" {
        Code::ConfigurationLocked
    } else if says(&["commit confirmed", "confirmed commit"])
        && says(&[
            "pending",
            "in progress",
            "outstanding",
            "will be rolled back",
            "will be automatically rolled back",
        ])
    {
        Code::CommitConfirmedActive
    } else {
        Code::DeviceError
    }
}

fn advice(code: Code, error: &RpcError) -> Option<&'static str> {
    Some(match code {
        Code::PermissionDenied => "the login class of the user does not allow this; another user or class is needed",
        Code::ConfigurationLocked => "wait until the holder named above is done, or ask them to release the lock",
        Code::CandidateModified => {
            "somebody has uncommitted edits: they have to commit or discard them, jmcp never does that for them"
        }
        Code::CommitConfirmedActive => "confirm or roll back the pending commit first",
        _ if error.message.contains("expecting <rpc>") => {
            "old releases lose a delimiter that crosses their read buffer: try again, or send less at once"
        }
        _ => return None,
    })
}

/// The device's words on one line, with the place where they help.
fn quote(error: &RpcError) -> String {
    let message: Vec<&str> = error.message.split_whitespace().collect();
    let message = message.join(" ");
    let mut quote = message.strip_prefix("error: ").unwrap_or(&message).to_owned();
    for (label, value) in [
        ("at", &error.path),
        ("near", &error.bad_element),
        ("on", &error.routing_engine),
    ] {
        if let Some(value) = value.as_deref().filter(|value| !quote.contains(*value)) {
            quote.push_str(&format!(" ({label} `{value}`)"));
        }
    }
    quote
}
