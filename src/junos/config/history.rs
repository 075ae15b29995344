//! The device's commit history: whether a commit of ours is in it, and whether a confirmed commit waits.

use crate::junos::netconf::xml::Element;

/// Reads the history.
pub(super) const REQUEST: &str = "<get-commit-information/>";

/// A confirmed commit that waits for its confirmation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pending {
    /// Who committed it.
    pub(super) user: String,
    /// When it rolls back, in the device's words.
    pub(super) deadline: String,
}

/// The confirmed commit that waits, where one does, on any routing engine. Junos marks it by an element or in the newest entry's
/// comment, by release. Older entries keep their comment (`rollback in 5mins`) for good and say nothing.
pub(super) fn pending(root: &Element) -> Option<Pending> {
    let mut histories = root.descendants("commit-information");
    if histories.is_empty() {
        histories.push(root);
    }
    histories.into_iter().find_map(pending_in)
}

fn pending_in(history: &Element) -> Option<Pending> {
    let entry = history.child("commit-history")?;
    let user = entry.text_at(&["user"]).unwrap_or_else(|| "unknown".into());
    let mark = entry
        .child("commit-confirmed")
        .or_else(|| history.child("commit-confirmed"));
    let marked = mark.map(|e| {
        let inner: Vec<String> = e
            .elements()
            .map(|c| c.text().trim().to_owned())
            .filter(|t| !t.is_empty())
            .collect();
        let own = e.text().trim().to_owned();
        if inner.is_empty() { own } else { inner.join(" ") }
    });
    let commented = ["comment", "log", "commit-confirm"]
        .iter()
        .filter_map(|name| entry.text_at(&[name]))
        .find(|text| text.contains("rollback in") || text.contains("rolled back in"));
    let deadline = marked.or(commented)?;
    Some(Pending {
        user,
        deadline: if deadline.is_empty() { "soon".into() } else { deadline },
    })
}

/// Whether a commit with this mark is in the history.
pub(super) fn has(root: &Element, token: &str) -> bool {
    root.descendants("commit-history")
        .iter()
        .any(|entry| entry.elements().any(|field| field.text().contains(token)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(entry: &str) -> Element {
        let text = format!(
            "<rpc-reply><commit-information><commit-history>{entry}</commit-history></commit-information></rpc-reply>"
        );
        Element::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_pending_commit_is_found_in_both_shapes() {
        let commented = history("<user>anna</user><comment>commit confirmed, rollback in 9mins</comment>");
        let found = pending(&commented).unwrap();
        assert_eq!(
            (found.user.as_str(), found.deadline.as_str()),
            ("anna", "commit confirmed, rollback in 9mins")
        );
        assert!(pending(&history("<user>anna</user><commit-confirmed>10</commit-confirmed>")).is_some());
        assert_eq!(
            pending(&history("<user>anna</user><log>rollback of the lab</log>")),
            None
        );
    }

    #[test]
    fn only_the_newest_entry_of_each_engine_counts() {
        let confirmed = "<user>anna</user><comment>commit confirmed, rollback in 0mins</comment>\
                         <commit-confirmed>rollback pending</commit-confirmed>";
        let entry = |inner: &str| format!("<commit-history>{inner}</commit-history>");
        let information = |entries: &[String]| format!("<commit-information>{}</commit-information>", entries.concat());
        let parse = |text: String| Element::parse(format!("<rpc-reply>{text}</rpc-reply>").as_bytes()).unwrap();
        let over = information(&[entry("<user>ben</user>"), entry(confirmed)]);
        assert_eq!(pending(&parse(over.clone())), None);
        let waits = information(&[entry(confirmed), entry("<user>ben</user>")]);
        let both = format!("<multi-routing-engine-results>{over}{waits}</multi-routing-engine-results>");
        assert_eq!(pending(&parse(both)).unwrap().deadline, "rollback pending");
    }

    #[test]
    fn our_mark_is_found() {
        let root = history("<user>anna</user><log>new peer [jmcp-12ab]</log>");
        assert!(has(&root, "jmcp-12ab"));
        assert!(!has(&root, "jmcp-ffff"));
    }
}
