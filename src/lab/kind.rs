//! The three kinds of device, and what makes them different on purpose.

use serde_json::Value;

use super::config::{self, Style};

/// A kind of device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An MX router with two routing engines: old hello, `]]>]]>` framing.
    Mx,
    /// An SRX cluster: most replies come once per node.
    Srx,
    /// An EX virtual chassis with `rfc-compliant` and `version-1.1`: `nc:` prefixes and chunked framing.
    Ex,
}

impl Kind {
    /// All kinds, in the order of the lab's devices.
    pub const ALL: [Kind; 3] = [Kind::Mx, Kind::Srx, Kind::Ex];

    /// The word used in names of devices and reply files.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Mx => "mx",
            Kind::Srx => "srx",
            Kind::Ex => "ex",
        }
    }

    /// Whether envelope, `<ok/>` and `<rpc-error>` carry the prefix `nc:` (`set system services netconf rfc-compliant`).
    pub(super) fn rfc_compliant(self) -> bool {
        self == Kind::Ex
    }

    /// Identification of the SSH server, as Junos of that age has it.
    pub(super) fn ident(self) -> &'static str {
        match self {
            Kind::Mx | Kind::Srx => "SSH-2.0-OpenSSH_7.5",
            Kind::Ex => "SSH-2.0-OpenSSH_7.9",
        }
    }

    /// Capabilities of the hello, one per line.
    pub(super) fn capabilities(self) -> &'static str {
        match self {
            Kind::Mx => include_str!("replies/mx/capabilities.txt"),
            Kind::Srx => include_str!("replies/srx/capabilities.txt"),
            Kind::Ex => include_str!("replies/ex/capabilities.txt"),
        }
    }

    /// The release as namespaces name it.
    pub(super) fn release(self) -> &'static str {
        match self {
            Kind::Mx => "24.4R1",
            Kind::Srx => "23.4R2",
            Kind::Ex => "23.2R2",
        }
    }

    /// The release as `show version` names it.
    pub(super) fn version(self) -> &'static str {
        match self {
            Kind::Mx => "24.4R1.9",
            Kind::Srx => "23.4R2.13",
            Kind::Ex => "23.2R2.21",
        }
    }

    /// Model, release, hardware and neighbours: everything of the device that is not configuration.
    pub(super) fn hardware(self) -> Value {
        let text = match self {
            Kind::Mx => include_str!("replies/mx/hardware.json"),
            Kind::Srx => include_str!("replies/srx/hardware.json"),
            Kind::Ex => include_str!("replies/ex/hardware.json"),
        };
        serde_json::from_str(text).unwrap_or_default()
    }

    /// The configuration that the device starts with.
    pub(super) fn initial_configuration(self) -> &'static str {
        match self {
            Kind::Mx => config::MX,
            Kind::Srx => config::SRX,
            Kind::Ex => config::EX,
        }
    }

    /// How the configuration half words its replies.
    pub(super) fn style(self) -> Style {
        let engines: &[&str] = match self {
            Kind::Mx => &["re0", "re1"],
            Kind::Srx => &["node0", "node1"],
            Kind::Ex => &["fpc0", "fpc1", "fpc2"],
        };
        Style {
            routing_engines: engines.iter().map(|&name| name.to_owned()).collect(),
            unclosed_routing_engine: self == Kind::Srx,
            private_confirmed: self != Kind::Srx,
            rfc_compliant: self.rfc_compliant(),
        }
    }
}
