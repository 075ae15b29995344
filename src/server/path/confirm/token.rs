//! Tokens of confirmations: how a client that cannot be asked brings back that a person agreed. One is good once, soon, for the same
//! caller, the same call and the same plan.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use subtle::ConstantTimeEq as _;

use super::bound::Bound;
use crate::{
    error::{Code, Error, Result},
    server::seals::Seals,
};

/// What every token begins with, so that nobody takes it for something else.
const MARK: &str = "confirm-";
/// The parameter that brings one back.
pub(in crate::server) const PARAMETER: &str = "confirmation_token";
/// Bytes of the body, in this order: until (8), number (16), caller (8), call (8), plan (16).
const BODY: usize = 56;
/// Bytes of the signature.
const SIGNATURE: usize = 16;

/// A token, and when it is too old.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Issued {
    pub(super) token: String,
    /// Seconds since the epoch.
    pub(super) until: u64,
}

/// Why a token is not good for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bad {
    Tampered,
    Caller,
    Call,
    Plan,
    TooOld,
    Spent,
}

impl Bad {
    /// The sentence for whoever brought it.
    pub(super) fn words(self) -> &'static str {
        match self {
            Bad::Tampered => "the token is none that this server gave",
            Bad::Caller => "the token was given to another caller",
            Bad::Call => "the token was given for another call: tool, devices or arguments differ",
            Bad::Plan => "what would change is no longer what the person was shown",
            Bad::TooOld => "the token is too old",
            Bad::Spent => "the token was used before, and each is good once",
        }
    }
}

/// The signed part of a token, cut up.
struct Body<'a> {
    until: u64,
    number: [u8; 16],
    caller: &'a [u8],
    call: &'a [u8],
    plan: &'a [u8],
}

impl<'a> Body<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let (until, rest) = bytes.split_first_chunk::<8>()?;
        let (number, rest) = rest.split_first_chunk::<16>()?;
        let (caller, rest) = rest.split_at_checked(8)?;
        let (call, plan) = rest.split_at_checked(8)?;
        Some(Self {
            until: u64::from_be_bytes(*until),
            number: *number,
            caller,
            call,
            plan,
        })
    }
}

/// A token for this call and this plan.
pub(super) fn issue(seals: &Seals, bound: &Bound, plan: &[u8; 16], lasts: Duration) -> Issued {
    let until = seals.until(lasts);
    let mut bytes = Vec::with_capacity(BODY + SIGNATURE);
    bytes.extend(until.to_be_bytes());
    bytes.extend(rand::random::<[u8; 16]>());
    bytes.extend(bound.caller);
    bytes.extend(bound.call);
    bytes.extend(plan);
    let signature = signature(seals, &bytes);
    bytes.extend(signature);
    Issued {
        token: format!("{MARK}{}", BASE64.encode(bytes)),
        until,
    }
}

/// The plan that a token was given for, where it is good for this call. It is spent then, and also where it is the caller's own and
/// for another call.
///
/// # Errors
/// `invalid_input` for what does not even look like a token.
pub(super) fn open(seals: &Seals, token: &str, bound: &Bound) -> Result<std::result::Result<[u8; 16], Bad>> {
    let garbage = || {
        Error::new(
            Code::InvalidInput,
            format!("`{PARAMETER}` holds no token of this server"),
        )
        .advise("leave it out; the answer says whether a person has to agree, and gives a token where one is of use")
    };
    let bytes = token
        .trim()
        .strip_prefix(MARK)
        .and_then(|text| BASE64.decode(text).ok());
    let bytes = bytes
        .filter(|bytes| bytes.len() == BODY + SIGNATURE)
        .ok_or_else(garbage)?;
    let (signed, signature) = bytes.split_at_checked(BODY).ok_or_else(garbage)?;
    let body = Body::of(signed).ok_or_else(garbage)?;
    if !bool::from(self::signature(seals, signed).ct_eq(signature)) {
        return Ok(Err(Bad::Tampered));
    }
    // Another caller's attempt does not take the token from its owner.
    if body.caller != bound.caller {
        return Ok(Err(Bad::Caller));
    }
    if seals.now() >= body.until {
        return Ok(Err(Bad::TooOld));
    }
    if !seals.spend(body.number, body.until) {
        return Ok(Err(Bad::Spent));
    }
    if body.call != bound.call {
        return Ok(Err(Bad::Call));
    }
    Ok(body.plan.try_into().map_err(|_| Bad::Tampered))
}

fn signature(seals: &Seals, body: &[u8]) -> [u8; SIGNATURE] {
    super::bound::short(seals.digest("signature of a confirmation", &[body]))
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, Mutex},
        time::{SystemTime, UNIX_EPOCH},
    };

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn bound(caller: u8, call: u8) -> Bound {
        Bound {
            caller: [caller; 8],
            call: [call; 8],
        }
    }

    fn token(seals: &Seals) -> String {
        issue(seals, &bound(1, 2), &[3; 16], MINUTE).token
    }

    #[test]
    fn a_token_is_good_once() {
        let seals = Seals::random();
        let token = token(&seals);
        assert!(token.len() < 110, "{token}");
        assert_eq!(open(&seals, &token, &bound(1, 2)).unwrap(), Ok([3; 16]));
        assert_eq!(open(&seals, &token, &bound(1, 2)).unwrap(), Err(Bad::Spent));
    }

    #[test]
    fn a_token_is_good_for_its_caller_and_its_call_only() {
        let seals = Seals::random();
        let token = token(&seals);
        assert_eq!(open(&seals, &token, &bound(9, 2)).unwrap(), Err(Bad::Caller));
        assert_eq!(open(&seals, &token, &bound(1, 9)).unwrap(), Err(Bad::Call));
        assert_eq!(
            open(&seals, &token, &bound(1, 2)).unwrap(),
            Err(Bad::Spent),
            "its caller's one attempt is over"
        );
    }

    #[test]
    fn a_token_that_was_changed_anywhere_is_none() {
        let seals = Seals::random();
        let token = token(&seals);
        for at in MARK.len()..token.len() - 1 {
            let other = if &token[at..=at] == "A" { "B" } else { "A" };
            let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
            assert_eq!(
                open(&seals, &changed, &bound(1, 2)).unwrap(),
                Err(Bad::Tampered),
                "{at}"
            );
        }
        assert_eq!(
            open(&Seals::random(), &token, &bound(1, 2)).unwrap(),
            Err(Bad::Tampered),
            "another server's"
        );
        for garbage in ["", "yes", "confirm-", &token[1..], &format!("{token}AAAA"), "confirm-ä"] {
            assert_eq!(
                open(&seals, garbage, &bound(1, 2)).unwrap_err().code(),
                Code::InvalidInput,
                "{garbage}"
            );
        }
    }

    #[test]
    fn a_token_gets_too_old() {
        let now = Arc::new(Mutex::new(SystemTime::now()));
        let clock = now.clone();
        let seals = Seals::random().by_clock(Arc::new(move || *clock.lock().unwrap()));
        let issued = issue(&seals, &bound(1, 2), &[3; 16], MINUTE);
        *now.lock().unwrap() = UNIX_EPOCH + Duration::from_secs(issued.until);
        assert_eq!(open(&seals, &issued.token, &bound(1, 2)).unwrap(), Err(Bad::TooOld));
        *now.lock().unwrap() -= Duration::from_secs(1);
        assert!(open(&seals, &issued.token, &bound(1, 2)).unwrap().is_ok());
    }
}
