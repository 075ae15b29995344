//! Every form in which a secret can stand, and what must stay as it is.

use std::borrow::Cow;

use super::*;

mod forms;
mod hostile;
mod sentences;
mod stays;
mod trees;

/// The text covered, which has to be the same when it is covered again.
fn covered(input: &str) -> String {
    let once = text(input).into_owned();
    assert_eq!(text(&once), once, "covered twice");
    once
}

fn stays(input: &str) {
    assert_eq!(text(input), input);
    assert!(matches!(text(input), Cow::Borrowed(_)), "{input}");
}

#[test]
fn what_holds_a_placeholder_is_known() {
    assert!(has_placeholder(&covered(
        "set snmp community aB3 authorization read-only"
    )));
    assert!(has_placeholder("encrypted-password /* SECRET-DATA */;"));
    assert!(!has_placeholder("encrypted-password \"$6$EXAMPLE\"; ## SECRET-DATA"));
}
