//! What a device said, kept up to a limit, and how it came to its end.

/// Bytes of output at most. Nobody reads more in one answer, and what a device says has no end of its own.
pub const LARGEST: usize = 1 << 20;

/// How the output came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// The device said so: the prompt came back, or the utility's last line.
    Complete,
    /// Nothing came for as long as this utility is ever silent.
    Idle,
    /// The time of the call was over; there may be more.
    TimedOut,
    /// It goes on until it is stopped, and was.
    Stopped,
    /// The connection ended.
    Closed,
    /// There was more than is kept.
    Full,
    /// The device asked this and was told to stop.
    Question(String),
}

impl Ended {
    /// The word in answers.
    pub fn as_str(&self) -> &'static str {
        match self {
            Ended::Complete => "complete",
            Ended::Idle => "idle",
            Ended::TimedOut => "timed_out",
            Ended::Stopped => "stopped",
            Ended::Closed => "connection_closed",
            Ended::Full => "too_long",
            Ended::Question(_) => "question",
        }
    }
}

/// What a device said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its lines.
    pub text: String,
    /// How it ended.
    pub ended: Ended,
}

impl Output {
    /// Whether the call's time was over before the device was done: the text is what came until then.
    pub fn timed_out(&self) -> bool {
        self.ended == Ended::TimedOut
    }

    /// Whether there was more than is kept.
    pub fn is_cut(&self) -> bool {
        self.ended == Ended::Full
    }
}

/// Is told of each line as it comes.
pub type Listener<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// Lines up to the limit.
#[derive(Default)]
pub(super) struct Lines {
    pub(super) lines: Vec<String>,
    bytes: usize,
}

impl Lines {
    /// Adds lines and tells of them; false when there is no room for more.
    pub(super) fn add(&mut self, lines: Vec<String>, listener: Listener) -> bool {
        for line in lines {
            self.bytes += line.len() + 1;
            if self.bytes > LARGEST {
                return false;
            }
            listener(&line);
            self.lines.push(line);
        }
        true
    }

    /// All of them with a line's end after each.
    pub(super) fn text(&self) -> String {
        self.lines
            .iter()
            .fold(String::with_capacity(self.bytes), |text, line| text + line + "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_limit() {
        let mut lines = Lines::default();
        let half = "x".repeat(LARGEST / 2 - 1);
        assert!(lines.add(vec![half.clone(), half], &|_| ()));
        assert!(!lines.add(vec![String::new()], &|_| ()));
        assert_eq!(lines.text().len(), LARGEST);
    }
}
