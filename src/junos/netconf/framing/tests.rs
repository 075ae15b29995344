use proptest::prelude::*;

use super::*;

fn decoder(framing: Framing) -> Decoder {
    let mut decoder = Decoder::new();
    decoder.agree(framing);
    decoder
}

fn feed(decoder: &mut Decoder, pieces: &[&[u8]]) -> Result<Vec<Vec<u8>>, FramingError> {
    let mut messages = Vec::new();
    for piece in pieces {
        decoder.push(Bytes::copy_from_slice(piece));
        while let Some(message) = decoder.next_message()? {
            messages.push(message.to_vec());
        }
    }
    Ok(messages)
}

const BOTH: [Framing; 2] = [Framing::EndOfMessage, Framing::Chunked];

#[test]
fn messages_split_at_every_byte() {
    let messages = [&b"<a>]]>]]</a>"[..], b"<b>]]]]>]]]]></b>", b"x"];
    for framing in BOTH {
        let messages: Vec<&[u8]> = messages
            .iter()
            .copied()
            .filter(|m| encode(framing, m).is_ok())
            .collect();
        let wire: Vec<u8> = messages.iter().flat_map(|m| encode(framing, m).unwrap()).collect();
        for at in 0..=wire.len() {
            let (one, two) = wire.split_at(at);
            assert_eq!(
                feed(&mut decoder(framing), &[one, two]).unwrap(),
                messages,
                "{framing:?} at {at}"
            );
        }
        let bytes: Vec<&[u8]> = wire.chunks(1).collect();
        assert_eq!(feed(&mut decoder(framing), &bytes).unwrap(), messages);
    }
}

#[test]
fn delimiter_after_brackets() {
    let mut decoder = Decoder::new();
    assert_eq!(
        feed(&mut decoder, &[b"a]]]", b"]>]]>b]]>", b"]]]>]]>"]).unwrap(),
        [&b"a]]"[..], b"b]]>]"]
    );
    assert!(!decoder.is_mid_message());
}

#[test]
fn delimiter_in_a_message_is_refused() {
    assert_eq!(
        encode(Framing::EndOfMessage, b"a]]>]]>b"),
        Err(FramingError::DelimiterInMessage)
    );
    assert!(encode(Framing::Chunked, b"a]]>]]>b").is_ok());
}

#[test]
fn hello_then_chunks_in_one_read() {
    let mut decoder = Decoder::new();
    decoder.push(Bytes::from_static(
        b"<hello/>]]>]]>\n\n#4\n<ok/\n#1\n>\n##\n\n#2\nab\n##\n",
    ));
    assert_eq!(decoder.next_message().unwrap().unwrap().to_vec(), b"<hello/>");
    decoder.agree(Framing::Chunked);
    assert_eq!(decoder.next_message().unwrap().unwrap().to_vec(), b"<ok/>");
    assert_eq!(decoder.next_message().unwrap().unwrap().to_vec(), b"ab");
    assert!(decoder.next_message().unwrap().is_none());
}

#[test]
fn malformed_headers_are_named() {
    for (wire, named) in [
        (&b"\n#0\n"[..], "\\n#0"),
        (b"\n#01\n", "\\n#0"),
        (b"\n#x1\n", "\\n#x"),
        (b"\n#99999999999\n", "\\n#9999999999"),
        (b"\n##\n", "\\n##\\n"),
        (b"hi", "\\nh"),
        (b"\n#1\nab", "b"),
        (b"\n#1\na\nb", "\\nb"),
    ] {
        let error = feed(&mut decoder(Framing::Chunked), &[wire]).unwrap_err();
        assert_eq!(
            error,
            FramingError::Header {
                header: named.to_owned()
            },
            "{}",
            escaped(wire)
        );
    }
}

#[test]
fn an_error_stays() {
    let mut decoder = decoder(Framing::Chunked);
    assert!(feed(&mut decoder, &[b"no"]).is_err());
    assert!(feed(&mut decoder, &[b"\n#1\na\n##\n"]).is_err());
}

#[test]
fn delimiters_where_chunks_were_agreed_are_read() {
    let messages = feed(
        &mut decoder(Framing::Chunked),
        &[b"\n<rpc-re", b"ply/>]]>]]>\n<b/>]]>]]>"],
    )
    .unwrap();
    assert_eq!(messages, [&b"<rpc-reply/>"[..], b"<b/>"]);
}

#[test]
fn chunks_where_delimiters_were_agreed_are_named() {
    let error = feed(&mut decoder(Framing::EndOfMessage), &[b"\n", b"#12\n<rpc-reply/>"]).unwrap_err();
    assert!(error.to_string().contains("#12\\n"), "{error}");
}

#[test]
fn a_message_over_the_limit_is_an_error() {
    for framing in BOTH {
        let limited = || {
            let mut decoder = Decoder::new().with_limit(8);
            decoder.agree(framing);
            decoder
        };
        let fits = encode(framing, b"12345678").unwrap();
        assert_eq!(feed(&mut limited(), &[&fits]).unwrap(), [b"12345678"]);
        let single: Vec<&[u8]> = fits.chunks(1).collect();
        assert_eq!(feed(&mut limited(), &single).unwrap(), [b"12345678"]);
        let long = encode(framing, b"123456789").unwrap();
        assert_eq!(feed(&mut limited(), &[&long]), Err(FramingError::TooLarge { limit: 8 }));
        assert!(feed(&mut limited(), &[b"<", b"123456789"]).is_err());
    }
}

#[test]
fn the_partial_message_can_be_seen() {
    let mut decoder = Decoder::new();
    feed(&mut decoder, &[b"\n  "]).unwrap();
    assert!(!decoder.is_mid_message());
    feed(&mut decoder, &[b"<!-- session end"]).unwrap();
    assert_eq!(decoder.partial().head(4), b"<!--");
}

#[test]
fn sixty_mebibytes_without_a_copy() {
    let piece = Bytes::from(vec![b'x'; 1024 * 1024]);
    let mut decoder = decoder(Framing::EndOfMessage);
    for _ in 0..60 {
        decoder.push(piece.clone());
        assert!(decoder.next_message().unwrap().is_none());
    }
    decoder.push(Bytes::from_static(END_OF_MESSAGE));
    let message = decoder.next_message().unwrap().unwrap();
    assert_eq!(message.len(), 60 * piece.len());
    assert!(message.pieces().take(60).all(|p| p.as_ptr() == piece.as_ptr()));
}

proptest! {
    #[test]
    fn any_split_gives_the_same_messages(
        messages in proptest::collection::vec("[<\\]>#\\n0-9a-z]{1,40}", 1..5),
        cuts in proptest::collection::vec(1usize..20, 0..60),
        chunked: bool,
    ) {
        let framing = if chunked { Framing::Chunked } else { Framing::EndOfMessage };
        // Leading space does not belong to a message, and a leading `#` looks like a chunk.
        let messages: Vec<Vec<u8>> =
            messages.iter().map(|m| format!("<{m}").into_bytes()).filter(|m| encode(framing, m).is_ok()).collect();
        let wire: Vec<u8> = messages.iter().flat_map(|m| encode(framing, m).unwrap()).collect();
        let mut pieces: Vec<&[u8]> = Vec::new();
        let mut rest = &wire[..];
        for cut in cuts {
            let (piece, tail) = rest.split_at(cut.min(rest.len()));
            pieces.push(piece);
            rest = tail;
        }
        pieces.push(rest);
        prop_assert_eq!(feed(&mut decoder(framing), &pieces).unwrap(), messages);
    }

    #[test]
    fn noise_never_panics(noise in proptest::collection::vec(any::<u8>(), 0..200), chunked: bool) {
        let framing = if chunked { Framing::Chunked } else { Framing::EndOfMessage };
        let pieces: Vec<&[u8]> = noise.chunks(7).collect();
        let _ = feed(&mut decoder(framing), &pieces);
    }
}
