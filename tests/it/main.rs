//! Integration tests, one binary.

mod architecture;
mod documents;
mod golden;
mod openssh;
mod stdio;
mod support;
