//! `get_enhanced_device_info`: everything about one device: configuration, statistics, and what it says itself.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::{
    super::{answer, utilities::run::lasting},
    kit,
};
use crate::{
    error::Result,
    mist::{Access, stream::Command},
    time::rfc3339,
    tools::{Context, Tool, Typed},
};

/// What the device is asked.
const COMMANDS: [&str; 6] = [
    "show chassis hardware",
    "show system alarms",
    "show chassis alarms",
    "show system core-dumps",
    "show route summary",
    "show log messages | last 100 | no-more",
];
/// How long each command may take.
const EACH: Duration = Duration::from_secs(25);
/// Characters of each output that are shown.
const SHOWN: usize = 7000;

#[derive(Serialize, Deserialize, JsonSchema)]
struct Args {
    site_id: String,
    /// Id or MAC of the device.
    device_id: String,
    /// Also run show commands on the device (switches and gateways): takes a minute or so.
    #[serde(default, skip_serializing)]
    include_shell_data: bool,
}

pub(super) fn tool() -> Tool {
    kit::reads(
        "get_enhanced_device_info",
        "Everything about a device",
        "One device of a site: its configuration and statistics in one answer; with include_shell_data also hardware, alarms, core dumps, \
         route summary and the end of its log, asked on its command line.",
        run,
    )
    .ends_itself()
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let access = context.mist()?;
    let values = kit::values(&args)?;
    let (configuration, stats) = tokio::join!(access.run("getSiteDevice", &values), access.run("getSiteDeviceStats", &values));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut report = Map::from_iter([
        ("device_id".to_owned(), json!(args.device_id)),
        ("site_id".to_owned(), json!(args.site_id)),
        ("timestamp".to_owned(), json!(rfc3339(now))),
        ("device_configuration_data".to_owned(), answer::object(configuration?.body())),
    ]);
    let stats = match stats {
        Ok(done) => answer::object(done.body()),
        Err(error) => json!({ "error": error.message(), "code": error.code().as_str() }),
    };
    report.insert("device_stats".into(), stats);
    if args.include_shell_data {
        report.insert("shell_data".into(), shell(&context, &args).await?);
    }
    answer::note_budget(&access, &mut report);
    Ok(Typed::compact(Value::Object(report)))
}

/// What the device says to each command, one after the other: it has one command line for us.
async fn shell(context: &Context, args: &Args) -> Result<Value> {
    let mut said = Map::new();
    for (number, command) in COMMANDS.iter().enumerate() {
        context.advance(number, COMMANDS.len(), command);
        let access = lasting(context.clone(), EACH).mist()?;
        let (row, answered) = ask(&access, args, command).await;
        said.insert((*command).to_owned(), row);
        // A device that is not reached once is not tried five more times.
        if !answered {
            break;
        }
    }
    Ok(Value::Object(said))
}

async fn ask(access: &Access, args: &Args, line: &str) -> (Value, bool) {
    let started = Instant::now();
    let command = Command {
        site: &args.site_id,
        device: &args.device_id,
        node: None,
        line,
        reads: true,
    };
    let outcome = access.shell(&command, &|_: &str| ()).await;
    let seconds = (started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
    match outcome {
        Ok(output) => (shown(&output.text, output.timed_out(), output.is_cut(), seconds), true),
        Err(error) => {
            let row = json!({ "success": false, "error": error.message(), "code": error.code().as_str(), "execution_time": seconds });
            (row, false)
        }
    }
}

fn shown(text: &str, timed_out: bool, is_cut: bool, seconds: f64) -> Value {
    let output: String = text.chars().take(SHOWN).collect();
    let truncated = is_cut || output.len() < text.len();
    json!({ "success": !timed_out, "output": output, "execution_time": seconds, "output_truncated": truncated })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_outputs_say_that_they_go_on() {
        let row = shown(&"é".repeat(SHOWN + 1), false, false, 1.0);
        assert_eq!((&row["output_truncated"], &row["success"]), (&json!(true), &json!(true)));
        assert_eq!(row["output"].as_str().unwrap().chars().count(), SHOWN);
        assert_eq!(shown("x", true, false, 25.0), json!({"success": false, "output": "x", "execution_time": 25.0, "output_truncated": false}));
    }
}
