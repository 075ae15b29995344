//! Public facts that tests compare with, where `JMCP_TEST_DATA` says where they are.

/// The text of a file; says so where there is none to compare with.
pub(crate) fn read(file: &str) -> Option<String> {
    let Some(data) = std::env::var_os("JMCP_TEST_DATA") else {
        eprintln!("skipped: JMCP_TEST_DATA is not set");
        return None;
    };
    Some(std::fs::read_to_string(std::path::Path::new(&data).join(file)).unwrap())
}
