//! The device's commit history: who committed what and when, whether a commit of ours is in it, and whether a confirmed commit
//! waits.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    error::Result,
    junos::{inventory::Device, netconf::xml::Element, pool::Pool},
    time::rfc3339,
};

/// Reads the history.
pub(super) const REQUEST: &str = "<get-commit-information/>";

/// One commit, as the device tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct Commit {
    /// Its rollback number at the time of reading: 0 is what runs.
    pub number: u32,
    /// Who committed.
    pub user: String,
    /// How: `cli`, `netconf`, `other` (the device itself).
    pub client: String,
    /// When, in the device's words.
    pub when: String,
    /// When, in UTC (RFC 3339); absent where the device gives no count of seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_utc: Option<String>,
    /// What was said with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Seconds since 1970.
    #[serde(skip)]
    seconds: Option<u64>,
}

/// A confirmed commit that waits for its confirmation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct Pending {
    /// Who committed it.
    pub user: String,
    /// When it rolls back, in the device's words.
    pub rolls_back: String,
    /// When it rolls back, in UTC (RFC 3339), or somewhat later; absent where the device's words do not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_utc: Option<String>,
    /// What was said with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// What a device tells of its commits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// The commits, the newest first, of the routing engine that answered first.
    pub commits: Vec<Commit>,
    /// The confirmed commit that waits, on any routing engine.
    pub pending: Option<Pending>,
    /// What the newest commits of all routing engines are known by.
    base: String,
}

/// Reads a device's history.
///
/// # Errors
/// As the device and the way to it report.
pub(crate) async fn read(pool: &Pool, device: &Arc<Device>, timeout: Duration) -> Result<History> {
    let reply = pool.read(device, REQUEST, timeout).await?;
    Ok(History::of(reply.root()))
}

impl History {
    /// The history in a reply.
    pub(super) fn of(root: &Element) -> Self {
        let mut histories = root.descendants("commit-information");
        if histories.is_empty() {
            histories.push(root);
        }
        let commits = |history: &Element| -> Vec<Commit> {
            let entries = history.children_named("commit-history").enumerate();
            entries.map(|(place, entry)| commit(place, entry)).collect()
        };
        let newest: Vec<String> = histories
            .iter()
            .filter_map(|history| commits(history).first().map(Commit::identity))
            .collect();
        Self {
            commits: histories.first().map(|history| commits(history)).unwrap_or_default(),
            pending: histories.iter().find_map(|history| pending_in(history)),
            base: newest.join("; "),
        }
    }

    /// What the newest commit is known by, on all routing engines; `None` where there is none.
    pub fn base(&self) -> Option<String> {
        (!self.base.is_empty()).then(|| self.base.clone())
    }

    /// The commit whose comment has this mark.
    pub(super) fn marked(&self, mark: &str) -> Option<&Commit> {
        let has = |commit: &&Commit| commit.comment.as_deref().is_some_and(|comment| comment.contains(mark));
        self.commits.iter().find(has)
    }
}

impl Commit {
    /// What tells this commit from any other, also when its number has changed.
    fn identity(&self) -> String {
        let comment = self.comment.as_deref().unwrap_or_default();
        let when = self
            .seconds
            .map_or_else(|| self.when.clone(), |seconds| seconds.to_string());
        format!("{when} {} {} {comment}", self.user, self.client)
    }
}

fn commit(place: usize, entry: &Element) -> Commit {
    let text = |name: &str| entry.text_at(&[name]);
    let date = entry.child("date-time");
    let seconds = date.and_then(|date| date.attribute("seconds")?.parse().ok());
    let number = text("sequence-number").and_then(|number| number.parse().ok());
    // What the device itself says of a commit stands beside what the person said of it.
    let said = text("log").or_else(|| text("comment").filter(|comment| !speaks_of_rollback(comment)));
    Commit {
        number: number.unwrap_or_else(|| u32::try_from(place).unwrap_or(u32::MAX)),
        user: text("user").unwrap_or_else(|| "unknown".into()),
        client: text("client").unwrap_or_default(),
        when: text("date-time").unwrap_or_default(),
        time_utc: seconds.map(|seconds| rfc3339(Duration::from_secs(seconds))),
        comment: said,
        seconds,
    }
}

/// `commit confirmed, rollback in 9mins`, `will be rolled back in 9 minutes`: the device's own words, with their number. Old releases have
/// a person's comment in the same element.
fn speaks_of_rollback(comment: &str) -> bool {
    let comment = comment.trim();
    let is_whole = comment.starts_with("commit confirmed") || comment.starts_with("commit will be");
    let numbered = |words: &str| {
        let after = comment.split_once(words).map(|(_, rest)| rest);
        after.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    is_whole && (numbered("rollback in ") || numbered("rolled back in "))
}

/// The confirmed commit that waits in this history. Junos marks it by an element or in the newest entry's comment, by release. Older
/// entries keep their comment (`rollback in 5mins`) for good and say nothing.
fn pending_in(history: &Element) -> Option<Pending> {
    let entry = history.child("commit-history")?;
    let known = commit(0, entry);
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
    // Never in `log`: that is what a person said, and a person can say anything.
    let commented = ["comment", "commit-confirm"]
        .iter()
        .filter_map(|name| entry.text_at(&[name]))
        .find(|text| speaks_of_rollback(text));
    let minutes = commented.as_deref().and_then(minutes);
    let words = match (marked, commented) {
        (_, Some(commented)) => commented,
        (Some(marked), None) if !marked.is_empty() => marked,
        (Some(_), None) => "soon".into(),
        (None, None) => return None,
    };
    Some(Pending {
        deadline_utc: deadline(&known, minutes),
        user: known.user,
        rolls_back: words,
        comment: known.comment,
    })
}

/// The number of `rollback in 9mins`. Junos counts it down or leaves it as it was given, by release.
fn minutes(words: &str) -> Option<u64> {
    let (_, rest) = words.split_once("back in ")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().filter(|minutes| *minutes > 0)
}

/// The device's count from the commit. Where the device counts down, that is before the real end: whoever acts by then is in time.
fn deadline(commit: &Commit, minutes: Option<u64>) -> Option<String> {
    let until = commit.seconds?.checked_add(minutes?.checked_mul(60)?)?;
    let until = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(until))?;
    Some(rfc3339(
        until.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(entry: &str) -> History {
        let text = format!(
            "<rpc-reply><commit-information><commit-history>{entry}</commit-history></commit-information></rpc-reply>"
        );
        History::of(&Element::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn a_pending_commit_is_found_in_both_shapes() {
        let commented = history("<user>anna</user><comment>commit confirmed, rollback in 9mins</comment>");
        let found = commented.pending.unwrap();
        assert_eq!(
            (found.user.as_str(), found.rolls_back.as_str()),
            ("anna", "commit confirmed, rollback in 9mins")
        );
        let marked = history("<user>anna</user><commit-confirmed>10</commit-confirmed>").pending;
        assert_eq!(marked.unwrap().rolls_back, "10");
        for plain in [
            "<log>rollback of the lab</log>",
            "<log>commit confirmed, rollback in 5mins</log>",
            "<comment>plan: rollback in case of trouble</comment>",
            "<comment>rollback in 5mins if needed</comment>",
        ] {
            assert_eq!(history(&format!("<user>anna</user>{plain}")).pending, None, "{plain}");
        }
    }

    #[test]
    fn the_deadline_is_counted_from_the_commit() {
        let entry = "<user>anna</user><client>cli</client><date-time junos:seconds=\"60\">1970-01-01 00:01:00 UTC</date-time>\
                     <comment>commit confirmed, rollback in 2mins</comment><log>new peer</log>";
        let found = history(entry);
        let pending = found.pending.unwrap();
        assert_eq!(pending.deadline_utc.as_deref(), Some("1970-01-01T00:03:00.000Z"));
        assert_eq!(pending.comment.as_deref(), Some("new peer"));
        assert_eq!(found.commits[0].time_utc.as_deref(), Some("1970-01-01T00:01:00.000Z"));
        assert_eq!(found.base.as_str(), "60 anna cli new peer");
    }

    #[test]
    fn only_the_newest_entry_of_each_engine_counts() {
        let confirmed = "<user>anna</user><comment>commit confirmed, rollback in 0mins</comment>\
                         <commit-confirmed>rollback pending</commit-confirmed>";
        let entry = |inner: &str| format!("<commit-history>{inner}</commit-history>");
        let information = |entries: &[String]| format!("<commit-information>{}</commit-information>", entries.concat());
        let parse =
            |text: String| History::of(&Element::parse(format!("<rpc-reply>{text}</rpc-reply>").as_bytes()).unwrap());
        let over = information(&[entry("<user>ben</user>"), entry(confirmed)]);
        assert_eq!(parse(over.clone()).pending, None);
        let waits = information(&[entry(confirmed), entry("<user>ben</user>")]);
        let both = format!("<multi-routing-engine-results>{over}{waits}</multi-routing-engine-results>");
        let pending = parse(both).pending.unwrap();
        assert_eq!(pending.rolls_back, "commit confirmed, rollback in 0mins");
        assert_eq!(pending.deadline_utc, None);
    }

    #[test]
    fn our_mark_is_found() {
        let history = history("<user>anna</user><log>new peer [jmcp-12ab]</log>");
        assert!(history.marked("jmcp-12ab").is_some());
        assert!(history.marked("jmcp-ffff").is_none());
    }
}
