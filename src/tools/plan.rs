//! What a change would do, for the person who is asked and for the tool that makes it.

use serde_json::Value;

/// A change that has not been made.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What the person reads: the object, the difference, the consequence.
    pub words: String,
    /// What it was made from; the tool compares before it sends, so that nothing changed meanwhile.
    pub evidence: Value,
}
