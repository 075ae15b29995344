//! Errors and warnings of a reply, wherever they stand and whichever form they have.
//!
//! The forms: `<rpc-error>` (RFC 6241, section 4.3), Junos' older `<xnm:error>` and `<xnm:warning>`, plain text
//! (`error: device x not found`), and a `<load-error-count>` above zero.

use super::super::xml::{Element, Node};

/// Namespace of Junos' own error form.
pub(in super::super) const XNM: &str = "http://xml.juniper.net/xnm/1.1/xnm";

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The operation went on.
    Warning,
    /// The operation failed, or a part of it.
    Error,
}

/// One error or warning of the device. Texts are trimmed, and `None` where the device left them out, as it often does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpcError {
    /// How bad it is; an error where the device does not say.
    pub severity: Severity,
    /// `error-type`: `protocol`, `application` ...
    pub error_type: Option<String>,
    /// `error-tag`: `operation-failed`, `lock-denied` ...
    pub tag: Option<String>,
    /// `error-path` or `edit-path`: where in the configuration.
    pub path: Option<String>,
    /// The device's words; empty where it had none.
    pub message: String,
    /// `bad-element` or `token`: what it stumbled over.
    pub bad_element: Option<String>,
    /// `source-daemon`.
    pub source: Option<String>,
    /// The routing engine or cluster node it came from, where the reply is split.
    pub routing_engine: Option<String>,
}

impl RpcError {
    fn plain(severity: Severity, message: &str) -> Self {
        Self {
            severity,
            error_type: None,
            tag: None,
            path: None,
            message: message.to_owned(),
            bad_element: None,
            source: None,
            routing_engine: None,
        }
    }

    fn from_element(element: &Element, routing_engine: Option<&str>) -> Self {
        let either = |one: &[&str], other: &[&str]| element.text_at(one).or_else(|| element.text_at(other));
        let severity = match element.text_at(&["error-severity"]) {
            Some(severity) if severity.eq_ignore_ascii_case("warning") => Severity::Warning,
            None if &*element.name == "warning" => Severity::Warning,
            _ => Severity::Error,
        };
        let tag = element.text_at(&["error-tag"]);
        Self {
            severity,
            error_type: element.text_at(&["error-type"]),
            path: either(&["error-path"], &["edit-path"]),
            message: either(&["error-message"], &["message"])
                .or_else(|| tag.clone())
                .unwrap_or_default(),
            bad_element: either(&["error-info", "bad-element"], &["bad-element"])
                .or_else(|| element.text_at(&["token"])),
            source: either(&["source-daemon"], &["error-info", "source-daemon"]),
            routing_engine: routing_engine.map(str::to_owned),
            tag,
        }
    }
}

/// Whether the element is in Junos' `xnm` namespace.
pub(in super::super) fn is_xnm(element: &Element) -> bool {
    element
        .attributes
        .iter()
        .any(|(name, value)| name.starts_with("xmlns") && value.contains("/xnm/"))
}

/// Whether the element is an error or a warning.
pub(super) fn is_error(element: &Element) -> bool {
    match &*element.name {
        "rpc-error" => true,
        "error" | "warning" => is_xnm(element) && element.child("message").is_some(),
        _ => false,
    }
}

/// All errors and all warnings, each in document order.
pub(super) fn collect(root: &Element) -> (Vec<RpcError>, Vec<RpcError>) {
    let mut found = Vec::new();
    let mut load_errors = 0;
    let mut open = vec![(root.children.iter(), None)];
    while let Some((nodes, engine)) = open.last_mut() {
        let engine: Option<&str> = *engine;
        match nodes.next() {
            None => {
                open.pop();
            }
            Some(Node::Text(_)) => {}
            Some(Node::Element(element)) if is_error(element) => found.push(RpcError::from_element(element, engine)),
            Some(Node::Element(element)) => {
                if &*element.name == "load-error-count" {
                    load_errors = load_errors.max(element.text().trim().parse().unwrap_or(0_u64));
                }
                open.push((element.children.iter(), engine_name(element).or(engine)));
            }
        }
    }
    found.extend(from_text(root));
    let (errors, warnings): (Vec<_>, Vec<_>) = found.into_iter().partition(|e| e.severity == Severity::Error);
    if errors.is_empty() && load_errors > 0 {
        let message = format!("the device counts {load_errors} errors in the configuration that was loaded");
        return (vec![RpcError::plain(Severity::Error, &message)], warnings);
    }
    (errors, warnings)
}

fn engine_name(element: &Element) -> Option<&str> {
    let name = match &*element.name {
        "multi-routing-engine-item" => "re-name",
        "routing-engine" => "name",
        _ => return None,
    };
    match element.child(name)?.children.first()? {
        Node::Text(text) => Some(text.trim()).filter(|t| !t.is_empty()),
        Node::Element(_) => None,
    }
}

/// Errors in a reply that is only text: `protocol: operation-failed`, `error: device x not found`.
fn from_text(root: &Element) -> Vec<RpcError> {
    let mut found: Vec<RpcError> = Vec::new();
    let mut kind = None;
    for node in &root.children {
        let Node::Text(text) = node else { continue };
        // Errors come first and are short; what is long is data (JSON, set commands).
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()).take(20) {
            match line.split_once(':') {
                Some(("error", message)) => {
                    let (error_type, tag) = kind.take().unzip();
                    found.push(RpcError {
                        error_type,
                        tag,
                        ..RpcError::plain(Severity::Error, message.trim())
                    });
                }
                Some(("warning", message)) => found.push(RpcError::plain(Severity::Warning, message.trim())),
                Some((layer @ ("protocol" | "application" | "rpc" | "transport"), tag)) => {
                    kind = Some((layer.to_owned(), tag.trim().to_owned()));
                }
                _ => {}
            }
        }
    }
    found
}
