//! What a device complains about: errors and warnings in the shape of Junos' `<rpc-error>`.

use crate::junos::netconf::xml::escape;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Severity {
    /// The request failed.
    Error,
    /// It rides along with success.
    Warning,
}

/// One complaint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) severity: Severity,
    /// The `error-tag` of RFC 6241; Junos mostly says `operation-failed`.
    pub(super) tag: &'static str,
    /// The words of the hierarchy level, for `error-path`; empty at the top.
    pub(super) path: Vec<String>,
    /// What happened.
    pub(super) message: String,
    /// Line and column of the word at fault, counted from 1, where the format has lines.
    pub(super) place: Option<Place>,
    /// The word or statement at fault.
    pub(super) bad_element: Option<String>,
    /// The daemon that found it, where it was not the management daemon.
    pub(super) daemon: Option<&'static str>,
}

/// A line and a column, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u32,
    pub(super) column: u32,
}

/// A result whose error is a device's complaint.
pub(super) type Checked<T> = Result<T, Fault>;

impl Fault {
    /// An error.
    pub(super) fn error(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            tag: "operation-failed",
            path: Vec::new(),
            place: None,
            message: message.into(),
            bad_element: None,
            daemon: None,
        }
    }

    /// A warning.
    pub(super) fn warning(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(message)
        }
    }

    /// A word that cannot stand here.
    pub(super) fn syntax(word: impl Into<String>) -> Self {
        Self::error("syntax error").at_word(word)
    }

    /// A request that this device does not offer.
    pub(super) fn unsupported(message: impl Into<String>) -> Self {
        Self {
            tag: "operation-not-supported",
            ..Self::error(message)
        }
    }

    /// Names the hierarchy level.
    pub(super) fn at<S: AsRef<str>>(mut self, path: &[S]) -> Self {
        self.path = path.iter().map(|word| word.as_ref().to_owned()).collect();
        self
    }

    /// Names the hierarchy level in one text, its words separated by blanks.
    pub(super) fn at_level(self, path: &str) -> Self {
        let words: Vec<&str> = path.split_whitespace().collect();
        self.at(&words)
    }

    /// Names the word or statement.
    pub(super) fn at_word(mut self, word: impl Into<String>) -> Self {
        self.bad_element = Some(word.into());
        self
    }

    /// Names line and column.
    pub(super) fn on(mut self, place: Place) -> Self {
        self.place = self.place.or(Some(place));
        self
    }

    /// Names the daemon.
    pub(super) fn found_by(mut self, daemon: &'static str) -> Self {
        self.daemon = Some(daemon);
        self
    }

    /// Whether it is an error.
    pub(super) fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The `<rpc-error>` element.
    pub(super) fn to_xml(&self) -> String {
        let mut out = String::from("<rpc-error>\n");
        let severity = if self.is_error() { "error" } else { "warning" };
        if self.is_error() {
            line(
                &mut out,
                "error-type",
                if self.daemon.is_some() {
                    "application"
                } else {
                    "protocol"
                },
            );
            line(&mut out, "error-tag", self.tag);
        }
        line(&mut out, "error-severity", severity);
        if let Some(daemon) = self.daemon {
            line(&mut out, "source-daemon", daemon);
        }
        if !self.path.is_empty() {
            line(&mut out, "error-path", &format!("[edit {}]", self.path.join(" ")));
        }
        line(&mut out, "error-message", &self.message);
        if let Some(place) = self.place {
            line(&mut out, "line-number", &place.line.to_string());
            line(&mut out, "column", &place.column.to_string());
            line(&mut out, "token", self.bad_element.as_deref().unwrap_or_default());
        }
        if let Some(word) = &self.bad_element {
            out.push_str("<error-info>\n");
            line(&mut out, "bad-element", word);
            out.push_str("</error-info>\n");
        }
        out.push_str("</rpc-error>\n");
        out
    }
}

fn line(out: &mut String, name: &str, text: &str) {
    out.push_str(&format!("<{name}>{}</{name}>\n", escape(text)));
}

/// All complaints as XML, warnings first: the order in which devices that have both send them.
pub(super) fn to_xml(faults: &[Fault]) -> String {
    let (errors, warnings): (Vec<&Fault>, Vec<&Fault>) = faults.iter().partition(|f| f.is_error());
    warnings.into_iter().chain(errors).map(Fault::to_xml).collect()
}
