//! Makes what a device sent safe to parse: valid UTF-8, no control characters but tab, line feed and carriage return.
//!
//! Junos passes Latin-1 descriptions, BEL and NUL through unchanged. Broken UTF-8 becomes U+FFFD, control characters
//! are dropped. Pieces that need no cure, nearly all, are handed on without a copy.

use std::io::{self, BufRead, Read};

use bytes::{Buf, Bytes};

use super::rope::Rope;

/// Reads a rope, cured, and frees each piece once it is read.
#[derive(Debug)]
pub(super) struct Cleaned {
    rope: Rope,
    current: Bytes,
    /// The beginning of a character that a later piece ends.
    carry: Vec<u8>,
}

impl Cleaned {
    pub(super) fn new(rope: Rope) -> Self {
        Self {
            rope,
            current: Bytes::new(),
            carry: Vec::new(),
        }
    }

    /// Makes the next non-empty piece current, or leaves it empty at the end.
    fn load(&mut self) {
        while self.current.is_empty() {
            let Some(mut piece) = self.rope.pop() else {
                if !self.carry.is_empty() {
                    self.current = cure(&std::mem::take(&mut self.carry));
                }
                return;
            };
            if !self.carry.is_empty() {
                self.current = self.finish_character(&mut piece);
                self.rope.unpop(piece);
                continue;
            }
            let whole = whole_characters(&piece);
            self.carry = piece.split_off(whole).to_vec();
            self.current = if is_clean(&piece) { piece } else { cure(&piece) };
        }
    }

    /// Adds the bytes to the carry that can belong to its character.
    fn finish_character(&mut self, piece: &mut Bytes) -> Bytes {
        while let Some(byte @ 0x80..=0xBF) = piece.first().copied() {
            self.carry.push(byte);
            piece.advance(1);
            if std::str::from_utf8(&self.carry).is_ok() || self.carry.len() >= 4 {
                break;
            }
        }
        if piece.is_empty() && whole_characters(&self.carry) < self.carry.len() {
            return Bytes::new();
        }
        cure(&std::mem::take(&mut self.carry))
    }
}

impl Read for Cleaned {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..count), available.get(..count)) {
            to.copy_from_slice(from);
        }
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Cleaned {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.current.is_empty() {
            self.load();
        }
        Ok(&self.current)
    }

    fn consume(&mut self, amount: usize) {
        self.current.advance(amount.min(self.current.len()));
    }
}

/// Length of the piece without a character that is cut off at its end.
fn whole_characters(piece: &[u8]) -> usize {
    let from = piece.len().saturating_sub(3);
    let tail = piece.get(from..).unwrap_or_default();
    let Some(lead) = tail.iter().rposition(|byte| *byte >= 0xC0) else {
        return piece.len();
    };
    match std::str::from_utf8(tail.get(lead..).unwrap_or_default()) {
        Err(error) if error.error_len().is_none() => from + lead + error.valid_up_to(),
        _ => piece.len(),
    }
}

fn is_clean(piece: &[u8]) -> bool {
    // Without an early exit the compiler turns this into vector instructions.
    let control = piece.iter().fold(false, |found, byte| found | is_control(*byte));
    !control && std::str::from_utf8(piece).is_ok()
}

fn is_control(byte: u8) -> bool {
    byte < 0x20 && byte != b'\t' && byte != b'\n' && byte != b'\r'
}

fn cure(piece: &[u8]) -> Bytes {
    let mut text = String::from_utf8_lossy(piece).into_owned();
    text.retain(|c| u8::try_from(c).map_or(true, |byte| !is_control(byte)));
    text.into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cleaned(pieces: &[&[u8]]) -> String {
        let mut rope = Rope::new();
        for piece in pieces {
            rope.push(Bytes::copy_from_slice(piece));
            // Keeps the pieces apart: small ones would be gathered.
            let last = rope.pop();
            rope.unpop(last.unwrap_or_default());
        }
        let mut text = String::new();
        Cleaned::new(rope).read_to_string(&mut text).unwrap();
        text
    }

    fn apart(bytes: &[u8], size: usize) -> String {
        let mut rope = Rope::new();
        for piece in bytes.chunks(size).rev() {
            rope.unpop(Bytes::copy_from_slice(piece));
        }
        let mut text = String::new();
        Cleaned::new(rope).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn latin1_bel_and_nul() {
        assert_eq!(cleaned(&[b"caf\xe9 \x07b\0ar\t\r\n"]), "caf\u{FFFD} bar\t\r\n");
    }

    #[test]
    fn characters_split_between_pieces() {
        let text = "añ→😀z";
        for size in 1..6 {
            assert_eq!(apart(text.as_bytes(), size), text, "pieces of {size}");
        }
    }

    #[test]
    fn characters_cut_off() {
        assert_eq!(apart(b"a\xF0\x9F", 1), "a\u{FFFD}");
        assert_eq!(apart(b"a\xF0\x9Fb", 1), "a\u{FFFD}b");
        assert_eq!(apart(b"a\xC3\xC3\xB1", 1), "a\u{FFFD}ñ");
    }

    proptest! {
        #[test]
        fn whatever_the_pieces(bytes in proptest::collection::vec(any::<u8>(), 0..60), size in 1usize..9) {
            let mut whole = String::from_utf8_lossy(&bytes).into_owned();
            whole.retain(|c| u32::from(c) >= 0x20 || "\t\n\r".contains(c));
            prop_assert_eq!(apart(&bytes, size).replace('\u{FFFD}', ""), whole.replace('\u{FFFD}', ""));
        }

        #[test]
        fn valid_text_is_kept(text in "\\PC{0,40}", size in 1usize..9) {
            prop_assert_eq!(apart(text.as_bytes(), size), text);
        }
    }
}
