//! Configuration in curly braces as a tree of statements. Nothing is known of any statement but how it is written.

/// How deep statements may be inside each other: more than Junos knows, and no stack runs out.
const DEEPEST: usize = 200;

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Statement {
    /// Its words, as they stand between quotes.
    pub(super) words: Vec<String>,
    /// It does not count.
    pub(super) inactive: bool,
    /// It may not be changed.
    pub(super) protected: bool,
    /// It was one of several in brackets: the order counts.
    pub(super) listed: bool,
    /// It may hold others.
    pub(super) holds: bool,
    /// What it holds.
    pub(super) children: Vec<Statement>,
}

/// A word or sign.
#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Sign(char),
}

/// The statements of a whole configuration.
///
/// # Errors
/// What is wrong, in words, where the text does not end as it began.
pub(super) fn parse(text: &str) -> Result<Vec<Statement>, String> {
    let mut open: Vec<Statement> = vec![Statement::default()];
    let mut words: Vec<String> = Vec::new();
    let mut items: Option<Vec<String>> = None;
    let mut rest = text;
    while let Some(token) = next(&mut rest)? {
        match token {
            Token::Word(word) => items.as_mut().unwrap_or(&mut words).push(word),
            Token::Sign('[') if items.is_none() => items = Some(Vec::new()),
            Token::Sign(']') if items.is_some() => {}
            Token::Sign('{') if open.len() <= DEEPEST && items.is_none() && !words.is_empty() => {
                let mut statement = statement(std::mem::take(&mut words));
                statement.holds = true;
                open.push(statement);
            }
            Token::Sign(';') if !words.is_empty() || items.is_some() => {
                let found = lines(statement(std::mem::take(&mut words)), items.take());
                open.last_mut()
                    .ok_or("a statement outside of all")?
                    .children
                    .extend(found);
            }
            Token::Sign(';') => {}
            Token::Sign('}') if words.is_empty() && items.is_none() && open.len() > 1 => {
                let closed = open.pop().unwrap_or_default();
                open.last_mut().ok_or("a brace too many")?.children.push(closed);
            }
            Token::Sign(sign) => return Err(format!("`{sign}` where none can be, after `{}`", words.join(" "))),
        }
    }
    match (open.pop(), open.is_empty() && words.is_empty() && items.is_none()) {
        (Some(root), true) => Ok(root.children),
        _ => Err("it ends within a statement".to_owned()),
    }
}

/// A statement with its tags taken off.
fn statement(mut words: Vec<String>) -> Statement {
    let mut statement = Statement::default();
    while let Some(tag) = words.first().filter(|word| word.ends_with(':')) {
        match tag.as_str() {
            "inactive:" => statement.inactive = true,
            "protect:" => statement.protected = true,
            "active:" | "unprotect:" | "replace:" => {}
            _ => break,
        }
        words.remove(0);
    }
    statement.words = words;
    statement
}

/// `import [ a b ];` is `import a;` and `import b;`, whose order counts.
fn lines(statement: Statement, items: Option<Vec<String>>) -> Vec<Statement> {
    let Some(items) = items else { return vec![statement] };
    let one = |item: String| {
        let mut one = statement.clone();
        one.words.push(item);
        one.listed = true;
        one
    };
    items.into_iter().map(one).collect()
}

/// The words of a line; `None` where it has none, or anything else.
pub(super) fn words(line: &str) -> Option<Vec<String>> {
    let mut rest = line;
    let mut words = Vec::new();
    while let Some(token) = next(&mut rest).ok()? {
        match token {
            Token::Word(word) if !word.contains('|') => words.push(word),
            _ => return None,
        }
    }
    (!words.is_empty()).then_some(words)
}

/// The next word or sign; comments are passed over.
fn next(rest: &mut &str) -> Result<Option<Token>, String> {
    loop {
        *rest = rest.trim_start();
        if let Some(comment) = rest.strip_prefix("/*") {
            *rest = comment.split_once("*/").ok_or("a comment does not end")?.1;
        } else if rest.starts_with('#') {
            *rest = rest.split_once('\n').map_or("", |(_, after)| after);
        } else {
            break;
        }
    }
    let Some(first) = rest.chars().next() else {
        return Ok(None);
    };
    if is_sign(first) {
        *rest = rest.strip_prefix(first).unwrap_or_default();
        return Ok(Some(Token::Sign(first)));
    }
    let (word, after) = match rest.strip_prefix('"') {
        Some(quoted) => inside_quotes(quoted).ok_or("a quote does not end")?,
        None => rest.split_at(
            rest.find(|c: char| c.is_whitespace() || is_sign(c))
                .unwrap_or(rest.len()),
        ),
    };
    *rest = after;
    Ok(Some(Token::Word(word.to_owned())))
}

/// What stands in quotes, as it is written, and what comes after them.
fn inside_quotes(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    let end = text.find(|c: char| {
        let is_end = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        is_end
    })?;
    Some((text.get(..end)?, text.get(end + 1..)?))
}

fn is_sign(c: char) -> bool {
    matches!(c, '{' | '}' | ';' | '[' | ']')
}

/// What is at a path, with all words of the way to it: one statement where the path names one, several where it names a list.
pub(super) fn at(statements: Vec<Statement>, path: &[String]) -> Vec<Statement> {
    let mut found = Vec::new();
    for statement in statements {
        let shared = statement.words.iter().zip(path).take_while(|(a, b)| a == b).count();
        if shared == path.len() {
            found.push(statement);
        } else if shared == statement.words.len() && shared > 0 {
            let inside = at(statement.children, path.get(shared..).unwrap_or_default());
            found.extend(inside.into_iter().map(|inner| Statement {
                words: statement.words.iter().chain(&inner.words).cloned().collect(),
                inactive: inner.inactive || statement.inactive,
                protected: inner.protected || statement.protected,
                ..inner
            }));
        }
    }
    found
}
