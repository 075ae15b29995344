//! A Junos release taken apart: `24.4R1.9`, `15.1X53-D45.3`, `17.4-20170706_dev_common.0`.

use serde::Serialize;
use serde_json::{Value, json};

/// The parts of a release, as the Python library names them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Version {
    /// `R` release, `F` feature, `B` beta, `S` service, `X` special; `I` internal, also where there is none of these.
    #[serde(rename = "type")]
    kind: char,
    /// The numbers before the type: `[24, 4]`.
    major: Vec<u32>,
    /// What follows the type: `"1"`; of an `X` release `[53, "D", 45]`.
    minor: Value,
    /// The build: a number where it is one, else text or null.
    build: Value,
}

impl Version {
    /// Takes a release apart; `None` where it does not begin like one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let at = text.find(['R', 'B', 'I', 'X', 'S', 'F', '-'])?;
        let (before, behind) = text.split_at_checked(at)?;
        let kind = behind.chars().next()?;
        let mut parts = behind.get(1..)?.split('.');
        let major = before.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
        let minor = parts.next().unwrap_or_default();
        let build = parts.next();
        let number = build.and_then(|b| b.parse::<u32>().ok()).map(Value::from);
        let (kind, minor, build) = match kind {
            'X' => ('X', special_minor(minor), number.unwrap_or_default()),
            'I' | '-' => ('I', json!(minor), json!(build)),
            kind => (kind, json!(minor), number.unwrap_or_else(|| json!(minor))),
        };
        Some(Self {
            kind,
            major,
            minor,
            build,
        })
    }
}

/// `53-D45` is `[53, "D", 45]`; anything else stays text.
fn special_minor(minor: &str) -> Value {
    let parsed = minor.split_once('-').and_then(|(number, letter_and_number)| {
        let letter = letter_and_number.chars().next().filter(char::is_ascii_alphabetic)?;
        let second: u32 = letter_and_number.get(1..)?.parse().ok()?;
        Some(json!([number.parse::<u32>().ok()?, letter, second]))
    });
    parsed.unwrap_or_else(|| json!(minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases() {
        let cases = [
            (
                "24.4R1.9",
                json!({"type": "R", "major": [24, 4], "minor": "1", "build": 9}),
            ),
            (
                "15.1X53-D45.3",
                json!({"type": "X", "major": [15, 1], "minor": [53, "D", 45], "build": 3}),
            ),
            (
                "11.4X12.1",
                json!({"type": "X", "major": [11, 4], "minor": "12", "build": 1}),
            ),
            (
                "17.4-20170706_dev_common.0",
                json!({"type": "I", "major": [17, 4], "minor": "20170706_dev_common", "build": "0"}),
            ),
            (
                "13.3R9-S2.1",
                json!({"type": "R", "major": [13, 3], "minor": "9-S2", "build": 1}),
            ),
            (
                "23.2R1.14-EVO",
                json!({"type": "R", "major": [23, 2], "minor": "1", "build": "1"}),
            ),
            (
                "16.1R1",
                json!({"type": "R", "major": [16, 1], "minor": "1", "build": "1"}),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(serde_json::to_value(Version::parse(text)).unwrap(), expected, "{text}");
        }
        for text in ["", "junos", "R1", "x.1R1", "12.3"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }
}
