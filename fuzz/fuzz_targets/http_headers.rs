//! Headers: nothing panics, and what passes the check of names does so by a plain reading of them too.
//!
//! The first byte chooses what the operator allowed, the first line is the target of the request, every further line a header.

#![no_main]

use std::net::IpAddr;

use http::{HeaderName, HeaderValue, Request, Uri, header, request::Parts};
use jmcp::server::http::{Hosts, fuzz};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 8] = [
    "host",
    "origin",
    "accept",
    "content-type",
    "mcp-session-id",
    "mcp-protocol-version",
    "authorization",
    "x",
];

/// A line is a digit for the name of the header, and its value.
fn request(text: &[u8]) -> Option<Parts> {
    let mut lines = text.split(|byte| *byte == b'\n');
    let mut parts = Request::new(()).into_parts().0;
    parts.uri = Uri::try_from(lines.next()?).ok()?;
    for line in lines {
        let (name, value) = line.split_first()?;
        let name = HeaderName::from_static(NAMES[usize::from(*name) % NAMES.len()]);
        parts.headers.append(name, HeaderValue::from_bytes(value).ok()?);
    }
    Some(parts)
}

/// The host of `host:port`, `[v6]:port` or an address by itself.
fn bare(text: &str) -> String {
    let text = text.trim().to_ascii_lowercase();
    let host = match text.rsplit_once(':') {
        _ if text.parse::<IpAddr>().is_ok() => text.as_str(),
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => text.as_str(),
    };
    let host = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    host.strip_suffix('.').unwrap_or(host).to_owned()
}

fn is_allowed(host: &str) -> bool {
    let address = host.parse::<IpAddr>().ok();
    matches!(host, "localhost" | "jmcp.example.net")
        || address.is_some_and(|a| a.is_loopback() && (a.is_ipv6() || a.to_string() == "127.0.0.1"))
}

fuzz_target!(|input: &[u8]| {
    let Some((first, text)) = input.split_first() else {
        return;
    };
    let Some(mut parts) = request(text) else { return };
    let is_any = first % 2 == 1;
    let allowed = ["jmcp.example.net".to_owned()];
    let hosts = Hosts::new(&allowed, &["https://portal.example.net".to_owned()], is_any).expect("they can be read");
    let passes = fuzz::may_call(&hosts, &parts);
    let one = |name| {
        let values: Vec<_> = parts.headers.get_all(name).iter().collect();
        assert!(values.len() < 2, "two of one header passed");
        values
            .first()
            .map(|value| value.to_str().expect("only text passes").to_owned())
    };
    if passes {
        let named = [
            one(header::HOST),
            parts.uri.authority().map(|authority| authority.to_string()),
        ];
        assert!(named.iter().any(Option::is_some), "a request without host passed");
        if !is_any {
            for host in named.iter().flatten() {
                assert!(is_allowed(&bare(host)), "{host:?} passed");
            }
            if let Some(origin) = one(header::ORIGIN) {
                let lower = origin.trim().trim_end_matches('/').to_ascii_lowercase();
                let (scheme, host) = lower.split_once("://").expect("an origin has a scheme");
                let is_web = matches!(scheme, "http" | "https") && is_allowed(&bare(host));
                let portal = [
                    "https://portal.example.net",
                    "https://portal.example.net:443",
                    "https://portal.example.net.",
                ];
                assert!(
                    is_web || portal.iter().any(|p| lower.starts_with(p)),
                    "{origin:?} passed"
                );
            }
        }
    }
    let _ = fuzz::may_post(&mut parts);
});
