//! A message as the pieces it arrived in: nothing is copied into one growing buffer.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// Pieces below this size are gathered, so that a peer that sends single bytes does not cost a list entry for each.
const SMALL: usize = 512;

/// Gathered pieces are sealed at this size.
const GATHERED: usize = 16 * 1024;

/// The bytes of one message, in pieces that share memory with what was read from the wire.
///
/// The memory held is proportional to the length of the message.
#[derive(Debug, Clone, Default)]
pub struct Rope {
    pieces: VecDeque<Bytes>,
    small: BytesMut,
    len: usize,
}

impl Rope {
    /// An empty message.
    pub fn new() -> Self {
        Self::default()
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is not a single byte.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a piece at the end.
    pub fn push(&mut self, piece: Bytes) {
        self.len += piece.len();
        if piece.len() < SMALL {
            self.small.extend_from_slice(&piece);
            if self.small.len() >= GATHERED {
                self.seal();
            }
        } else {
            self.seal();
            self.pieces.push_back(piece);
        }
    }

    /// Removes `count` bytes at the end.
    pub(super) fn truncate_end(&mut self, count: usize) {
        let mut left = count.min(self.len);
        self.len -= left;
        let from_small = left.min(self.small.len());
        self.small.truncate(self.small.len() - from_small);
        left -= from_small;
        while left > 0 {
            let Some(last) = self.pieces.back_mut() else { return };
            let here = left.min(last.len());
            last.truncate(last.len() - here);
            left -= here;
            if last.is_empty() {
                self.pieces.pop_back();
            }
        }
    }

    /// The pieces, in order.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        self.pieces
            .iter()
            .map(|piece| piece.as_ref())
            .chain(std::iter::once(self.small.as_ref()))
    }

    /// The first `count` bytes, or all where there are fewer, in one buffer.
    pub fn head(&self, count: usize) -> Vec<u8> {
        let mut head = Vec::with_capacity(count.min(self.len));
        for piece in self.pieces() {
            let room = count - head.len();
            match piece.get(..room) {
                Some(part) => {
                    head.extend_from_slice(part);
                    break;
                }
                None => head.extend_from_slice(piece),
            }
        }
        head
    }

    /// The whole message in one buffer: for short messages and tests.
    pub fn to_vec(&self) -> Vec<u8> {
        self.head(self.len)
    }

    /// Takes the first piece out; its memory is freed with it.
    pub(super) fn pop(&mut self) -> Option<Bytes> {
        self.seal();
        let piece = self.pieces.pop_front()?;
        self.len -= piece.len();
        Some(piece)
    }

    /// Puts a piece back in front.
    pub(super) fn unpop(&mut self, piece: Bytes) {
        if !piece.is_empty() {
            self.len += piece.len();
            self.pieces.push_front(piece);
        }
    }

    fn seal(&mut self) {
        if !self.small.is_empty() {
            self.pieces.push_back(self.small.split().freeze());
        }
    }
}

impl From<Bytes> for Rope {
    fn from(bytes: Bytes) -> Self {
        let mut rope = Self::new();
        rope.push(bytes);
        rope
    }
}

impl From<&[u8]> for Rope {
    fn from(bytes: &[u8]) -> Self {
        Bytes::copy_from_slice(bytes).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncation_crosses_pieces() {
        let mut rope = Rope::new();
        rope.push(Bytes::from(vec![b'a'; SMALL]));
        rope.push(Bytes::from_static(b"bc"));
        rope.truncate_end(4);
        assert_eq!((rope.len(), rope.to_vec()), (SMALL - 2, vec![b'a'; SMALL - 2]));
    }

    #[test]
    fn head_and_pop_keep_order() {
        let mut rope = Rope::new();
        rope.push(Bytes::from_static(b"one"));
        rope.push(Bytes::from(vec![b'2'; SMALL]));
        rope.push(Bytes::from_static(b"three"));
        assert_eq!(rope.head(4), b"one2");
        assert_eq!(rope.pop().unwrap().as_ref(), b"one");
        assert_eq!(rope.len(), SMALL + 5);
    }

    #[test]
    fn single_bytes_are_gathered() {
        let mut rope = Rope::new();
        for _ in 0..40_000 {
            rope.push(Bytes::from_static(b"x"));
        }
        assert!(rope.pieces().count() <= 4);
        assert_eq!(rope.len(), 40_000);
    }
}
