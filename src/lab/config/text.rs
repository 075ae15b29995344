//! Reads text format: braces, `inactive:`, `replace:`, `delete:` and other tags, comments, annotations.

use super::{
    fault::{Fault, Place},
    schema::{Layout, Statement},
    tree::{Node, Tag},
    words::{Purpose, Reader, Token, placed},
};

/// What was read before the first error, and that error. Junos keeps the former.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) statements: Vec<Node>,
    pub(super) fault: Option<Fault>,
}

/// Reads text format at a hierarchy level (the top: [`Statement::root`]).
pub(super) fn parse(text: &str, level: &'static Statement) -> Parsed {
    let (tokens, places): (Vec<Token>, Vec<Place>) = match placed(text) {
        Ok(placed) => placed.into_iter().unzip(),
        Err(fault) => {
            return Parsed {
                fault: Some(fault),
                ..Parsed::default()
            };
        }
    };
    let mut parser = Parser {
        rest: &tokens,
        began: &tokens,
        path: Vec::new(),
        depth: 0,
    };
    let mut parsed = parser.block(&Node::new(level));
    if parsed.fault.is_none() && !parser.rest.is_empty() {
        parsed.fault = Some(Fault::syntax("}"));
    }
    let place = |fault: Fault| {
        let place = parser.place(&fault, &places);
        place.map_or(fault.clone(), |place| fault.on(place))
    };
    parsed.fault = parsed.fault.map(place);
    parsed
}

/// Deeper nesting than any configuration has; deeper input is refused.
const DEEPEST: usize = 64;

struct Parser<'a> {
    rest: &'a [Token],
    /// From the statement that is being read.
    began: &'a [Token],
    path: Vec<String>,
    depth: usize,
}

/// The tags before a statement.
#[derive(Default)]
struct Marks {
    tag: Tag,
    activate: Option<bool>,
    guard: Option<bool>,
    comment: Option<String>,
}

impl Parser<'_> {
    /// Where the word at fault stands: in the statement that was read last, or where reading stopped.
    fn place(&self, fault: &Fault, places: &[Place]) -> Option<Place> {
        let is_bad = |token: &Token| matches!(token, Token::Word(word) if Some(word) == fault.bad_element.as_ref());
        let stopped = places.len().saturating_sub(self.rest.len());
        let began = places.len().saturating_sub(self.began.len());
        let at = self
            .began
            .iter()
            .position(is_bad)
            .map_or(stopped, |place| began + place);
        places.get(at).or(places.last()).copied()
    }

    /// Reads statements up to `}` (left in place) or the end.
    fn block(&mut self, parent: &Node) -> Parsed {
        let mut parsed = Parsed::default();
        while !matches!(self.rest.first(), None | Some(Token::End)) {
            match self.statement(parent) {
                Ok(Some(node)) => parsed.statements.push(node),
                Ok(None) => {}
                Err(fault) => {
                    parsed.fault = Some(fault);
                    return parsed;
                }
            }
        }
        parsed
    }

    fn statement(&mut self, parent: &Node) -> Result<Option<Node>, Fault> {
        self.began = self.rest;
        let marks = self.marks();
        let end = |t: &Token| matches!(t, Token::Begin | Token::End | Token::Semicolon);
        let (words, rest) = self
            .rest
            .split_at(self.rest.iter().position(end).unwrap_or(self.rest.len()));
        self.rest = rest;
        if words.is_empty() {
            return self.nothing(&marks);
        }
        let words: Vec<Token> = words
            .iter()
            .filter(|t| !matches!(t, Token::Comment(_)))
            .cloned()
            .collect();
        let terminator = self.rest.first().cloned();
        let loose = marks.tag == Tag::Delete || terminator == Some(Token::Begin);
        let purpose = if loose { Purpose::Path } else { Purpose::Set };
        let mut reader = Reader::new(&words, purpose, self.path.clone());
        let mut node = if parent.is_whole_list() {
            reader.entry(parent.statement)?
        } else {
            reader.statement(parent.statement)?
        };
        apply(&mut node, marks);
        self.rest = self.rest.get(1..).unwrap_or_default();
        match terminator {
            Some(Token::Semicolon) => {}
            Some(Token::Begin) => self.braces(&mut node)?,
            _ => {
                return Err(Fault::error("syntax error, expecting ';' or '{'")
                    .at(&self.path)
                    .at_word(node.label()));
            }
        }
        Ok(Some(node))
    }

    /// A lone `;`, an annotation at the end of a block: nothing; anything else is an error.
    fn nothing(&mut self, marks: &Marks) -> Result<Option<Node>, Fault> {
        match self.rest.first() {
            Some(Token::Semicolon) => {
                self.rest = self.rest.get(1..).unwrap_or_default();
                Ok(None)
            }
            Some(Token::Begin) => Err(Fault::syntax("{").at(&self.path)),
            _ if marks.comment.is_some() => Ok(None),
            _ => Err(Fault::syntax("}").at(&self.path)),
        }
    }

    fn marks(&mut self) -> Marks {
        let mut marks = Marks::default();
        while let Some((first, rest)) = self.rest.split_first() {
            match first {
                Token::Comment(text) => marks.comment = Some(text.clone()),
                Token::Word(word) => match word.as_str() {
                    "inactive:" => marks.activate = Some(false),
                    "active:" => marks.activate = Some(true),
                    "protect:" => marks.guard = Some(true),
                    "unprotect:" => marks.guard = Some(false),
                    "replace:" => marks.tag = Tag::Replace,
                    "merge:" => marks.tag = Tag::Merge,
                    "delete:" => marks.tag = Tag::Delete,
                    _ => break,
                },
                _ => break,
            }
            self.rest = rest;
        }
        marks
    }

    fn braces(&mut self, node: &mut Node) -> Result<(), Fault> {
        let length = self.path.len();
        let mut step = Some(&*node);
        while let Some(inner) = step {
            self.path.extend(inner.words());
            step = inner.children.last();
        }
        let block = node.with_last(|deepest| {
            if !deepest.statement.holds_statements() || self.depth > DEEPEST {
                return Err(Fault::syntax("{").at(&self.path));
            }
            self.depth += 1;
            let parsed = self.block(deepest);
            self.depth = self.depth.saturating_sub(1);
            deepest.children = parsed.statements;
            parsed.fault.map_or(Ok(()), Err)
        });
        block?;
        if self.rest.first() != Some(&Token::End) {
            return Err(Fault::error("syntax error, missing '}'").at(&self.path));
        }
        self.path.truncate(length);
        self.rest = self.rest.get(1..).unwrap_or_default();
        Ok(())
    }
}

/// Marks belong to the last statement before the brace or semicolon: `inactive: family inet` deactivates `inet`. A
/// statement that is laid out on one line counts as a whole.
fn apply(node: &mut Node, marks: Marks) {
    let mut target = node;
    while matches!(target.statement.layout, Layout::Block | Layout::Prefix) && !target.children.is_empty() {
        let Some(last) = target.children.last_mut() else { break };
        target = last;
    }
    target.tag = marks.tag;
    target.activate = marks.activate;
    target.guard = marks.guard;
    target.comment = marks.comment;
}

/// Reads a complete configuration in text format; all statements must be right.
pub(super) fn configuration(text: &str) -> Result<Node, Fault> {
    let parsed = parse(text, Statement::root());
    if let Some(fault) = parsed.fault {
        return Err(fault);
    }
    let mut tree = Node::root();
    super::load::Loader::new(false).load(&mut tree, parsed.statements, Tag::Merge);
    Ok(tree)
}
