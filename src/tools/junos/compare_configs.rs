//! `compare_configs`: any two configurations of one or two devices against each other.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::common::{ON, On};
use crate::{
    error::{Code, Error, Result},
    junos::{Comparison, Form, Point},
    tools::{Context, Effect, Judged, Tool, Typed, string_argument},
};

#[derive(Deserialize, JsonSchema)]
struct Args {
    #[serde(flatten)]
    on: On,
    /// `candidate`, `running` (default), `rollback N` or `rescue`.
    from: Option<String>,
    /// The same, of other_router where that is given; default running.
    to: Option<String>,
    /// Compare with this device.
    other_router: Option<String>,
    /// Only this part of the tree, e.g. `protocols bgp`.
    path: Option<String>,
    /// `diff` (default), or `set`: the commands that lead from the one to the other.
    format: Option<Format>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Format {
    #[default]
    Diff,
    Set,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    router_name: String,
    from: String,
    other_router: String,
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    format: Format,
    changed: bool,
    /// Empty where they are equal.
    diff: String,
    /// `device` or `jmcp`.
    compared_by: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        "compare_configs",
        Effect::Read,
        "Compare configurations",
        "Show how two configurations differ: any two of candidate, running, rollback N and rescue, of one Junos device or of two \
         (other_router), whole or one part of the tree (path). Order counts only for terms, policies, rules and lists.",
        run,
    )
    .plain()
    .aliases(ON)
    .judged(|arguments| {
        let command = format!("show configuration {}", string_argument(arguments, "path"));
        vec![Judged::Command(command.trim_end().to_owned())]
    })
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    let router = args.on.router_name;
    let other = args.other_router.unwrap_or_else(|| router.clone());
    let format = args.format.unwrap_or_default();
    let asked = Comparison {
        from: args.from.as_deref().map_or(Ok(Point::Running), Point::of)?,
        to: args.to.as_deref().map_or(Ok(Point::Running), Point::of)?,
        path: args.path,
        form: if format == Format::Set { Form::Commands } else { Form::Hunks },
    };
    let (from, to) = (asked.from.to_string(), asked.to.to_string());
    if router == other && asked.from == asked.to {
        let message = format!("the {from} configuration of `{router}` would be compared with itself");
        return Err(Error::new(Code::InvalidInput, message).advise("name another one as `from` or `to`, or another device as `other_router`"));
    }
    let compared = context.services.junos.compare((&router, &other), &asked, context.timeout).await?;
    let changed = !compared.text.is_empty();
    let output = Output {
        note: compared.is_nowhere.then(|| "neither of both has anything at this path".to_owned()),
        router_name: router,
        from,
        other_router: other,
        to,
        path: asked.path,
        format,
        changed,
        diff: compared.text,
        compared_by: if compared.by_device { "device" } else { "jmcp" },
    };
    let text = text(&output);
    Ok(Typed::text(output, text))
}

fn text(output: &Output) -> String {
    let Output { router_name, from, other_router, to, .. } = output;
    let path = output.path.as_deref().map(|path| format!(" at `{path}`")).unwrap_or_default();
    let what = format!("{from} of {router_name} and {to} of {other_router}{path}");
    match (&output.note, output.changed) {
        (Some(note), _) => format!("No differences between {what}: {note}"),
        (None, false) => format!("No differences between {what}"),
        (None, true) => format!("From {from} of {router_name} to {to} of {other_router}{path}:\n{}", output.diff),
    }
}
