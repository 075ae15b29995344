//! Watches the bytes of an HTTP/1 connection for messages that say their length twice, by `Content-Length` and by
//! `Transfer-Encoding`. The HTTP library drops one of the two before anybody can see it; a proxy in front may have believed the
//! other, and what it took for the body is then a request of its own here (RFC 9112 sections 6.3 and 11.2).

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

/// What a client sends first that speaks HTTP/2 without TLS (RFC 9113 section 3.4): its first line.
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0";
/// How much of a line is looked at; no header that matters here is longer.
const LINE: usize = 256;

/// What was seen of one message head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Head {
    /// One length at most.
    Plain,
    /// Two lengths, or one that cannot be read.
    Ambiguous,
}

/// The heads that were read and whose requests have yet to be served, in order.
#[derive(Debug, Default)]
pub(super) struct Heads(Mutex<VecDeque<Head>>);

impl Heads {
    /// The head of the request that is served now. Requests of one connection are served in the order of their heads; one whose head
    /// was not seen began where nobody here knows of a beginning.
    pub(super) fn next(&self) -> Head {
        let mut heads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heads.pop_front().unwrap_or(Head::Ambiguous)
    }

    /// How many heads were read whose requests were not served.
    pub(super) fn left(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn push(&self, head: Head) {
        let mut heads = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heads.push_back(head);
    }
}

/// Follows the messages on one connection.
#[derive(Debug)]
pub(super) struct Scanner {
    state: State,
    line: Vec<u8>,
    /// The line goes on after what is kept of it.
    cut: bool,
    /// The last byte of the line so far is a carriage return.
    returned: bool,
    lines: usize,
    length: Option<u64>,
    chunked: bool,
    ambiguous: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Lines of a head, or of the trailers after a chunked body.
    Lines { trailers: bool },
    /// The line before a chunk.
    ChunkSize,
    /// Bytes that mean nothing here.
    Skip { left: u64, chunk: bool },
    /// Not HTTP/1, or not to be understood.
    Blind,
}

impl Default for Scanner {
    fn default() -> Self {
        Self {
            state: State::Lines { trailers: false },
            line: Vec::new(),
            cut: false,
            returned: false,
            lines: 0,
            length: None,
            chunked: false,
            ambiguous: false,
        }
    }
}

impl Scanner {
    /// Follows these bytes and notes each head that ends in them.
    pub(super) fn feed(&mut self, mut bytes: &[u8], heads: &Heads) {
        while !bytes.is_empty() {
            bytes = match self.state {
                State::Blind => return,
                State::Skip { left, chunk } => self.skip(bytes, left, chunk),
                State::Lines { .. } | State::ChunkSize => self.line(bytes, heads),
            };
        }
    }

    fn skip<'a>(&mut self, bytes: &'a [u8], left: u64, chunk: bool) -> &'a [u8] {
        let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let left = left - here as u64;
        self.state = match (left, chunk) {
            (0, true) => State::ChunkSize,
            (0, false) => State::Lines { trailers: false },
            _ => State::Skip { left, chunk },
        };
        bytes.get(here..).unwrap_or_default()
    }

    fn line<'a>(&mut self, bytes: &'a [u8], heads: &Heads) -> &'a [u8] {
        let end = memchr::memchr(b'\n', bytes);
        let (part, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
        let room = LINE.saturating_sub(self.line.len());
        self.line.extend(part.iter().take(room));
        self.cut |= part.len() > room;
        self.returned = part.last().map_or(self.returned, |last| *last == b'\r');
        if end.is_none() {
            return rest;
        }
        let mut line = std::mem::take(&mut self.line);
        if self.returned && !self.cut {
            line.pop();
        }
        match self.state {
            // Outside of heads the HTTP library knows no other line end, and reads on for one that it knows.
            State::ChunkSize | State::Lines { trailers: true } if !self.returned => self.state = State::Blind,
            State::ChunkSize if self.cut => self.state = State::Blind,
            State::ChunkSize => self.chunk_size(&line),
            State::Lines { trailers: true } if line.is_empty() => self.state = State::Lines { trailers: false },
            State::Lines { trailers: false } => self.head_line(&line, heads),
            _ => {}
        }
        line.clear();
        (self.line, self.cut, self.returned) = (line, false, false);
        rest.get(1..).unwrap_or_default()
    }

    fn chunk_size(&mut self, line: &[u8]) {
        let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
        let size = std::str::from_utf8(digits)
            .ok()
            .and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok());
        self.state = match size {
            Some(0) => State::Lines { trailers: true },
            // With the line end after the data.
            Some(size) => State::Skip {
                left: size.saturating_add(2),
                chunk: true,
            },
            None => State::Blind,
        };
    }

    fn head_line(&mut self, line: &[u8], heads: &Heads) {
        if line.is_empty() {
            // Empty lines before a request line are allowed.
            if self.lines > 0 {
                self.end_of_head(heads);
            }
            return;
        }
        if self.lines == 0 && line.starts_with(HTTP2_PREFACE) {
            self.state = State::Blind;
            return;
        }
        self.lines += 1;
        let mut halves = line.splitn(2, |byte| *byte == b':');
        let (name, value) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
        if name.eq_ignore_ascii_case(b"content-length") {
            let length = number(value).filter(|_| !self.cut);
            self.ambiguous |= length.is_none() || self.length.is_some();
            self.length = length;
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.ambiguous |= self.chunked || self.cut || !value.trim_ascii().eq_ignore_ascii_case(b"chunked");
            self.chunked = true;
        }
    }

    fn end_of_head(&mut self, heads: &Heads) {
        let ambiguous = self.ambiguous || (self.chunked && self.length.is_some());
        heads.push(if ambiguous { Head::Ambiguous } else { Head::Plain });
        self.state = match (self.chunked, self.length) {
            // What follows cannot be told apart; the connection is closed after the answer.
            _ if ambiguous => State::Blind,
            (true, _) => State::ChunkSize,
            (false, Some(left)) if left > 0 => State::Skip { left, chunk: false },
            _ => State::Lines { trailers: false },
        };
        (self.lines, self.length, self.chunked, self.ambiguous) = (0, None, false, false);
    }
}

/// Digits and nothing else: `+5` parses as a number and is none in a header.
fn number(value: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(value).ok()?.trim_matches([' ', '\t']);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fed whole and byte by byte.
    fn seen(bytes: &str) -> Vec<Head> {
        let both = [bytes.len().max(1), 1].map(|size| {
            let (mut scanner, heads) = (Scanner::default(), Heads::default());
            for piece in bytes.as_bytes().chunks(size) {
                scanner.feed(piece, &heads);
            }
            heads.0.into_inner().unwrap().into_iter().collect::<Vec<_>>()
        });
        assert_eq!(both[0], both[1]);
        both[0].clone()
    }

    #[test]
    fn ordinary_messages_are_plain() {
        let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        let post = "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nGET /";
        let chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nGET /\r\n0\r\nTrailer: x\r\n\r\n";
        assert_eq!(seen(&[get, post, chunked, get].concat()), [Head::Plain; 4]);
        assert_eq!(seen(&format!("\r\n\r\n{get}")), [Head::Plain]);
        assert_eq!(seen(&get.replace("\r\n", "\n")), [Head::Plain]);
    }

    #[test]
    fn two_lengths_are_ambiguous() {
        for headers in [
            "Content-Length: 5\r\nTransfer-Encoding: chunked",
            "transfer-encoding: chunked\r\nX: y\r\ncontent-length: 5",
            "Content-Length: 5\r\nContent-Length: 5",
            "Content-Length: 5, 5",
            "Content-Length: +5",
            "Content-Length: ",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: identity",
            &format!("Content-Length: {}5", "0".repeat(LINE)),
            &format!("Transfer-Encoding: {}chunked", " ".repeat(LINE)),
        ] {
            let heads = seen(&format!(
                "POST / HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n"
            ));
            assert_eq!(heads, [Head::Ambiguous], "{headers}");
        }
    }

    /// How many heads are seen of a chunked message with this body, and of the request after it.
    fn seen_after(body: &str) -> usize {
        let post = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        seen(&format!("{post}{body}GET / HTTP/1.1\r\n\r\n")).len()
    }

    #[test]
    fn nothing_is_seen_after_a_body_that_may_be_read_in_two_ways() {
        let zeros = "0".repeat(LINE);
        assert_eq!(seen_after(&format!("5\r\nGET /\r\n0\r\nLong: {zeros}\r\n\r\n")), 2);
        for body in [
            "0\r\nTrailer: x\n\nPOST / HTTP/1.1\r\n\r\n",
            "0\n\r\n",
            &format!("{zeros}5\r\nGET /\r\n0\r\n\r\n"),
        ] {
            assert_eq!(seen_after(body), 1, "{body:?}");
        }
    }

    #[test]
    fn a_request_whose_head_was_not_seen_is_ambiguous() {
        let (mut scanner, heads) = (Scanner::default(), Heads::default());
        scanner.feed(b"GET / HTTP/1.1\r\n\r\n", &heads);
        assert_eq!([heads.next(), heads.next()], [Head::Plain, Head::Ambiguous]);
    }

    #[test]
    fn http2_is_left_alone() {
        assert_eq!(seen("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nContent-Length: 1\r\n\r\n"), []);
    }
}
