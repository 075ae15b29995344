//! Integration tests, one binary.

mod openssh;
mod support;
