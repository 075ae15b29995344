//! Operations that read configurations and the commit history.

use super::{Reply, missing};
use crate::{
    junos::netconf::xml::{Element, escape},
    lab::config::{
        Store, Who,
        commit::Revision,
        fault::Fault,
        filter::filter,
        moment::{seconds, text as moment},
        print,
        show::{View, comparison, information},
        tree::Node,
        xml,
    },
};

/// `get-configuration`.
pub(super) fn configuration(store: &Store, who: &Who, operation: &Element) -> Reply {
    let committed = match operation.attribute("database") {
        None | Some("candidate") => false,
        Some("committed") => true,
        Some(other) => {
            let fault = Fault::unsupported(format!("database {other} is not supported by this device"));
            return Err(vec![fault.at_word(other)]);
        }
    };
    let tree = if committed {
        &store.running
    } else {
        store.candidate(who)
    };
    match operation.attribute("compare") {
        Some("rollback") => {
            let number = operation.attribute("rollback").unwrap_or("0");
            let old = &store.revision(number).map_err(|fault| vec![fault])?.tree;
            return Ok(comparison(old, tree));
        }
        Some(other) => {
            return Err(vec![
                Fault::unsupported(format!("compare {other} is not supported")).at_word(other),
            ]);
        }
        None => {}
    }
    let with_groups = operation.attribute("inherit").is_some();
    let tree = if with_groups {
        store.expanded(tree, operation.attribute("groups").is_some())
    } else {
        tree.clone()
    };
    let tree = match operation.child("configuration") {
        Some(wanted) => filter(&tree, wanted),
        None => tree,
    };
    let view = View {
        tree,
        committed,
        with_groups,
    };
    let format = operation.attribute("format").unwrap_or("xml");
    Ok(match format {
        "text" | "ascii" => {
            let text = store.as_text(&view);
            format!(
                "<configuration-text xmlns=\"{}\">\n{}</configuration-text>\n",
                xml::NAMESPACE,
                escape(&text)
            )
        }
        "set" => {
            let text = print::set(&view.tree, &[]);
            format!("<configuration-set>\n{}</configuration-set>\n", escape(&text))
        }
        "json" | "json-minified" => store.as_json(&view),
        _ => store.as_xml(&view),
    })
}

/// `get-config` (RFC 6241 section 7.1).
pub(super) fn config(store: &Store, who: &Who, operation: &Element) -> Reply {
    let source = operation.child("source").and_then(|s| s.elements().next());
    let (tree, committed) = match source.map(|s| &*s.name) {
        Some("running") => (&store.running, true),
        Some("candidate") => (store.candidate(who), false),
        Some(other) => return Err(vec![Fault::unsupported(format!("source {other} is not supported"))]),
        None => return Err(vec![missing("source")]),
    };
    let tree = match operation.child("filter") {
        Some(wanted) => filter(tree, wanted.child("configuration").unwrap_or(wanted)),
        None => tree.clone(),
    };
    if tree.children.is_empty() && store.style.rfc_compliant {
        return Ok("<data/>\n".to_owned());
    }
    let view = View {
        tree,
        committed,
        with_groups: false,
    };
    let text = operation
        .text_at(&["format"])
        .or_else(|| operation.attribute("format").map(str::to_owned));
    Ok(match text.as_deref() {
        Some("text") => {
            let text = store.as_text(&view);
            format!(
                "<data>\n<configuration-text xmlns=\"{}\">\n{}</configuration-text>\n</data>\n",
                xml::NAMESPACE,
                escape(&text)
            )
        }
        _ => format!("<data>\n{}</data>\n", store.as_xml(&view)),
    })
}

/// `get-commit-information`: the history, newest first.
pub(in crate::lab::config) fn commits(store: &Store) -> String {
    let entry = |(number, revision): (usize, &Revision)| {
        let waits = number == 0 && store.time_left().is_some();
        let mark = if waits {
            "<commit-confirmed>rollback pending</commit-confirmed>\n"
        } else {
            ""
        };
        format!(
            "<commit-history>\n<sequence-number>{number}</sequence-number>\n{}{mark}</commit-history>\n",
            facts(store, number, revision)
        )
    };
    let entries: String = store.archive.iter().enumerate().map(entry).collect();
    format!("<commit-information>\n{entries}</commit-information>\n")
}

/// Who, how and when, with what was said about it.
fn facts(store: &Store, number: usize, revision: &Revision) -> String {
    let (user, client) = (escape(&revision.user), revision.client);
    let mut out = format!(
        "<user>{user}</user>\n<client>{client}</client>\n<date-time junos:seconds=\"{}\">{}</date-time>\n",
        seconds(revision.at),
        moment(revision.at)
    );
    if let Some(comment) = confirmed(store, number, revision) {
        out.push_str(&format!("<comment>{comment}</comment>\n"));
    }
    if let Some(log) = &revision.comment {
        out.push_str(&format!("<log>{}</log>\n", escape(log)));
    }
    out
}

/// `commit confirmed, rollback in 10mins`: what the history says of a confirmed commit. It is a note of how the commit was made, so
/// the minutes are those that were given, and older entries keep it. The newest loses it when a check confirms.
pub(in crate::lab::config) fn confirmed(store: &Store, number: usize, revision: &Revision) -> Option<String> {
    let minutes = revision
        .confirmed
        .filter(|_| number > 0 || store.time_left().is_some())?;
    Some(format!("commit confirmed, rollback in {minutes}mins"))
}

/// `get-commit-revision-information`, with all about the newest commit where `<detail/>` asks for it.
pub(super) fn commit_revision(store: &Store, operation: &Element) -> String {
    let here = store.here();
    let Some(newest) = store.archive.front() else {
        return "<commit-revision-information>\n</commit-revision-information>\n".to_owned();
    };
    let more = match operation.child("detail") {
        Some(_) => facts(store, 0, newest),
        None => String::new(),
    };
    format!(
        "<commit-revision-information>\n<revision>{here}-{}-{}</revision>\n{more}</commit-revision-information>\n",
        seconds(newest.at),
        newest.number
    )
}

/// `get-rollback-information`: an archived configuration, or the difference of two.
pub(super) fn rollback(store: &Store, operation: &Element) -> Reply {
    let number = operation.text_at(&["rollback"]).unwrap_or_else(|| "0".to_owned());
    let tree = &store.revision(&number).map_err(|fault| vec![fault])?.tree;
    let inner = match operation.text_at(&["compare"]) {
        Some(other) => comparison(tree, &store.revision(&other).map_err(|fault| vec![fault])?.tree),
        None => archived(store, tree, operation),
    };
    Ok(format!("<rollback-information>\n{inner}</rollback-information>\n"))
}

/// `get-rescue-information`.
pub(super) fn rescue(store: &Store, operation: &Element) -> Reply {
    let Some(tree) = &store.rescue else {
        return Err(vec![Fault::error("no rescue configuration is set")]);
    };
    Ok(format!(
        "<rescue-information>\n{}</rescue-information>\n",
        archived(store, tree, operation)
    ))
}

fn archived(store: &Store, tree: &Node, operation: &Element) -> String {
    let asked = operation
        .text_at(&["format"])
        .or_else(|| operation.attribute("format").map(str::to_owned));
    let view = View {
        tree: tree.clone(),
        committed: true,
        with_groups: false,
    };
    match asked.as_deref() {
        Some("xml") => store.as_xml(&view),
        Some("json") => store.as_json(&view),
        Some("set") => information(&format!("\n{}", print::set(tree, &[]))),
        _ => information(&format!("\n{}", store.as_text(&view))),
    }
}
