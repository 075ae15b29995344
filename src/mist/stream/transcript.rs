//! A session with a device's command line, as bytes come: which lines are output, whether the prompt is back, whether the pager or a
//! question waits. Knows no clock and no socket.

use super::terminal::Terminal;

/// What prompts end with: operational and configuration mode, the shells of Junos and Linux.
const ENDS: &[char] = &['>', '#', '%', '$'];
/// Characters of a prompt at most.
const LONGEST_PROMPT: usize = 120;

/// What the device is doing, as far as the unfinished line tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Doing {
    /// It writes, or thinks.
    Working,
    /// It shows a prompt and waits for a command.
    Prompt,
    /// It waits for a key before it goes on.
    Pager,
    /// It waits for an answer to this question.
    Question(String),
}

/// The session.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    terminal: Terminal,
    /// The prompt as it was learned.
    prompt: Option<String>,
    /// What was typed, until its echo came.
    echo: Option<String>,
    is_silent: bool,
}

impl Transcript {
    /// Takes bytes; gives the lines of output that came whole.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut finished = Vec::new();
        self.terminal.feed(bytes, &mut |line| finished.push(line));
        finished.retain(|line| !self.is_echo(line) && !is_pager(line));
        self.is_silent &= bytes.is_empty();
        finished
    }

    /// A session from which nothing has come.
    pub(super) fn new() -> Self {
        Self {
            is_silent: true,
            ..Self::default()
        }
    }

    /// Whether nothing has come yet.
    pub(super) fn is_silent(&self) -> bool {
        self.is_silent
    }

    /// Takes the unfinished line for the prompt, if it looks like one.
    pub(super) fn learn(&mut self) -> bool {
        let line = self.terminal.unfinished();
        let line = line.trim_start();
        let looks = line.ends_with(ENDS)
            && line.chars().count() <= LONGEST_PROMPT
            && (line.contains('@') || !line.contains(char::is_whitespace));
        if looks {
            self.prompt = Some(line.to_owned());
        }
        looks
    }

    /// The prompt.
    pub(super) fn prompt(&self) -> Option<&str> {
        self.prompt.as_deref()
    }

    /// A command was typed: its echo is no output.
    pub(super) fn typed(&mut self, command: &str) {
        self.echo = Some(command.to_owned());
    }

    /// What the unfinished line says.
    pub(super) fn doing(&self) -> Doing {
        let line = self.terminal.unfinished();
        let line = line.trim();
        if line.is_empty() {
            return Doing::Working;
        }
        if is_pager(line) {
            return Doing::Pager;
        }
        // Until the echo's line has ended the prompt is the old one.
        if self.echo.is_none() && self.is_prompt(line) {
            return Doing::Prompt;
        }
        if is_question(line) {
            return Doing::Question(line.to_owned());
        }
        Doing::Working
    }

    /// What was not finished with a line's end, where it is output.
    pub(super) fn rest(&self) -> Option<String> {
        let line = self.terminal.unfinished();
        let is_output =
            !line.trim().is_empty() && !self.is_prompt(line.trim()) && !is_pager(&line) && self.echo.is_none();
        is_output.then_some(line)
    }

    fn is_prompt(&self, line: &str) -> bool {
        let Some(prompt) = self.prompt.as_deref() else {
            return false;
        };
        if line == prompt {
            return true;
        }
        // The same place in another mode: `user@host#` after `configure`, `user@host:RE:0%` or `%` in a shell.
        let place = prompt.trim_end_matches(ENDS).trim_end();
        let goes_on = |rest: &str| rest.ends_with(ENDS) && rest.len() <= 40 && !rest.contains(' ');
        match line.strip_prefix(place) {
            Some(rest) if !place.is_empty() => goes_on(rest),
            _ => matches!(line, "%" | "#" | "$"),
        }
    }

    /// Whether a line is the echo of what was typed; the first that is ends the wait for it.
    fn is_echo(&mut self, line: &str) -> bool {
        let Some(typed) = &self.echo else {
            return false;
        };
        let line = line.trim();
        // The command line completes words as they are typed, so the echo may be longer than what was typed.
        let begins = self.prompt.as_deref().and_then(|prompt| line.strip_prefix(prompt));
        let is_echo = begins.is_some_and(|rest| !rest.is_empty()) || line == typed.trim() || {
            let before = line.strip_suffix(typed.trim()).map(str::trim_end);
            before.is_some_and(|before| self.prompt.is_none() || self.is_prompt(before))
        };
        // A device that does not echo answers at once; only the prompt's own line is still to be ended.
        let is_output = !is_echo && !line.is_empty() && !self.is_prompt(line);
        if is_echo || is_output {
            self.echo = None;
        }
        is_echo || !is_output && line.ends_with(ENDS)
    }
}

/// Takes away what stands before a prompt and is no output: which member or node it is, where in the configuration, empty lines.
pub(super) fn without_banner(lines: &mut Vec<String>) {
    while lines.last().is_some_and(|line| is_banner(line.trim())) {
        lines.pop();
    }
    let empty = lines.iter().take_while(|line| line.trim().is_empty()).count();
    lines.drain(..empty);
}

fn is_banner(line: &str) -> bool {
    const ROLES: &[&str] = &[
        "master",
        "backup",
        "linecard",
        "primary",
        "secondary",
        "disabled",
        "hold",
        "ineligible",
        "lost",
    ];
    if line.is_empty() || line == "[edit]" || line.starts_with("[edit ") && line.ends_with(']') {
        return true;
    }
    let inner = line.strip_prefix('{').and_then(|rest| rest.split_once('}'));
    inner.is_some_and(|(role, rest)| {
        let name = role.split([':', '-']).next().unwrap_or(role);
        ROLES.contains(&name) && (rest.is_empty() || rest.starts_with("[edit"))
    })
}

fn is_pager(line: &str) -> bool {
    let line = line.trim();
    let inner = line.strip_prefix("---(").and_then(|rest| rest.strip_suffix(")---"));
    inner.is_some_and(|inner| inner.starts_with("more")) || matches!(line, "--More--" | "-- More --" | "--- more ---")
}

fn is_question(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    let ends = [
        "[yes,no] (no)",
        "[yes,no] (yes)",
        "[yes,no]",
        "(yes/no)",
        "(yes/no)?",
        "[y/n]",
        "[y/n]?",
        "(y/n)",
        "(y/n)?",
    ];
    ends.iter().any(|end| line.ends_with(end)) || line.ends_with("password:") || line.ends_with("passphrase:")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GREETING: &[u8] = b"\r\n--- JUNOS 23.4R2-S4.11 Kernel 64-bit\r\n{master:0}\r\nmist@den-sw-1> \0";
    const OUTPUT: &[u8] = b"show version\x1b[K\r\nHostname: den-sw-1\r\nmist@den-sw-1 was here\r\n\r\n  JUNOS > 23\r\n\r\n{master:0}\r\nmist@den-sw-1> ";

    fn greeted() -> Transcript {
        let mut transcript = Transcript::new();
        assert!(transcript.is_silent());
        transcript.feed(GREETING);
        assert!(transcript.learn() && !transcript.is_silent());
        transcript
    }

    #[test]
    fn output_is_what_stands_between_echo_and_prompt_wherever_it_is_split() {
        for at in 0..=OUTPUT.len() {
            let mut transcript = greeted();
            assert_eq!(transcript.doing(), Doing::Prompt);
            transcript.typed("show version");
            assert_eq!(transcript.doing(), Doing::Working, "the old prompt is none");
            let mut lines = transcript.feed(&OUTPUT[..at]);
            if at < OUTPUT.len() - 1 {
                assert_ne!(transcript.doing(), Doing::Prompt, "at {at}");
            }
            lines.extend(transcript.feed(&OUTPUT[at..]));
            assert_eq!(transcript.doing(), Doing::Prompt);
            without_banner(&mut lines);
            assert_eq!(
                lines,
                ["Hostname: den-sw-1", "mist@den-sw-1 was here", "", "  JUNOS > 23"]
            );
            assert_eq!(transcript.rest(), None);
        }
    }

    #[test]
    fn byte_by_byte_it_is_the_same() {
        let mut transcript = greeted();
        transcript.typed("show version");
        let mut lines: Vec<String> = OUTPUT.iter().flat_map(|byte| transcript.feed(&[*byte])).collect();
        without_banner(&mut lines);
        assert_eq!(lines.len(), 4);
        assert_eq!(transcript.doing(), Doing::Prompt);
    }

    #[test]
    fn the_pager_asks_for_a_key_and_leaves_nothing() {
        let mut transcript = greeted();
        transcript.typed("show log");
        let mut lines = transcript.feed(b"show log\r\none\r\n---(more");
        assert_eq!(transcript.doing(), Doing::Working);
        lines.extend(transcript.feed(b" 45%)---"));
        assert_eq!(transcript.doing(), Doing::Pager);
        lines.extend(transcript.feed(b"\r                    \rtwo\r\n---(more)---"));
        assert_eq!(transcript.doing(), Doing::Pager);
        lines.extend(transcript.feed(b"\r\nthree\r\nmist@den-sw-1> "));
        assert_eq!(lines, ["one", "two", "three"]);
    }

    #[test]
    fn prompts_of_other_modes_are_known_and_output_is_not_taken_for_one() {
        let mut transcript = greeted();
        let mut shows = |text: &[u8]| {
            transcript.feed(b"\r\n");
            transcript.feed(text);
            transcript.doing()
        };
        for prompt in ["mist@den-sw-1> ", "mist@den-sw-1# ", "mist@den-sw-1:RE:0% ", "% "] {
            assert_eq!(shows(prompt.as_bytes()), Doing::Prompt, "{prompt}");
        }
        for output in [
            "mist@den-sw-1",
            "packet loss 10%",
            "other@host>",
            "mist@den-sw-1> show version",
            "a > b",
        ] {
            assert_eq!(shows(output.as_bytes()), Doing::Working, "{output}");
        }
        assert_eq!(
            shows(b"Reboot the system ? [yes,no] (no) "),
            Doing::Question("Reboot the system ? [yes,no] (no)".into())
        );
    }

    #[test]
    fn prompts_are_learned_from_what_looks_like_one() {
        for prompt in [
            "root@:RE:0% ",
            "user@host> ",
            "admin@node0.router# ",
            "root@ap:~ # ",
            "% ",
        ] {
            let mut transcript = Transcript::new();
            transcript.feed(b"Last login: Sat Nov 21\r\n");
            assert!(!transcript.learn());
            transcript.feed(prompt.as_bytes());
            assert!(transcript.learn(), "{prompt}");
            assert_eq!(transcript.prompt(), Some(prompt.trim()));
        }
        for other in ["connecting to the device > please wait", "login:", "50 %"] {
            let mut transcript = Transcript::new();
            transcript.feed(other.as_bytes());
            assert!(!transcript.learn(), "{other}");
        }
    }

    #[test]
    fn a_device_that_does_not_echo_loses_no_line() {
        let mut transcript = greeted();
        transcript.typed("show version");
        let lines = transcript.feed(b"\r\nHostname: den-sw-1\r\nmist@den-sw-1> ");
        assert_eq!(lines, ["Hostname: den-sw-1"]);
        assert_eq!(transcript.doing(), Doing::Prompt);
    }

    #[test]
    fn an_echo_may_be_completed() {
        let mut transcript = greeted();
        transcript.typed("sh ver");
        let lines = transcript.feed(b"show version\r\nHostname: den-sw-1\r\nmist@den-sw-1> ");
        assert_eq!(lines, ["Hostname: den-sw-1"]);
    }

    #[test]
    fn banners_go_and_nodes_stay() {
        let lines = |text: &[&str]| {
            let mut lines: Vec<String> = text.iter().map(|line| (*line).to_owned()).collect();
            without_banner(&mut lines);
            lines
        };
        assert_eq!(
            lines(&["", "node0:", "-----", "up", "", "{primary:node0}"]),
            ["node0:", "-----", "up"]
        );
        assert_eq!(
            lines(&["x", "{secondary-hold:node1}[edit]", "[edit interfaces]"]),
            ["x"]
        );
        assert_eq!(lines(&["{interfaces}"]), ["{interfaces}"]);
    }
}
