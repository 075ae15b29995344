//! Commits and what waits, as lines that a person reads.

use crate::junos::{Commit, Pending};

/// `0   2026-05-25 19:42:48 UTC by anna via cli  new peer`, as `show system commit` has it.
pub(in crate::tools::junos) fn commit_line(commit: &Commit, pending: Option<&Pending>) -> String {
    let Commit {
        number,
        when,
        user,
        client,
        ..
    } = commit;
    let comment = commit
        .comment
        .as_deref()
        .map(|comment| format!("  {comment}"))
        .unwrap_or_default();
    let waits = pending
        .map(|pending| format!("  [{}]", pending.rolls_back))
        .unwrap_or_default();
    format!("{number:<3} {when} by {user} via {client}{comment}{waits}")
}

/// The confirmed commit that waits, until when, and what can be done.
pub(in crate::tools::junos) fn waits(router: &str, pending: &Pending) -> String {
    let Pending { user, rolls_back, .. } = pending;
    let until = pending
        .deadline_utc
        .as_deref()
        .map(|until| format!(", by {until}"))
        .unwrap_or_default();
    let comment = pending
        .comment
        .as_deref()
        .map(|comment| format!(" Its comment: {comment}."))
        .unwrap_or_default();
    format!(
        "A confirmed commit of `{user}` waits on {router}: {rolls_back}{until}.{comment} confirm_commit keeps it, cancel_commit takes it \
         back at once. Until then nothing can be checked or committed: that would confirm it."
    )
}
