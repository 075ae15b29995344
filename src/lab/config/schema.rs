//! Which statements there are, how each is written in text and in XML, and what values it takes.
//!
//! The statements are data (`schema/*.txt`, whose first lines explain the format), a small part of what Junos knows: what
//! somebody who tries out the lab edits. The shapes follow the Junos CLI and XML API references.

use std::{collections::HashMap, net::IpAddr, sync::LazyLock};

/// The files of the schema, in the order of the hierarchy.
const FILES: &[&str] = &[
    include_str!("schema/sets-common.txt"),
    include_str!("schema/sets-interfaces.txt"),
    include_str!("schema/sets-routing.txt"),
    include_str!("schema/sets-policy.txt"),
    include_str!("schema/sets-security.txt"),
    include_str!("schema/system.txt"),
    include_str!("schema/rest.txt"),
];

static SCHEMA: LazyLock<Statement> = LazyLock::new(|| parse(&FILES.concat()).0);
static APPLY_GROUPS: LazyLock<Vec<Statement>> = LazyLock::new(|| {
    ["apply-groups", "apply-groups-except"]
        .map(|name| Statement::new(name, Kind::LeafList(Value::Any)))
        .into()
});

/// What a statement holds.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// Other statements; `presence` when it means something without any.
    Container {
        /// Kept when empty.
        presence: bool,
    },
    /// Entries told apart by keys.
    List(Vec<Key>),
    /// One value.
    Leaf(Value),
    /// Several values.
    LeafList(Value),
    /// Nothing: it is there or it is not.
    Flag,
}

/// One key of a list.
#[derive(Debug, Clone)]
pub(super) struct Key {
    /// A word before the value (`to-zone`).
    pub(super) keyword: Option<Box<str>>,
    /// The XML element.
    pub(super) element: Box<str>,
    /// The values allowed, each of which is itself the XML element; empty for an ordinary key.
    pub(super) choice: Vec<Box<str>>,
    /// What the value must look like.
    pub(super) value: Value,
}

/// What a value must look like.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// Anything.
    Any,
    /// Anything, and it is marked `SECRET-DATA`.
    Secret,
    /// An address.
    Address,
    /// An address with or without prefix length.
    Prefix,
    /// A whole number between two.
    Number(u64, u64),
    /// One of these words.
    Choice(Vec<Box<str>>),
}

/// How a statement with children is laid out in text format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// In braces.
    Block,
    /// Always on one line.
    Line,
    /// On one line when it holds a single leaf or flag.
    LineIfSingle,
    /// Its keyword is repeated before each child (`family inet`).
    Prefix,
}

/// One statement of the schema.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    /// The keyword in text and set format; empty where the key follows directly.
    pub(super) keyword: Box<str>,
    /// The XML element.
    pub(super) element: Box<str>,
    /// What it holds.
    pub(super) kind: Kind,
    /// How it is printed.
    pub(super) layout: Layout,
    /// Entries of this list stand together in one block.
    pub(super) wrapped: bool,
    /// Entries of this list are kept sorted.
    pub(super) sorted: bool,
    /// At most one of the siblings that are marked so can stand (`accept`, `reject`).
    pub(super) exclusive: bool,
    /// Holds the whole hierarchy again.
    whole: bool,
    children: Vec<Statement>,
}

impl PartialEq for Statement {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Statement {
    fn new(keyword: &str, kind: Kind) -> Self {
        Self {
            keyword: keyword.into(),
            element: keyword.into(),
            kind,
            layout: Layout::Block,
            wrapped: false,
            sorted: false,
            exclusive: false,
            whole: false,
            children: Vec::new(),
        }
    }

    /// The top of the hierarchy.
    pub(super) fn root() -> &'static Statement {
        &SCHEMA
    }

    /// The statements allowed below this one, without `apply-groups`.
    pub(super) fn children(&'static self) -> &'static [Statement] {
        if self.whole {
            &Self::root().children
        } else {
            &self.children
        }
    }

    /// The child with this keyword.
    pub(super) fn by_keyword(&'static self, keyword: &str) -> Option<&'static Statement> {
        self.all().find(|s| &*s.keyword == keyword && !s.keyword.is_empty())
    }

    /// The child with this XML element.
    pub(super) fn by_element(&'static self, element: &str) -> Option<&'static Statement> {
        self.all().find(|s| &*s.element == element)
    }

    /// The child that is written without a keyword.
    pub(super) fn without_keyword(&'static self) -> Option<&'static Statement> {
        self.children().iter().find(|s| s.keyword.is_empty())
    }

    fn all(&'static self) -> impl Iterator<Item = &'static Statement> {
        let groups: &'static [Statement] = if self.holds_statements() { &APPLY_GROUPS } else { &[] };
        // Groups cannot hold groups: else the hierarchy would have no end.
        let allowed = |s: &&Statement| !(self.whole && &*s.element == "groups");
        self.children().iter().filter(allowed).chain(groups)
    }

    /// Where a child stands among its siblings in Junos' own order.
    pub(super) fn order(&'static self, child: &'static Statement) -> usize {
        self.children().iter().position(|s| s == child).map_or(0, |p| p + 1)
    }

    /// Whether other statements can stand below it.
    pub(super) fn holds_statements(&self) -> bool {
        matches!(self.kind, Kind::Container { .. } | Kind::List(_))
    }

    /// Whether its value is a secret.
    pub(super) fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::Leaf(Value::Secret))
    }

    /// The keys of a list; none for everything else.
    pub(super) fn keys(&self) -> &[Key] {
        match &self.kind {
            Kind::List(keys) => keys,
            _ => &[],
        }
    }
}

impl Value {
    fn parse(word: &str) -> Self {
        if let Some((Ok(low), Ok(high))) = word.split_once("..").map(|(a, b)| (a.parse(), b.parse())) {
            return Self::Number(low, high);
        }
        match word {
            "secret" => Self::Secret,
            "ip" => Self::Address,
            "prefix" => Self::Prefix,
            _ if word.contains('|') => Self::Choice(word.split('|').map(Into::into).collect()),
            _ => Self::Any,
        }
    }

    /// Why a value cannot be used, in the words of Junos. Wildcards (`<*>`) and variables (`$...`, `${node}`) pass.
    pub(super) fn fault(&self, text: &str) -> Option<String> {
        if text.starts_with('<') || text.starts_with('$') {
            return None;
        }
        match self {
            Self::Any | Self::Secret => None,
            Self::Address => text
                .split('%')
                .next()
                .is_none_or(|address| address.parse::<IpAddr>().is_err())
                .then(|| format!("invalid ip address or hostname: {text}")),
            Self::Prefix => (!is_prefix(text)).then(|| format!("invalid prefix or address: {text}")),
            Self::Number(low, high) => match text.parse::<u64>() {
                Ok(number) if (*low..=*high).contains(&number) => None,
                Ok(_) => Some(format!("Value {text} is not within range ({low}..{high})")),
                Err(_) => Some(format!("Invalid numeric value: '{text}'")),
            },
            Self::Choice(words) => (!words.iter().any(|w| &**w == text)).then(|| "syntax error".to_owned()),
        }
    }
}

fn is_prefix(text: &str) -> bool {
    if matches!(text, "any" | "any-ipv4" | "any-ipv6" | "default") {
        return true;
    }
    let (address, length) = text.split_once('/').map_or((text, None), |(a, l)| (a, Some(l)));
    let Ok(address) = address.parse::<IpAddr>() else {
        return false;
    };
    let longest = if address.is_ipv4() { 32 } else { 128 };
    length.is_none_or(|l| l.parse::<u8>().is_ok_and(|l| l <= longest))
}

/// One line of the schema: its depth and the statement without children.
fn line(text: &str) -> (usize, Statement) {
    let depth = text.len().saturating_sub(text.trim_start().len()) / 2;
    let mut words = text.split_whitespace();
    let name = words.next().unwrap_or_default();
    let (keyword, element) = match name.split_once('<') {
        Some((keyword, element)) => (keyword, element.trim_end_matches('>')),
        None => (name, name),
    };
    let mut statement = Statement::new(keyword, Kind::Container { presence: false });
    statement.element = element.into();
    for word in words {
        mark(&mut statement, word);
    }
    (depth, statement)
}

fn mark(statement: &mut Statement, word: &str) {
    match word {
        "?" => statement.kind = Kind::Container { presence: true },
        "!" => statement.kind = Kind::Flag,
        "*" => statement.kind = Kind::List(keys("name")),
        "-" => statement.layout = Layout::Line,
        "+" => statement.layout = Layout::LineIfSingle,
        "/" => statement.layout = Layout::Prefix,
        "{}" => statement.wrapped = true,
        "^" => statement.sorted = true,
        "%" => statement.exclusive = true,
        "&" => statement.whole = true,
        _ => {
            if let Some(value) = word.strip_prefix("=[]") {
                statement.kind = Kind::LeafList(Value::parse(value));
            } else if let Some(value) = word.strip_prefix('=') {
                statement.kind = Kind::Leaf(Value::parse(value));
            } else if let Some(value) = word.strip_prefix('~') {
                if let Kind::List(keys) = &mut statement.kind
                    && let Some(first) = keys.first_mut()
                {
                    first.value = Value::parse(value);
                }
            } else {
                statement.kind = Kind::List(keys(word));
            }
        }
    }
}

fn keys(text: &str) -> Vec<Key> {
    text.split(',')
        .map(|key| {
            let choice = key.strip_prefix('(').and_then(|k| k.strip_suffix(')'));
            let (keyword, element) = key.split_once(':').map_or((None, key), |(k, e)| (Some(k.into()), e));
            Key {
                keyword,
                element: element.into(),
                choice: choice
                    .map(|words| words.split('|').map(Into::into).collect())
                    .unwrap_or_default(),
                value: Value::Any,
            }
        })
        .collect()
}

/// Reads the schema: the root statement, and what was wrong with the text.
fn parse(text: &str) -> (Statement, Vec<String>) {
    let mut reader = Reader {
        sets: HashMap::new(),
        faults: Vec::new(),
    };
    let lines: Vec<&str> = text
        .lines()
        .filter(|l| !l.trim().is_empty() && !l.starts_with('#'))
        .collect();
    let mut root = Statement::new("configuration", Kind::Container { presence: true });
    let mut rest = lines.as_slice();
    while let Some((first, after)) = rest.split_first() {
        let (block, next) = after.split_at(after.iter().take_while(|l| l.starts_with(' ')).count());
        if let Some(name) = first.strip_prefix('@') {
            let statements = reader.block(block, 1);
            reader.sets.insert(name.to_owned(), statements);
        } else {
            let (_, mut statement) = line(first);
            statement.children = reader.block(block, 1);
            root.children.push(statement);
        }
        rest = next;
    }
    (root, reader.faults)
}

struct Reader {
    sets: HashMap<String, Vec<Statement>>,
    faults: Vec<String>,
}

impl Reader {
    fn block(&mut self, lines: &[&str], depth: usize) -> Vec<Statement> {
        let mut statements = Vec::new();
        let mut rest = lines;
        while let Some((first, after)) = rest.split_first() {
            let deeper = |l: &&&str| l.len().saturating_sub(l.trim_start().len()) / 2 > depth;
            let (block, next) = after.split_at(after.iter().take_while(deeper).count());
            if let Some(name) = first.trim().strip_prefix('@') {
                match self.sets.get(name) {
                    Some(set) => statements.extend(set.iter().cloned()),
                    None => self.faults.push(format!("no set of statements `{name}`")),
                }
            } else {
                let (at, mut statement) = line(first);
                if at != depth {
                    self.faults.push(format!("indentation of `{}`", first.trim()));
                }
                statement.children = self.block(block, depth + 1);
                statements.push(statement);
            }
            rest = next;
        }
        statements
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(statement: &Statement, path: &str) {
        let mut seen = std::collections::HashSet::new();
        for child in &statement.children {
            assert!(
                seen.insert((&child.keyword, &child.element)),
                "`{path} {}` is there twice",
                child.keyword
            );
            check(child, &format!("{path} {}", child.keyword));
        }
        let holds = statement.holds_statements();
        assert!(
            holds || statement.children.is_empty(),
            "`{path}` has a value and children"
        );
    }

    #[test]
    fn the_schema_reads_without_faults() {
        let (root, faults) = parse(&FILES.concat());
        assert_eq!(faults, Vec::<String>::new());
        check(&root, "");
        assert!(
            Statement::root()
                .by_keyword("groups")
                .unwrap()
                .by_keyword("system")
                .is_some()
        );
    }

    #[test]
    fn values_are_checked() {
        assert_eq!(
            Value::parse("1..4094").fault("5000").as_deref(),
            Some("Value 5000 is not within range (1..4094)")
        );
        assert_eq!(Value::Prefix.fault("192.0.2.1/24"), None);
        assert!(Value::Prefix.fault("192.0.2.1/33").is_some());
        assert!(Value::Address.fault("192.0.2.300").is_some());
        assert!(Value::parse("a|b").fault("c").is_some());
    }
}
