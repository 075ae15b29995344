//! A tolerant XML reader for what Junos sends, from a rope into [`Element`].
//!
//! Tolerated, because devices do it: broken UTF-8, control characters, bare `&`, unknown entities, references per byte,
//! undeclared prefixes, invalid namespaces, text around the root, and `<routing-engine>` left open. Not tolerated,
//! because the outcome of a request must never rest on a guess: any other end tag that does not match, a root that is
//! not closed, a second root, a document type. White space beside child elements is dropped.
//!
//! One pass, no recursion, each piece of the rope freed once it is read.

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use super::{
    clean::Cleaned,
    repair,
    rope::Rope,
    text::{self, Text},
    xml::{Element, Node},
};

/// What a message may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Deepest nesting of elements.
    pub depth: usize,
    /// Most elements in all.
    pub elements: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 512,
            elements: 10_000_000,
        }
    }
}

/// Why a message is not usable XML.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed XML at byte {position}: {reason}")]
pub struct ParseError {
    /// Offset in bytes from the start of the message, after decoding.
    pub position: u64,
    /// What is wrong.
    pub reason: String,
}

/// Reads one message.
///
/// # Errors
/// [`ParseError`] with the position.
pub fn parse(rope: Rope, limits: Limits) -> Result<Element, ParseError> {
    let mut reader = tolerant(rope);
    let mut builder = Builder::new(limits);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        let position = reader.buffer_position();
        let at = |reason: String| ParseError { position, reason };
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Eof) => return builder.finish().map_err(at),
            Ok(event) => builder.event(event).map_err(at)?,
            Err(error) => {
                return Err(ParseError {
                    position: reader.error_position(),
                    reason: error.to_string(),
                });
            }
        }
    }
}

/// What kind of message it is, seen from its beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// It begins with this element, given without its children.
    Root(Element),
    /// Comments and space only.
    Nothing,
    /// Something else: words without markup, or markup that cannot be read.
    Unreadable,
}

/// Looks at the beginning of a message without reading on.
pub fn kind(rope: &Rope) -> Kind {
    // The root's tag comes after comments at most; they are short.
    let mut reader = tolerant(Rope::from(&*rope.head(64 * 1024)));
    let mut buffer = Vec::new();
    let mut words = false;
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(tag) | Event::Empty(tag)) => return element(&tag).map_or(Kind::Unreadable, Kind::Root),
            Ok(Event::Text(text)) => words |= !text.trim_ascii().is_empty(),
            Ok(Event::Eof) if !words => return Kind::Nothing,
            Ok(Event::Eof) | Err(_) => return Kind::Unreadable,
            Ok(_) => {}
        }
    }
}

impl Element {
    /// Reads an element as a device would send it.
    ///
    /// # Errors
    /// [`ParseError`] where it is not usable XML.
    pub fn parse(bytes: impl AsRef<[u8]>) -> Result<Element, ParseError> {
        parse(Rope::from(bytes.as_ref()), Limits::default())
    }
}

fn tolerant(rope: Rope) -> Reader<Cleaned> {
    let mut reader = Reader::from_reader(Cleaned::new(rope));
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    // End tags are checked here, against local names and with the one repair.
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    reader
}

/// Builds the tree from events.
struct Builder {
    limits: Limits,
    elements: usize,
    open: Vec<Element>,
    text: Text,
    root: Option<Element>,
}

impl Builder {
    fn new(limits: Limits) -> Self {
        Self {
            limits,
            elements: 0,
            open: Vec::new(),
            text: Text::default(),
            root: None,
        }
    }

    fn event(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Start(tag) => {
                let element = self.begin(&tag)?;
                self.open.push(element);
                if self.open.len() > self.limits.depth {
                    return Err(format!("elements are nested deeper than {}", self.limits.depth));
                }
            }
            Event::Empty(tag) => {
                let element = self.begin(&tag)?;
                self.attach(Node::Element(element));
            }
            Event::End(tag) => self.end(super::xml::local_name(tag.name().0))?,
            Event::Text(text) if !self.open.is_empty() => self.text.push(&text.xml10_content()),
            Event::CData(text) if !self.open.is_empty() => self.text.push(&text.xml10_content()),
            Event::GeneralRef(name) if !self.open.is_empty() => self.text.push_reference(&name),
            Event::DocType(_) => return Err("a document type declaration is not allowed in NETCONF".to_owned()),
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, tag: &BytesStart<'_>) -> Result<Element, String> {
        self.end_text(true);
        self.elements += 1;
        if self.elements > self.limits.elements {
            return Err(format!("more than {} elements", self.limits.elements));
        }
        let element = element(tag)?;
        if self.open.is_empty() && self.root.is_some() {
            return Err(format!("a second root element `{}`", element.name));
        }
        Ok(element)
    }

    /// Puts the text gathered so far into the open element. White space beside child elements is dropped.
    fn end_text(&mut self, beside_elements: bool) {
        if beside_elements && self.text.is_blank() {
            self.text.clear();
        } else if let Some(text) = self.text.take() {
            self.attach(Node::Text(text));
        }
    }

    fn attach(&mut self, node: Node) {
        match (self.open.last_mut(), node) {
            (Some(parent), node) => {
                if parent.children.capacity() == 0 {
                    // Most elements hold one text and nothing else.
                    parent.children.reserve_exact(1);
                }
                parent.children.push(node);
            }
            (None, Node::Element(root)) => self.root = Some(root),
            (None, Node::Text(_)) => {}
        }
    }

    fn end(&mut self, name: &str) -> Result<(), String> {
        self.end_text(self.open.last().is_some_and(|e| e.elements().next().is_some()));
        if self.open.last().is_none_or(|e| *e.name != *name) {
            self.close_routing_engines(name)?;
        }
        if let Some(mut element) = self.open.pop() {
            if element.children.capacity() - element.children.len() > 16 {
                element.children.shrink_to_fit();
            }
            self.attach(Node::Element(element));
        }
        Ok(())
    }

    /// Closes the `<routing-engine>` elements that stand open where the end tag of `name` came.
    fn close_routing_engines(&mut self, name: &str) -> Result<(), String> {
        let unclosed = self
            .open
            .iter()
            .rev()
            .take_while(|e| repair::may_be_unclosed(&e.name))
            .count();
        let parent = self.open.len() - unclosed;
        let matches = parent
            .checked_sub(1)
            .and_then(|at| self.open.get(at))
            .is_some_and(|e| *e.name == *name);
        if !matches {
            let open = self.open.last().map_or("nothing", |e| &*e.name);
            return Err(format!("end tag of `{name}` where `{open}` is open"));
        }
        for engine in self.open.split_off(parent) {
            let (engine, after) = repair::split(engine);
            self.attach(Node::Element(engine));
            for node in after {
                self.attach(node);
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Element, String> {
        match (self.open.last(), self.root.take()) {
            (Some(open), _) => Err(format!("the message ends inside of `{}`", open.name)),
            (None, Some(root)) => Ok(root),
            (None, None) => Err("there is no element in the message".to_owned()),
        }
    }
}

/// An element from its start tag.
fn element(tag: &BytesStart<'_>) -> Result<Element, String> {
    let name = tag.name();
    let mut element = Element::new(name.local_name().into_inner());
    // With a second colon it would be written as a name with another prefix.
    if !is_name(&element.name) || element.name.contains(':') {
        return Err(format!("`{}` is no element name", name.0.escape_debug()));
    }
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| format!("in the tag of `{}`: {error}", element.name))?;
        if !is_name(attribute.key.0) {
            return Err(format!(
                "in the tag of `{}`: `{}` is no attribute name",
                element.name,
                attribute.key.0.escape_debug()
            ));
        }
        element
            .attributes
            .push((attribute.key.0.into(), text::decode(&attribute.value).into()));
    }
    if name.prefix().is_some_and(|prefix| prefix.into_inner() == "xnm") && !super::reply::is_xnm(&element) {
        // Some daemons forget to declare it, and the prefix is all that tells `xnm:error` from data.
        element.attributes.push(("xmlns:xnm".into(), super::reply::XNM.into()));
    }
    Ok(element)
}

/// Whether a name can be written and read again. XML's own rule is stricter; no device breaks this one.
fn is_name(name: &str) -> bool {
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii());
    begins
        && !name
            .bytes()
            .any(|byte| matches!(byte, b'<' | b'>' | b'&' | b'"' | b'\'' | b'/' | b'='))
}

#[cfg(test)]
mod tests;
