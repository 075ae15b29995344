//! `replace pattern OLD with NEW`: a regular expression over names and values.

use super::{
    fault::{Checked, Fault},
    tree::Node,
    words::Token,
};

/// Runs what follows the word `replace` on a statement and all that it holds.
pub(super) fn replace(tree: &mut Node, rest: &[Token]) -> Checked<Vec<Fault>> {
    let words: Vec<&str> = rest
        .iter()
        .map(|token| match token {
            Token::Word(word) => word.as_str(),
            _ => "",
        })
        .collect();
    let (old, new, upto) = match words.as_slice() {
        ["pattern", old, "with", new] => (*old, *new, usize::MAX),
        ["pattern", old, "with", new, "upto", count] => (*old, *new, count.parse().map_err(|_| Fault::syntax(*count))?),
        ["pattern", ..] => return Err(Fault::syntax("pattern")),
        _ => return Err(Fault::syntax("replace")),
    };
    let old = regex::Regex::new(old).map_err(|_| Fault::error("invalid regular expression").at_word(old))?;
    let mut left = upto;
    walk(tree, &old, new, &mut left);
    Ok(if left == upto {
        vec![Fault::warning("pattern not found")]
    } else {
        Vec::new()
    })
}

fn walk(node: &mut Node, old: &regex::Regex, new: &str, left: &mut usize) {
    for word in node.keys.iter_mut().chain(&mut node.values) {
        if *left > 0 && old.is_match(word) {
            *word = old.replace_all(word, new).into_owned();
            *left = left.saturating_sub(1);
        }
    }
    for child in &mut node.children {
        walk(child, old, new, left);
    }
}
