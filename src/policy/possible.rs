//! Whether a pattern of the inventory could match a text of which only parts are known.

/// A piece of a text or of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// This character.
    Is(char),
    /// One character, whichever.
    One,
    /// Any characters, or none.
    Any,
}

impl Piece {
    pub(super) fn literal(&self) -> Option<char> {
        match self {
            Piece::Is(c) => Some(*c),
            _ => None,
        }
    }
}

/// A text as pieces.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = Piece> {
    text.chars().map(Piece::Is)
}

/// More than this many alternatives are not told apart.
const MOST: usize = 64;

/// The patterns that a pattern with alternatives (`{a,b}`) stands for; itself where there are too many.
pub(super) fn alternatives(pattern: &str) -> Vec<String> {
    let mut done: Vec<String> = Vec::new();
    let mut open = vec![pattern.to_owned()];
    while let Some(next) = open.pop() {
        match split(&next) {
            None => done.push(next),
            Some((before, choices, after)) => {
                open.extend(choices.iter().map(|choice| format!("{before}{choice}{after}")))
            }
        }
        if open.len() + done.len() > MOST {
            return vec![pattern.to_owned()];
        }
    }
    done
}

/// The first alternatives of a pattern, with what stands before and behind them.
fn split(pattern: &str) -> Option<(&str, Vec<&str>, &str)> {
    let (mut begin, mut depth, mut is_escaped) = (None, 0, false);
    let mut cuts = Vec::new();
    for (at, c) in pattern.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            // A class may hold braces that are none.
            '[' => return None,
            '{' => {
                depth += 1;
                begin = begin.or(Some(at));
            }
            ',' if depth == 1 => cuts.push(at),
            '}' if depth == 1 => {
                let begin = begin?;
                let ends = cuts.iter().copied().chain([at]);
                let mut from = begin + 1;
                let choices = ends
                    .map(|end| {
                        let choice = pattern.get(from..end).unwrap_or_default();
                        from = end + 1;
                        choice
                    })
                    .collect();
                return Some((pattern.get(..begin)?, choices, pattern.get(at + 1..)?));
            }
            '}' if depth > 1 => depth -= 1,
            _ => {}
        }
    }
    None
}

/// A glob as pieces. Classes count as any one character and alternatives as anything: a guard may see too much, never too little.
fn of_glob(pattern: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '*' => found.push(Piece::Any),
            '?' => found.push(Piece::One),
            '\\' => found.extend(chars.next().map(Piece::Is)),
            '[' => {
                // A bracket that comes first belongs to the class.
                let rest = chars.as_str();
                let body = rest.trim_start_matches(['!', '^']);
                let lead = rest.len() - body.len() + body.chars().next().map_or(0, char::len_utf8);
                let end = rest.get(lead..).and_then(|tail| tail.find(']')).map(|at| lead + at + 1);
                chars = rest.get(end.unwrap_or(rest.len())..).unwrap_or_default().chars();
                found.push(Piece::One);
            }
            // Alternatives that could not be told apart: whatever follows.
            '{' => {
                found.push(Piece::Any);
                break;
            }
            c => found.push(Piece::Is(c)),
        }
    }
    found
}

/// Whether the glob matches some text of this form.
pub(super) fn meet(glob: &str, form: &[Piece]) -> bool {
    alternatives(glob).iter().any(|glob| meets(&of_glob(glob), form))
}

fn meets(glob: &[Piece], form: &[Piece]) -> bool {
    // Which places of the form can be reached with the pieces of the glob read so far.
    let mut reached = vec![false; form.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    skip(&mut reached, form);
    for piece in glob {
        let mut next = vec![false; form.len() + 1];
        for (at, _) in reached.iter().enumerate().filter(|(_, is)| **is) {
            let Some(here) = form.get(at..) else { continue };
            step(*piece, here, at, &mut next);
        }
        skip(&mut next, form);
        reached = next;
    }
    reached.last().copied().unwrap_or_default()
}

/// `Any` in the form may stand for nothing.
fn skip(reached: &mut [bool], form: &[Piece]) {
    for (at, piece) in form.iter().enumerate() {
        if *piece == Piece::Any && reached.get(at).copied().unwrap_or_default() {
            mark(reached, at + 1);
        }
    }
}

/// Where one piece of the glob leads from a place of the form.
fn step(piece: Piece, here: &[Piece], at: usize, next: &mut [bool]) {
    match (piece, here.first()) {
        (Piece::Any, _) => (at..=at + here.len()).for_each(|at| mark(next, at)),
        // One character of many: it may be the last of them or not.
        (_, Some(Piece::Any)) => mark(next, at),
        (Piece::Is(c), Some(Piece::Is(d))) if c != *d => {}
        (_, Some(_)) => mark(next, at + 1),
        (_, None) => {}
    }
}

fn mark(reached: &mut [bool], at: usize) {
    if let Some(place) = reached.get_mut(at) {
        *place = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `…` is any characters.
    fn form(text: &str) -> Vec<Piece> {
        text.chars()
            .map(|c| if c == '…' { Piece::Any } else { Piece::Is(c) })
            .collect()
    }

    #[test]
    fn patterns_meet_what_is_partly_known() {
        for (glob, text) in [
            ("set protocols bgp *", "set protocols …"),
            ("set protocols bgp group x", "set protocols …"),
            ("set *", "set system …"),
            ("set interfaces ge-0/0/? disable", "set interfaces … disable"),
            ("set interfaces ge-0/0/[0-3] disable", "set interfaces … disable"),
            ("set {system,snmp} *", "set system …"),
            ("a\\*b", "a*b"),
            ("a", "a…"),
            ("[]x]a", "xa"),
            ("*b", "ab"),
            ("{a,b{c,d}}e", "bde"),
            ("{a,[}]}", "}"),
        ] {
            assert!(meet(glob, &form(text)), "{glob} {text}");
        }
        for (glob, text) in [
            ("set protocols bgp *", "set system …"),
            ("delete *", "set …"),
            ("set interfaces ge-0/0/0 disable", "set interfaces … mtu 9000"),
            ("a\\*b", "axb"),
            ("ab", "a"),
            ("a", "ab"),
            ("?", ""),
            ("{set,delete} interfaces fxp0*", "set interfaces ge-0/0/0 …"),
            ("{a,b{c,d}}e", "be"),
        ] {
            assert!(!meet(glob, &form(text)), "{glob} {text}");
        }
    }

    proptest::proptest! {
        /// What the glob matches it meets.
        #[test]
        fn what_matches_meets(glob in "[ab*?]{0,6}", text in "[ab]{0,6}", cut in 0..7usize) {
            let matcher = globset::Glob::new(&glob).unwrap().compile_matcher();
            proptest::prop_assert_eq!(matcher.is_match(&text), meet(&glob, &form(&text)));
            if matcher.is_match(&text) {
                let part: String = text.chars().take(cut).chain(['…']).collect();
                proptest::prop_assert!(meet(&glob, &form(&part)));
            }
        }
    }
}
