//! `list_operations`: the caller's own changes, running and finished.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Context, Effect, Operation, Tool, Typed};
use crate::{error::Result, time::of_system};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(super) enum State {
    Running,
    Finished,
}

#[derive(Deserialize, JsonSchema)]
struct Args {
    /// Only on this router.
    device: Option<String>,
    /// Only in this state.
    state: Option<State>,
    /// Default 50.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<usize>,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    operations: Vec<Row>,
    total: usize,
}

/// An operation without what it answered.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
pub(super) struct Row {
    pub(super) operation_id: String,
    pub(super) tool: String,
    pub(super) targets: Vec<String>,
    pub(super) state: State,
    pub(super) began: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ended: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) result: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) outcome: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error_code: Option<String>,
}

impl Row {
    pub(super) fn of(operation: &Operation) -> Self {
        let end = operation.end.as_deref();
        Self {
            operation_id: operation.id.to_string(),
            tool: operation.tool.clone(),
            targets: operation.targets.clone(),
            state: if end.is_some() { State::Finished } else { State::Running },
            began: of_system(operation.began),
            ended: end.map(|end| of_system(end.at)),
            result: end.map(|end| end.result.clone()),
            outcome: end.and_then(|end| end.outcome.clone()),
            error_code: end.and_then(|end| end.error_code.clone()),
        }
    }
}

pub(super) fn tool() -> Tool {
    Tool::new(
        "list_operations",
        Effect::Read,
        "List own changes",
        "List your calls that changed something, running and finished, newest first, for 24 hours. For changes whose answer did not \
         arrive: get_operation has their outcome.",
        run,
    )
    .aliases(&[("router_name", "device"), ("router", "device")])
    .toolset("results")
    .own()
    .plain()
    .local()
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    let all = context.services.operations.of(&context.caller.id);
    let wanted: Vec<Row> = all
        .iter()
        .filter(|operation| {
            args.device
                .as_ref()
                .is_none_or(|device| operation.targets.contains(device))
        })
        .map(Row::of)
        .filter(|row| args.state.is_none_or(|state| row.state == state))
        .collect();
    let total = wanted.len();
    let operations = wanted.into_iter().take(args.limit.unwrap_or(50)).collect();
    Ok(Typed::json(Output { operations, total }))
}
