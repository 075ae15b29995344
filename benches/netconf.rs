//! How fast a reply gets from the wire into a tree: framing, then parsing, of 1, 16 and 64 MiB.

use std::{hint::black_box, time::Duration};

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use jmcp::junos::netconf::{
    framing::{Decoder, Framing, encode},
    reply::Reply,
    rope::Rope,
};

const MIB: usize = 1024 * 1024;

/// Payload of an SSH packet.
const PACKET: usize = 32 * 1024;

/// A reply of about this size that is one text, with a few references in it.
fn text(size: usize) -> Vec<u8> {
    fill(
        size,
        "<output>\n",
        "ge-0/0/0  up  up  inet 192.0.2.1/24  --&gt; core &amp; edge uplink number one\n",
        "</output>",
    )
}

/// A reply of about this size of many small elements.
fn elements(size: usize) -> Vec<u8> {
    let entry = "<rt junos:style=\"brief\">\n<rt-destination>198.51.100.0/24</rt-destination>\n<rt-entry>\n<active-tag>*</active-tag>\n\
                 <protocol-name>BGP</protocol-name>\n<preference>170</preference>\n<nh><to>203.0.113.1</to><via>ge-0/0/0.0</via></nh>\n\
                 </rt-entry>\n</rt>\n";
    fill(size, "<route-information>\n", entry, "</route-information>")
}

fn fill(size: usize, begin: &str, entry: &str, end: &str) -> Vec<u8> {
    let begin =
        format!("<rpc-reply xmlns:junos=\"http://xml.juniper.net/junos/24.4R1/junos\" message-id=\"1\">{begin}");
    let body = entry.repeat(size.saturating_sub(begin.len()) / entry.len());
    [begin.as_str(), &body, end, "</rpc-reply>"].concat().into_bytes()
}

fn packets(wire: &Bytes) -> Vec<Bytes> {
    (0..wire.len())
        .step_by(PACKET)
        .map(|at| wire.slice(at..wire.len().min(at + PACKET)))
        .collect()
}

fn decode(framing: Framing, packets: &[Bytes]) -> Rope {
    let mut decoder = Decoder::new();
    decoder.agree(framing);
    for packet in packets {
        decoder.push(packet.clone());
        if let Ok(Some(message)) = decoder.next_message() {
            return message;
        }
    }
    Rope::new()
}

fn framing(c: &mut Criterion) {
    let mut group = c.benchmark_group("framing");
    group.measurement_time(Duration::from_secs(3));
    for mib in [1, 16, 64] {
        let message = text(mib * MIB);
        group.throughput(Throughput::Bytes(message.len() as u64));
        for framing in [Framing::EndOfMessage, Framing::Chunked] {
            let Ok(wire) = encode(framing, &message) else { continue };
            let packets = packets(&wire);
            group.bench_function(BenchmarkId::new(format!("{framing:?}"), format!("{mib} MiB")), |b| {
                b.iter(|| black_box(decode(framing, &packets).len()));
            });
        }
    }
    group.finish();
}

fn parsing(c: &mut Criterion) {
    let mut group = c.benchmark_group("parsing");
    group.sample_size(10).measurement_time(Duration::from_secs(4));
    for mib in [1, 16, 64] {
        for (name, message) in [("text", text(mib * MIB)), ("elements", elements(mib * MIB))] {
            group.throughput(Throughput::Bytes(message.len() as u64));
            let Ok(wire) = encode(Framing::EndOfMessage, &message) else {
                continue;
            };
            let packets = packets(&wire);
            group.bench_function(BenchmarkId::new(name, format!("{mib} MiB")), |b| {
                b.iter_with_large_drop(|| Reply::parse(decode(Framing::EndOfMessage, &packets)));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, framing, parsing);
criterion_main!(benches);
