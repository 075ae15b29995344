//! Reads the lines of a difference: headings that say where, and signed statements below them.

use super::tree::{Body, Hunk, Node, Sign};

/// Levels of braces within one another; no configuration comes near.
const DEEPEST: usize = 100;

/// Why a difference cannot be read.
#[derive(Debug)]
pub(super) struct Fault {
    /// The line, counted from 1.
    pub(super) line: usize,
    /// What is wrong with it.
    pub(super) why: &'static str,
}

type Read<T> = std::result::Result<T, &'static str>;

/// The parts of a difference.
pub(super) fn read(diff: &str) -> std::result::Result<Vec<Hunk>, Fault> {
    let mut reader = Reader::default();
    let mut lines = diff.lines().enumerate().peekable();
    while let Some((at, line)) = lines.next() {
        let fault = |why| Fault { line: at + 1, why };
        let is_ruled = lines.peek().is_some_and(|(_, next)| is_rule(next));
        if is_ruled && reader.is_at_rest() && is_engine(line) {
            // `node0:` above a line of dashes: what follows is said of one engine.
            lines.next();
            continue;
        }
        reader.line(line).map_err(fault)?;
    }
    let end = diff.lines().count();
    reader.end().map_err(|why| Fault { line: end, why })
}

fn is_rule(line: &str) -> bool {
    let line = line.trim_end();
    line.len() >= 10 && line.bytes().all(|b| b == b'-')
}

fn is_engine(line: &str) -> bool {
    let name = line.trim_end().strip_suffix(':');
    name.is_some_and(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
}

/// A piece of a statement.
#[derive(Debug, PartialEq)]
enum Token {
    Word { text: String, is_quoted: bool },
    Open,
    Close,
    Hidden,
    End,
    ListOpen,
    ListClose,
    Comment,
}

/// What goes on in the next line.
#[derive(Debug)]
enum Unfinished {
    Quote(String),
    Comment,
}

/// A statement that has not ended.
#[derive(Debug)]
struct Begun {
    sign: Sign,
    tags: Vec<String>,
    words: Vec<String>,
    list: Option<Vec<String>>,
    is_in_list: bool,
}

#[derive(Debug, Default)]
struct Reader {
    hunks: Vec<Hunk>,
    /// Blocks that have not ended, the outermost first.
    open: Vec<Node>,
    begun: Option<Begun>,
    unfinished: Option<(Sign, Unfinished)>,
}

impl Reader {
    fn is_at_rest(&self) -> bool {
        self.open.is_empty() && self.begun.is_none() && self.unfinished.is_none()
    }

    fn end(self) -> Read<Vec<Hunk>> {
        if self.is_at_rest() {
            Ok(self.hunks)
        } else {
            Err("the difference ends inside a statement")
        }
    }

    fn line(&mut self, line: &str) -> Read<()> {
        if let Some((sign, unfinished)) = self.unfinished.take() {
            return self.content(sign, line, Some(unfinished));
        }
        if line.starts_with("[edit") {
            return self.heading(line.trim_end());
        }
        let mut rest = line.chars();
        let sign = match rest.next() {
            None => return Ok(()),
            Some('+') => Sign::Plus,
            Some('-') => Sign::Minus,
            Some('!') => Sign::Mark,
            Some(' ') => Sign::Context,
            Some(_) => return Err("neither a heading nor a signed statement"),
        };
        let content = rest.as_str();
        if content.trim().is_empty() {
            return Ok(());
        }
        if self.hunks.is_empty() {
            return Err("a statement without a heading above it");
        }
        self.content(sign, content, None)
    }

    fn heading(&mut self, line: &str) -> Read<()> {
        if !self.is_at_rest() {
            return Err("a heading inside a statement");
        }
        let inner = line.strip_prefix("[edit").and_then(|rest| rest.strip_suffix(']'));
        let inner = inner.filter(|inner| inner.is_empty() || inner.starts_with(' '));
        let inner = inner.ok_or("a heading that is not closed")?;
        let mut path = Vec::new();
        let mut tokens = Lexer {
            text: inner,
            is_heading: true,
        };
        while let Some(lexed) = tokens.next()? {
            match lexed {
                Lexed::Token(Token::Word { text, is_quoted }) if is_quoted || !is_tag(&text) => path.push(text),
                _ => return Err("a heading with more than names"),
            }
        }
        self.hunks.push(Hunk {
            path,
            nodes: Vec::new(),
        });
        Ok(())
    }

    fn content(&mut self, sign: Sign, text: &str, unfinished: Option<Unfinished>) -> Read<()> {
        let mut lexer = Lexer {
            text,
            is_heading: false,
        };
        let mut first = match unfinished {
            None => None,
            Some(Unfinished::Quote(so_far)) => Some(lexer.quote(so_far)?),
            Some(Unfinished::Comment) => Some(lexer.comment()),
        };
        loop {
            let lexed = match first.take() {
                Some(lexed) => lexed,
                None => match lexer.next()? {
                    Some(lexed) => lexed,
                    None => return Ok(()),
                },
            };
            match lexed {
                Lexed::Unfinished(unfinished) => {
                    self.unfinished = Some((sign, unfinished));
                    return Ok(());
                }
                Lexed::Token(token) => {
                    let is_last = !matches!(token, Token::Word { .. } | Token::ListOpen | Token::ListClose);
                    self.token(sign, token)?;
                    if is_last {
                        return lexer.is_done().then_some(()).ok_or("more than one statement on a line");
                    }
                }
            }
        }
    }

    fn token(&mut self, sign: Sign, token: Token) -> Read<()> {
        if self.begun.as_ref().is_some_and(|begun| begun.sign != sign) {
            return Err("a statement with two signs");
        }
        match token {
            Token::Word { text, is_quoted } => self.word(sign, text, is_quoted),
            Token::ListOpen => {
                let begun = self.begun.as_mut().ok_or("a list without a name")?;
                if begun.list.is_some() {
                    return Err("two lists in one statement");
                }
                begun.list = Some(Vec::new());
                begun.is_in_list = true;
                Ok(())
            }
            Token::ListClose => {
                let begun = self.begun.as_mut().filter(|begun| begun.is_in_list);
                begun.ok_or("a list that was not opened")?.is_in_list = false;
                Ok(())
            }
            Token::Comment if self.begun.is_some() => Err("a comment inside a statement"),
            Token::Comment => self.put(Node::comment(sign)),
            Token::End => {
                let node = self.statement(Body::Leaf)?;
                self.put(node)
            }
            Token::Hidden => {
                let node = self.statement(Body::Hidden)?;
                self.put(node)
            }
            Token::Open => {
                let node = self.statement(Body::Block(Vec::new()))?;
                if node.sign == Sign::Mark {
                    return Err("a marked statement that shows what it holds");
                }
                if self.open.len() >= DEEPEST {
                    return Err("more levels than any configuration has");
                }
                self.open.push(node);
                Ok(())
            }
            Token::Close => {
                let node = self.open.pop().filter(|_| self.begun.is_none());
                let node = node.ok_or("a brace that closes nothing")?;
                if node.sign != sign {
                    return Err("a statement with two signs");
                }
                self.put(node)
            }
        }
    }

    fn word(&mut self, sign: Sign, text: String, is_quoted: bool) -> Read<()> {
        let begun = self.begun.get_or_insert_with(|| Begun {
            sign,
            tags: Vec::new(),
            words: Vec::new(),
            list: None,
            is_in_list: false,
        });
        let is_first = begun.words.is_empty() && begun.list.is_none();
        match &mut begun.list {
            Some(list) if begun.is_in_list => list.push(text),
            Some(_) => return Err("words behind a list"),
            None if is_first && !is_quoted && is_tag(&text) => begun.tags.push(text),
            None => begun.words.push(text),
        }
        Ok(())
    }

    /// The statement that has begun, which ends here.
    fn statement(&mut self, body: Body) -> Read<Node> {
        let begun = self.begun.take().ok_or("a statement without words")?;
        if begun.is_in_list {
            return Err("a list that is not closed");
        }
        // A list of entries without a name stands below the heading that names it.
        if begun.words.is_empty() && begun.list.is_none() {
            return Err("a statement without words");
        }
        let known = ["inactive:", "protect:"];
        let tags = begun.tags.iter().map(String::as_str);
        if begun.sign != Sign::Mark && tags.clone().any(|tag| !known.contains(&tag)) {
            return Err("a tag that no difference has");
        }
        if tags.clone().any(|tag| matches!(tag, "replace:" | "delete:")) {
            return Err("a tag that no difference has");
        }
        if begun.list.is_some() && body != Body::Leaf {
            return Err("a list that holds statements");
        }
        Ok(Node {
            sign: begun.sign,
            tags: begun.tags,
            words: begun.words,
            list: begun.list,
            body,
        })
    }

    fn put(&mut self, node: Node) -> Read<()> {
        let Some(parent) = self.open.last_mut() else {
            let hunk = self.hunks.last_mut().ok_or("a statement without a heading above it")?;
            hunk.nodes.push(node);
            return Ok(());
        };
        if parent.sign != Sign::Context && parent.sign != node.sign {
            return Err("a statement with another sign than what holds it");
        }
        match &mut parent.body {
            Body::Block(children) => children.push(node),
            _ => return Err("a statement inside one that holds none"),
        }
        Ok(())
    }
}

fn is_tag(word: &str) -> bool {
    matches!(
        word,
        "inactive:" | "active:" | "replace:" | "delete:" | "protect:" | "unprotect:"
    )
}

enum Lexed {
    Token(Token),
    Unfinished(Unfinished),
}

/// Takes a line apart.
struct Lexer<'a> {
    text: &'a str,
    /// Names only: brackets belong to them.
    is_heading: bool,
}

impl Lexer<'_> {
    fn next(&mut self) -> Read<Option<Lexed>> {
        self.text = self.text.trim_start();
        let Some(first) = self.text.chars().next() else {
            return Ok(None);
        };
        if first == '"' {
            self.skip(1);
            return self.quote(String::new()).map(Some);
        }
        if !self.is_heading {
            if self.text.starts_with("/*") {
                self.skip(2);
                return Ok(Some(self.comment()));
            }
            if first == '#' {
                // A remark of the device, to the end of the line.
                self.text = "";
                return Ok(Some(Lexed::Token(Token::Comment)));
            }
            if first == ';' {
                self.skip(1);
                return Ok(Some(Lexed::Token(Token::End)));
            }
        }
        let ends = |c: char| c.is_whitespace() || (c == ';' && !self.is_heading);
        let end = self.text.find(ends).unwrap_or(self.text.len());
        let (word, rest) = self.text.split_at(end);
        self.text = rest;
        self.sign_or_word(word).map(|token| Some(Lexed::Token(token)))
    }

    fn sign_or_word(&mut self, word: &str) -> Read<Token> {
        match word {
            "[" if !self.is_heading => Ok(Token::ListOpen),
            "]" if !self.is_heading => Ok(Token::ListClose),
            "}" => Ok(Token::Close),
            "{" => {
                let inner = self.text.trim_start();
                match inner.strip_prefix("...").map(str::trim_start) {
                    Some(rest) => {
                        self.text = rest.strip_prefix('}').ok_or("what is left out is not closed")?;
                        Ok(Token::Hidden)
                    }
                    None => Ok(Token::Open),
                }
            }
            word if word.contains(['"', '{', '}', '#']) => Err("a name with a sign that would be in quotes"),
            word => Ok(Token::Word {
                text: word.to_owned(),
                is_quoted: false,
            }),
        }
    }

    /// The rest of a word in quotes.
    fn quote(&mut self, mut word: String) -> Read<Lexed> {
        let mut chars = self.text.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.text = self.text.get(at + 1..).unwrap_or_default();
                    let is_apart = |c: char| c.is_whitespace() || c == ';';
                    if self.text.chars().next().is_some_and(|next| !is_apart(next)) {
                        return Err("a quote in the middle of a word");
                    }
                    return Ok(Lexed::Token(Token::Word {
                        text: word,
                        is_quoted: true,
                    }));
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => word.push('\n'),
                    Some((_, c)) => word.push(c),
                    None => word.push('\\'),
                },
                c => word.push(c),
            }
        }
        if self.is_heading {
            return Err("a heading with an open quote");
        }
        word.push('\n');
        self.text = "";
        Ok(Lexed::Unfinished(Unfinished::Quote(word)))
    }

    /// The rest of a comment.
    fn comment(&mut self) -> Lexed {
        match self.text.find("*/") {
            Some(at) => {
                self.skip(at + 2);
                Lexed::Token(Token::Comment)
            }
            None => {
                self.text = "";
                Lexed::Unfinished(Unfinished::Comment)
            }
        }
    }

    /// Whether nothing follows but a remark of the device (`## SECRET-DATA`).
    fn is_done(&self) -> bool {
        let rest = self.text.trim_start();
        rest.is_empty() || rest.starts_with('#')
    }

    fn skip(&mut self, bytes: usize) {
        self.text = self.text.get(bytes..).unwrap_or_default();
    }
}
