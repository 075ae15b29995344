//! An `<rpc-reply>`: what the device said, errors and warnings set apart, routing engines made alike.

mod code;
mod errors;
mod text;

use super::{
    reader::{self, Limits, ParseError},
    rope::Rope,
    xml::{Element, Node},
};
use crate::error::Result;

pub use errors::{RpcError, Severity};
pub(super) use errors::{XNM, is_xnm};

/// A reply, parsed.
///
/// Errors are found at any depth, and the worst severity decides: an error counts even next to `<ok/>`, warnings never
/// make a failure. Under `rfc-compliant` Junos drops warnings, so their absence proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    root: Element,
    errors: Vec<RpcError>,
    warnings: Vec<RpcError>,
}

impl Reply {
    /// Takes a parsed `<rpc-reply>`.
    pub fn new(root: Element) -> Self {
        let (errors, warnings) = errors::collect(&root);
        Self { root, errors, warnings }
    }

    /// Reads a message.
    ///
    /// # Errors
    /// [`ParseError`] where it is not usable XML or no `<rpc-reply>`.
    pub fn parse(message: Rope) -> Result<Self, ParseError> {
        let root = reader::parse(message, Limits::default())?;
        if &*root.name != "rpc-reply" {
            return Err(ParseError {
                position: 0,
                reason: format!("`{}` in place of a reply", root.name),
            });
        }
        Ok(Self::new(root))
    }

    /// The `<rpc-reply>` element.
    pub fn root(&self) -> &Element {
        &self.root
    }

    /// The `<rpc-reply>` element, moved out.
    pub fn into_root(self) -> Element {
        self.root
    }

    /// Everything of severity error, in document order.
    pub fn errors(&self) -> &[RpcError] {
        &self.errors
    }

    /// Everything of severity warning, in document order.
    pub fn warnings(&self) -> &[RpcError] {
        &self.warnings
    }

    /// The first child element that is data: no error, no warning, no `<ok/>`, no CLI banner.
    pub fn payload_element(&self) -> Option<&Element> {
        self.root.elements().find(|element| is_payload(element))
    }

    /// The first child element that is data, moved out.
    pub fn into_payload(self) -> Option<Element> {
        self.root.children.into_iter().find_map(|node| match node {
            Node::Element(element) if is_payload(&element) => Some(element),
            _ => None,
        })
    }

    /// The payload of each routing engine or cluster node with its name (`re0`, `node1`), or the one payload without a
    /// name where the reply is not split. An engine that failed has its error element as payload; see
    /// [`RpcError::routing_engine`].
    pub fn routing_engines(&self) -> Vec<(Option<String>, &Element)> {
        let items: Vec<_> = self.engine_items().collect();
        if items.is_empty() {
            return self
                .payload_element()
                .map(|payload| (None, payload))
                .into_iter()
                .collect();
        }
        items
            .into_iter()
            .map(|item| {
                let payload = item
                    .elements()
                    .find(|e| is_payload(e))
                    .or_else(|| item.elements().find(|e| !is_name(e)));
                (item.text_at(&["re-name"]), payload.unwrap_or(item))
            })
            .collect()
    }

    /// What the CLI would have printed: every `<output>` and `<configuration-output>` in order, warnings as `## ` lines,
    /// a header for each routing engine. XML payload is shown as indented XML.
    pub fn cli_text(&self) -> String {
        text::cli(&self.root)
    }

    /// As [`Reply::cli_text`]; a single large text is moved out, not copied.
    pub fn into_cli_text(mut self) -> String {
        text::take_single(&mut self.root).unwrap_or_else(|| self.cli_text())
    }

    /// The reply where it holds no error, else the error for the caller.
    ///
    /// # Errors
    /// `permission_denied`, `configuration_locked`, `candidate_modified`, `commit_confirmed_active`, `device_error`.
    pub fn into_result(self, device: &str) -> Result<Self> {
        match code::report(&self.errors, device) {
            Some(error) => Err(error),
            None => Ok(self),
        }
    }

    /// As [`Reply::into_result`] for reads: where at least one routing engine answered, the errors of the others stay in
    /// the reply.
    ///
    /// # Errors
    /// As [`Reply::into_result`].
    pub fn into_read_result(self, device: &str) -> Result<Self> {
        if self.some_engine_answered() {
            Ok(self)
        } else {
            self.into_result(device)
        }
    }

    fn engine_items(&self) -> impl Iterator<Item = &Element> {
        self.root
            .children_named("multi-routing-engine-results")
            .flat_map(|results| results.children_named("multi-routing-engine-item"))
    }

    fn some_engine_answered(&self) -> bool {
        self.engine_items().any(|item| {
            let name = item.text_at(&["re-name"]);
            item.elements().any(is_payload) && !self.errors.iter().any(|e| name.is_some() && e.routing_engine == name)
        })
    }
}

fn is_name(element: &Element) -> bool {
    &*element.name == "re-name"
}

fn is_payload(element: &Element) -> bool {
    !is_name(element) && !matches!(&*element.name, "ok" | "cli") && !errors::is_error(element)
}

#[cfg(test)]
mod tests;
