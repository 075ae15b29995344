//! A server with tools that a test makes for its purpose, and no device to reach.

use std::{sync::Arc, time::Duration};

use jmcp::{
    server::{
        audit::{Audit, AuditFormat},
        path::{Confirm, LimitOptions, Path, Rules},
    },
    tools::{Catalogue, Permits, Tool},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    bench::Bench,
    program::{ONE_DEVICE, directory},
};

/// No arguments.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct Nothing {}

/// A result of words.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Said {
    pub(crate) said: String,
}

/// A server with these tools only, which no device has to answer.
pub(crate) fn server(tools: Vec<Tool>) -> Arc<Path> {
    let home = directory(ONE_DEVICE);
    let services = Bench::serve(&home, &[]).services().clone();
    let rules = Rules {
        permits: Permits {
            read_only: false,
            mist_writes: true,
            mist_unconfirmed: false,
            offer: Default::default(),
        },
        confirm: Confirm::Never,
        show_secrets: false,
        max_result_chars: 40_000,
        timeout: Duration::from_secs(360),
    };
    let audit = Audit::open(AuditFormat::Json, Some(&home.path().join("audit.log"))).unwrap();
    let catalogue = Catalogue::of(tools).unwrap();
    Arc::new(Path::new(catalogue, services, rules, LimitOptions::default(), audit))
}
