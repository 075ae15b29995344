//! Where a NETCONF message begins and ends (RFC 6242, section 4): end-of-message and chunked framing.
//!
//! The decoder is fed with whatever a read returned and looks at each byte once; the encoder puts message and
//! delimiter into one buffer, so that they leave in one write (old mgd loses a delimiter that crosses its read buffer).

use std::{collections::VecDeque, sync::LazyLock};

use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem::Finder;

use super::rope::Rope;

/// The end-of-message delimiter (RFC 6242, section 4.3).
pub const END_OF_MESSAGE: &[u8] = b"]]>]]>";

/// Largest message that is read unless told otherwise: 256 MiB.
pub const MAX_MESSAGE: usize = 256 * 1024 * 1024;

/// Longest chunk header that is looked at: `\n#4294967295\n`.
const MAX_HEADER: usize = 13;

static FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(END_OF_MESSAGE));

/// How messages are delimited on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Framing {
    /// `]]>]]>` after each message: base:1.0, and every hello.
    #[default]
    EndOfMessage,
    /// Chunks with their size in front: base:1.1.
    Chunked,
}

/// Why a byte stream cannot be split into messages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    /// A message is longer than the limit.
    #[error("a message is longer than the limit of {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// Chunked framing was agreed, and this is no chunk header.
    #[error("malformed chunk header `{header}`")]
    Header {
        /// What stands in place of the header, escaped.
        header: String,
    },
    /// End-of-message framing was agreed, and chunks arrive.
    #[error("framing mismatch: the peer sends chunks (`{header}`) although end-of-message framing was agreed")]
    UnexpectedChunk {
        /// The start of the message, escaped.
        header: String,
    },
    /// A message to be sent holds the delimiter.
    #[error("the message itself holds the end-of-message delimiter `]]>]]>`")]
    DelimiterInMessage,
}

/// Message and delimiter in one buffer.
///
/// # Errors
/// [`FramingError::DelimiterInMessage`] where end-of-message framing cannot carry the message.
pub fn encode(framing: Framing, message: &[u8]) -> Result<Bytes, FramingError> {
    let mut out = BytesMut::with_capacity(message.len() + 32);
    match framing {
        Framing::EndOfMessage => {
            out.extend_from_slice(message);
            out.extend_from_slice(END_OF_MESSAGE);
            if FINDER.find(&out) != Some(message.len()) {
                return Err(FramingError::DelimiterInMessage);
            }
        }
        Framing::Chunked => {
            for chunk in message.chunks(u32::MAX as usize) {
                out.extend_from_slice(format!("\n#{}\n", chunk.len()).as_bytes());
                out.extend_from_slice(chunk);
            }
            out.extend_from_slice(b"\n##\n");
        }
    }
    Ok(out.freeze())
}

/// Splits a byte stream into messages.
///
/// It starts as every NETCONF session does, with end-of-message framing for the hello; [`Decoder::agree`] sets what
/// the hellos agreed on. Time is linear in the bytes fed, memory in the message at hand.
#[derive(Debug)]
pub struct Decoder {
    state: State,
    agreed: bool,
    limit: usize,
    input: VecDeque<Bytes>,
    message: Rope,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// End-of-message: this many bytes of the delimiter stand at the end of what was read.
    Delimiter(usize),
    /// Chunked: reading the header that starts with these bytes.
    Header(Vec<u8>),
    /// Chunked: this many bytes of the chunk are still to come.
    Data(usize),
    /// The stream is beyond repair.
    Broken(FramingError),
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder for a new session, with the default limit [`MAX_MESSAGE`].
    pub fn new() -> Self {
        Self {
            state: State::Delimiter(0),
            agreed: false,
            limit: MAX_MESSAGE,
            input: VecDeque::new(),
            message: Rope::new(),
        }
    }

    /// Sets the largest message, in bytes.
    #[must_use]
    pub fn with_limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Sets the framing that the hellos agreed on: to be called between two messages.
    pub fn agree(&mut self, framing: Framing) {
        self.agreed = true;
        self.state = match framing {
            Framing::EndOfMessage => State::Delimiter(0),
            Framing::Chunked => State::Header(Vec::new()),
        };
    }

    /// Feeds bytes as they were read.
    pub fn push(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.input.push_back(bytes);
        }
    }

    /// The next complete message, `None` until more is fed.
    ///
    /// # Errors
    /// [`FramingError`]; the stream cannot be read any further then, and every later call says the same.
    pub fn next_message(&mut self) -> Result<Option<Rope>, FramingError> {
        while let Some(piece) = self.input.pop_front() {
            let step = match &mut self.state {
                State::Broken(error) => Err(error.clone()),
                State::Delimiter(_) => self.read_delimited(piece),
                State::Header(_) => self.read_header(piece),
                State::Data(_) => self.read_data(piece),
            };
            match step {
                Ok(true) => return Ok(Some(std::mem::take(&mut self.message))),
                Ok(false) => {}
                Err(error) => {
                    self.state = State::Broken(error.clone());
                    return Err(error);
                }
            }
        }
        match &self.state {
            State::Broken(error) => Err(error.clone()),
            _ => Ok(None),
        }
    }

    /// What arrived of the message at hand.
    pub fn partial(&self) -> &Rope {
        &self.message
    }

    /// Whether a message has begun and not ended.
    pub fn is_mid_message(&self) -> bool {
        !self.message.is_empty() || matches!(self.state, State::Data(_))
    }

    fn take_into_message(&mut self, piece: Bytes, delimiter: usize) -> Result<(), FramingError> {
        if self.message.len() + piece.len() > self.limit.saturating_add(delimiter) {
            return Err(FramingError::TooLarge { limit: self.limit });
        }
        self.message.push(piece);
        Ok(())
    }

    fn give_back(&mut self, rest: Bytes) {
        if !rest.is_empty() {
            self.input.push_front(rest);
        }
    }

    /// Reads one piece under end-of-message framing; true when the message is complete.
    fn read_delimited(&mut self, mut piece: Bytes) -> Result<bool, FramingError> {
        let State::Delimiter(mut matched) = self.state else {
            return Ok(false);
        };
        if self.message.is_empty() {
            piece.advance(leading_space(&piece));
            if piece.is_empty() {
                return Ok(false);
            }
            if self.agreed && piece.first() == Some(&b'#') {
                return Err(FramingError::UnexpectedChunk {
                    header: escaped(&piece),
                });
            }
        }
        let end = match continue_match(&mut matched, &piece) {
            Ok(end) => Some(end),
            Err(from) => {
                let rest = piece.get(from..).unwrap_or_default();
                let found = FINDER.find(rest).map(|at| from + at + END_OF_MESSAGE.len());
                if found.is_none() && matched == 0 {
                    let tail = rest.len().saturating_sub(END_OF_MESSAGE.len() - 1);
                    matched = rest
                        .get(tail..)
                        .unwrap_or_default()
                        .iter()
                        .fold(0, |state, byte| advance(state, *byte));
                }
                found
            }
        };
        let Some(end) = end else {
            self.state = State::Delimiter(matched);
            self.take_into_message(piece, matched)?;
            return Ok(false);
        };
        let rest = piece.split_off(end.min(piece.len()));
        self.take_into_message(piece, END_OF_MESSAGE.len())?;
        self.message.truncate_end(END_OF_MESSAGE.len());
        self.state = State::Delimiter(0);
        self.give_back(rest);
        Ok(true)
    }

    /// Reads a chunk header, byte by byte; true when it was the end of the chunks.
    fn read_header(&mut self, mut piece: Bytes) -> Result<bool, FramingError> {
        let State::Header(header) = &mut self.state else {
            return Ok(false);
        };
        let first_of_message = self.message.is_empty();
        while piece.has_remaining() {
            let byte = piece.get_u8();
            // Junos sends a line feed after the delimiter of its hello: space before the first header is no error.
            if first_of_message && header.len() <= 1 && byte.is_ascii_whitespace() {
                *header = vec![b'\n'];
                continue;
            }
            if first_of_message && header.len() <= 1 && byte == b'<' {
                // The peer advertised base:1.1 and answers with `]]>]]>`: no chunk starts like that, so read it so.
                self.state = State::Delimiter(0);
                let mut whole = BytesMut::from(&b"<"[..]);
                whole.extend_from_slice(&piece);
                self.give_back(whole.freeze());
                return Ok(false);
            }
            if header.is_empty() && first_of_message {
                header.push(b'\n');
            }
            header.push(byte);
            match parse_header(header) {
                Header::Incomplete => {}
                Header::Chunk(size) => {
                    self.state = State::Data(size);
                    self.give_back(piece);
                    return Ok(false);
                }
                Header::End if !first_of_message => {
                    self.state = State::Header(Vec::new());
                    self.give_back(piece);
                    return Ok(true);
                }
                Header::End | Header::Malformed => {
                    return Err(FramingError::Header {
                        header: escaped(header),
                    });
                }
            }
        }
        Ok(false)
    }

    /// Reads chunk data.
    fn read_data(&mut self, mut piece: Bytes) -> Result<bool, FramingError> {
        let State::Data(left) = self.state else {
            return Ok(false);
        };
        let rest = piece.split_off(left.min(piece.len()));
        self.state = match left - piece.len() {
            0 => State::Header(Vec::new()),
            left => State::Data(left),
        };
        self.take_into_message(piece, 0)?;
        self.give_back(rest);
        Ok(false)
    }
}

/// Goes on with a delimiter that began in an earlier piece. `Ok`: it ends at this offset. `Err`: nothing of it is
/// under way any more from this offset on, or the piece is used up and `matched` says how far it got.
fn continue_match(matched: &mut usize, piece: &[u8]) -> Result<usize, usize> {
    for (at, byte) in piece.iter().enumerate() {
        if *matched == 0 {
            return Err(at);
        }
        *matched = advance(*matched, *byte);
        if *matched == END_OF_MESSAGE.len() {
            return Ok(at + 1);
        }
    }
    Err(piece.len())
}

/// How many bytes of the delimiter stand at the end after one more byte (Knuth-Morris-Pratt).
fn advance(matched: usize, byte: u8) -> usize {
    match (matched, byte) {
        (2, b'>') => 3,
        (5, b'>') => 6,
        (0 | 1 | 3 | 4, b']') => matched + 1,
        (2 | 5, b']') => 2,
        _ => 0,
    }
}

enum Header {
    Incomplete,
    Chunk(usize),
    End,
    Malformed,
}

/// Judges the bytes of a header so far (RFC 6242, section 4.2).
fn parse_header(header: &[u8]) -> Header {
    match header {
        b"\n" | b"\n#" | b"\n##" => Header::Incomplete,
        b"\n##\n" => Header::End,
        [b'\n', b'#', digits @ .., b'\n'] => match size(digits) {
            Some(size) => Header::Chunk(size),
            None => Header::Malformed,
        },
        [b'\n', b'#', digits @ ..] if header.len() < MAX_HEADER && size(digits).is_some() => Header::Incomplete,
        _ => Header::Malformed,
    }
}

fn size(digits: &[u8]) -> Option<usize> {
    let (b'1'..=b'9', true) = (digits.first()?, digits.iter().all(u8::is_ascii_digit)) else {
        return None;
    };
    let size: u32 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    usize::try_from(size).ok()
}

fn leading_space(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .position(|byte| !byte.is_ascii_whitespace())
        .unwrap_or(bytes.len())
}

fn escaped(bytes: &[u8]) -> String {
    bytes
        .iter()
        .take(24)
        .flat_map(|byte| std::ascii::escape_default(*byte))
        .map(char::from)
        .collect()
}

#[cfg(test)]
mod tests;
