//! Integration tests, one binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]
#![allow(clippy::too_many_lines)]

mod approval;
mod architecture;
mod audit;
mod catalogue_import;
mod compat;
mod config_tools;
mod documents;
mod faults;
mod golden;
mod guardrails;
mod http;
mod junos_commit;
mod junos_read;
mod lab;
mod lab_mist;
mod loads;
mod mcp;
mod mist_calls;
mod mist_catalogue;
mod mist_consolidated;
mod mist_enhanced;
mod mist_faults;
mod mist_security;
mod mist_settings;
mod mist_streams;
mod openssh;
mod operations;
mod plans;
mod redaction;
mod round_trips;
mod safety;
mod stdio;
mod support;
mod tokens;
mod transaction;
mod watching;
