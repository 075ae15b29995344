//! Keeps a template from taking the server's memory: steps alone do not bound what one step makes.

use std::io;

use minijinja::{
    Environment, Error, ErrorKind, State, filters,
    value::{Rest, Value, ValueOrKwargs, from_args},
};

/// Widest indent and padding in characters.
const MAX_WIDTH: i64 = 1_000;

/// Output up to a limit.
pub(super) struct Output {
    bytes: Vec<u8>,
    limit: usize,
    is_full: bool,
}

impl Output {
    /// Takes up to `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            limit,
            is_full: false,
        }
    }

    /// Whether more than that was to be written.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// What was written.
    pub(super) fn into_text(self) -> String {
        String::from_utf8(self.bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
    }
}

impl io::Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.limit {
            self.is_full = true;
            return Err(io::Error::other("the output is too large"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Adds the methods of Python's types, and bounds what pads to a width that the template chooses.
pub(super) fn install(environment: &mut Environment<'static>) {
    environment.add_filter("indent", indent);
    environment.add_filter("format", format);
    environment.set_unknown_method_callback(|state, value, method, args| {
        if method == "format" {
            check_widths(value)?;
        }
        minijinja_contrib::pycompat::unknown_method_callback(state, value, method, args)
    });
}

fn indent(args: Rest<ValueOrKwargs>) -> Result<Value, Error> {
    let args = args.into_values();
    let is_wide = |value: &Value| value.as_i64().is_some_and(|width| width > MAX_WIDTH);
    let named = args.iter().filter_map(|arg| arg.get_attr("width").ok());
    if args.iter().skip(1).any(is_wide) || named.into_iter().any(|width| is_wide(&width)) {
        return Err(too_wide());
    }
    let (value, width, first, blank, named) = from_args(&args)?;
    filters::indent(value, width, first, blank, named)
}

fn format(state: &mut State, args: Rest<ValueOrKwargs>) -> Result<Value, Error> {
    let args = args.into_values();
    let (text, values) = from_args(&args)?;
    check_widths(text)?;
    filters::format(state, text, values)
}

/// Refuses widths of more than four digits, and those that are computed (`%*d`, `{:{width}}`).
fn check_widths(text: &Value) -> Result<(), Error> {
    let text = text.as_str().unwrap_or_default();
    let (mut digits, mut open, mut in_percent) = (0, false, false);
    for c in text.chars() {
        digits = if c.is_ascii_digit() { digits + 1 } else { 0 };
        let is_nested = c == '{' && open;
        match c {
            '{' | '}' => open = c == '{',
            '%' => in_percent = true,
            '*' if in_percent => return Err(too_wide()),
            c if c.is_alphabetic() || c == ' ' => in_percent = false,
            _ => {}
        }
        if digits > 4 || is_nested {
            return Err(too_wide());
        }
    }
    Ok(())
}

fn too_wide() -> Error {
    Error::new(
        ErrorKind::InvalidOperation,
        format!("widths above {MAX_WIDTH} and computed widths are not allowed"),
    )
}
