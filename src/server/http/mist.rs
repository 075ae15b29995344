//! What a request says of the Mist cloud: the account that it brings, which counts for this request alone, and what it wants to be listed.
//! Whatever else mistmcp's clients may say here, such as that nobody has to confirm, is passed over: a client cannot decide that.

use std::sync::Arc;

use http::{HeaderName, header, request::Parts};
use reqwest::Url;

use super::{hosts::single, refusal::Refusal};
use crate::{
    error::{Code, Error},
    mist::{Account, Brought, Mist},
    secret::Secret,
    server::wanted::Wanted,
    tokens::Caller,
    tools::{Categories, Mode},
};

const CLOUD: HeaderName = HeaderName::from_static("x-mist-cloud");
const TOKEN: HeaderName = HeaderName::from_static("x-authorization");
const TOOLSETS: HeaderName = HeaderName::from_static("x-mcp-toolsets");

/// What a request brings.
pub(super) struct Brings {
    /// The account.
    pub(super) account: Brought,
    /// What it wants to be listed.
    pub(super) wanted: Wanted,
}

/// Reads what a request brings. Where tokens of this server are in use, `Authorization` is theirs.
///
/// # Errors
/// 400 for what is said twice and may mean one thing here and another elsewhere.
pub(super) fn read(parts: &Parts, mist: &Mist, has_tokens: bool) -> Result<Brings, Refusal> {
    let query = Query::of(parts)?;
    let in_header = single(&parts.headers, CLOUD, "X-Mist-Cloud")?
        .map(str::trim)
        .filter(|cloud| !cloud.is_empty());
    let cloud = match (query.cloud.as_deref(), in_header) {
        (Some(query), Some(header)) if bare(query) != bare(header) => {
            return Err(Refusal::bad_request("`?cloud=` and X-Mist-Cloud name two clouds"));
        }
        (query, header) => query.or(header),
    };
    let own = single(&parts.headers, TOKEN, "X-Authorization")?;
    // A client that was set up for tokens of this server may still send one: without a cloud it says nothing where there is an account.
    let is_for_mist = !has_tokens && (cloud.is_some() || mist.own().is_none());
    let general = single(&parts.headers, header::AUTHORIZATION, "Authorization");
    let token = match own.map(str::trim).filter(|token| !token.is_empty()) {
        Some(token) => Some(token),
        None if is_for_mist => general?,
        None => None,
    };
    let account = account(mist, cloud, token.map(Secret::new));
    let toolsets = single(&parts.headers, TOOLSETS, "X-MCP-Toolsets")?.unwrap_or_default();
    let categories = [query.categories.as_deref().unwrap_or_default(), toolsets];
    let wanted = Wanted {
        // As in mistmcp, a word that is no mode is the usual one.
        mode: query.mode.as_deref().map(|word| Mode::of(word).unwrap_or_default()),
        categories: categories
            .into_iter()
            .flat_map(|names| Categories::read(names).0)
            .collect(),
        brings_mist: !matches!(account, Brought::Nothing),
    };
    Ok(Brings { account, wanted })
}

impl Brings {
    /// The caller that a request with this account is made by.
    pub(super) fn caller(&self, caller: Caller, has_tokens: bool) -> Caller {
        match &self.account {
            Brought::Account(account) => caller.with_account(account.id(), has_tokens),
            _ if !has_tokens && !caller.principal.is_unrestricted() => caller.unknown(),
            _ => caller,
        }
    }
}

/// What the target says, each once.
#[derive(Default)]
struct Query {
    cloud: Option<String>,
    mode: Option<String>,
    categories: Option<String>,
}

impl Query {
    fn of(parts: &Parts) -> Result<Self, Refusal> {
        let mut query = Self::default();
        let Some(text) = parts.uri.query() else {
            return Ok(query);
        };
        // Only what decodes names and values is of use here; the host is not looked at.
        let Ok(url) = Url::parse(&format!("http://localhost/?{text}")) else {
            return Err(Refusal::bad_request("the query of the target cannot be read"));
        };
        for (name, value) in url.query_pairs() {
            let place = match name.as_ref() {
                "cloud" => &mut query.cloud,
                "mode" => &mut query.mode,
                "categories" => &mut query.categories,
                _ => continue,
            };
            if place.is_some() {
                return Err(Refusal::bad_request(format!("more than one `{name}` in the target")));
            }
            let value = value.trim();
            *place = (!value.is_empty()).then(|| value.to_owned());
        }
        Ok(query)
    }
}

/// A cloud as clients write it: whether it is asked over TLS is not theirs to say.
fn bare(cloud: &str) -> &str {
    cloud.split_once("://").map_or(cloud, |(_, rest)| rest)
}

fn account(mist: &Mist, cloud: Option<&str>, token: Option<Secret>) -> Brought {
    let missing = |what: &str, there: &str, advice: &str| {
        let message = format!("the request brings {there} of the Mist cloud and no {what}");
        Brought::Wrong(Arc::new(Error::new(Code::MistNotConfigured, message).advise(advice)))
    };
    let (cloud, token) = match (cloud, token) {
        (None, None) => return Brought::Nothing,
        (Some(_), None) => return missing("token", "a host", "send the token in the header `X-Authorization`"),
        (None, Some(_)) => {
            return missing(
                "host",
                "a token",
                "name the cloud in the header `X-Mist-Cloud` or in the address, as in `/mcp?cloud=api.mist.com`",
            );
        }
        (Some(cloud), Some(token)) => (cloud, token),
    };
    let account = mist
        .clouds()
        .cloud(bare(cloud))
        .and_then(|cloud| Account::new(cloud, &token));
    account.map_or_else(
        |e| Brought::Wrong(Arc::new(e)),
        |account| Brought::Account(Arc::new(account)),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use http::Request;

    use super::*;
    use crate::mist::{Clouds, MistOptions};

    static MIST: LazyLock<Arc<Mist>> = LazyLock::new(|| {
        let clouds = Clouds::with(["http://127.0.0.1:8080"]).unwrap();
        Mist::new(MistOptions {
            clouds,
            ..MistOptions::default()
        })
        .unwrap()
    });

    fn brings(target: &str, headers: &[(&str, &str)], has_tokens: bool) -> Result<Brings, Refusal> {
        let mut request = Request::builder().uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(&request.body(()).unwrap().into_parts().0, &MIST, has_tokens)
    }

    /// Base and token of the account, or the words of what is wrong; empty where nothing was brought.
    fn account(target: &str, headers: &[(&str, &str)], has_tokens: bool) -> String {
        match brings(target, headers, has_tokens).unwrap().account {
            Brought::Nothing => String::new(),
            Brought::Account(account) => {
                format!("{} {}", account.cloud().base(), account.keys()[0].token().expose())
            }
            Brought::Wrong(why) => why.to_string(),
        }
    }

    #[test]
    fn accounts_are_brought_as_in_both_versions_of_mistmcp() {
        let raw = ("X-Authorization", "t1");
        for (target, headers, expected) in [
            ("/mcp?cloud=api.eu.mist.com", vec![raw], "https://api.eu.mist.com t1"),
            (
                "/mcp?cloud=https%3A%2F%2Fapi.mist.com",
                vec![raw],
                "https://api.mist.com t1",
            ),
            (
                "/mcp",
                vec![raw, ("X-Mist-Cloud", "http://api.mist.com")],
                "https://api.mist.com t1",
            ),
            (
                "/mcp",
                vec![raw, ("X-Mist-Cloud", "https://127.0.0.1:8080")],
                "http://127.0.0.1:8080 t1",
            ),
            (
                "/mcp?cloud=api.mist.com",
                vec![("Authorization", "Bearer t2")],
                "https://api.mist.com t2",
            ),
            (
                "/mcp?cloud=api.mist.com",
                vec![("Authorization", "Token t2")],
                "https://api.mist.com t2",
            ),
            (
                "/mcp?cloud=api.mist.com",
                vec![("Authorization", "t2")],
                "https://api.mist.com t2",
            ),
            (
                "/mcp?cloud=api.mist.com",
                vec![("Authorization", "t2"), raw],
                "https://api.mist.com t1",
            ),
            ("/mcp", vec![], ""),
        ] {
            assert_eq!(account(target, &headers, false), expected, "{target} {headers:?}");
        }
    }

    #[test]
    fn half_an_account_is_none_and_nobodys_else() {
        for (target, headers, words) in [
            ("/mcp?cloud=api.mist.com", vec![], "no token"),
            ("/mcp", vec![("X-Authorization", "t")], "no host"),
            ("/mcp", vec![("Authorization", "Bearer t")], "no host"),
            (
                "/mcp?cloud=api.mist.example",
                vec![("X-Authorization", "t")],
                "no Mist cloud that jmcp knows",
            ),
            (
                "/mcp?cloud=169.254.169.254",
                vec![("X-Authorization", "t")],
                "no Mist cloud that jmcp knows",
            ),
        ] {
            let said = account(target, &headers, false);
            assert!(said.contains(words), "{target} {headers:?}: {said}");
        }
        // There `Authorization` is this server's own.
        assert_eq!(account("/mcp", &[("Authorization", "Bearer t")], true), "");
        let said = account("/mcp?cloud=api.mist.com", &[("Authorization", "Bearer t")], true);
        assert!(said.contains("no token"), "{said}");
    }

    #[test]
    fn what_is_said_twice_is_refused() {
        for (target, headers) in [
            ("/mcp?cloud=api.mist.com&cloud=api.eu.mist.com", vec![]),
            ("/mcp?mode=all&mode=managed", vec![]),
            ("/mcp", vec![("X-Authorization", "a"), ("X-Authorization", "b")]),
            (
                "/mcp",
                vec![("X-Mist-Cloud", "api.mist.com"), ("X-Mist-Cloud", "api.mist.com")],
            ),
            ("/mcp", vec![("X-MCP-Toolsets", "orgs"), ("X-MCP-Toolsets", "sites")]),
            ("/mcp?cloud=api.mist.com", vec![("X-Mist-Cloud", "api.eu.mist.com")]),
        ] {
            assert!(brings(target, &headers, false).is_err(), "{target} {headers:?}");
        }
    }

    #[test]
    fn a_request_says_what_is_listed() {
        let wanted = |target: &str, headers: &[(&str, &str)]| brings(target, headers, false).unwrap().wanted;
        let both = wanted(
            "/mcp?mode=all&categories=orgs,%20Sites,none",
            &[("X-MCP-Toolsets", "orgs_nac")],
        );
        assert_eq!(
            (both.mode, both.categories),
            (Some(Mode::All), vec!["orgs", "sites", "orgs_nac"])
        );
        assert!(!both.brings_mist);
        assert_eq!(wanted("/mcp?mode=loud", &[]).mode, Some(Mode::Managed));
        assert_eq!(
            wanted("/mcp?disable_elicitation=true&experimental=true", &[]).mode,
            None
        );
        assert!(wanted("/mcp?cloud=api.mist.com", &[]).brings_mist);
    }
}
