//! `test_mist_connectivity`: whether the cloud answers now.

use std::time::Instant;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{diagnosis, kit};
use crate::{
    error::Result,
    tools::{Context, Tool, Typed},
};

#[derive(Deserialize, JsonSchema)]
struct Args {}

pub(super) fn tool() -> Tool {
    kit::reads(
        "test_mist_connectivity",
        "Try the Mist cloud",
        "Ask the Mist cloud three cheap things now and tell how each went: whether token, host and network work, how long it took, and what is left of the budget.",
        run,
    )
}

/// What is asked: who the token is, what it has used, and a constant.
const ASKED: [&str; 3] = ["getSelf", "getSelfApiUsage", "listCountryCodes"];

async fn run(context: Context, _: Args) -> Result<Typed<Value>> {
    let access = diagnosis::access(&context)?;
    let mut tests = Vec::new();
    let mut good = 0_u32;
    for name in ASKED {
        let started = Instant::now();
        let outcome = access.run(name, &Map::new()).await;
        let took = diagnosis::milliseconds(started.elapsed());
        tests.push(match outcome {
            Ok(done) => {
                good += 1;
                json!({ "endpoint": done.request.template, "status": done.response.status, "time_ms": took, "size": done.response.bytes })
            }
            Err(error) => json!({ "endpoint": name, "error": error.message(), "code": error.code().as_str(), "advice": error.advice(), "time_ms": took }),
        });
    }
    let failed = good == 0;
    let mut report = json!({
        "host": access.account().cloud().host(),
        "success_rate": f64::from(good) / f64::from(ASKED.len() as u32) * 100.0,
        "tests": tests,
        "note": "answers that are kept (self for 30 s, constants for an hour) take no time",
    });
    if let Some(report) = report.as_object_mut() {
        report.extend(diagnosis::resources(&access));
    }
    Ok(Typed::compact(report).failed(failed))
}
