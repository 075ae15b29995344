//! NETCONF as Junos speaks it: framing, hello, requests and replies (RFC 6241, RFC 6242).

pub mod xml;
