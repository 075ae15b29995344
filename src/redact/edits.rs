//! Ranges of a text that are to be replaced.

use std::borrow::Cow;

use super::PLACEHOLDER;

/// What is replaced, in any order.
#[derive(Default)]
pub(super) struct Edits(Vec<Edit>);

struct Edit {
    start: usize,
    end: usize,
    /// The placeholder where there is none.
    by: Option<String>,
}

impl Edits {
    /// Covers a range.
    pub(super) fn cover(&mut self, start: usize, end: usize) {
        if start < end {
            self.0.push(Edit { start, end, by: None });
        }
    }

    /// Replaces a range by other text, unless a part of it is covered otherwise.
    pub(super) fn replace(&mut self, start: usize, end: usize, by: String) {
        if start < end {
            self.0.push(Edit {
                start,
                end,
                by: Some(by),
            });
        }
    }

    /// How many there are by now.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The text with all of them made. Ranges that overlap become one: of two that hold each other the longer stands, and what overlaps
    /// in part is covered as a whole.
    pub(super) fn apply(mut self, text: &str) -> Cow<'_, str> {
        if self.0.is_empty() {
            return Cow::Borrowed(text);
        }
        self.0
            .sort_by(|a, b| a.start.cmp(&b.start).then(b.end.cmp(&a.end)).then(a.by.cmp(&b.by)));
        let mut merged: Vec<Edit> = Vec::with_capacity(self.0.len());
        for edit in self.0 {
            match merged.last_mut() {
                Some(last) if edit.start < last.end => {
                    if edit.end > last.end {
                        last.end = edit.end;
                        last.by = None;
                    }
                }
                _ => merged.push(edit),
            }
        }
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for edit in &merged {
            out.push_str(text.get(from..edit.start).unwrap_or_default());
            out.push_str(edit.by.as_deref().unwrap_or(PLACEHOLDER));
            from = edit.end;
        }
        out.push_str(text.get(from..).unwrap_or_default());
        if out == text {
            Cow::Borrowed(text)
        } else {
            Cow::Owned(out)
        }
    }
}
