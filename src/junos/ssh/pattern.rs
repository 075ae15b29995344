//! Host patterns as `ssh_config` and known_hosts write them: `*`, `?`, and `!` for exceptions (OpenSSH, ssh_config(5)
//! PATTERNS).

/// Whether the text fits the pattern; case does not matter, as in host names.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().flat_map(char::to_lowercase).collect();
    let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    matches_chars(&pattern, &text)
}

fn matches_chars(mut pattern: &[char], mut text: &[char]) -> bool {
    // After a mismatch, only the latest `*` has to take one character more: linear memory, no recursion.
    let mut retry: Option<(&[char], &[char])> = None;
    loop {
        match (pattern.split_first(), text.split_first()) {
            (Some(('*', rest)), _) => {
                retry = Some((rest, text));
                pattern = rest;
                continue;
            }
            (Some((p, pattern_rest)), Some((t, text_rest))) if *p == '?' || p == t => {
                (pattern, text) = (pattern_rest, text_rest);
                continue;
            }
            (None, None) => return true,
            _ => {}
        }
        match retry {
            Some((after_star, held)) => match held.split_first() {
                Some((_, shorter)) => {
                    retry = Some((after_star, shorter));
                    (pattern, text) = (after_star, shorter);
                }
                None => return false,
            },
            None => return false,
        }
    }
}

/// Whether the text fits a list of patterns: at least one of them, and none of those with `!`.
pub(super) fn list_matches<'a>(patterns: impl IntoIterator<Item = &'a str>, text: &str) -> bool {
    let mut found = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(exception) if matches(exception, text) => return false,
            Some(_) => {}
            None => found |= matches(pattern, text),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*", "r1", true),
            ("r?", "r1", true),
            ("r?", "r", false),
            ("r?", "r12", false),
            ("*.example.net", "R1.Example.NET", true),
            ("*.example.net", "example.net", false),
            ("192.0.2.*", "192.0.2.7", true),
            ("a*b*c", "aXbXbXc", true),
            ("a*b*c", "aXbXbX", false),
            ("[r1]:830", "[r1]:830", true),
            ("", "", true),
            ("", "x", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn exceptions_win_over_any_match() {
        assert!(list_matches(["*.lab", "!r9.lab"], "r1.lab"));
        assert!(!list_matches(["!r9.lab", "*.lab"], "r9.lab"));
        assert!(!list_matches(["!r9.lab"], "r1.lab"));
    }
}
