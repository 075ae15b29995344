//! Token files: nothing panics, an error does not repeat the secrets, and a scope never reaches further than its list.

#![no_main]

use std::sync::LazyLock;

use jmcp::{
    tokens::{Format, Known, TokenSet},
    tools::Catalogue,
};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

static KNOWN: LazyLock<Known> =
    LazyLock::new(|| Known::of(&Catalogue::new().expect("the tools are in order")).with_devices(["edge-1", "core-1"]));

/// What no message may hold.
const SECRET: &str = "jmcp_0123456789abcdef0123456789abcdef";

fuzz_target!(|text: &str| {
    let set = match TokenSet::parse(text, "fuzz", &KNOWN) {
        Ok(set) => set,
        Err(error) => {
            // The names of tokens and fields are told, the text around a mistake in the JSON is not.
            assert!(serde_json::from_str::<Value>(text).is_ok() || !error.to_string().contains(SECRET));
            return;
        }
    };
    let file: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).expect("it was read as JSON");
    for (at, entry) in set.entries().iter().enumerate() {
        let fields = match set.format() {
            Format::Hashed => &file["tokens"][at],
            Format::Plain => &file[entry.name()],
        };
        let principal = entry.principal();
        for (field, allowed) in [
            ("routers", &principal.devices),
            ("tools", &principal.tools),
            ("toolsets", &principal.toolsets),
            ("mist_orgs", &principal.mist_organisations),
            ("mist_sites", &principal.mist_sites),
        ] {
            let list = fields.get(field);
            assert_eq!(
                allowed.is_all(),
                list.is_none_or(|list| *list == serde_json::json!(["*"]))
            );
        }
    }
    let again = TokenSet::parse(&file.to_string(), "fuzz", &KNOWN).expect("the same file in another layout");
    assert_eq!(again.len(), set.len());
});
