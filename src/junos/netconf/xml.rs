//! An XML element as Junos sends it: names without prefixes, text decoded, order kept.
//!
//! Junos changes namespaces with every release and leaves prefixes undeclared (`junos:style`), so names are matched by
//! local name only.

use std::fmt::Write as _;

/// One element with its attributes and children.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Element {
    /// Local name, without prefix.
    pub name: Box<str>,
    /// Attributes as written (`junos:style`, `xmlns`), values decoded.
    pub attributes: Vec<(Box<str>, Box<str>)>,
    /// Child elements and text, in order.
    pub children: Vec<Node>,
}

/// A child of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// An element.
    Element(Element),
    /// Text, decoded.
    Text(String),
}

impl Element {
    /// An empty element.
    pub fn new(name: impl Into<Box<str>>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// An element that holds only text.
    pub fn text_element(name: impl Into<Box<str>>, text: impl Into<String>) -> Self {
        Self::new(name).with_text(text)
    }

    /// Adds text at the end.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.children.push(Node::Text(text.into()));
        self
    }

    /// Adds a child at the end.
    #[must_use]
    pub fn with_child(mut self, child: Element) -> Self {
        self.children.push(Node::Element(child));
        self
    }

    /// Adds an attribute.
    #[must_use]
    pub fn with_attribute(mut self, name: impl Into<Box<str>>, value: impl Into<Box<str>>) -> Self {
        self.attributes.push((name.into(), value.into()));
        self
    }

    /// The value of the attribute with this local name.
    pub fn attribute(&self, local: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(name, _)| local_name(name) == local)
            .map(|(_, value)| value.as_ref())
    }

    /// Child elements, in order.
    pub fn elements(&self) -> impl Iterator<Item = &Element> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// The first child element of this name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.elements().find(|e| &*e.name == name)
    }

    /// All child elements of this name.
    pub fn children_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.elements().filter(move |e| &*e.name == name)
    }

    /// The element at the end of a path of child names.
    pub fn at(&self, path: &[&str]) -> Option<&Element> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }

    /// The trimmed text of the element at the end of a path; `None` where there is none or it is empty.
    pub fn text_at(&self, path: &[&str]) -> Option<String> {
        self.at(path)
            .map(|e| e.text().trim().to_owned())
            .filter(|t| !t.is_empty())
    }

    /// This element's own text, its pieces joined, as sent.
    pub fn text(&self) -> String {
        let mut all = String::new();
        for node in &self.children {
            if let Node::Text(text) = node {
                all.push_str(text);
            }
        }
        all
    }

    /// Every element of this name below this one, at any depth, in document order.
    pub fn descendants<'a>(&'a self, name: &'a str) -> Vec<&'a Element> {
        let mut found = Vec::new();
        let mut open = vec![self];
        while let Some(element) = open.pop() {
            if &*element.name == name && !std::ptr::eq(element, self) {
                found.push(element);
            }
            let from = open.len();
            open.extend(element.elements());
            open.get_mut(from..).unwrap_or_default().reverse();
        }
        found
    }

    /// Compact XML, empty elements self-closed: what goes on the wire.
    pub fn to_xml(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    /// XML for people: one element on a line, two spaces for each level, text elements on one line.
    pub fn to_xml_pretty(&self) -> String {
        let mut out = String::new();
        self.write_pretty(&mut out, 0);
        out
    }

    fn write_pretty(&self, out: &mut String, level: usize) {
        out.extend(std::iter::repeat_n("  ", level));
        if self.elements().next().is_none() {
            self.write(out);
            out.push('\n');
            return;
        }
        self.write_start(out);
        out.push('\n');
        for node in &self.children {
            match node {
                Node::Element(element) => element.write_pretty(out, level + 1),
                Node::Text(text) => {
                    out.extend(std::iter::repeat_n("  ", level + 1));
                    out.push_str(&escape(text.trim()));
                    out.push('\n');
                }
            }
        }
        out.extend(std::iter::repeat_n("  ", level));
        let _ = writeln!(out, "</{}>", self.name);
    }

    /// The start tag; true where the element has children, so that it is still open.
    fn write_start(&self, out: &mut String) -> bool {
        out.push('<');
        out.push_str(&self.name);
        for (name, value) in &self.attributes {
            let _ = write!(out, " {name}=\"{}\"", escape(value));
        }
        out.push_str(if self.children.is_empty() { "/>" } else { ">" });
        !self.children.is_empty()
    }

    fn write(&self, out: &mut String) {
        if !self.write_start(out) {
            return;
        }
        for node in &self.children {
            match node {
                Node::Element(element) => element.write(out),
                Node::Text(text) => out.push_str(&escape(text)),
            }
        }
        let _ = write!(out, "</{}>", self.name);
    }
}

/// The part of a name after its prefix.
pub fn local_name(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Escapes text for element content and for attribute values.
pub fn escape(text: &str) -> std::borrow::Cow<'_, str> {
    quick_xml::escape::escape(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compact_and_pretty() {
        let tree = Element::new("a")
            .with_attribute("b", "<1>")
            .with_child(Element::new("empty"))
            .with_child(Element::new("c").with_child(Element::text_element("d", "x & y")));
        assert_eq!(tree.to_xml(), "<a b=\"&lt;1&gt;\"><empty/><c><d>x &amp; y</d></c></a>");
        assert_eq!(
            tree.to_xml_pretty(),
            "<a b=\"&lt;1&gt;\">\n  <empty/>\n  <c>\n    <d>x &amp; y</d>\n  </c>\n</a>\n"
        );
    }

    #[test]
    fn finding() {
        let tree = Element::parse("<a><b><c> 1 </c></b><b x:y='2'><c/><b/></b></a>").unwrap();
        assert_eq!(tree.text_at(&["b", "c"]).as_deref(), Some("1"));
        assert_eq!(tree.descendants("b").len(), 3);
        assert_eq!(tree.children_named("b").nth(1).unwrap().attribute("y"), Some("2"));
    }
}
