//! Framing: nothing panics, and the messages do not depend on how the stream was cut into pieces.
//!
//! The first byte chooses the framing and the size of the pieces, the rest is the stream.

#![no_main]

use bytes::Bytes;
use jmcp::junos::netconf::framing::{Decoder, Framing, FramingError};
use libfuzzer_sys::fuzz_target;

fn decode(framing: Framing, stream: &[u8], size: usize) -> (Vec<Vec<u8>>, Option<FramingError>) {
    let mut decoder = Decoder::new().with_limit(4096);
    decoder.agree(framing);
    let mut messages = Vec::new();
    for piece in stream.chunks(size) {
        decoder.push(Bytes::copy_from_slice(piece));
        loop {
            match decoder.next_message() {
                Ok(Some(message)) => messages.push(message.to_vec()),
                Ok(None) => break,
                Err(error) => return (messages, Some(error)),
            }
        }
    }
    (messages, None)
}

fuzz_target!(|input: &[u8]| {
    let Some((first, stream)) = input.split_first() else {
        return;
    };
    let framing = if first % 2 == 0 {
        Framing::EndOfMessage
    } else {
        Framing::Chunked
    };
    let whole = decode(framing, stream, usize::MAX);
    let pieces = decode(framing, stream, usize::from(first / 2) + 1);
    assert_eq!(whole.0, pieces.0);
    assert_eq!(whole.1.is_some(), pieces.1.is_some());
});
