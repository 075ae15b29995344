//! `execute_junos_command_batch`: many commands on many devices, with whatever came in when the time is over.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use futures::{StreamExt as _, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::common::{FreeForm, Show, seconds, timestamp};
use crate::{
    error::{Code, Error, Result},
    junos::CommandFormat,
    tools::{Arguments, Context, Effect, Judged, Tool, Typed},
};

/// Commands on one device at a time: what a session takes without queueing in jmcp.
const COMMANDS_AT_ONCE: usize = 8;

#[derive(Deserialize, JsonSchema)]
struct Args {
    /// Router names from get_router_list.
    #[schemars(length(min = 1, max = 500))]
    router_names: Vec<String>,
    /// Operational commands, each run on every router.
    #[schemars(length(min = 1, max = 100))]
    commands: Vec<String>,
    /// Default text.
    format: Option<CommandFormat>,
    /// Seconds for each command; default 360.
    #[schemars(range(min = 1))]
    command_timeout: Option<u64>,
    /// Seconds for all of it; what has come in by then is returned.
    #[schemars(range(min = 1))]
    batch_timeout: Option<u64>,
    /// Routers at a time; default 16.
    #[schemars(range(min = 1, max = 128))]
    max_concurrent_routers: Option<usize>,
    #[serde(flatten)]
    _show: Show,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    summary: Summary,
    results: Vec<Row>,
}

#[derive(Serialize, JsonSchema)]
struct Summary {
    /// Several are separated by `; `.
    command: String,
    total_routers: usize,
    total_commands: usize,
    successful: usize,
    failed: usize,
    /// Seconds.
    total_duration: f64,
    /// The time was over before everything had come in.
    timed_out: bool,
}

#[derive(Serialize, JsonSchema, Clone)]
struct Row {
    router_name: String,
    router: String,
    command: String,
    ok: bool,
    /// success or failed.
    status: &'static str,
    /// The output, or what went wrong.
    output: String,
    /// With format json.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<FreeForm>")]
    data: Option<Value>,
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
    execution_duration: f64,
    start_time: String,
    end_time: String,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        "execute_junos_command_batch",
        Effect::Read,
        "Run commands on many routers",
        "Run one or more operational commands on one or more Junos devices at the same time. Returns one row for each router and \
         command; a router that fails does not stop the others.",
        run,
    )
    .aliases(&[
        ("routers", "router_names"),
        ("router", "router_names"),
        ("router_name", "router_names"),
        ("command", "commands"),
        ("timeout", "command_timeout"),
    ])
    .command_lists(&["commands"])
    .runs_commands(judged)
    .ends_itself()
}

fn judged(arguments: &Arguments) -> Vec<Judged> {
    let commands = arguments.get("commands").and_then(Value::as_array);
    commands
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(|command| Judged::Command(command.to_owned()))
        .collect()
}

/// What all commands of a batch share.
struct Batch {
    context: Context,
    format: CommandFormat,
    commands: Vec<String>,
    limit: Duration,
    begun: Instant,
    begun_at: SystemTime,
    rows: Mutex<Vec<Vec<Option<Row>>>>,
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    let commands = args.commands;
    let batch = Arc::new(Batch {
        format: args.format.unwrap_or_default(),
        limit: args.command_timeout.map_or(context.timeout, Duration::from_secs),
        begun: Instant::now(),
        begun_at: SystemTime::now(),
        rows: Mutex::new(vec![vec![None; commands.len()]; args.router_names.len()]),
        commands,
        context,
    });
    let total = args.router_names.len();
    let runs: Vec<_> = args
        .router_names
        .iter()
        .cloned()
        .enumerate()
        .map(|(at, router)| batch.clone().router(at, router))
        .collect();
    let routers = stream::iter(runs).buffer_unordered(args.max_concurrent_routers.unwrap_or(16));
    let all = async {
        let mut done = 0;
        tokio::pin!(routers);
        while let Some(router) = routers.next().await {
            done += 1;
            batch.context.advance(done, total, &format!("{router}: done"));
        }
    };
    let timed_out = match args.batch_timeout {
        Some(limit) => timeout(Duration::from_secs(limit), all).await.is_err(),
        None => {
            all.await;
            false
        }
    };
    Ok(batch.answer(&args.router_names, timed_out))
}

impl Batch {
    async fn router(self: Arc<Self>, at: usize, router: String) -> String {
        let runs: Vec<_> = (0..self.commands.len())
            .map(|index| self.fill(at, &router, index))
            .collect();
        stream::iter(runs)
            .buffer_unordered(COMMANDS_AT_ONCE)
            .collect::<()>()
            .await;
        router
    }

    async fn fill(&self, at: usize, router: &str, index: usize) {
        let Some(command) = self.commands.get(index) else {
            return;
        };
        let row = self.command(router, command).await;
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = rows.get_mut(at).and_then(|rows| rows.get_mut(index)) {
            *cell = Some(row);
        }
    }

    async fn command(&self, router: &str, command: &str) -> Row {
        let started = self.begun.elapsed();
        let answer = self
            .context
            .services
            .junos
            .command(router, command, self.format, self.context.secrets(), self.limit)
            .await;
        let mut row = self.row(router, command, started);
        match answer {
            Ok(answer) => {
                row.output = answer.output;
                row.data = answer.data;
                row.warnings = answer.warnings;
            }
            Err(error) => fail(&mut row, &error),
        }
        row
    }

    fn row(&self, router: &str, command: &str, started: Duration) -> Row {
        let ended = self.begun.elapsed();
        Row {
            router_name: router.to_owned(),
            router: router.to_owned(),
            command: command.to_owned(),
            ok: true,
            status: "success",
            output: String::new(),
            data: None,
            warnings: Vec::new(),
            error_code: None,
            execution_duration: seconds(ended.saturating_sub(started)),
            start_time: timestamp(self.begun_at + started),
            end_time: timestamp(self.begun_at + ended),
        }
    }

    /// Rows in the order asked for; a row that had not come in is marked, never left out.
    fn answer(&self, routers: &[String], timed_out: bool) -> Typed<Output> {
        let late = Error::new(Code::Timeout, "batch timeout: this command had not finished");
        let mut rows = std::mem::take(&mut *self.rows.lock().unwrap_or_else(PoisonError::into_inner)).into_iter();
        let mut results = Vec::new();
        for router in routers {
            let cells = rows.next().unwrap_or_default();
            results.extend(cells.into_iter().zip(&self.commands).map(|(cell, command)| {
                cell.unwrap_or_else(|| {
                    let mut row = self.row(router, command, Duration::ZERO);
                    fail(&mut row, &late);
                    row
                })
            }));
        }
        let failed = results.iter().filter(|row| row.status == "failed").count();
        let summary = Summary {
            command: self.commands.join("; "),
            total_routers: routers.len(),
            total_commands: self.commands.len(),
            successful: results.len() - failed,
            failed,
            total_duration: seconds(self.begun.elapsed()),
            timed_out,
        };
        let nothing_came = summary.successful == 0;
        Typed::json(Output { summary, results }).failed(nothing_came)
    }
}

fn fail(row: &mut Row, error: &Error) {
    row.ok = false;
    row.status = "failed";
    row.output = error.to_string();
    row.error_code = Some(error.code().as_str());
}
