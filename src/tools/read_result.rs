//! `read_result`: reads on in an answer that was cut.

use regex::RegexBuilder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Context, Effect, Tool, Typed};
use crate::error::{Code, Error, Result};

#[derive(Deserialize, JsonSchema)]
struct Args {
    /// Handle from an answer that was cut.
    handle: String,
    /// First line, counted from 1.
    from_line: Option<usize>,
    /// How many lines; default 500.
    #[schemars(range(min = 1, max = 100_000))]
    lines: Option<usize>,
    /// First byte, counted from 0; instead of from_line.
    from_byte: Option<usize>,
    /// How many bytes; default 30000.
    #[schemars(range(min = 1, max = 10_000_000))]
    bytes: Option<usize>,
    /// Only lines that match this regular expression (case-insensitive), with their line numbers.
    search: Option<String>,
    /// Lines to show around each match.
    #[schemars(range(max = 50))]
    context: Option<usize>,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    output: String,
    total_lines: usize,
    total_bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_line: Option<usize>,
    /// Matching lines of the search.
    #[serde(skip_serializing_if = "Option::is_none")]
    matches: Option<usize>,
}

pub(super) fn tool() -> Tool {
    Tool::new(
        "read_result",
        Effect::Read,
        "Read on in a long result",
        "Read more of an answer that was cut, by lines, by bytes or by search. The handle is in the cut answer; it is kept for 30 \
         minutes. `search` finds lines in the whole result without fetching it from the device again.",
        run,
    )
    .toolset("results")
    .own()
    .plain()
    .local()
}

async fn run(context: Context, args: Args) -> Result<Typed<Output>> {
    let text = context.results().get(&context.caller.id, &args.handle).ok_or_else(|| {
        Error::new(Code::NotFound, format!("there is no result `{}`", args.handle))
            .advise("results are kept for 30 minutes; run the command again")
    })?;
    let mut output = Output {
        output: String::new(),
        total_lines: text.lines().count(),
        total_bytes: text.len(),
        first_line: None,
        last_line: None,
        matches: None,
    };
    match (&args.search, args.from_byte.or(args.bytes)) {
        (Some(pattern), _) => search(&text, pattern, args.context.unwrap_or_default(), &mut output)?,
        (None, Some(_)) => {
            let from = text.ceil_char_boundary(args.from_byte.unwrap_or_default().min(text.len()));
            let to = text.floor_char_boundary(from.saturating_add(args.bytes.unwrap_or(30_000)).min(text.len()));
            output.output = text.get(from..to).unwrap_or_default().to_owned();
        }
        (None, None) => {
            let from = args.from_line.unwrap_or(1).max(1);
            let lines: Vec<&str> = text
                .split_inclusive('\n')
                .skip(from - 1)
                .take(args.lines.unwrap_or(500))
                .collect();
            output.first_line = (!lines.is_empty()).then_some(from);
            output.last_line = (!lines.is_empty()).then_some(from + lines.len() - 1);
            output.output = lines.concat();
        }
    }
    Ok(Typed::field(output, "output"))
}

/// Matching lines as `12:text`, lines around them as `11-text`, as grep writes them.
fn search(text: &str, pattern: &str, around: usize, output: &mut Output) -> Result<()> {
    let regex = RegexBuilder::new(pattern)
        .case_insensitive(true)
        .size_limit(1 << 20)
        .build()
        .map_err(|e| {
            Error::new(Code::InvalidInput, format!("`search` is not a regular expression: {e}"))
                .advise("escape special characters")
        })?;
    let lines: Vec<&str> = text.lines().collect();
    let hits: Vec<usize> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| regex.is_match(line))
        .map(|(at, _)| at)
        .collect();
    let mut shown_to = 0;
    for &hit in &hits {
        let from = hit.saturating_sub(around).max(shown_to);
        for (at, line) in lines.iter().enumerate().take(hit + around + 1).skip(from) {
            let mark = if hits.binary_search(&at).is_ok() { ':' } else { '-' };
            output.output.push_str(&format!("{}{mark}{line}\n", at + 1));
        }
        shown_to = shown_to.max(hit + around + 1);
    }
    output.matches = Some(hits.len());
    Ok(())
}
