//! What can go wrong on a NETCONF session before the device's own words come into it.

use std::{io, sync::Arc, time::Duration};

use super::{framing::FramingError, reader::ParseError};
use crate::error::{Code, Error as Report};

/// A failure of a session or of one request on it. It does not know the device's name: [`Error::report`] adds it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The byte stream cannot be split into messages.
    #[error(transparent)]
    Framing(#[from] FramingError),
    /// A message is not usable XML. What a request did on the device is not known then.
    #[error(transparent)]
    Malformed(#[from] ParseError),
    /// No hello came; this is what came in its place.
    #[error("no NETCONF hello{}", if said.is_empty() { String::new() } else { format!(", but `{said}`") })]
    NoHello {
        /// The device's words, shortened; may be empty.
        said: String,
    },
    /// The device refused the session in the hello exchange.
    #[error("NETCONF refused: {message}")]
    Refused {
        /// The device's words.
        message: String,
    },
    /// The device offers no NETCONF version that was offered to it.
    #[error("the device speaks base:1.1 only, and base:1.0 only was offered")]
    NoCommonVersion,
    /// The device's hello contradicts the framing that was taken for known. Requests had gone out in that framing.
    #[error("the device has changed its framing")]
    FramingChanged,
    /// The session ended.
    #[error("the session ended {}{}", moment(*sent, *reply_started), why(cause.as_deref()))]
    Closed {
        /// Whether the request was handed to the transport: if not, the device has not seen it.
        sent: bool,
        /// Whether bytes of the reply had arrived.
        reply_started: bool,
        /// What the transport said, where it said something.
        cause: Option<Arc<io::Error>>,
    },
    /// The session was closed because a cancelled request ahead of this one did not end.
    #[error("the request was never answered: its session was closed to stop a cancelled request")]
    NeverAnswered,
    /// There was no reply in time.
    #[error("no reply within {}", seconds(*.0))]
    Timeout(Duration),
    /// There was no hello in time.
    #[error("no NETCONF hello within {}", seconds(*.0))]
    HelloTimeout(Duration),
    /// What the transport reported in its own terms.
    #[error("{}", .0.message())]
    Transport(Arc<Report>),
}

impl Error {
    /// What an error on the stream means for a request. A connection that is gone is the end of the session whoever
    /// reports it: a session that went stale has to be told from a device that refuses.
    pub(super) fn from_io(error: io::Error, sent: bool, reply_started: bool) -> Self {
        match report_in(&error) {
            Some(report) if report.code() != Code::Transport => Self::Transport(Arc::new(copy(report))),
            _ => Self::Closed {
                sent,
                reply_started,
                cause: Some(Arc::new(error)),
            },
        }
    }

    /// Whether an error on the stream carries a report of the transport.
    pub(super) fn is_report(error: &io::Error) -> bool {
        report_in(error).is_some()
    }

    /// Whether not a byte of the reply arrived, so that a read may be tried again on another session.
    pub fn is_unanswered(&self) -> bool {
        matches!(
            self,
            Self::Closed {
                reply_started: false,
                ..
            } | Self::NeverAnswered
                | Self::FramingChanged
        )
    }

    /// Whether it is certain that the device has not seen the request.
    pub fn is_unsent(&self) -> bool {
        matches!(
            self,
            Self::Closed { sent: false, .. } | Self::Framing(FramingError::DelimiterInMessage)
        )
    }

    /// The error for the caller, with the device's name.
    pub fn report(self, device: &str) -> Report {
        let message = format!("device `{device}`: {self}");
        let report = match &self {
            Self::Framing(FramingError::UnexpectedChunk { .. } | FramingError::Header { .. }) => {
                Report::new(Code::Protocol, message).advise(
                    "the device advertises another framing than it uses: set `\"framing\": \"eom\"` for it in the inventory",
                )
            }
            Self::Framing(FramingError::TooLarge { .. }) => {
                Report::new(Code::Protocol, message).advise("ask for less at once")
            }
            Self::Framing(_) | Self::Malformed(_) | Self::FramingChanged => Report::new(Code::Protocol, message),
            Self::NoHello { said } if speaks_of_privileges(said) => denied(message),
            Self::NoHello { .. } | Self::NoCommonVersion | Self::HelloTimeout(_) => {
                Report::new(Code::NetconfUnavailable, message)
                    .advise("check `set system services netconf ssh` on the device, and the port in the inventory")
            }
            Self::Refused { .. } => denied(message),
            Self::Closed { .. } | Self::NeverAnswered => Report::new(Code::Transport, message),
            Self::Timeout(_) => {
                Report::new(Code::Timeout, message).advise("ask for less, or allow more time with `timeout`")
            }
            Self::Transport(report) => return copy(report),
        };
        report.caused_by(self)
    }
}

fn moment(sent: bool, reply_started: bool) -> &'static str {
    match (sent, reply_started) {
        (_, true) => "in the middle of the reply",
        (true, false) => "before the reply",
        (false, false) => "before the request was sent",
    }
}

fn report_in(error: &io::Error) -> Option<&Report> {
    error.get_ref()?.downcast_ref()
}

/// What the transport said, as the end of a sentence.
fn why(cause: Option<&io::Error>) -> String {
    match cause {
        Some(cause) => match report_in(cause) {
            Some(report) => format!(": {}", report.message()),
            None => format!(": {cause}"),
        },
        None => String::new(),
    }
}

fn denied(message: String) -> Report {
    Report::new(Code::PermissionDenied, message)
        .advise("the login class of the user does not allow NETCONF sessions; another class or user is needed")
}

/// Whether words in place of a hello are about the user's rights.
fn speaks_of_privileges(said: &str) -> bool {
    let said = said.to_ascii_lowercase();
    [
        "restricted user",
        "access privileges",
        "permission denied",
        "not authorized",
    ]
    .iter()
    .any(|w| said.contains(w))
}

/// The same report once more; the cause stays with the first.
pub(crate) fn copy(report: &Report) -> Report {
    let copy = Report::new(report.code(), report.message());
    match report.advice() {
        Some(advice) => copy.advise(advice),
        None => copy,
    }
}

/// A duration as a person says it: `30 s`, `0.5 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    match duration.subsec_millis() {
        0 => format!("{} s", duration.as_secs()),
        _ => format!("{:.1} s", duration.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transport_reports_pass_through() {
        let report = Report::new(Code::NetconfUnavailable, "device `r1` refused the subsystem").advise("configure it");
        let error = Error::from_io(io::Error::other(report), true, false).report("r1");
        assert_eq!(error.code(), Code::NetconfUnavailable);
        assert_eq!(error.advice(), Some("configure it"));
    }

    #[test]
    fn a_connection_that_is_gone_is_the_end_of_the_session() {
        let gone = || {
            io::Error::other(Report::new(
                Code::Transport,
                "the connection to device `r1` is gone: early eof",
            ))
        };
        assert!(Error::from_io(gone(), true, false).is_unanswered());
        assert!(!Error::from_io(gone(), true, true).is_unanswered());
        let report = Error::from_io(gone(), true, false).report("r1");
        assert_eq!(report.code(), Code::Transport);
        assert_eq!(
            report.message(),
            "device `r1`: the session ended before the reply: the connection to device `r1` is gone: early eof"
        );
    }

    #[test]
    fn messages_name_the_device() {
        let closed = Error::Closed {
            sent: true,
            reply_started: true,
            cause: None,
        };
        assert!(!closed.is_unanswered());
        let report = closed.report("r1");
        assert_eq!(
            report.message(),
            "device `r1`: the session ended in the middle of the reply"
        );
        assert_eq!(report.code(), Code::Transport);
        assert!(
            Error::Closed {
                sent: false,
                reply_started: false,
                cause: None
            }
            .is_unsent()
        );
        let restricted = Error::NoHello {
            said: "error: Restricted user session.".to_owned(),
        };
        assert_eq!(restricted.report("r1").code(), Code::PermissionDenied);
        assert_eq!(
            Error::Timeout(Duration::from_millis(1500)).to_string(),
            "no reply within 1.5 s"
        );
    }
}
