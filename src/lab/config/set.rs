//! Runs set format: `set`, `delete`, `activate`, `deactivate`, `protect`, `unprotect`, `rename`, `copy`, `insert`,
//! `annotate`, `wildcard delete`, and `edit`, `up`, `top`, `exit` as the level they apply to.

use super::{
    fault::{Checked, Fault, Place},
    load::Loader,
    pattern,
    schema::Statement,
    tree::{Node, Tag},
    words::{Purpose, Reader, Token, tokens},
};

/// Runs set lines on a configuration, one at a time.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// The level that `edit` went to.
    level: Vec<Token>,
}

/// Runs all lines. Stops at the first error; what ran before stays, as on Junos.
pub(super) fn run(tree: &mut Node, lines: &str) -> Vec<Fault> {
    let mut session = Session::default();
    let mut faults = Vec::new();
    for (number, line) in (1..).zip(lines.lines()) {
        match session.line(tree, line) {
            Ok(warnings) => faults.extend(warnings),
            Err(fault) => {
                let column = column(line, fault.bad_element.as_deref().unwrap_or_default());
                faults.push(fault.on(Place { line: number, column }));
                break;
            }
        }
    }
    faults
}

/// Where a word stands in a line, counted from 1; the end of the line where it is not in it.
fn column(line: &str, word: &str) -> u32 {
    let found = Some(word)
        .filter(|word| !word.is_empty())
        .and_then(|word| line.rfind(word));
    let before = line.get(..found.unwrap_or(line.len())).unwrap_or_default();
    u32::try_from(before.chars().count() + 1).unwrap_or(u32::MAX)
}

impl Session {
    /// Runs one line: the warnings.
    fn line(&mut self, tree: &mut Node, line: &str) -> Checked<Vec<Fault>> {
        let words = tokens(line)?;
        match words.split_first() {
            None => Ok(Vec::new()),
            Some((Token::Word(verb), rest)) => self.verb(tree, verb, rest),
            Some((Token::Comment(_), [])) => Ok(Vec::new()),
            Some(_) => Err(Fault::syntax(line.trim())),
        }
    }

    fn verb(&mut self, tree: &mut Node, verb: &str, rest: &[Token]) -> Checked<Vec<Fault>> {
        let mut done = Vec::new();
        match verb {
            "set" => {
                let draft = self.read(rest, Purpose::Set)?;
                done = load(tree, vec![draft], Tag::Merge);
            }
            "delete" if rest.is_empty() && self.level.is_empty() => tree.children.clear(),
            "delete" => {
                let mut draft = self.read(rest, Purpose::Path)?;
                draft.with_last(|n| n.tag = Tag::Delete);
                done = load(tree, vec![draft], Tag::Inherit);
            }
            "activate" => done = self.each(tree, rest, |n| n.inactive = false)?,
            "deactivate" => done = self.each(tree, rest, |n| n.inactive = true)?,
            "protect" => done = self.each(tree, rest, |n| n.protect = true)?,
            "unprotect" => done = self.each(tree, rest, |n| n.protect = false)?,
            "annotate" => done = self.annotate(tree, rest)?,
            "rename" => self.rename(tree, rest, false)?,
            "copy" => self.rename(tree, rest, true)?,
            "insert" => self.insert(tree, rest)?,
            "wildcard" => done = self.wildcard(tree, rest)?,
            "edit" => self.edit(rest)?,
            "exit" | "up" if rest.is_empty() => self.up()?,
            "top" => {
                self.level.clear();
                if let Some((Token::Word(verb), rest)) = rest.split_first() {
                    done = self.verb(tree, verb, rest)?;
                }
            }
            "replace" => done = self.replace(tree, rest)?,
            _ => return Err(Fault::error("unknown command").at_word(verb)),
        }
        Ok(done)
    }

    /// Reads words below the level: the chain of statements from the top.
    fn read(&self, rest: &[Token], purpose: Purpose) -> Checked<Node> {
        let words: Vec<Token> = self.level.iter().chain(rest).cloned().collect();
        Reader::new(&words, purpose, Vec::new()).statement(Statement::root())
    }

    fn edit(&mut self, rest: &[Token]) -> Checked<()> {
        let mut draft = self.read(rest, Purpose::Path)?;
        let fits = |n: &mut Node| n.statement.holds_statements() && !n.is_whole_list();
        if !draft.with_last(fits) {
            return Err(Fault::syntax(draft.with_last(|n| n.label())));
        }
        self.level.extend_from_slice(rest);
        Ok(())
    }

    /// Leaves the innermost statement of the level.
    fn up(&mut self) -> Checked<()> {
        if self.level.is_empty() {
            return Ok(());
        }
        let steps = steps(self.read(&[], Purpose::Path)?);
        let upper = steps.split_last().map(|(_, upper)| upper).unwrap_or_default();
        self.level = upper.iter().flat_map(Node::words).map(Token::Word).collect();
        Ok(())
    }

    fn each(&self, tree: &mut Node, rest: &[Token], change: impl Fn(&mut Node)) -> Checked<Vec<Fault>> {
        let steps = steps(self.read(rest, Purpose::Path)?);
        let Some((target, above)) = steps.split_last() else {
            return Ok(Vec::new());
        };
        let mut found = false;
        if let Some(parent) = locate(tree, above) {
            let whole = target.is_whole_list();
            for child in &mut parent.children {
                if child.is_same(target) || (whole && child.statement == target.statement) {
                    change(child);
                    found = true;
                }
            }
        }
        Ok(if found {
            Vec::new()
        } else {
            vec![Fault::warning("statement not found")]
        })
    }

    fn annotate(&self, tree: &mut Node, rest: &[Token]) -> Checked<Vec<Fault>> {
        let Some((Token::Word(text), path)) = rest.split_last() else {
            return Err(Fault::syntax("annotate"));
        };
        let comment = Some(text.clone()).filter(|t| !t.is_empty());
        self.each(tree, path, |n| n.comment.clone_from(&comment))
    }

    /// Reads `A WORD B`: the steps to A, and B as a sibling of A.
    fn pair(&self, rest: &[Token], separators: &[&str]) -> Checked<(Vec<Node>, Node, String)> {
        let is_separator = |t: &Token| matches!(t, Token::Word(w) if separators.contains(&w.as_str()));
        let place = rest
            .iter()
            .rposition(is_separator)
            .ok_or_else(|| Fault::syntax(separators.join("' or '")))?;
        let (left, right) = rest.split_at(place);
        let Some((Token::Word(word), right)) = right.split_first() else {
            return Err(Fault::syntax(""));
        };
        let steps = steps(self.read(left, Purpose::Path)?);
        let parent = steps.iter().rev().nth(1).map_or_else(Statement::root, |p| p.statement);
        let other = Reader::new(right, Purpose::Set, Vec::new()).statement(parent)?;
        if steps
            .last()
            .is_none_or(|s| s.statement != other.statement || s.keys.is_empty())
        {
            return Err(Fault::syntax(other.label()));
        }
        Ok((steps, other, word.clone()))
    }

    fn rename(&self, tree: &mut Node, rest: &[Token], keep: bool) -> Checked<()> {
        let (steps, new, _) = self.pair(rest, &["to"])?;
        let Some((target, above)) = steps.split_last() else {
            return Ok(());
        };
        let parent = locate(tree, above).ok_or_else(|| Fault::error("statement not found"))?;
        if parent.find(&new).is_some() {
            return Err(Fault::error(format!("target '{}' already exists", new.label())));
        }
        let place = parent.children.iter().position(|c| c.is_same(target));
        let place = place.ok_or_else(|| Fault::error(format!("source '{}' does not exist", target.label())))?;
        let Some(mut node) = parent.children.get(place).cloned() else {
            return Ok(());
        };
        node.keys = new.keys;
        if keep || node.statement.sorted {
            if !keep {
                parent.children.remove(place);
            }
            parent.insert(node);
        } else if let Some(old) = parent.children.get_mut(place) {
            *old = node;
        }
        Ok(())
    }

    fn insert(&self, tree: &mut Node, rest: &[Token]) -> Checked<()> {
        let (steps, neighbour, word) = self.pair(rest, &["before", "after"])?;
        let Some((target, above)) = steps.split_last() else {
            return Ok(());
        };
        let missing = |node: &Node| Fault::error(format!("statement '{}' not found", node.label()));
        let parent = locate(tree, above).ok_or_else(|| missing(target))?;
        if parent.find(&neighbour).is_none() {
            return Err(missing(&neighbour));
        }
        let from = parent
            .children
            .iter()
            .position(|c| c.is_same(target))
            .ok_or_else(|| missing(target))?;
        let node = parent.children.remove(from);
        let to = parent
            .children
            .iter()
            .position(|c| c.is_same(&neighbour))
            .unwrap_or(from);
        parent.children.insert(if word == "after" { to + 1 } else { to }, node);
        Ok(())
    }

    /// `replace pattern OLD with NEW`, at and below the level.
    fn replace(&self, tree: &mut Node, rest: &[Token]) -> Checked<Vec<Fault>> {
        let level = steps_of(self, tree)?;
        match level {
            Some(node) => pattern::replace(node, rest),
            None => Ok(vec![Fault::warning("statement not found")]),
        }
    }

    /// `wildcard delete PATH PATTERN`: the last word is a regular expression over names.
    fn wildcard(&self, tree: &mut Node, rest: &[Token]) -> Checked<Vec<Fault>> {
        let [Token::Word(verb), path @ .., Token::Word(pattern)] = rest else {
            return Err(Fault::syntax("wildcard"));
        };
        if verb != "delete" {
            return Err(Fault::unsupported("only wildcard delete is supported by this device"));
        }
        let wrong = |_| Fault::error("invalid regular expression").at_word(pattern.clone());
        let pattern = regex::Regex::new(&format!("^(?:{pattern})$")).map_err(wrong)?;
        let mut steps = steps(self.read(path, Purpose::Path)?);
        let list = steps.pop_if(|s| s.is_whole_list()).map(|s| s.statement);
        let Some(parent) = locate(tree, &steps) else {
            return Ok(vec![Fault::warning("statement not found")]);
        };
        let before = parent.children.len();
        let matches = |c: &Node| {
            let name = if c.keys.is_empty() {
                &*c.statement.keyword
            } else {
                c.name()
            };
            list.is_none_or(|l| l == c.statement) && pattern.is_match(name)
        };
        parent.children.retain(|c| !matches(c));
        let found = parent.children.len() < before;
        tree.prune();
        Ok(if found {
            Vec::new()
        } else {
            vec![Fault::warning("statement not found")]
        })
    }
}

/// The statement that `edit` went to.
fn steps_of<'t>(session: &Session, tree: &'t mut Node) -> Checked<Option<&'t mut Node>> {
    if session.level.is_empty() {
        return Ok(Some(tree));
    }
    Ok(locate(tree, &steps(session.read(&[], Purpose::Path)?)))
}

fn load(tree: &mut Node, drafts: Vec<Node>, default: Tag) -> Vec<Fault> {
    let mut loader = Loader::new(false);
    loader.load(tree, drafts, default);
    loader.faults
}

/// A chain as its steps, each without children.
pub(super) fn steps(chain: Node) -> Vec<Node> {
    let mut steps = Vec::new();
    let mut next = Some(chain);
    while let Some(mut node) = next {
        next = std::mem::take(&mut node.children).into_iter().next();
        steps.push(node);
    }
    steps
}

/// The node at the end of steps.
pub(super) fn locate<'t>(tree: &'t mut Node, steps: &[Node]) -> Option<&'t mut Node> {
    steps.iter().try_fold(tree, |node, step| node.find_mut(step))
}

/// The steps of a path as typed after `show configuration`.
pub(super) fn path(words: &str) -> Checked<Vec<Node>> {
    let words = tokens(words)?;
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let chain = Reader::new(&words, Purpose::Path, Vec::new()).statement(Statement::root())?;
    Ok(steps(chain))
}
