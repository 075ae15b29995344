//! Which statements have a secret for their value: by name, and by what stands above them in the tree.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

const FILE: &str = include_str!("keywords.txt");

/// The sections of the file, each a list of words.
static SECTIONS: LazyLock<HashMap<&str, HashSet<&str>>> = LazyLock::new(|| {
    let mut sections: HashMap<&str, HashSet<&str>> = HashMap::new();
    let mut section = "";
    for line in FILE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(name) => section = name,
            None => {
                sections.entry(section).or_default().insert(line);
            }
        }
    }
    sections
});

/// Whether the section has this word.
pub(super) fn is(section: &str, word: &str) -> bool {
    SECTIONS.get(section).is_some_and(|words| words.contains(word))
}

/// What the rules say of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    Nothing,
    Secret,
    /// A community, and nothing above it says whether one of SNMP or one of routes.
    Community,
}

/// A statement, element or attribute with what stands above it.
pub(super) struct Place<'a> {
    /// From the top; the last is the one in question.
    pub(super) path: &'a [&'a str],
    /// Whether they are all names of elements, none of them chosen by somebody.
    pub(super) is_pure: bool,
}

impl Place<'_> {
    fn keyword(&self) -> &str {
        self.path.last().copied().unwrap_or_default()
    }

    fn above(&self) -> &[&str] {
        self.path.split_last().map_or(&[], |(_, above)| above)
    }

    /// The words above that are no names, the nearest first.
    fn statements(&self) -> impl Iterator<Item = &str> {
        let above = self.above();
        let is_name = |at: usize| {
            let before = at.checked_sub(1).and_then(|before| above.get(before));
            !self.is_pure && before.is_some_and(|before| is("naming", before))
        };
        (0..above.len())
            .rev()
            .filter(move |at| !is_name(*at))
            .filter_map(|at| above.get(at).copied())
    }

    fn is_near(&self, word: &str, distance: usize) -> bool {
        self.above().iter().rev().take(distance).any(|above| *above == word)
    }

    /// Whether the word itself is a name that somebody chose.
    fn is_name(&self) -> bool {
        !self.is_pure && self.above().last().is_some_and(|before| is("naming", before))
    }

    /// What is known of this value, and what stands after it.
    pub(super) fn judge(&self, value: &str, after: Option<&str>) -> Says {
        if self.is_name() || is("no-value", value) {
            return Says::Nothing;
        }
        let secret = |is_one: bool| if is_one { Says::Secret } else { Says::Nothing };
        match self.keyword() {
            "community" => self.community(value, after),
            "key" => secret(self.is_near("md5", 2) || self.is_near("wpa-personal", 2) || self.is_near("wep", 2)),
            "value" => secret(self.is_near("authentication-key", 5)),
            "authentication-key" => secret(!self.is_number_of_key(value, after)),
            "community-name" if self.is_pure => {
                secret(self.is_near("snmp-community", 1) || self.statements().any(|word| word == "snmp"))
            }
            // In the third version it is the name of an entry.
            "snmp-community" => {
                let is_entry = matches!(
                    after,
                    Some("{" | "community-name" | "security-name" | "tag" | "context")
                );
                secret(!is_entry && !self.is_near("v3", 1))
            }
            "password" => secret(!self.is_near("login", 1)),
            "hexadecimal" => secret(!self.statements().any(|word| is("packets", word))),
            keyword => secret(is_value(keyword)),
        }
    }

    /// Of NTP the word after `authentication-key` is the number of the key.
    fn is_number_of_key(&self, value: &str, after: Option<&str>) -> bool {
        let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        is_number && !self.is_pure && (self.is_near("ntp", 1) || matches!(after, Some("type" | "value" | "{")))
    }

    fn community(&self, value: &str, after: Option<&str>) -> Says {
        for word in self.statements() {
            if is("snmp", word) {
                return Says::Secret;
            }
            if is("routes", word) {
                return Says::Nothing;
            }
        }
        match after {
            _ if value.contains(':') => Says::Nothing,
            Some(after) if is("of-routes", after) => Says::Nothing,
            Some(_) if is("of-routes", value) => Says::Nothing,
            Some(after) if is("of-snmp", after) => Says::Secret,
            _ => Says::Community,
        }
    }

    /// Whether the name below this list is the secret itself: `"community": [{"name": ...`.
    pub(super) fn judge_name(&self) -> Says {
        match self.keyword() {
            "trap-group" => Says::Secret,
            "community" => self.community("", None),
            _ => Says::Nothing,
        }
    }
}

/// Whether a statement of this name has a secret for its value.
fn is_value(keyword: &str) -> bool {
    is("value", keyword)
        || keyword.contains('-')
            && SECTIONS
                .get("ending")
                .is_some_and(|ends| ends.iter().any(|end| keyword.ends_with(end)))
}

/// Whether a statement means nothing else, so that it counts in a sentence.
pub(super) fn counts_in_sentences(keyword: &str) -> bool {
    is("in-sentences", keyword) || (is_value(keyword) && !is("value", keyword))
}

/// Whether a statement of this name may have one, depending on where it stands.
pub(super) fn may_have_one(keyword: &str) -> bool {
    matches!(keyword, "community" | "key" | "value") || is_value(keyword)
}
