//! The last screen of what draws on one: `top` and `monitor interface` move the cursor about, and their output is a picture.

/// Lines and columns, as the cloud is told.
pub(super) const LINES: u16 = 24;
pub(super) const COLUMNS: u16 = 80;

/// A screen.
pub(super) struct Screen {
    parser: vt100::Parser,
    /// The last picture that had something on it: programs clear the screen when they end.
    last: String,
}

impl Screen {
    pub(super) fn new() -> Self {
        let size = |n: u16| std::num::NonZeroU16::new(n).unwrap_or(std::num::NonZeroU16::MIN);
        Self {
            parser: vt100::Parser::new(size(LINES), size(COLUMNS), 0),
            last: String::new(),
        }
    }

    /// Takes bytes.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.parser.process(bytes);
        let picture = self.picture();
        if !picture.is_empty() {
            self.last = picture;
        }
    }

    /// The last picture, without blanks behind its lines and without empty lines at its end.
    pub(super) fn last(&self) -> &str {
        &self.last
    }

    fn picture(&self) -> String {
        let contents = self.parser.screen().contents();
        let lines: Vec<&str> = contents.lines().map(str::trim_end).collect();
        lines.join("\n").trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_picture_stays_when_the_program_clears_the_screen() {
        let mut screen = Screen::new();
        screen.feed(b"\x1b[H\x1b[2Jlast pid: 1\r\n\x1b[3;1H  PID USERNAME\x1b[4;1H    1 root");
        screen.feed(b"\x1b[1;11H2");
        screen.feed(b"\x1b[H\x1b[2J");
        assert_eq!(screen.last(), "last pid: 2\n\n  PID USERNAME\n    1 root");
    }
}
