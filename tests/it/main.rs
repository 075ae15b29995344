//! Integration tests, one binary.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod lab;
