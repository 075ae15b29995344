//! Shows configurations: text, set, XML and JSON, with the headers and attributes that Junos gives them.

use serde_json::{Map, Value as Json, json};

use super::{
    Store, compare, inherit, json,
    moment::{seconds, text as moment},
    print,
    tree::Node,
    xml,
};
use crate::junos::netconf::xml::escape;

/// Which configuration, and how.
#[derive(Debug, Clone)]
pub(super) struct View {
    /// The configuration, or the part of it that was asked for.
    pub(super) tree: Node,
    /// The running one; else a candidate.
    pub(super) committed: bool,
    /// Groups are applied; comments tell where statements came from.
    pub(super) with_groups: bool,
}

impl Store {
    /// Groups applied.
    pub(super) fn expanded(&self, tree: &Node, comments: bool) -> Node {
        let mut expanded = inherit::expand(tree, self.here());
        if !comments {
            forget_origins(&mut expanded);
        }
        expanded
            .children
            .retain(|c| !matches!(&*c.statement.element, "groups" | "apply-groups"));
        expanded
    }

    /// `## Last commit: ...` or `## Last changed: ...`.
    pub(super) fn header(&self, committed: bool) -> String {
        match self.archive.front().filter(|_| committed) {
            Some(last) => format!("## Last commit: {} by {}\n", moment(last.at), last.user),
            None => format!("## Last changed: {}\n", moment(self.changed)),
        }
    }

    fn stamps(&self, committed: bool) -> Vec<(&'static str, String)> {
        match self.archive.front().filter(|_| committed) {
            Some(last) => vec![
                ("junos:commit-seconds", seconds(last.at).to_string()),
                ("junos:commit-localtime", moment(last.at)),
                ("junos:commit-user", last.user.clone()),
            ],
            None => vec![
                ("junos:changed-seconds", seconds(self.changed).to_string()),
                ("junos:changed-localtime", moment(self.changed)),
            ],
        }
    }

    /// The `<configuration>` element.
    pub(super) fn as_xml(&self, view: &View) -> String {
        let mut attributes = format!(" xmlns=\"{}\"", xml::NAMESPACE);
        for (name, value) in self.stamps(view.committed) {
            attributes.push_str(&format!(" {name}=\"{}\"", escape(&value)));
        }
        if view.tree.children.is_empty() {
            return format!("<configuration{attributes}>\n</configuration>\n");
        }
        format!(
            "<configuration{attributes}>\n{}</configuration>\n",
            xml::write(&view.tree, 1)
        )
    }

    /// The JSON object, as text for XML.
    pub(super) fn as_json(&self, view: &View) -> String {
        let mut members = Map::new();
        let stamps = self
            .stamps(view.committed)
            .into_iter()
            .map(|(name, value)| (name.to_owned(), json!(value)));
        let attributes = [("xmlns".to_owned(), json!(xml::NAMESPACE))]
            .into_iter()
            .chain(stamps)
            .collect();
        members.insert("@".to_owned(), Json::Object(attributes));
        members.extend(json::write(&view.tree));
        let all = json!({ "configuration": members });
        let text = serde_json::to_string_pretty(&all).unwrap_or_default();
        format!("{}\n", escape(&text))
    }

    /// Text format with its header.
    pub(super) fn as_text(&self, view: &View) -> String {
        let body = if view.with_groups {
            print::text_with_groups(&view.tree)
        } else {
            print::text(&view.tree, 0)
        };
        format!("{}{body}", self.header(view.committed))
    }
}

fn forget_origins(node: &mut Node) {
    node.origin = None;
    node.children.iter_mut().for_each(forget_origins);
}

/// What `| compare` prints, as a reply.
pub(super) fn comparison(old: &Node, new: &Node) -> String {
    information(&format!("\n{}", compare::compare(old, new)))
}

/// Text in the element that Junos wraps configuration text in.
pub(super) fn information(text: &str) -> String {
    format!(
        "<configuration-information>\n<configuration-output>{}</configuration-output>\n</configuration-information>\n",
        escape(text)
    )
}
