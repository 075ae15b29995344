//! What follows from the model: personality, whether it is virtual, and the style of its interfaces and switching.

use super::{super::netconf::xml::Element, items::find};

/// Models by the beginning of their name, first fit: personality, and whether the model is virtual.
const FAMILIES: &[(&str, &str, bool)] = &[
    ("EX", "SWITCH", false),
    ("QFX", "SWITCH", false),
    ("VQFX", "SWITCH", true),
    ("MX", "MX", false),
    ("VMX", "MX", true),
    ("VRR", "MX", true),
    ("VJX", "SRX_BRANCH", true),
    ("VSRX", "SRX_BRANCH", true),
    ("FIREFLY", "SRX_BRANCH", true),
    ("PTX", "PTX", false),
    ("VPTX", "PTX", true),
    ("ACX", "ACX", false),
    ("NFX", "NFX", false),
    ("OLIVE", "OLIVE", true),
    ("JUNOS_NODE_SLICING", "JDM", true),
    ("M", "M", false),
    ("T", "T", false),
];

/// What is known of a platform.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Platform {
    /// `MX`, `SWITCH`, `SRX_BRANCH` ...; `None` for models that are not known.
    pub(super) personality: Option<&'static str>,
    /// Whether it is a virtual device.
    pub(super) is_virtual: Option<bool>,
}

impl Platform {
    /// By the model (upper case) and the model of the first routing engine.
    pub(super) fn of(model: Option<&str>, engine: Option<&str>) -> Self {
        let Some(model) = model else {
            return Self::default();
        };
        let known = |personality, is_virtual| Self {
            personality: Some(personality),
            is_virtual: Some(is_virtual),
        };
        if let Some(number) = srx_number(model) {
            return known(number, false);
        }
        let family = FAMILIES.iter().find(|(start, ..)| model.starts_with(start));
        let Some((_, personality, is_virtual)) = family else {
            // `vsrx` can hide behind other words in the model of cloud images.
            let firefly = model.contains("FIREFLY");
            return if firefly {
                known("SRX_BRANCH", true)
            } else {
                Self::default()
            };
        };
        match (*personality, engine) {
            ("MX", Some("RE-VMX")) => known("MX", true),
            ("MX", Some(engine)) if engine.contains("GNF") => known("MX-GNF", true),
            ("PTX", Some("RE-VIRTUAL")) => known("PTX", true),
            (personality, _) => known(personality, *is_virtual),
        }
    }

    /// How physical interfaces are configured.
    pub(super) fn interface_style(&self) -> Option<&'static str> {
        match self.personality {
            Some("SWITCH") => Some("SWITCH"),
            Some("JDM") => None,
            _ => Some("CLASSIC"),
        }
    }

    /// How Ethernet switching is configured: told by the form of the switching table, else by the personality.
    pub(super) fn switch_style(&self, switching: Option<&Element>) -> &'static str {
        if let Some(reply) = switching {
            if find(reply, "l2ng-l2ald-rtb-macdb").is_some() {
                return "VLAN_L2NG";
            }
            if find(reply, "ethernet-switching-table-information").is_some() {
                return "VLAN";
            }
        }
        match self.personality {
            Some("MX" | "MX-GNF" | "SRX_HIGHEND") => "BRIDGE_DOMAIN",
            _ => "NONE",
        }
    }
}

/// Physical SRX by their number: three digits a branch device, four digits above 5000 the high end.
fn srx_number(model: &str) -> Option<&'static str> {
    let rest = model.strip_prefix("SRX")?.trim_start();
    let digits: String = rest.chars().take_while(char::is_ascii_digit).take(4).collect();
    match (digits.len(), digits.parse::<u32>().ok()?) {
        (3, _) => Some("SRX_BRANCH"),
        (4, number) if number > 5000 => Some("SRX_HIGHEND"),
        (4, _) => Some("SRX_MIDRANGE"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn personalities() {
        let cases = [
            ("EX4300-48P", None, Some("SWITCH"), Some(false)),
            ("MX480", None, Some("MX"), Some(false)),
            ("MX960", Some("RE-VMX"), Some("MX"), Some(true)),
            ("MX960", Some("RE-GNF-2100x4"), Some("MX-GNF"), Some(true)),
            ("M320", None, Some("M"), Some(false)),
            ("T1600", None, Some("T"), Some(false)),
            ("PTX5000", Some("RE-VIRTUAL"), Some("PTX"), Some(true)),
            ("SRX5400", None, Some("SRX_HIGHEND"), Some(false)),
            ("SRX3600", None, Some("SRX_MIDRANGE"), Some(false)),
            ("SRX210HE2", None, Some("SRX_BRANCH"), Some(false)),
            ("VSRX", None, Some("SRX_BRANCH"), Some(true)),
            ("NFX250_S2_10_T", None, Some("NFX"), Some(false)),
            ("JUNOS_NODE_SLICING", None, Some("JDM"), Some(true)),
            ("ZZ9", None, None, None),
        ];
        for (model, engine, personality, is_virtual) in cases {
            assert_eq!(
                Platform::of(Some(model), engine),
                Platform {
                    personality,
                    is_virtual
                },
                "{model}"
            );
        }
        assert_eq!(Platform::of(None, None), Platform::default());
    }
}
