//! Who is in the way: what a device that refuses a lock or a commit for other people's sake tells of them.

use std::{sync::Arc, time::Duration};

use super::transaction::{COMPARE, difference};
use crate::{
    error::{Code, Error},
    junos::{
        inventory::Device,
        netconf::{reply::Reply, xml::Element},
        pool::Pool,
    },
};

/// What looking may take: the answer is an error already.
const PATIENCE: Duration = Duration::from_secs(20);
/// A part of the candidate that is short on every device: what counts are the attributes of the whole, which tell when it was changed.
const CHANGED: &str = "<get-configuration><configuration><version/></configuration></get-configuration>";
const USERS: &str = "<get-system-users-information/>";
/// Lines of somebody's edits that are quoted.
const QUOTED: usize = 12;

/// The same error; of uncommitted edits, which the device does not explain, with what can be found out: what they are, when the
/// last was made, who is logged in.
pub(super) async fn named(pool: &Pool, device: &Arc<Device>, error: Error) -> Error {
    if error.code() != Code::CandidateModified {
        return error;
    }
    let edits = edits(pool, device).await;
    let mut message = error.message().to_owned();
    for part in [
        edits.changed.map(|when| format!("last edited {when}")),
        edits.users.map(|users| format!("logged in: {users}")),
        edits
            .diff
            .filter(|diff| !diff.is_empty())
            .map(|diff| format!("the edits:\n{}", beginning(&diff))),
    ]
    .into_iter()
    .flatten()
    {
        message.push_str("; ");
        message.push_str(&part);
    }
    Error::new(error.code(), message).advise(
        "nothing of theirs was touched: they have to commit or discard their edits; discard_candidate does so after a person has agreed",
    )
}

/// What is known of the edits in the shared candidate.
#[derive(Debug, Default)]
pub(super) struct Edits {
    /// The difference to the running configuration.
    pub(super) diff: Option<String>,
    /// When the candidate was changed last, in the device's words.
    pub(super) changed: Option<String>,
    /// Who is logged in, since when, and idle how long.
    pub(super) users: Option<String>,
}

/// Looks at the shared candidate and at who is logged in, in one flight. What cannot be read is left out.
pub(super) async fn edits(pool: &Pool, device: &Arc<Device>) -> Edits {
    let (diff, changed, users) = tokio::join!(
        pool.read(device, COMPARE, PATIENCE),
        pool.read(device, CHANGED, PATIENCE),
        pool.read(device, USERS, PATIENCE),
    );
    Edits {
        diff: diff.ok().map(difference),
        changed: changed.ok().as_ref().and_then(changed_at),
        users: users.ok().as_ref().and_then(|reply| logged_in(reply.root())),
    }
}

fn changed_at(reply: &Reply) -> Option<String> {
    let configuration = reply.root().descendants("configuration").into_iter().next()?;
    let when = configuration.attribute("changed-localtime");
    when.or_else(|| configuration.attribute("changed-seconds"))
        .map(str::to_owned)
}

/// `anna on pts/0 from 192.0.2.7 since 9:12AM, idle 3`, for each terminal.
fn logged_in(root: &Element) -> Option<String> {
    let people: Vec<String> = root.descendants("user-entry").into_iter().filter_map(one).collect();
    (!people.is_empty()).then(|| people.join(", "))
}

fn one(entry: &Element) -> Option<String> {
    let text = |name: &str| entry.text_at(&[name]).filter(|text| !text.is_empty() && text != "-");
    let mut person = text("user")?;
    for (word, field) in [("on", "tty"), ("from", "from"), ("since", "login-time")] {
        if let Some(value) = text(field) {
            person.push_str(&format!(" {word} {value}"));
        }
    }
    if let Some(idle) = text("idle-time") {
        person.push_str(&format!(" (idle {idle})"));
    }
    Some(person)
}

fn beginning(diff: &str) -> String {
    let lines: Vec<&str> = diff.lines().take(QUOTED).collect();
    let rest = diff.lines().count().saturating_sub(lines.len());
    let more = if rest > 0 {
        format!("\n({rest} more lines)")
    } else {
        String::new()
    };
    lines.join("\n") + &more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_named_with_what_is_known() {
        let text = "<rpc-reply><system-users-information><uptime-information><user-table>\
                    <user-entry><user>anna</user><tty>pts/0</tty><from>192.0.2.7</from><login-time>9:12AM</login-time><idle-time>3</idle-time></user-entry>\
                    <user-entry><user>ben</user><tty>u0</tty><from>-</from></user-entry>\
                    </user-table></uptime-information></system-users-information></rpc-reply>";
        let root = Element::parse(text.as_bytes()).unwrap();
        let expected = "anna on pts/0 from 192.0.2.7 since 9:12AM (idle 3), ben on u0";
        assert_eq!(logged_in(&root).as_deref(), Some(expected));
    }

    #[test]
    fn long_edits_are_quoted_in_part() {
        let diff = "+ a;\n".repeat(QUOTED + 3);
        assert!(beginning(&diff).ends_with("(3 more lines)"));
    }
}
