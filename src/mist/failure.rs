//! What went wrong with a request, in a form that can be given to everybody who waits for the same answer.

use std::time::Duration;

use crate::error::{Code, Error};

/// A failed request.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The code.
    pub code: Code,
    /// The status of the answer, where there was one.
    pub status: Option<u16>,
    /// What happened.
    pub message: String,
    /// What to do.
    pub advice: Option<String>,
    /// How long to wait before another try, where the cloud said so.
    pub retry_after: Option<Duration>,
    /// Whether the request may have had its effect: it must not be sent again unseen.
    pub may_have_happened: bool,
    /// Whether the same call may help later although the code does not say so.
    pub again: bool,
}

/// Characters of the cloud's own words that are passed on.
const WORDS: usize = 300;

impl Failure {
    /// A failure without an answer.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            status: None,
            message: message.into(),
            advice: None,
            retry_after: None,
            may_have_happened: false,
            again: false,
        }
    }

    /// Adds what to do.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// The failure that an answer with this status is. `asked` is method and path as in the documentation.
    pub fn of(status: u16, body: &[u8], asked: &str, host: &str, retry_after: Option<Duration>) -> Self {
        let (code, advice) = meaning(status);
        let words = said(body).map(|words| format!(": {words}")).unwrap_or_default();
        let advice = match retry_after {
            Some(wait) => format!("{advice}; try again in {} s", wait.as_secs().max(1)),
            None => advice.to_owned(),
        };
        Self {
            code,
            status: Some(status),
            message: format!("`{asked}` at `{host}` was answered with {status}{words}"),
            advice: Some(advice),
            retry_after,
            may_have_happened: false,
            again: false,
        }
    }

    /// Whether the same request may succeed soon.
    pub fn is_passing(&self) -> bool {
        match self.status {
            Some(status) => matches!(status, 429 | 500 | 502..=504),
            None => matches!(self.code, Code::ConnectFailed | Code::ConnectTimeout | Code::Transport),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let error = Error::new(failure.code, failure.message);
        let error = match failure.advice {
            Some(advice) => error.advise(advice),
            None => error,
        };
        if failure.may_have_happened {
            error.not_again()
        } else if failure.again {
            error.again()
        } else {
            error
        }
    }
}

/// What a status means and what to do about it.
fn meaning(status: u16) -> (Code, &'static str) {
    match status {
        400 | 422 => (
            Code::InvalidInput,
            "the cloud refused the arguments: look at their values, `describe_tool` lists what it takes",
        ),
        401 => (
            Code::AuthFailed,
            "the token is wrong, expired or of another cloud: check the Mist token and its host (each region has its own)",
        ),
        403 => (
            Code::PermissionDenied,
            "the token has no privilege for this, or the organisation or site id is not one of its own: `getSelf` lists what it reaches",
        ),
        404 => (
            Code::NotFound,
            "an id in the call is wrong, or belongs to another organisation or cloud: take ids from `getSelf`, `listOrgSites` and the search tools",
        ),
        409 => (
            Code::Conflict,
            "somebody else changed it meanwhile: read it again first",
        ),
        413 => (Code::TooLarge, "ask for less"),
        429 => (
            Code::RateLimited,
            "the token's calls of this hour are used up or come too fast; `mist_get_self` with `api_usage` shows the budget",
        ),
        300..=399 => (
            Code::UpstreamError,
            "the cloud sends the request elsewhere, and a token is not sent after it: check the host",
        ),
        500..=599 => (Code::UpstreamError, "the cloud has a problem of its own"),
        _ => (Code::UpstreamError, "the cloud's answer is none that is documented"),
    }
}

/// The cloud's own words: `detail`, `reason` or what else the body says; nothing of pages.
fn said(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let words = match serde_json::from_str::<serde_json::Value>(text) {
        Ok(serde_json::Value::Object(fields)) => {
            let parts = ["detail", "reason", "error", "message", "id"]
                .iter()
                .filter_map(|name| fields.get(*name));
            let parts: Vec<String> = parts
                .map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned))
                .collect();
            parts.join("; ")
        }
        Ok(other) => other.as_str().map_or_else(|| other.to_string(), str::to_owned),
        Err(_) if text.starts_with('<') => String::new(),
        Err(_) => text.to_owned(),
    };
    let words: String = words
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(WORDS)
        .collect();
    (!words.is_empty()).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cloud_is_quoted_and_its_pages_are_not() {
        let failure = |status, body: &str| {
            Failure::of(
                status,
                body.as_bytes(),
                "GET /api/v1/orgs/{org_id}",
                "api.mist.com",
                None,
            )
        };
        let words = failure(403, r#"{"detail": "You do not have permission"}"#).message;
        assert_eq!(
            words,
            "`GET /api/v1/orgs/{org_id}` at `api.mist.com` was answered with 403: You do not have permission"
        );
        assert!(
            failure(502, "<html><body>nginx</body></html>")
                .message
                .ends_with("with 502")
        );
        assert!(failure(404, "").message.ends_with("with 404"));
        assert_eq!(failure(418, "").code, Code::UpstreamError);
        assert!(failure(400, &"x".repeat(5000)).message.len() < 500);
    }
}
