//! What a change would do, for the person who is asked, for the operator's rules and for the tool that makes it.

use serde_json::Value;

/// A change that has not been made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plan {
    /// What the person reads: the object, the difference, the consequence. Raw text: it is redacted where it leaves the server.
    pub words: String,
    /// What it was made from, such as a digest of each device's diff. The tool compares before it commits and refuses where it is
    /// another, so that nothing changed meanwhile; an answer and a token are good for this evidence only.
    pub evidence: Value,
    /// The statements that change, `set`-style with full paths, of all devices: what rules by path are matched with. Empty where the
    /// change is none of configuration, or is not known by path; then no rule by path lets it pass.
    pub statements: Vec<String>,
    /// The devices that change, where the arguments do not name them, as a plan's id does not: what rules by device are matched with.
    pub devices: Vec<String>,
    /// What the tool itself knows: a person has to agree (`true`), such as to the loss of edits that are not ours, or there is nothing
    /// to agree to (`false`), such as where nothing would change. `None` leaves it to the operator's rules.
    pub ask: Option<bool>,
}

impl Plan {
    /// A plan in these words, made from this evidence, that leaves the rest to the operator's rules.
    pub fn new(words: impl Into<String>, evidence: Value) -> Self {
        Self {
            words: words.into(),
            evidence,
            ..Self::default()
        }
    }
}
