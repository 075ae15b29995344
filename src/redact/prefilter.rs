//! Whether a text may hold a secret at all: most that devices say does not, and is not looked at twice.

use std::sync::LazyLock;

use regex::Regex;

/// Parts of words, one of which is in every line that holds a secret, whatever the form.
const PARTS: &str = r"(?i)secret|passw|passphrase|communit|trap-group|_group|key|ascii-text|hexadecimal|cak|psk|token|authoriz|value|credential|unlock-code|://|\$";

/// None only if the expression were broken, and then every line counts.
static CANDIDATES: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(PARTS).ok());

/// Whether any line of the text is one.
pub(super) fn may_hold_a_secret(text: &str) -> bool {
    next(text, 0).is_some()
}

/// Where the next candidate begins, from here on.
pub(super) fn next(text: &str, from: usize) -> Option<usize> {
    match &*CANDIDATES {
        Some(candidates) => candidates
            .find_at(text, from.min(text.len()))
            .map(|found| found.start()),
        None => Some(from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expression_is_one() {
        assert!(CANDIDATES.is_some());
    }
}
