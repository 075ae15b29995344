//! Splits set and text format into words, and reads statements out of words by the schema.

use super::{
    fault::{Checked, Fault, Place},
    schema::{Key, Kind, Statement, Value},
    tree::Node,
};

/// A word or sign of set and text format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A word; quotes removed.
    Word(String),
    /// `[`
    Open,
    /// `]`
    Close,
    /// `{`
    Begin,
    /// `}`
    End,
    /// `;`
    Semicolon,
    /// `/* ... */`, without the signs.
    Comment(String),
}

/// Splits text into words. `#` starts a comment to the end of the line, as `##` does.
pub(super) fn tokens(text: &str) -> Checked<Vec<Token>> {
    Ok(placed(text)?.into_iter().map(|(token, _)| token).collect())
}

/// The same, each with where it begins.
pub(super) fn placed(text: &str) -> Checked<Vec<(Token, Place)>> {
    let mut chars = Chars::new(text);
    let mut found = Vec::new();
    while let Some(c) = chars.peek() {
        let place = chars.place;
        let sign = match c {
            '[' => Some(Token::Open),
            ']' => Some(Token::Close),
            '{' => Some(Token::Begin),
            '}' => Some(Token::End),
            ';' => Some(Token::Semicolon),
            _ => None,
        };
        if sign.is_some() || c.is_whitespace() {
            chars.next();
            found.extend(sign.map(|sign| (sign, place)));
        } else if c == '#' {
            while chars.next_if(|c| c != '\n').is_some() {}
        } else if c == '"' {
            chars.next();
            let word = quoted(&mut chars).map_err(|fault| fault.on(place))?;
            found.push((Token::Word(word), place));
        } else {
            found.push((bare(&mut chars), place));
        }
    }
    Ok(found)
}

/// Characters, and where the next one stands.
struct Chars<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    place: Place,
}

impl<'a> Chars<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            rest: text.chars().peekable(),
            place: Place { line: 1, column: 1 },
        }
    }

    fn peek(&mut self) -> Option<char> {
        self.rest.peek().copied()
    }

    fn next_if(&mut self, fits: impl FnOnce(char) -> bool) -> Option<char> {
        self.peek().filter(|c| fits(*c))?;
        self.next()
    }
}

impl Iterator for Chars<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        if c == '\n' {
            self.place.line += 1;
            self.place.column = 1;
        } else {
            self.place.column += 1;
        }
        Some(c)
    }
}

fn quoted(chars: &mut Chars<'_>) -> Checked<String> {
    let mut text = String::new();
    while let Some(c) = chars.next() {
        match c {
            '"' => return Ok(text),
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some(c) => text.push(c),
                None => break,
            },
            _ => text.push(c),
        }
    }
    Err(Fault::error("missing closing quote").at_word(text.chars().take(20).collect::<String>()))
}

/// A word without quotes, or a comment. `${node}` keeps its braces, and `[0-3]` inside a word its brackets.
fn bare(chars: &mut Chars<'_>) -> Token {
    let mut text = String::new();
    let (mut braces, mut brackets) = (0, 0);
    while let Some(c) = chars.peek() {
        match c {
            '{' if text.ends_with('$') => braces += 1,
            '}' if braces > 0 => braces -= 1,
            '[' => brackets += 1,
            ']' if brackets > 0 => brackets -= 1,
            '{' | '}' | ';' | ']' | '"' => break,
            _ if c.is_whitespace() => break,
            _ => {}
        }
        text.push(c);
        chars.next();
        if text == "/*" {
            return comment(chars);
        }
    }
    Token::Word(text)
}

fn comment(chars: &mut Chars<'_>) -> Token {
    let mut text = String::new();
    for c in chars.by_ref() {
        text.push(c);
        if let Some(body) = text.strip_suffix("*/") {
            return Token::Comment(body.trim().to_owned());
        }
    }
    Token::Comment(text.trim().to_owned())
}

/// What the words are read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To be set: values must be there and fit.
    Set,
    /// To find something: values and keys may be left out.
    Path,
}

/// Reads statements from words.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    tokens: &'a [Token],
    purpose: Purpose,
    /// Words that led here, for error paths.
    path: Vec<String>,
}

impl<'a> Reader<'a> {
    /// A reader at a hierarchy level.
    pub(super) fn new(tokens: &'a [Token], purpose: Purpose, path: Vec<String>) -> Self {
        Self { tokens, purpose, path }
    }

    /// Reads one statement below `parent`, with all that follows on the line; an error if anything is left.
    pub(super) fn statement(&mut self, parent: &'static Statement) -> Checked<Node> {
        let node = self.child(parent)?;
        self.finish(node)
    }

    /// Reads one entry of a list whose keyword was read before.
    pub(super) fn entry(&mut self, list: &'static Statement) -> Checked<Node> {
        let node = self.body(list)?;
        self.finish(node)
    }

    fn finish(&self, node: Node) -> Checked<Node> {
        match self.tokens.first() {
            None => Ok(node),
            Some(token) => Err(self.syntax(token)),
        }
    }

    fn syntax(&self, token: &Token) -> Fault {
        let word = match token {
            Token::Word(word) | Token::Comment(word) => word.as_str(),
            Token::Open => "[",
            Token::Close => "]",
            Token::Begin => "{",
            Token::End => "}",
            Token::Semicolon => ";",
        };
        Fault::syntax(word).at(&self.path)
    }

    fn next(&mut self) -> Option<&'a Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    fn next_word(&mut self) -> Checked<Option<&'a str>> {
        match self.next() {
            None => Ok(None),
            Some(Token::Word(word)) => Ok(Some(word)),
            Some(other) => Err(self.syntax(other)),
        }
    }

    fn child(&mut self, parent: &'static Statement) -> Checked<Node> {
        let statement = match self.tokens.first() {
            Some(Token::Word(word)) => match parent.by_keyword(word) {
                Some(statement) => {
                    self.next();
                    Some(statement)
                }
                None => parent.without_keyword(),
            },
            Some(Token::Open) => parent.without_keyword(),
            _ => None,
        };
        match (statement, self.tokens.first()) {
            (Some(statement), _) => self.body(statement),
            (None, Some(token)) => Err(self.syntax(token)),
            (None, None) => Err(Fault::syntax("").at(&self.path)),
        }
    }

    fn body(&mut self, statement: &'static Statement) -> Checked<Node> {
        let mut node = Node::new(statement);
        match &statement.kind {
            Kind::Flag => return Ok(node),
            Kind::Leaf(value) => {
                node.values = self.value(statement, value)?;
                return Ok(node);
            }
            Kind::LeafList(value) => {
                node.values = self.values(statement, value)?;
                return Ok(node);
            }
            Kind::List(keys) => {
                for key in keys {
                    match self.key(key, &node)? {
                        Some(value) => node.keys.push(value),
                        None => break,
                    }
                }
            }
            Kind::Container { .. } => {}
        }
        let depth = self.path.len();
        self.path.extend(node.words());
        while !self.tokens.is_empty() {
            node.children.push(self.child(statement)?);
        }
        self.path.truncate(depth);
        Ok(node)
    }

    /// The next key; `None` where the words end. A list with some of its keys only is an error.
    fn key(&mut self, key: &Key, so_far: &Node) -> Checked<Option<String>> {
        if self.tokens.is_empty() {
            if so_far.keys.is_empty() {
                return Ok(None);
            }
            return Err(Fault::error(format!("missing mandatory argument: {}", key.element)).at(&self.path));
        }
        if let Some(keyword) = &key.keyword
            && self.next_word()?.is_none_or(|word| word != &**keyword)
        {
            return Err(Fault::syntax(so_far.label()).at(&self.path));
        }
        let word = self.next_word()?.unwrap_or_default();
        if !key.choice.is_empty() && !key.choice.iter().any(|choice| &**choice == word) {
            return Err(Fault::syntax(word).at(&self.path));
        }
        self.check(&key.value, word)?;
        Ok(Some(word.to_owned()))
    }

    fn check(&self, value: &Value, word: &str) -> Checked<()> {
        match value.fault(word) {
            Some(message) if self.purpose == Purpose::Set => Err(Fault::error(message).at(&self.path).at_word(word)),
            _ => Ok(()),
        }
    }

    fn value(&mut self, statement: &'static Statement, value: &Value) -> Checked<Vec<String>> {
        match self.next_word()? {
            Some(word) => {
                self.check(value, word)?;
                Ok(vec![word.to_owned()])
            }
            None => self.missing(statement),
        }
    }

    fn missing(&self, statement: &Statement) -> Checked<Vec<String>> {
        match self.purpose {
            Purpose::Path => Ok(Vec::new()),
            Purpose::Set => Err(Fault::error("missing argument")
                .at(&self.path)
                .at_word(statement.keyword.to_string())),
        }
    }

    fn values(&mut self, statement: &'static Statement, value: &Value) -> Checked<Vec<String>> {
        if self.tokens.first() != Some(&Token::Open) {
            return self.value(statement, value);
        }
        self.next();
        let mut words = Vec::new();
        loop {
            match self.next() {
                Some(Token::Word(word)) => {
                    self.check(value, word)?;
                    words.push(word.clone());
                }
                Some(Token::Close) => return Ok(words),
                Some(other) => return Err(self.syntax(other)),
                None => return Err(Fault::syntax("[").at(&self.path)),
            }
        }
    }
}
