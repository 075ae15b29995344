//! Operations that read configurations and the commit history.

use super::{Reply, missing};
use crate::{
    junos::netconf::xml::{Element, escape},
    lab::config::{
        Store, Who,
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
    let mut out = String::from("<commit-information>\n");
    for (number, revision) in store.archive.iter().enumerate() {
        let (user, client) = (escape(&revision.user), revision.client);
        out.push_str(&format!(
            "<commit-history>\n<sequence-number>{number}</sequence-number>\n<user>{user}</user>\n\
             <client>{client}</client>\n<date-time junos:seconds=\"{}\">{}</date-time>\n",
            seconds(revision.at),
            moment(revision.at)
        ));
        if let Some(left) = pending(store).filter(|_| number == 0) {
            out.push_str(&format!(
                "<comment>{left}</comment>\n<commit-confirmed>rollback pending</commit-confirmed>\n"
            ));
        }
        if let Some(comment) = &revision.comment {
            out.push_str(&format!("<log>{}</log>\n", escape(comment)));
        }
        out.push_str("</commit-history>\n");
    }
    out.push_str("</commit-information>\n");
    out
}

/// `commit confirmed, rollback in 9mins`, where a commit waits for its confirmation.
pub(in crate::lab::config) fn pending(store: &Store) -> Option<String> {
    store
        .time_left()
        .map(|left| format!("commit confirmed, rollback in {}mins", left.as_secs() / 60))
}

/// `get-commit-revision-information`.
pub(super) fn commit_revision(store: &Store) -> String {
    let revision = store
        .archive
        .front()
        .map(|r| (seconds(r.at), r.number))
        .unwrap_or_default();
    let here = store.here();
    format!(
        "<commit-revision-information>\n<revision>{here}-{}-{}</revision>\n</commit-revision-information>\n",
        revision.0, revision.1
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
        Some("set") => information(&format!("\n{}", print::set(tree, &[]))),
        _ => information(&format!("\n{}", store.as_text(&view))),
    }
}
