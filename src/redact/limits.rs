//! How far is looked, so that the time a text takes grows with its length whatever a device writes.

/// A line that is longer is not taken apart into words, in bytes.
pub(super) const LONGEST_LINE: usize = 64 * 1024;

/// How far a block, an element or an object is looked into for what it is, in bytes.
pub(super) const LOOK_AHEAD: usize = 2 * 1024;

/// A tag that is longer is none, in bytes.
pub(super) const LONGEST_TAG: usize = 1024;

/// How many open elements are searched for the one that an end tag closes.
pub(super) const OPEN_ELEMENTS: usize = 256;

/// Texts that have nothing to do with what is around them are entered so deep.
pub(super) const DEEPEST_APART: u8 = 16;

/// So many backslashes before a quote are still escapes: five texts, one in the other, have 31.
pub(super) const MOST_ESCAPES: usize = 31;

/// How many words of a place count, at its top and at its bottom.
const OF_A_PLACE: usize = 16;

/// The first and the last of many: what says where a statement stands.
pub(super) fn ends<T>(all: &[T]) -> impl Iterator<Item = &T> {
    let (top, rest) = all.split_at(all.len().min(OF_A_PLACE));
    let bottom = rest.len().saturating_sub(OF_A_PLACE);
    top.iter().chain(rest.iter().skip(bottom))
}

/// The beginning of a text, no longer than this many bytes.
pub(super) fn begin(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}

/// What ends soonest after a place, looked for once: the answer holds for every place up to the end that was found.
#[derive(Default)]
pub(super) struct Next {
    searched: usize,
    found: Option<usize>,
}

impl Next {
    /// The end at or after `from`; `find` says how far it is from there in the rest.
    pub(super) fn after(&mut self, text: &str, from: usize, find: impl Fn(&str) -> Option<usize>) -> usize {
        match self.found {
            Some(end) if (self.searched..=end).contains(&from) => end,
            _ => {
                let rest = text.get(from..).unwrap_or_default();
                let end = from + find(rest).unwrap_or(rest.len());
                (self.searched, self.found) = (from, Some(end));
                end
            }
        }
    }
}
