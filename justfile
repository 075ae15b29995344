# `just` without a recipe lists them.
default:
    @just --list

# All that has to pass before a commit
check: fmt-check lint test

# Tests; with JMCP_TEST_DATA also against recorded replies
test *args:
    cargo test {{ args }}

# Warnings are errors
lint:
    cargo clippy --all-targets -- -D warnings
    cargo clippy --features conformance --example conformance -- -D warnings

fmt:
    cargo fmt

fmt-check:
    cargo fmt --check

# Simulated devices, and what to paste into a client
lab *args:
    cargo run --release -- lab {{ args }}

# What the MCP conformance suite's own tools, prompts and resources are served by; takes the options of `jmcp`
suite *args:
    cargo run --features conformance --example conformance -- -t streamable-http --allow-no-auth {{ args }}

# Write the files that tests compare with: listed tools, tables in documents
golden:
    UPDATE_GOLDEN=1 cargo test golden
    UPDATE_GOLDEN=1 cargo test documents

bench *args:
    cargo bench {{ args }}

# Fuzz one target of fuzz/fuzz_targets; needs a nightly toolchain and cargo-fuzz
fuzz target seconds="60":
    cargo +nightly fuzz run {{ target }} -- -max_total_time={{ seconds }}

# Licences, advisories and doubles among the dependencies; needs cargo-deny
deny:
    cargo deny check

# What the build server runs: installs what it needs, so for a machine that may be changed
ci:
    .ci/run

# Load on the HTTP server of a release build; rounds: calls, long, sessions, slow
load *rounds:
    cargo build --release
    cargo run --release --manifest-path benches/load/Cargo.toml -- target/release/jmcp {{ rounds }}
