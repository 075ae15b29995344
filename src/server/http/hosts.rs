//! Which names a client may call this server by, and which web pages may call it: a page whose own name was made to point here
//! (DNS rebinding) otherwise speaks to it with the rights of the machine that shows the page.

use std::net::{IpAddr, Ipv6Addr};

use http::{HeaderMap, StatusCode, Uri, header, request::Parts, uri::Authority};

use super::refusal::Refusal;
use crate::error::{Code, Error, Result};

const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// What the operator allows.
#[derive(Debug, Clone)]
pub struct Hosts {
    allowed: Vec<Name>,
    origins: Vec<String>,
    any_host: bool,
}

/// A host, with the port where only that one counts.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Name {
    host: String,
    port: Option<u16>,
}

impl Hosts {
    /// The loopback names and these; with `any_host` every name. Web pages of the same names may call, and those of these origins
    /// (`https://portal.example.net`, with port where it is not the scheme's own).
    ///
    /// # Errors
    /// `invalid_input` for an entry that is no host or no origin.
    pub fn new(allowed: &[String], origins: &[String], any_host: bool) -> Result<Self> {
        let wrong = |flag: &str, entry: &str, example: &str| {
            Error::new(
                Code::InvalidInput,
                format!("`{flag} {}` cannot be read", entry.escape_debug()),
            )
            .advise(format!("write it like `{example}`"))
        };
        let name = |entry: &String| name(entry).ok_or_else(|| wrong("--allowed-host", entry, "jmcp.example.net"));
        let origin = |entry: &String| match origin(entry) {
            Some((_, _, normal)) => Ok(normal),
            None => Err(wrong("--allowed-origin", entry, "https://portal.example.net")),
        };
        let mut names: Vec<Name> = allowed.iter().map(name).collect::<Result<_>>()?;
        names.extend(LOOPBACK.map(|host| Name {
            host: host.into(),
            port: None,
        }));
        Ok(Self {
            allowed: names,
            origins: origins.iter().map(origin).collect::<Result<_>>()?,
            any_host,
        })
    }

    /// Whether a request names this server by an allowed name and comes from no other web page.
    ///
    /// `own` is an address that also counts: the one that the connection came in on, where orchestrators probe by address.
    pub(super) fn check(&self, request: &Parts, own: Option<IpAddr>) -> std::result::Result<(), Refusal> {
        let named = named(&request.uri, &request.headers)?;
        let is_own = own.is_some_and(|own| named.host.parse() == Ok(own));
        if !self.any_host && !is_own && !self.allows(&named) {
            let description = format!(
                "this server is not to be called `{}`; an operator can allow the name with --allowed-host",
                named.host.escape_debug()
            );
            return Err(Refusal::new(StatusCode::FORBIDDEN, "host_not_allowed", description));
        }
        self.check_origin(&request.headers, &named)
    }

    fn allows(&self, named: &Name) -> bool {
        self.allowed
            .iter()
            .any(|allowed| allowed.host == named.host && (allowed.port.is_none() || allowed.port == named.port))
    }

    fn check_origin(&self, headers: &HeaderMap, named: &Name) -> std::result::Result<(), Refusal> {
        let Some(value) = single(headers, header::ORIGIN, "Origin")? else {
            return Ok(());
        };
        let allowed = origin(value).is_some_and(|(is_web, from, normal)| {
            let is_same = self.any_host && from.host == named.host;
            self.origins.contains(&normal) || is_editor(&normal) || is_web && (is_same || self.allows(&from))
        });
        if allowed {
            return Ok(());
        }
        let description = format!(
            "web pages of `{}` may not call this server; an operator can allow them with --allowed-origin",
            value.escape_debug()
        );
        Err(Refusal::new(StatusCode::FORBIDDEN, "origin_not_allowed", description))
    }
}

/// The one value of a header; none where it is missing.
pub(super) fn single<'a>(
    headers: &'a HeaderMap,
    name: header::HeaderName,
    shown: &str,
) -> std::result::Result<Option<&'a str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(Refusal::bad_request(format!("more than one {shown} header")));
    }
    first
        .map(|value| {
            value
                .to_str()
                .map_err(|_| Refusal::bad_request(format!("the {shown} header is not text")))
        })
        .transpose()
}

/// The name that a request calls the server by: in its target (HTTP/2, or a target in absolute form), in `Host`, or in both alike.
fn named(uri: &Uri, headers: &HeaderMap) -> std::result::Result<Name, Refusal> {
    let unreadable = || Refusal::bad_request("the Host header is no host");
    let in_target = uri
        .authority()
        .map(|authority| name(authority.as_str()).ok_or_else(unreadable))
        .transpose()?;
    let in_header = single(headers, header::HOST, "Host")?
        .map(|value| name(value).ok_or_else(unreadable))
        .transpose()?;
    match (in_target, in_header) {
        (Some(target), Some(header)) if target != header => Err(Refusal::bad_request(
            "the Host header and the target of the request name two hosts",
        )),
        (Some(name), _) | (None, Some(name)) => Ok(name),
        (None, None) => Err(Refusal::bad_request("no Host header")),
    }
}

/// A host with or without port: `name`, `name:80`, `192.0.2.1:80`, `[2001:db8::1]:80`, and `2001:db8::1` as operators write it.
fn name(text: &str) -> Option<Name> {
    let text = text.trim();
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(Name {
            host: address.to_string(),
            port: None,
        });
    }
    let authority: Authority = text.parse().ok()?;
    if authority.as_str().contains('@') || authority.host().is_empty() {
        return None;
    }
    // The library takes `[::1]name:80` for the host `[::1]`, and `+80` for a port.
    let host = authority.host();
    let rest = authority.as_str().strip_prefix(host)?;
    let port = match rest.strip_prefix(':') {
        None if rest.is_empty() => None,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits.parse().ok()?),
        _ => return None,
    };
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host = match bracketed {
        Some(address) => address.parse::<Ipv6Addr>().ok()?.to_string(),
        None => host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase(),
    };
    let host = host.parse::<IpAddr>().map_or(host, |address| address.to_string());
    Some(Name { host, port })
}

/// The pages that an editor is made of, which no web page can pass itself off as.
fn is_editor(origin: &str) -> bool {
    ["vscode-file://", "vscode-webview://"]
        .iter()
        .any(|scheme| origin.starts_with(scheme))
}

/// Whether the origin is one of a web page, its host, and the origin in one spelling (RFC 6454 section 6.2).
fn origin(text: &str) -> Option<(bool, Name, String)> {
    let (scheme, rest) = text.trim().trim_end_matches('/').split_once("://")?;
    if rest.contains(['/', '?', '#']) {
        return None;
    }
    let (scheme, from) = (scheme.to_ascii_lowercase(), name(rest)?);
    let port = match (scheme.as_str(), from.port) {
        ("http", Some(80)) | ("https", Some(443)) | (_, None) => String::new(),
        (_, Some(port)) => format!(":{port}"),
    };
    let is_web = matches!(scheme.as_str(), "http" | "https");
    let normal = format!("{scheme}://{}{port}", from.host);
    Some((is_web, from, normal))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn request(target: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn status(hosts: &Hosts, target: &str, headers: &[(&str, &str)]) -> u16 {
        use axum::response::IntoResponse as _;
        hosts
            .check(&request(target, headers), None)
            .map_or_else(|refusal| refusal.into_response().status().as_u16(), |()| 200)
    }

    fn hosts(allowed: &[&str], origins: &[&str], any: bool) -> Hosts {
        let own = |list: &[&str]| list.iter().map(|entry| (*entry).to_owned()).collect::<Vec<_>>();
        Hosts::new(&own(allowed), &own(origins), any).unwrap()
    }

    #[test]
    fn loopback_names_are_allowed_and_no_others() {
        let hosts = hosts(&[], &[], false);
        for host in [
            "localhost",
            "LOCALHOST:30030",
            "localhost.",
            "127.0.0.1:1",
            "[::1]",
            "[0:0::1]:8080",
        ] {
            assert_eq!(status(&hosts, "/", &[("host", host)]), 200, "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
            "192.0.2.1",
            "[2001:db8::1]",
        ] {
            assert_eq!(status(&hosts, "/", &[("host", host)]), 403, "{host}");
        }
        for host in [
            "",
            "local host",
            "a@localhost",
            "localhost:",
            "localhost:http",
            "[::1",
            "[::1]localhost:80",
            "[::1]localhost",
            "[localhost]",
            "localhost:+80",
            "localhost:99999",
        ] {
            assert_eq!(status(&hosts, "/", &[("host", host)]), 400, "{host}");
        }
        assert_eq!(status(&hosts, "/", &[]), 400);
        assert_eq!(
            status(&hosts, "/", &[("host", "localhost"), ("host", "localhost")]),
            400
        );
    }

    #[test]
    fn target_and_header_have_to_agree() {
        let hosts = hosts(&[], &[], false);
        assert_eq!(status(&hosts, "http://localhost/", &[]), 200);
        assert_eq!(status(&hosts, "http://evil.example/", &[]), 403);
        assert_eq!(status(&hosts, "http://evil.example/", &[("host", "localhost")]), 400);
    }

    #[test]
    fn operators_allow_names_with_and_without_port() {
        let hosts = hosts(&["jmcp.example.net", "192.0.2.1:8080", "2001:db8::1"], &[], false);
        for (host, expected) in [
            ("jmcp.example.net:443", 200),
            ("192.0.2.1:8080", 200),
            ("192.0.2.1", 403),
            ("[2001:DB8::1]:99", 200),
            ("other.example.net", 403),
        ] {
            assert_eq!(status(&hosts, "/", &[("host", host)]), expected, "{host}");
        }
        assert!(Hosts::new(&["a b".into()], &[], false).is_err());
        assert!(Hosts::new(&[], &["portal.example.net".into()], false).is_err());
    }

    #[test]
    fn pages_of_other_hosts_are_refused() {
        let strict = hosts(&["jmcp.example.net"], &["https://portal.example.net", "app://x"], false);
        let from = |hosts: &Hosts, origin: &str| status(hosts, "/", &[("host", "localhost"), ("origin", origin)]);
        for origin in [
            "http://localhost:6274",
            "https://jmcp.example.net",
            "https://portal.example.net",
            "https://portal.example.net:443",
            "vscode-file://vscode-app",
            "vscode-webview://0c1f2e3d",
            "app://x",
        ] {
            assert_eq!(from(&strict, origin), 200, "{origin}");
        }
        for origin in [
            "null",
            "",
            "https://evil.example",
            "http://portal.example.net",
            "https://portal.example.net:8443",
            "ftp://localhost",
            "http://localhost/path",
        ] {
            assert_eq!(from(&strict, origin), 403, "{origin}");
        }
        let any = hosts(&[], &[], true);
        assert_eq!(status(&any, "/", &[("host", "any.example")]), 200);
        assert_eq!(
            status(&any, "/", &[("host", "any.example"), ("origin", "https://any.example")]),
            200
        );
        assert_eq!(
            status(
                &any,
                "/",
                &[("host", "any.example"), ("origin", "https://evil.example")]
            ),
            403
        );
    }
}
