//! What a terminal would show of a device's output, as lines: escape sequences, carriage returns and backspaces do what they do on a
//! screen, and nothing of them is left. Fed with bytes that may be split anywhere.

/// Characters of one line at most; what is longer goes on in the next.
const LONGEST: usize = 16 << 10;

/// Where the reader is within an escape sequence.
#[derive(Debug, Default)]
enum Place {
    #[default]
    Text,
    /// After ESC.
    Escape,
    /// After ESC and a character that one more belongs to, such as the choice of a character set.
    Designation,
    /// In a control sequence, with its parameters so far.
    Control(String),
    /// In a string for the terminal (a title), which ends with BEL or ESC \.
    Words { escaped: bool },
}

/// A terminal with one line that is being written; the lines before it are given away.
#[derive(Debug, Default)]
pub(super) struct Terminal {
    place: Place,
    line: Vec<char>,
    column: usize,
    /// The beginning of a character that has not come whole.
    part: Vec<u8>,
    addresses: bool,
}

impl Terminal {
    /// Takes bytes; `finished` is given each line that came to its end, without blanks behind it.
    pub(super) fn feed(&mut self, bytes: &[u8], finished: &mut impl FnMut(String)) {
        for byte in bytes {
            if *byte < 0x80 {
                self.broken(finished);
                self.take(char::from(*byte), finished);
                continue;
            }
            if byte & 0xC0 == 0xC0 {
                self.broken(finished);
            }
            self.part.push(*byte);
            match std::str::from_utf8(&self.part).map(|text| text.chars().next()) {
                Ok(whole) => {
                    self.part.clear();
                    whole.into_iter().for_each(|c| self.take(c, finished));
                }
                Err(e) if e.error_len().is_some() => self.broken(finished),
                Err(_) => {}
            }
        }
    }

    /// The line that is not finished, without blanks behind it.
    pub(super) fn unfinished(&self) -> String {
        trimmed(&self.line)
    }

    /// Whether the device moved the cursor over the whole screen: then lines say little, and a picture of the screen says it.
    pub(super) fn draws(&self) -> bool {
        self.addresses
    }

    /// A character that never came whole.
    fn broken(&mut self, finished: &mut impl FnMut(String)) {
        if !self.part.is_empty() {
            self.part.clear();
            self.take(char::REPLACEMENT_CHARACTER, finished);
        }
    }

    fn take(&mut self, c: char, finished: &mut impl FnMut(String)) {
        match &mut self.place {
            Place::Text => self.show(c, finished),
            Place::Escape => {
                self.place = match c {
                    '[' => Place::Control(String::new()),
                    ']' | 'P' | 'X' | '^' | '_' => Place::Words { escaped: false },
                    '(' | ')' | '*' | '+' | '#' | '%' | ' ' => Place::Designation,
                    _ => Place::Text,
                };
            }
            Place::Designation => self.place = Place::Text,
            Place::Control(parameters) if ('@'..='~').contains(&c) => {
                let parameters = std::mem::take(parameters);
                self.place = Place::Text;
                self.control(c, &parameters);
            }
            // Control characters within a sequence do what they always do.
            Place::Control(_) if matches!(c, '\n' | '\r' | '\u{8}') => self.show(c, finished),
            Place::Control(parameters) => {
                if parameters.len() < 32 {
                    parameters.push(c);
                }
            }
            Place::Words { escaped } => {
                if c == '\u{7}' || (*escaped && c == '\\') {
                    self.place = Place::Text;
                } else {
                    *escaped = c == '\u{1b}';
                }
            }
        }
    }

    fn show(&mut self, c: char, finished: &mut impl FnMut(String)) {
        match c {
            '\u{1b}' => self.place = Place::Escape,
            '\n' => self.finish(finished),
            '\r' => self.column = 0,
            '\u{8}' => self.column = self.column.saturating_sub(1),
            '\t' => self.put(' ', (self.column / 8 + 1) * 8 - self.column),
            c if c.is_control() => {}
            c => self.put(c, 1),
        }
        if self.line.len() >= LONGEST {
            self.finish(finished);
        }
    }

    fn put(&mut self, c: char, times: usize) {
        for _ in 0..times {
            if self.column > self.line.len() {
                self.line.resize(self.column, ' ');
            }
            match self.line.get_mut(self.column) {
                Some(cell) => *cell = c,
                None => self.line.push(c),
            }
            self.column += 1;
        }
    }

    fn finish(&mut self, finished: &mut impl FnMut(String)) {
        finished(trimmed(&self.line));
        self.line.clear();
        self.column = 0;
    }

    /// The control sequences that change the line. Colours and modes change nothing that is kept.
    fn control(&mut self, last: char, parameters: &str) {
        let number = parameters.split(';').next().and_then(|text| text.parse::<usize>().ok());
        let count = number.unwrap_or(1).clamp(1, LONGEST);
        match last {
            'C' => self.column = (self.column + count).min(LONGEST - 1),
            'D' => self.column = self.column.saturating_sub(count),
            'G' => self.column = (count - 1).min(LONGEST - 1),
            'K' => match number.unwrap_or(0) {
                0 => self.line.truncate(self.column),
                1 => self.line.iter_mut().take(self.column + 1).for_each(|cell| *cell = ' '),
                _ => self.line.clear(),
            },
            'P' => {
                let end = (self.column + count).min(self.line.len());
                if self.column < end {
                    self.line.drain(self.column..end);
                }
            }
            'H' | 'f' | 'd' => {
                self.addresses = true;
                self.column = 0;
            }
            _ => {}
        }
    }
}

fn trimmed(line: &[char]) -> String {
    let text: String = line.iter().collect();
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pieces: &[&[u8]]) -> (Vec<String>, String) {
        let (mut terminal, mut lines) = (Terminal::default(), Vec::new());
        for piece in pieces {
            terminal.feed(piece, &mut |line| lines.push(line));
        }
        (lines, terminal.unfinished())
    }

    #[test]
    fn what_a_screen_would_show_is_kept_wherever_the_bytes_are_split() {
        let cases: [(&[u8], &[&str], &str); 9] = [
            (b"one\r\ntwo\nthr", &["one", "two"], "thr"),
            (
                b"\x1b[1;32mgreen\x1b[0m \x1b]0;a title\x07text  \r\n",
                &["green text"],
                "",
            ),
            (b"---(more)---\r            \rnext\n", &["next"], ""),
            (b"---(more)---\x1b[2K\rnext\n", &["next"], ""),
            (b"shop\x08\x08ow\n", &["show"], ""),
            (b"a\tb\n", &["a       b"], ""),
            ("grün \u{2713}\n".as_bytes(), &["grün \u{2713}"], ""),
            (b"bad \xff\xc3 byte\n", &["bad \u{fffd}\u{fffd} byte"], ""),
            (b"\0\x1b(Buser@host> \x1b[K", &[], "user@host>"),
        ];
        for (bytes, lines, unfinished) in cases {
            for at in 0..=bytes.len() {
                let got = shown(&[&bytes[..at], &bytes[at..]]);
                assert_eq!(
                    got,
                    (lines.iter().map(|l| (*l).to_owned()).collect(), unfinished.to_owned()),
                    "{at}"
                );
            }
            let each: Vec<&[u8]> = bytes.chunks(1).collect();
            assert_eq!(shown(&each).0, lines);
        }
    }

    #[test]
    fn no_line_grows_for_ever() {
        let (lines, _) = shown(&[&b"x".repeat(LONGEST * 2 + 5)]);
        assert_eq!(lines.len(), 2);
        let (lines, unfinished) = shown(&[b"\x1b[99999999C!"]);
        assert!(lines.iter().chain([&unfinished]).all(|line| line.len() <= LONGEST));
    }
}
