//! Step 9: an answer fits its budget. What is cut is kept under a handle, and the answer says how to read on.

use std::io;

use serde_json::{Value, json};

use crate::tools::{Arguments, OutputLimits, Text};

/// No string is cut below this many bytes: a shorter piece says nothing.
const SHORTEST: usize = 400;
/// Room for the words that say what was cut.
const MARKER: usize = 160;

/// Fields that hold what a device said.
const OUTPUTS: &[&str] = &["output", "config"];

type Keep<'a> = &'a dyn Fn(String) -> String;

/// Cuts the structured value to the budget and makes the text from it.
pub(super) fn fit(structured: &mut Arguments, text: Text, limits: OutputLimits, budget: usize, keep: Keep) -> String {
    if limits != OutputLimits::default() {
        structured
            .iter_mut()
            .for_each(|(name, value)| limit(name, value, limits, keep));
    }
    if size(structured) > budget {
        cut_strings(structured, budget, limits.tail, keep);
        if size(structured) > budget {
            cut_lists(structured, budget, keep);
        }
    }
    let text = match text {
        Text::Own(text) => text,
        Text::Field(field) => structured
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        Text::Compact => serde_json::to_string(structured).unwrap_or_default(),
        Text::Json => serde_json::to_string_pretty(structured).unwrap_or_default(),
    };
    if text.len() > budget {
        cut(text, budget, None, limits.tail, keep)
    } else {
        text
    }
}

/// What the caller asked for with `max_lines`, `max_bytes` and `tail`: it holds for what a device said, not for names.
fn limit(name: &str, value: &mut Value, limits: OutputLimits, keep: Keep) {
    match value {
        Value::String(text) if OUTPUTS.contains(&name) => {
            let bytes = limits.max_bytes.unwrap_or(usize::MAX);
            let too_long = text.len() > bytes || limits.max_lines.is_some_and(|max| text.lines().count() > max);
            if too_long {
                *text = cut(std::mem::take(text), bytes, limits.max_lines, limits.tail, keep);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| limit(name, item, limits, keep)),
        Value::Object(map) => map.iter_mut().for_each(|(name, item)| limit(name, item, limits, keep)),
        _ => {}
    }
}

/// Cuts the longest strings to one common length, so that the whole fits and short outputs stay whole.
fn cut_strings(structured: &mut Arguments, budget: usize, tail: bool, keep: Keep) {
    let mut lengths = Vec::new();
    structured
        .values()
        .for_each(|value| string_lengths(value, &mut lengths));
    lengths.sort_unstable();
    let overhead = size(structured).saturating_sub(lengths.iter().sum());
    let mut room = budget.saturating_sub(overhead.min(budget / 2));
    let mut left = lengths.len();
    let mut common = SHORTEST;
    for length in lengths {
        let share = room / left.max(1);
        if length > share {
            common = share;
            break;
        }
        room -= length;
        left -= 1;
        common = length;
    }
    let longest = common.max(SHORTEST);
    structured
        .values_mut()
        .for_each(|value| cut_longer(value, longest, tail, keep));
}

fn string_lengths(value: &Value, lengths: &mut Vec<usize>) {
    match value {
        Value::String(text) => lengths.push(escaped(text)),
        Value::Array(items) => items.iter().for_each(|item| string_lengths(item, lengths)),
        Value::Object(map) => map.values().for_each(|item| string_lengths(item, lengths)),
        _ => {}
    }
}

fn cut_longer(value: &mut Value, longest: usize, tail: bool, keep: Keep) {
    match value {
        Value::String(text) if escaped(text) > longest + MARKER => {
            // As many bytes as come to `longest` once they are written as JSON, less what the marker takes.
            let room = longest.saturating_sub(MARKER).max(SHORTEST / 2);
            let bytes = room * text.len() / escaped(text).max(1);
            *text = cut(std::mem::take(text), bytes, None, tail, keep);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| cut_longer(item, longest, tail, keep)),
        Value::Object(map) => map.values_mut().for_each(|item| cut_longer(item, longest, tail, keep)),
        _ => {}
    }
}

/// Shortens the longest top-level list, and makes an excerpt of free-form `data`, until the value fits.
fn cut_lists(structured: &mut Arguments, budget: usize, keep: Keep) {
    let whole = serde_json::to_string_pretty(structured).unwrap_or_default();
    if let Some(data) = structured
        .get_mut("data")
        .filter(|data| data.is_object() || data.is_array())
    {
        let json = serde_json::to_string_pretty(data).unwrap_or_default();
        *data = Value::String(cut(json, budget / 2, None, false, keep));
    }
    let excess = size(structured).saturating_sub(budget);
    let longest = structured
        .iter_mut()
        .filter_map(|(_, v)| v.as_array_mut())
        .max_by_key(|items| items.len());
    if let Some(items) = longest.filter(|_| excess > 0) {
        let total = items.len();
        let mut over = i64::try_from(excess + MARKER * 2).unwrap_or(i64::MAX);
        while over > 0 {
            let Some(last) = items.pop() else { break };
            over -= i64::try_from(last.to_string().len() + 1).unwrap_or(i64::MAX);
        }
        let shown = items.len();
        let handle = keep(whole);
        structured.insert(
            "truncated".into(),
            json!({ "shown": shown, "total": total, "handle": handle }),
        );
    }
}

/// The part of a text that is shown, at whole lines where that is possible, with a line that says how to read on.
fn cut(text: String, bytes: usize, lines: Option<usize>, tail: bool, keep: Keep) -> String {
    let (all_lines, all_bytes) = (text.lines().count(), text.len());
    let shown = if tail {
        end(&text, bytes, lines)
    } else {
        beginning(&text, bytes, lines)
    }
    .to_owned();
    let count = shown.lines().count();
    let (first, last, next) = if tail {
        (all_lines + 1 - count.min(all_lines), all_lines, 1)
    } else {
        (1, count, count + 1)
    };
    let handle = keep(text);
    let newline = if shown.is_empty() || shown.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    let words = format!(
        "… (truncated: lines {first}-{last} of {all_lines}, {} of {all_bytes} bytes; read_result handle={handle} from_line={next} reads on)",
        shown.len()
    );
    format!("{shown}{newline}{words}")
}

fn beginning(text: &str, bytes: usize, lines: Option<usize>) -> &str {
    let mut end = text.floor_char_boundary(bytes.min(text.len()));
    if let Some(lines) = lines {
        let after = text
            .match_indices('\n')
            .nth(lines.saturating_sub(1))
            .map_or(text.len(), |(at, _)| at + 1);
        end = end.min(if lines == 0 { 0 } else { after });
    }
    let piece = text.get(..end).unwrap_or_default();
    match piece.rfind('\n') {
        Some(at) if end < text.len() && at > 0 => piece.get(..=at).unwrap_or(piece),
        _ => piece,
    }
}

fn end(text: &str, bytes: usize, lines: Option<usize>) -> &str {
    let mut start = text.ceil_char_boundary(text.len().saturating_sub(bytes));
    if let Some(lines) = lines {
        let body = text.strip_suffix('\n').unwrap_or(text);
        let after = body
            .rmatch_indices('\n')
            .nth(lines.saturating_sub(1))
            .map_or(0, |(at, _)| at + 1);
        start = start.max(if lines == 0 { text.len() } else { after });
    }
    let piece = text.get(start..).unwrap_or_default();
    let begins_line = start == 0 || text.as_bytes().get(start - 1) == Some(&b'\n');
    match piece.find('\n') {
        Some(at) if !begins_line && at + 1 < piece.len() => piece.get(at + 1..).unwrap_or(piece),
        _ => piece,
    }
}

/// Bytes of the text as a JSON string, without its quotes.
fn escaped(text: &str) -> usize {
    let extra = |byte: &u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 1,
        0..=0x1f => 5,
        _ => 0,
    };
    text.len() + text.as_bytes().iter().map(extra).sum::<usize>()
}

/// Bytes of the value as JSON, counted without writing it anywhere.
fn size(structured: &Arguments) -> usize {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
            self.0 += piece.len();
            Ok(piece.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    let _ = serde_json::to_writer(&mut count, structured);
    count.0
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn lines(n: usize) -> String {
        (1..=n).map(|i| format!("line {i}\n")).collect()
    }

    fn object(value: Value) -> Arguments {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn what_fits_stays_whole() {
        let mut value = object(json!({ "output": lines(10) }));
        let text = fit(
            &mut value,
            Text::Field("output"),
            OutputLimits::default(),
            1000,
            &|_| unreachable!(),
        );
        assert_eq!(text, lines(10));
    }

    #[test]
    fn what_does_not_is_cut_at_a_line_and_kept() {
        let kept = RefCell::new(Vec::new());
        let keep = |text: String| {
            kept.borrow_mut().push(text);
            "r-1".to_owned()
        };
        let mut value = object(json!({ "output": lines(5000), "command": "show log" }));
        let text = fit(&mut value, Text::Field("output"), OutputLimits::default(), 2000, &keep);
        assert!(text.len() <= 2000 + MARKER, "{}", text.len());
        assert!(text.starts_with("line 1\n") && text.contains("of 5000") && text.contains("handle=r-1"));
        assert_eq!(*kept.borrow(), [lines(5000)]);
    }

    #[test]
    fn short_outputs_stay_whole_beside_long_ones() {
        let mut value = object(json!({ "results": [{ "output": lines(5000) }, { "output": "short" }] }));
        fit(&mut value, Text::Json, OutputLimits::default(), 4000, &|_| "r".into());
        assert_eq!(value["results"][1]["output"], "short");
        assert!(value["results"][0]["output"].as_str().unwrap().len() > 2500);
        assert!(size(&value) <= 4000);
    }

    #[test]
    fn the_tail_is_the_end() {
        let limits = OutputLimits {
            max_lines: Some(2),
            max_bytes: None,
            tail: true,
        };
        let mut value = object(json!({ "output": lines(10) }));
        let text = fit(&mut value, Text::Field("output"), limits, 4000, &|_| "r".into());
        assert!(
            text.starts_with("line 9\nline 10\n… (truncated: lines 9-10 of 10"),
            "{text}"
        );
    }

    #[test]
    fn limits_hold_for_output_only() {
        let limits = OutputLimits {
            max_lines: None,
            max_bytes: Some(5),
            tail: false,
        };
        let mut value = object(json!({ "output": lines(10), "router_name": "mx-lab-1" }));
        fit(&mut value, Text::Field("output"), limits, 4000, &|_| "r".into());
        assert_eq!(value["router_name"], "mx-lab-1");
        assert!(
            value["output"].as_str().unwrap().starts_with("line \n… (truncated"),
            "{value:?}"
        );
    }

    #[test]
    fn many_rows_are_cut_too() {
        let rows: Vec<Value> = (0..1000)
            .map(|i| json!({ "name": format!("router-{i}"), "ok": true }))
            .collect();
        let mut value = object(json!({ "rows": rows }));
        let text = fit(&mut value, Text::Json, OutputLimits::default(), 5000, &|_| "r".into());
        assert!(size(&value) <= 5000 && text.len() <= 5000 + MARKER);
        assert_eq!(value["truncated"]["total"], 1000);
    }
}
