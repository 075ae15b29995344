//! What is around a request and a reply: hello, `<rpc-reply>`, `<rpc-error>`.

use std::fmt::Write as _;

use super::spoil::EnvelopeSpoil;
use crate::{
    junos::netconf::xml::{Element, escape},
    lab::{Kind, config::Who},
};

const BASE: &str = "urn:ietf:params:xml:ns:netconf:base:1.0";

/// Attributes of the request that come back with the reply (RFC 6241, section 4.1).
pub(super) struct Envelope {
    echoed: Vec<(String, String)>,
}

impl Envelope {
    /// For errors that answer no request.
    pub(super) fn unasked() -> Self {
        Self { echoed: Vec::new() }
    }

    pub(super) fn of(rpc: &Element) -> Self {
        let ours = ["xmlns", "xmlns:nc", "xmlns:junos"];
        let echoed = rpc.attributes.iter().filter(|(name, _)| !ours.contains(&&**name));
        Self {
            echoed: echoed
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
        }
    }

    /// The start tag of the reply and the beginning of its content.
    pub(super) fn begin(&self, kind: Kind, nc: bool, body: &[u8]) -> Vec<u8> {
        let mut out = self.start(kind, nc, EnvelopeSpoil::None).into_bytes();
        out.extend_from_slice(body);
        out
    }

    /// The whole reply.
    pub(super) fn wrap(&self, kind: Kind, nc: bool, body: Vec<u8>, spoil: EnvelopeSpoil) -> Vec<u8> {
        let mut out = self.start(kind, nc, spoil).into_bytes();
        if body.is_empty() {
            out.truncate(out.trim_ascii_end().len() - 1);
            out.extend_from_slice(b"/>\n");
            return out;
        }
        match (nc, std::str::from_utf8(&body)) {
            (true, Ok(text)) => out.extend_from_slice(prefixed(text).as_bytes()),
            _ => out.extend_from_slice(&body),
        }
        out.extend_from_slice(if nc { b"</nc:rpc-reply>\n" } else { b"</rpc-reply>\n" });
        out
    }

    fn start(&self, kind: Kind, nc: bool, spoil: EnvelopeSpoil) -> String {
        let mut out = match nc {
            true => format!("<nc:rpc-reply xmlns:nc=\"{BASE}\""),
            false => format!("<rpc-reply xmlns=\"{BASE}\""),
        };
        match spoil {
            EnvelopeSpoil::None => {
                let release = kind.release();
                let _ = write!(out, " xmlns:junos=\"http://xml.juniper.net/junos/{release}/junos\"");
            }
            EnvelopeSpoil::NoJunosPrefix => {}
            EnvelopeSpoil::InvalidNamespace => {
                out.push_str(" xmlns:junos=\"http://xml.juniper.net/junos/[limited] %zz/junos\"")
            }
        }
        for (name, value) in &self.echoed {
            let _ = write!(out, " {name}=\"{}\"", escape(value));
        }
        out.push_str(">\n");
        out
    }
}

/// Protocol elements get the prefix of `rfc-compliant` replies; the device's own do not.
fn prefixed(body: &str) -> String {
    const PROTOCOL: [&str; 10] = [
        "ok",
        "rpc-error",
        "error-type",
        "error-tag",
        "error-severity",
        "error-path",
        "error-app-tag",
        "error-message",
        "error-info",
        "data",
    ];
    let mut out = body.to_owned();
    for name in PROTOCOL {
        for (plain, with) in [
            (format!("<{name}>"), format!("<nc:{name}>")),
            (format!("<{name}/>"), format!("<nc:{name}/>")),
            (format!("</{name}>"), format!("</nc:{name}>")),
        ] {
            if out.contains(&plain) {
                out = out.replace(&plain, &with);
            }
        }
    }
    out
}

/// The hello of the device, with the comments that mgd writes before it.
pub(super) fn hello(kind: Kind, who: &Who, nc: bool, chunked: bool, error: Option<&str>) -> String {
    let p = if nc { "nc:" } else { "" };
    let xmlns = if nc { "xmlns:nc" } else { "xmlns" };
    let mut out = String::from("<!-- No zombies were killed during the creation of this user interface -->\n");
    let _ = writeln!(out, "<!-- user {}, class super-user -->", who.user);
    let _ = writeln!(out, "<{p}hello {xmlns}=\"{BASE}\">\n  <{p}capabilities>");
    let extra = if chunked {
        "urn:ietf:params:netconf:base:1.1\n"
    } else {
        ""
    };
    for capability in kind
        .capabilities()
        .lines()
        .chain(extra.lines())
        .filter(|line| !line.is_empty())
    {
        let _ = writeln!(out, "    <{p}capability>{}</{p}capability>", escape(capability));
    }
    let _ = writeln!(
        out,
        "  </{p}capabilities>\n  <{p}session-id>{}</{p}session-id>",
        who.session
    );
    if let Some(message) = error {
        let body = self::error("protocol", "operation-failed", message, None);
        let _ = writeln!(
            out,
            "<{p}rpc-reply>\n{}</{p}rpc-reply>",
            if nc { prefixed(&body) } else { body }
        );
    }
    let _ = writeln!(out, "</{p}hello>");
    out
}

/// Whether the client's hello offers base:1.1.
pub(super) fn offers_chunks(hello: &Element) -> bool {
    hello
        .descendants("capability")
        .iter()
        .any(|c| c.text().trim() == "urn:ietf:params:netconf:base:1.1")
}

/// An `<rpc-error>`, indented as Junos does.
pub(crate) fn error(kind: &str, tag: &str, message: &str, bad_element: Option<&str>) -> String {
    let mut out = format!(
        "<rpc-error>\n<error-type>{kind}</error-type>\n<error-tag>{tag}</error-tag>\n\
         <error-severity>error</error-severity>\n<error-message>{}</error-message>\n",
        escape(message)
    );
    if let Some(bad) = bad_element {
        let _ = write!(
            out,
            "<error-info>\n<bad-element>{}</bad-element>\n</error-info>\n",
            escape(bad)
        );
    }
    out.push_str("</rpc-error>\n");
    out
}

/// CLI text as the content of a reply.
pub(super) fn output(text: &str) -> String {
    format!("<output>\n{}</output>\n", escaped(text))
}

/// CLI text of several routing engines.
pub(super) fn outputs(texts: &[(String, String)]) -> String {
    let item = |(engine, text): &(String, String)| {
        let output = output(text);
        format!("<multi-routing-engine-item>\n<re-name>{engine}</re-name>\n{output}</multi-routing-engine-item>\n")
    };
    let items: String = texts.iter().map(item).collect();
    format!("<multi-routing-engine-results>\n{items}</multi-routing-engine-results>\n")
}

/// Text as Junos escapes it: quotes stay.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The same XML without white space between elements.
pub(super) fn minified(xml: &str) -> String {
    let mut out = String::with_capacity(xml.len());
    let mut rest = xml.trim();
    while let Some(at) = rest.find('>') {
        let (tag, after) = rest.split_at(at + 1);
        out.push_str(tag);
        let trimmed = after.trim_start();
        rest = if trimmed.starts_with('<') { trimmed } else { after };
    }
    out.push_str(rest);
    out
}
