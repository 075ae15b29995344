//! Integration tests, one binary.

mod lab;
