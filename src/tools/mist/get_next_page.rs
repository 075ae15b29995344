//! `get_next_page`: reads on in a list of the Mist cloud.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::answer;
use crate::{
    error::{Code, Error, Result},
    tools::{Context, Effect, Shelf, Tool, Typed},
};

#[derive(Deserialize, JsonSchema)]
struct Args {
    /// `next` of the answer before.
    handle: String,
    /// Fetch all that is left, up to 25 pages.
    all_pages: Option<bool>,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        "get_next_page",
        Effect::Read,
        "Next page",
        "Read on in a list of the Mist cloud: give the `next` of its answer. The columns and counts that were asked for stay.",
        run,
    )
    .aliases(&[("next", "handle"), ("url", "handle")])
    .mist(Shelf::Essential)
    .also(&["mist_get_next_page"])
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let access = context.mist()?;
    let pages = &context.services.pages;
    let mut next = pages.get(&context.caller.id, access.account().id(), &args.handle).ok_or_else(|| {
        let shown: String = args.handle.chars().take(40).collect();
        Error::new(Code::NotFound, format!("there is no next page `{}`", shown.escape_debug()))
            .advise("give the `next` of an earlier answer as it was; it is good for 30 minutes, and never a URL; else ask for the list again")
    })?;
    next.shape.all_pages = args.all_pages.unwrap_or_default();
    let done = access.send(next.request).await?;
    answer::of(&context, &access, done, &next.shape).await
}
