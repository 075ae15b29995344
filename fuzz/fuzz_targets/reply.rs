//! Replies: nothing panics, and what was read can be written and read again.

#![no_main]

use bytes::Bytes;
use jmcp::junos::netconf::{hello::Hello, reply::Reply, rope::Rope, xml::Element};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let mut rope = Rope::new();
    for piece in input.chunks(700) {
        rope.push(Bytes::copy_from_slice(piece));
    }
    let _ = Hello::read(&rope);
    let Ok(reply) = Reply::parse(rope) else { return };
    let _ = reply.routing_engines();
    let text = reply.cli_text();
    assert_eq!(reply.clone().into_cli_text(), text);
    let again = Element::parse(reply.root().to_xml()).expect("what was written is readable");
    assert_eq!(&again.name, &reply.root().name);
    let _ = reply.into_read_result("fuzz");
});
