//! Jinja2 templates of configuration, and which format a text of configuration has.
//!
//! Templates render as with Python's Jinja2 under `trim_blocks` and `lstrip_blocks` and without escaping; methods of strings
//! and dictionaries (`items`, `upper`, `split` ...) work. One thing differs: a variable that is printed, iterated or passed to
//! a filter must exist. Jinja2 would print nothing for it, which on a router turns a slip of the pen into `mtu ;` or into a
//! statement about the wrong object. `{% if name %}`, `is defined` and `default(...)` work for missing variables.
//!
//! Rendering is bounded in steps and in the size of the output. It is computing: run it off the async workers.

mod format;
mod limits;

use minijinja::{AutoEscape, Environment, UndefinedBehavior, syntax::SyntaxConfig};
use serde_json::{Map, Value};

pub use self::format::detect_format;
use crate::error::{Code, Error, Result};

/// Largest template, and largest text of variables, in bytes.
pub const MAX_INPUT_BYTES: usize = 256 * 1024;

/// Largest rendered text in bytes.
pub const MAX_OUTPUT_BYTES: usize = 4 * 1024 * 1024;

/// Steps of one rendering; a line with three variables in a loop takes about twenty.
const STEPS: u64 = 2_000_000;

/// Deepest nesting of macros and blocks.
const RECURSION: usize = 50;

/// Deepest nesting of variables, most aliases, and most values after aliases are resolved.
const YAML_DEPTH: usize = 32;
const YAML_ALIASES: usize = 1_000;
const YAML_NODES: usize = 100_000;

/// Reads the variables: a mapping in YAML or JSON.
///
/// # Errors
/// `invalid_input` where the text is too large, `template_error` (`template vars parse error: ...`) else.
pub fn parse_variables(text: &str) -> Result<Map<String, Value>> {
    check_size("vars_content", text)?;
    let wrong = |why: String| Error::new(Code::TemplateError, format!("template vars parse error: {why}"));
    let parsed = match serde_json::from_str::<Value>(text) {
        Ok(value) => value,
        Err(json) => from_yaml(text).map_err(|yaml| {
            let is_json = text.trim_start().starts_with('{');
            wrong(if is_json {
                format!("JSON parse failed: {json}")
            } else {
                format!("YAML parse failed: {yaml}")
            })
        })?,
    };
    match parsed {
        Value::Object(variables) => Ok(variables),
        Value::Null => {
            Err(wrong("Variables content is empty or invalid".to_owned())
                .advise("give `{}` where the template needs none"))
        }
        _ => Err(wrong("the variables must be a mapping of names to values".to_owned())),
    }
}

fn from_yaml(text: &str) -> Result<Value, String> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: YAML_DEPTH,
            max_aliases: YAML_ALIASES,
            max_anchors: YAML_ALIASES,
            max_nodes: YAML_NODES,
            max_events: 4 * YAML_NODES,
            max_documents: 1,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: YAML_NODES, max_replay_stack_depth: YAML_DEPTH },
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let text = error.to_string();
        // Behind the first line comes an excerpt of the text, which may hold secrets.
        text.lines()
            .next()
            .unwrap_or_default()
            .trim_start_matches("error: ")
            .to_owned()
    })
}

/// Renders the template.
///
/// # Errors
/// `invalid_input` where the template is too large, `template_error` (`template syntax error: ...` or
/// `template render error: ...`, each with the line) where it is wrong, misses a variable or does not come to an end.
pub fn render(template: &str, variables: &Map<String, Value>) -> Result<String> {
    check_size("template_content", template)?;
    let environment = environment()?;
    let context = minijinja::value::Serde(variables);
    let parsed = environment
        .template_from_str(template)
        .map_err(|e| described("template syntax error", &e, None))?;
    let mut output = limits::Output::new(MAX_OUTPUT_BYTES);
    let rendered = parsed.render_captured_to(context, &mut output).map(|_| ());
    if output.is_full() {
        let message = format!("template render error: the output has more than {MAX_OUTPUT_BYTES} bytes");
        return Err(Error::new(Code::TemplateError, message));
    }
    rendered.map_err(|e| {
        let place = e
            .range()
            .and_then(|range| template.get(range))
            .map(str::trim)
            .filter(|text| text.len() <= 100);
        described("template render error", &e, place)
    })?;
    Ok(output.into_text())
}

fn environment() -> Result<Environment<'static>> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.map_err(|e| described("template syntax error", &e, None))?);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_fuel(Some(STEPS));
    environment.set_recursion_limit(RECURSION);
    // For the place of an error; what debugging prints beyond it, the variables, is never shown.
    environment.set_debug(true);
    limits::install(&mut environment);
    Ok(environment)
}

fn check_size(field: &str, text: &str) -> Result<()> {
    if text.len() > MAX_INPUT_BYTES {
        let message = format!("{field} exceeds maximum length of {MAX_INPUT_BYTES} bytes");
        return Err(Error::new(Code::InvalidInput, message));
    }
    Ok(())
}

fn described(what: &str, error: &minijinja::Error, place: Option<&str>) -> Error {
    use minijinja::ErrorKind;
    let line = error.line().map(|line| format!(" (line {line})")).unwrap_or_default();
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    let place = place
        .map(|place| format!(" at `{}`", place.escape_debug()))
        .unwrap_or_default();
    let described = Error::new(
        Code::TemplateError,
        format!("{what}: {}{detail}{place}{line}", error.kind()),
    );
    match error.kind() {
        ErrorKind::UndefinedError => described
            .advise("define the variable, or write `{{ name | default(\"...\") }}` or `{% if name is defined %}`"),
        ErrorKind::OutOfFuel => described.advise("the template loops too often: render it in parts"),
        _ => described,
    }
}

#[cfg(test)]
mod tests;
