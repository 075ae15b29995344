//! Replies as they should not be: each shape was seen from a real device.

use super::envelope::error;
use crate::{
    junos::netconf::xml::Element,
    lab::faults::{Denied, Fault, Faults, Spoil},
};

const MEBI: usize = 1 << 20;

/// A reply's content after it was spoilt.
pub(super) struct Spoilt {
    pub(super) body: Vec<u8>,
    pub(super) spoil_envelope: EnvelopeSpoil,
    /// The connection ends here.
    pub(super) cut_off: bool,
}

/// What is wrong with the reply's own tag.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum EnvelopeSpoil {
    None,
    NoJunosPrefix,
    InvalidNamespace,
}

/// The spoilt content, where a fault asks for it.
pub(super) fn reply(faults: &Faults, label: &str, body: &[u8]) -> Option<Spoilt> {
    let how = faults.take(|f| match f {
        Fault::Reply { on, how } if label.contains(on.as_str()) => Some(how.clone()),
        _ => None,
    })?;
    let mut spoilt = Spoilt {
        body: Vec::new(),
        spoil_envelope: EnvelopeSpoil::None,
        cut_off: false,
    };
    spoilt.body = match how {
        Spoil::UndeclaredPrefix => {
            spoilt.spoil_envelope = EnvelopeSpoil::NoJunosPrefix;
            b"<commit-information junos:style=\"brief\">\n<junos:comment>/* kept */</junos:comment>\n</commit-information>\n"
                .to_vec()
        }
        Spoil::InvalidNamespace => {
            spoilt.spoil_envelope = EnvelopeSpoil::InvalidNamespace;
            body.to_vec()
        }
        Spoil::CutOff => {
            spoilt.cut_off = true;
            body.get(..body.len() / 2).unwrap_or_default().to_vec()
        }
        other => content(&other, body),
    };
    Some(spoilt)
}

fn content(how: &Spoil, body: &[u8]) -> Vec<u8> {
    let with = |before: &str, after: &[u8]| [before.as_bytes(), after].concat();
    match how {
        Spoil::HugeText(mebibytes) => huge_text(*mebibytes),
        Spoil::HugeXml(mebibytes) => huge_xml(*mebibytes),
        Spoil::TextOnly => b"error: device ge-9/9/9 not found\n".to_vec(),
        Spoil::Empty => Vec::new(),
        Spoil::XnmError => XNM_ERROR.into(),
        Spoil::PermissionDenied => error("protocol", "operation-failed", "permission denied", None).into_bytes(),
        Spoil::WarningThenError => with(
            &warning("statement not found"),
            error("application", "operation-failed", "statement creation failed", None).as_bytes(),
        ),
        Spoil::WarningBeside => with(&warning("uncommitted changes will be discarded on exit"), body),
        Spoil::BareAmpersand => b"<output>\nresearch & development, AT&T; R&\n</output>\n".to_vec(),
        Spoil::ControlBytes => b"<output>\nbell \x07 null \x00 escape \x1b latin-1 M\xfcnchen\n</output>\n".to_vec(),
        Spoil::ByteReferences => b"<output>\nEspa&#195;&#177;a\n</output>\n".to_vec(),
        Spoil::SplitConfiguration => SPLIT_CONFIGURATION.into(),
        Spoil::OneEngineFailed => ONE_ENGINE_FAILED.into(),
        Spoil::UnclosedRoutingEngine => UNCLOSED.into(),
        Spoil::DuplicateKeys => b"{\"system\" : {\"host-name\" : \"first\", \"host-name\" : \"second\"}}\n".to_vec(),
        Spoil::Content(text) => text.clone().into_bytes(),
        Spoil::UndeclaredPrefix | Spoil::InvalidNamespace | Spoil::CutOff => body.to_vec(),
    }
}

fn warning(message: &str) -> String {
    error("application", "operation-failed", message, None)
        .replace("<error-severity>error<", "<error-severity>warning<")
}

/// This many mebibytes of text in one element, line by line.
pub(crate) fn huge_text(mebibytes: usize) -> Vec<u8> {
    let mut out = b"<output>\n".to_vec();
    let mut line = 0_u64;
    while out.len() < mebibytes * MEBI {
        line += 1;
        out.extend_from_slice(format!("line {line:>10} of a very long answer of the lab device\n").as_bytes());
    }
    out.extend_from_slice(b"</output>\n");
    out
}

/// This many mebibytes of routes.
pub(crate) fn huge_xml(mebibytes: usize) -> Vec<u8> {
    let mut out = b"<route-information>\n<route-table>\n<table-name>inet.0</table-name>\n".to_vec();
    let mut number = 0_u32;
    while out.len() < mebibytes * MEBI {
        number += 1;
        let (a, b) = (number >> 8 & 255, number & 255);
        out.extend_from_slice(
            format!(
                "<rt>\n<rt-destination>198.18.{a}.{b}/32</rt-destination>\n<rt-entry>\n<protocol-name>BGP</protocol-name>\n\
                 <preference>170</preference>\n</rt-entry>\n</rt>\n"
            )
            .as_bytes(),
        );
    }
    out.extend_from_slice(b"</route-table>\n</route-information>\n");
    out
}

const XNM_ERROR: &str = "<xnm:error xmlns=\"http://xml.juniper.net/xnm/1.1/xnm\" \
xmlns:xnm=\"http://xml.juniper.net/xnm/1.1/xnm\">\n<source-daemon>chassisd</source-daemon>\n\
<message>error: the chassis-control subsystem is not running</message>\n</xnm:error>\n";

const SPLIT_CONFIGURATION: &str = "<configuration-information>\n\
<configuration-output>\nsystem {\n    host-name split;\n}\n</configuration-output>\n\
<configuration-detail>\n<configuration-warning>\nrequires 'bgp' license\n</configuration-warning>\n</configuration-detail>\n\
<configuration-output>\nprotocols {\n    lldp {\n        interface all;\n    }\n}\n</configuration-output>\n\
</configuration-information>\n";

const ONE_ENGINE_FAILED: &str = "<multi-routing-engine-results>\n<multi-routing-engine-item>\n<re-name>node0</re-name>\n\
<output>\nall is well\n</output>\n</multi-routing-engine-item>\n<multi-routing-engine-item>\n<re-name>node1</re-name>\n\
<rpc-error>\n<error-type>application</error-type>\n<error-tag>operation-failed</error-tag>\n\
<error-severity>error</error-severity>\n<error-message>could not connect to node1 : no route to host</error-message>\n\
</rpc-error>\n</multi-routing-engine-item>\n</multi-routing-engine-results>\n";

const UNCLOSED: &str = "<commit-results>\n<routing-engine junos:style=\"normal\">\n<name>node0</name>\n<commit-success/>\n\
<routing-engine junos:style=\"normal\">\n<name>node1</name>\n<commit-success/>\n<ok/>\n</commit-results>\n";

/// The refusal of a configuration request, where a fault asks for it. Nothing is done then.
pub(super) fn refusal(faults: &Faults, operation: &Element, in_private: bool) -> Option<String> {
    let refuse = |message: &str| error("protocol", "operation-failed", message, None);
    let private = operation.child("private").is_some();
    if let Some(message) = denied(faults, operation) {
        return Some(refuse(message));
    }
    match &*operation.name {
        "lock" | "lock-configuration" => lock_refusal(faults),
        "open-configuration" if private => faults
            .hit(|f| matches!(f, Fault::PrivateRefused))
            .then(|| refuse("private edits not allowed on this device")),
        "open-configuration" if operation.child("exclusive").is_some() => lock_refusal(faults),
        "commit-configuration" | "commit" if in_private && operation.child("confirmed").is_some() => faults
            .hit(|f| matches!(f, Fault::PrivateConfirmedRefused))
            .then(|| refuse("error: commit confirmed not supported for private configuration")),
        _ => None,
    }
}

/// What the device says of a step that it is told to refuse.
fn denied(faults: &Faults, operation: &Element) -> Option<&'static str> {
    let (step, message) = match &*operation.name {
        "get-commit-information" | "get-commit-revision-information" => (Denied::History, "permission denied"),
        "command" if operation.text().trim_start().starts_with("show system commit") => {
            (Denied::History, "permission denied")
        }
        "get-configuration" if operation.attribute("compare").is_some() => (Denied::Compare, "permission denied"),
        "discard-changes" => (Denied::Discard, "could not discard changes"),
        "load-configuration" if operation.attribute("rollback") == Some("0") => {
            (Denied::Discard, "could not discard changes")
        }
        "unlock" | "unlock-configuration" => (Denied::Unlock, "could not unlock configuration database"),
        "close-configuration" => (Denied::Close, "could not close configuration database"),
        _ => return None,
    };
    faults
        .hit(|f| matches!(f, Fault::Denied(denied) if *denied == step))
        .then_some(message)
}

fn lock_refusal(faults: &Faults) -> Option<String> {
    faults.take(|f| match f {
        Fault::LockDenied { pid } => Some(
            error(
                "protocol",
                "lock-denied",
                &format!(
                    "\nconfiguration database locked by:\n  operator terminal p0 (pid {pid}) on since 2026-01-02 03:04:05 UTC, \
                     idle 00:12:34\n      exclusive [edit]\n"
                ),
                None,
            )
            .replace(
                "</rpc-error>",
                &format!("<error-info>\n<session-id>{pid}</session-id>\n</error-info>\n</rpc-error>"),
            ),
        ),
        Fault::DatabaseModified => {
            Some(error("protocol", "operation-failed", "configuration database modified", None))
        }
        _ => None,
    })
}
