//! Whether a command on a device's command line is known to change nothing. What the command line would make of more than a command
//! (pipes into files, substitution, redirection) counts as a change.

use crate::junos;

/// What output may be piped to without anything being written.
const PIPES: &[&str] = &[
    "match", "except", "count", "last", "trim", "no-more", "find", "display", "compare", "resolve",
];

/// Whether this command only reads.
pub(super) fn reads_only(command: &str) -> bool {
    let command = command.trim();
    if command.chars().any(char::is_control)
        || command.contains('`')
        || command.contains("$(")
        || command.contains("${")
    {
        return false;
    }
    // Every second piece is within quotes; a quote that is not closed is no quote.
    if !command.matches('"').count().is_multiple_of(2) {
        return false;
    }
    let outside: Vec<&str> = command.split('"').step_by(2).collect();
    if outside
        .iter()
        .any(|piece| piece.contains([';', '&', '<', '>', '\\', '\'']))
    {
        return false;
    }
    let bare = outside.join("\"\"");
    let mut parts = bare.split('|');
    let first = parts.next().unwrap_or_default();
    let is_known = |pipe: &str| {
        let word = pipe.split_whitespace().next().unwrap_or_default();
        PIPES.contains(&word)
    };
    junos::reads_only(first) && parts.all(is_known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_is_known_and_nothing_else_is() {
        for reads in [
            "show version",
            "sh int terse",
            " show log messages | match \"a|b;c > d\" | last 100 | no-more ",
            "show configuration | display set",
            "ping 192.0.2.1 count 3",
            "traceroute 2001:db8::1",
        ] {
            assert!(reads_only(reads), "{reads}");
        }
        for writes in [
            "",
            "request system reboot",
            "restart routing",
            "clear bgp neighbor",
            "configure",
            "start shell",
            "set cli timestamp",
            "show version | save /tmp/x",
            "show version | append x",
            "show version | tee x",
            "show version | request message all \"x\"",
            "show version | sh",
            "show version; reboot",
            "show version && reboot",
            "show version > /dev/da0",
            "show $(reboot)",
            "show \"$(reboot)\"",
            "show `reboot`",
            "show 'a' | \"reboot\"",
            "show \"version",
            "show version\nrequest system reboot",
        ] {
            assert!(!reads_only(writes), "{writes}");
        }
    }
}
