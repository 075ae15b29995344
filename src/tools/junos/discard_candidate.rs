//! `discard_candidate`: throws away the uncommitted edits in the shared candidate.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::common::{ON, On, parsed};
use crate::{
    error::{Code, Error, Result},
    junos::{SharedEdits, digest},
    policy,
    tools::{Arguments, Context, Effect, Plan, Tool, Typed},
};

const NAME: &str = "discard_candidate";

#[derive(Deserialize, JsonSchema)]
struct Args {
    #[serde(flatten)]
    on: On,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    router_name: String,
    success: bool,
    message: String,
    /// False where there was nothing to discard.
    discarded: bool,
    /// The edits that are gone.
    diff: String,
    /// `jmcp`, or `others`: the device does not tell who of those logged in.
    #[serde(skip_serializing_if = "Option::is_none")]
    edited_by: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logged_in: Option<String>,
    /// In the device's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_changed: Option<String>,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        NAME,
        Effect::Destroy,
        "Discard uncommitted edits",
        "Throw away the uncommitted edits in the shared candidate of a Junos device (`rollback 0`), such as those that keep others from \
         committing. They may be another person's work: a person has to agree unless jmcp left them there itself. See them first with \
         junos_config_diff version 0.",
        run,
    )
    .aliases(ON)
    .idempotent()
    .planned(plan)
}

async fn plan(context: Context, arguments: Arguments) -> Result<Plan> {
    let args: Args = parsed(NAME, arguments)?;
    let router = args.on.router_name;
    let edits = context.services.junos.shared_edits(&router).await?;
    let seen = json!({ "diff": digest(&edits.diff) });
    Ok(Plan {
        words: words(&router, &edits),
        statements: policy::statements_of(&edits.diff),
        ask: Some(!edits.diff.is_empty() && !edits.is_ours),
        evidence: Value::Object(Map::from_iter([(router, seen)])),
        ..Plan::default()
    })
}

/// What stays the same while a person reads it: how long somebody was idle does not.
fn words(router: &str, edits: &SharedEdits) -> String {
    let unknown = "the device does not tell";
    let changed = edits.changed.as_deref().unwrap_or(unknown);
    let users = edits.users.as_deref().map_or_else(|| unknown.to_owned(), without_idle);
    format!(
        "Discard the uncommitted edits in the shared candidate of `{router}`? They are not jmcp's: whoever made them loses them, and that \
         cannot be undone.\nLast edited: {changed}\nLogged in: {users}\nThe edits:\n{}",
        edits.diff
    )
}

fn without_idle(users: &str) -> String {
    let mut parts = users.split(" (idle ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + part.split_once(')').map_or("", |(_, rest)| rest))
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    let router = args.on.router_name;
    let junos = &context.services.junos;
    let edits = junos.shared_edits(&router).await?;
    let planned = context.plan.as_ref().and_then(|plan| plan.evidence.get(&router)?.get("diff")?.as_str());
    let agreed = match planned {
        Some(agreed) => agreed.to_owned(),
        // Nobody was shown anything: only what is ours, or nothing, may go.
        None if edits.is_ours || edits.diff.is_empty() => digest(&edits.diff),
        None => {
            let message = format!("device `{router}`: the edits in the shared candidate are not jmcp's, and nobody agreed to their loss");
            return Err(Error::new(Code::ConfirmationRequired, message).advise("a person has to be asked"));
        }
    };
    let gone = junos.discard(&router, &agreed, &context.control(NAME)).await?;
    let discarded = !gone.diff.is_empty();
    let message = if discarded {
        "candidate configuration discarded (rolled back to running)"
    } else {
        "the candidate configuration holds no uncommitted edits: there was nothing to discard"
    };
    let text = if discarded {
        format!("{message} on {router}. These edits are gone:\n{}", gone.diff)
    } else {
        format!("{message} on {router}")
    };
    let output = Output {
        router_name: router,
        success: true,
        message: message.to_owned(),
        discarded,
        diff: gone.diff,
        edited_by: discarded.then_some(if edits.is_ours { "jmcp" } else { "others" }),
        logged_in: edits.users.filter(|_| discarded),
        last_changed: edits.changed.filter(|_| discarded),
    };
    Ok(Typed::text(output, text))
}

#[cfg(test)]
mod tests {
    #[test]
    fn how_long_somebody_was_idle_is_left_out() {
        let users = "anna on pts/0 since 9:12AM (idle 3), ben on u0, carl on u1 (idle 1:02)";
        assert_eq!(super::without_idle(users), "anna on pts/0 since 9:12AM, ben on u0, carl on u1");
    }
}
