//! The language of operational mode: which keywords there are, what shortened ones stand for, and what a command does.
//!
//! The keywords are data (`commands.txt`). Guardrails, effects and the question whether a command may be sent twice all read the same
//! list, so nothing can be a read for one of them and a change for another.

mod words;

use std::sync::LazyLock;

pub use self::words::{ANY, Mark, Reading, Readings, Words, keywords};
use crate::error::{Code, Error, Result};

static COMMANDS: LazyLock<Words> = LazyLock::new(|| Words::of_list(include_str!("commands.txt")));

/// The keywords of operational mode.
pub fn commands() -> &'static Words {
    &COMMANDS
}

/// Refuses what is more than one command, or not plainly one: line breaks and other control characters, invisible characters, blanks
/// that are none to the device, and `;` outside quotes.
///
/// # Errors
/// `invalid_input`, naming what is wrong.
pub fn check_one(command: &str) -> Result<()> {
    let wrong = |why: String| {
        Err(Error::new(Code::InvalidInput, why)
            .advise("send one command without line breaks per call, in plain characters"))
    };
    let command = command.trim_matches([' ', '\n', '\r', '\t']);
    if let Some(c) = command.chars().find(|c| c.is_control()) {
        return wrong(format!(
            "the command holds the control character `{}`",
            c.escape_unicode()
        ));
    }
    if let Some(c) = command.chars().find(|c| is_unseen(*c)) {
        return wrong(format!(
            "the command holds the invisible character `{}`",
            c.escape_unicode()
        ));
    }
    if outside_quotes(command).any(|(_, c)| c == ';') {
        return wrong("the command holds a `;` outside quotes".to_owned());
    }
    Ok(())
}

/// Blanks other than the plain one, and what is not seen at all.
fn is_unseen(c: char) -> bool {
    (c.is_whitespace() && c != ' ')
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// The characters that stand outside double quotes, whether a backslash takes a quote its meaning or not; nothing else hides a character.
/// A quote that is not closed is none: what follows it counts.
fn outside_quotes(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut outside = outside(text, true);
    if text.contains('\\') {
        outside.extend(self::outside(text, false));
        outside.sort_unstable();
        outside.dedup();
    }
    outside.into_iter()
}

fn outside(text: &str, with_escapes: bool) -> Vec<(usize, char)> {
    let (mut in_quotes, mut is_escaped) = (false, false);
    let mut quoted_from = text.len();
    let mut outside: Vec<(usize, char)> = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            '"' if !is_escaped => {
                in_quotes = !in_quotes;
                quoted_from = at;
            }
            _ if !in_quotes => outside.push((at, c)),
            _ => {}
        }
        is_escaped = with_escapes && c == '\\' && !is_escaped;
    }
    if in_quotes {
        outside.extend(text.char_indices().filter(|(at, _)| *at > quoted_from));
    }
    outside
}

/// Whether a `|` in the text could begin a pipe.
pub fn has_pipe(text: &str) -> bool {
    outside_quotes(text).any(|(_, c)| c == '|')
}

/// The command without its pipes: what stands before the first `|` outside quotes.
pub fn before_pipes(command: &str) -> &str {
    let pipe = outside_quotes(command).find(|(_, c)| *c == '|');
    pipe.and_then(|(at, _)| command.get(..at)).unwrap_or(command).trim()
}

/// What a command does: the worst of what it can be read as, with its quotes and without. What cannot be resolved, and what is not
/// plainly one command, destroys.
pub fn mark(command: &str) -> Mark {
    if check_one(command).is_err() {
        return Mark::Destroys;
    }
    let typed = before_pipes(command);
    let bare = typed.replace(['"', '\'', '\\'], "");
    [typed, &bare].into_iter().map(worst).max().unwrap_or(Mark::Destroys)
}

fn worst(command: &str) -> Mark {
    let readings = COMMANDS.readings(command);
    let marks = readings.all.iter().map(|reading| reading.mark);
    match marks.max() {
        Some(mark) if !readings.is_incomplete => mark,
        _ => Mark::Destroys,
    }
}

/// What a command to a packet forwarding engine does. Only `show` is known; what anything else does to the engine nobody knows.
pub fn mark_pfe(command: &str) -> Mark {
    match command.split_whitespace().next() {
        Some("show") => Mark::Reads,
        _ => Mark::Destroys,
    }
}

/// Whether what a command does cannot be undone or takes something out of service, as far as anybody knows.
pub fn destroys(command: &str) -> bool {
    mark(command) >= Mark::Destroys
}

/// Whether an operational command is known to change nothing, so that it may be sent again and may run where only reads may.
/// What is not known (`request`, `clear`, `restart`, `op`, a misspelt word) counts as a change.
pub fn reads_only(command: &str) -> bool {
    mark(command) == Mark::Reads
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_reads_count_as_reads() {
        for read in [
            "show version",
            "SH ver | match x",
            "show version|match x",
            "show log messages | match \"a|b;c\"",
            "show log \"a;b\"",
            "ping 192.0.2.1 count 3",
            "trace 192.0.2.1",
            "file list /var/tmp",
            "fil che md5 x",
            "test policy p 192.0.2.0/24",
        ] {
            assert!(reads_only(read), "{read}");
        }
        for change in [
            "request system reboot",
            "req sys reb",
            "clear bgp neighbor",
            "restart routing",
            "file delete /x",
            "file copy a b",
            "file co a b",
            "file rename a b",
            "fil arch source a destination b",
            "file",
            "file l",
            "test configuration",
            "test interface x",
            "s version",
            "showx",
            "op url x",
            "\"request\" system reboot",
            "\"show\" version",
            "monitor start x",
            "set cli timestamp",
            "set date 202611211200",
            "start shell",
            "configure",
            "edit",
            "load x",
            "commit",
            "quit",
            "",
            "| show",
            "show version; request system reboot",
            "show version\nrequest system reboot",
            "show \"version\nrequest system reboot",
            "show\u{a0}version",
            "show\u{200b} version",
        ] {
            assert!(!reads_only(change), "{change}");
        }
        assert_eq!(mark("start shell"), Mark::Opens);
        assert_eq!(mark("req sh exec comm x"), Mark::Opens);
    }

    #[test]
    fn what_cannot_be_undone_is_known() {
        for destroying in [
            "request system reboot",
            "req sys zero",
            "request system storage cleanup",
            "req sys stor cl no-confirm",
            "request system software add /var/tmp/x.tgz",
            "request system configuration rescue delete",
            "request system license delete x",
            "request system snapshot",
            "request vmhost halt",
            "request chassis fpc slot 3 offline",
            "request chassis cluster failover node 1 redundancy-group 1",
            "request security pki key-pair x",
            "clear security pki key-pair all",
            "clear log messages",
            "request pfe execute command \"show x\" target fpc0",
            "request frobnicate",
            "request",
            "restart routing",
            "file delete /var/tmp/x",
            "file copy a b",
            "file rena a b",
            "op my-script",
            "op url x",
            "start shell",
            "ssh 192.0.2.1",
            "frobnicate",
            "r x",
            "\"clear\" bgp neighbor",
            "clear \"security\" pki",
            "clear bgp neighbor; request system reboot",
            "",
        ] {
            assert!(destroys(destroying), "{destroying}");
        }
        for repeatable in [
            "clear bgp neighbor 192.0.2.1",
            "cl int stat all",
            "clear \"bgp\" neighbor",
            "request system storage cleanup dry-run",
            "request system configuration rescue save",
            "request support information",
            "set cli timestamp",
            "monitor start messages",
            "file make-directory /var/tmp/x",
            "test configuration /var/tmp/x",
        ] {
            assert_eq!(mark(repeatable), Mark::Acts, "{repeatable}");
        }
        assert_eq!(mark_pfe("show nhdb"), Mark::Reads);
        assert_eq!(mark_pfe("set debug x"), Mark::Destroys);
    }

    #[test]
    fn what_is_not_one_command_is_refused() {
        for good in [
            "show version",
            " show version\n",
            "show log \"a;b\"",
            "show log messages | match \"x; \\\" y\"",
        ] {
            check_one(good).unwrap();
        }
        for bad in [
            "show version\nclear x",
            "show version\rclear x",
            "show\tversion",
            "show version;clear x",
            "show version \"; clear x",
            "show \"a\"; clear x",
            "show\u{a0}version",
            "show\u{2003}version",
            "sh\u{ad}ow",
            "show version\u{202e}",
            "show \0",
            "show \u{85} x",
            "show \u{2028} x",
        ] {
            assert_eq!(check_one(bad).unwrap_err().code(), Code::InvalidInput, "{bad:?}");
        }
    }

    #[test]
    fn pipes_within_quotes_are_none() {
        assert_eq!(before_pipes("show log x | match \"a|b\""), "show log x");
        assert_eq!(before_pipes("show log \"a|b\"|count"), "show log \"a|b\"");
        assert_eq!(before_pipes("show log \"a|b"), "show log \"a");
    }

    #[test]
    fn nothing_but_double_quotes_hides() {
        for (command, bare) in [
            ("show log 'a | save b'", "show log 'a"),
            (r"show log a\| save b", r"show log a\"),
            (r#"show log "a\" | save b""#, r#"show log "a\""#),
            (r#"show log \"a | save b\""#, r#"show log \"a"#),
            (r#"show log "a\"|b" | count"#, r#"show log "a\""#),
            (r#"show log "a\|b" | count"#, r#"show log "a\|b""#),
        ] {
            assert_eq!(before_pipes(command), bare);
            assert!(has_pipe(command));
        }
        assert!(!has_pipe(r#"show log "a\|b""#));
        for hidden in [
            r"show version\; clear x",
            r#"show log "a\"; clear x""#,
            "show log 'a; clear x'",
        ] {
            assert_eq!(check_one(hidden).unwrap_err().code(), Code::InvalidInput, "{hidden}");
        }
    }
}
