//! Runs the steps over a command's output: in time linear to the text, on slices of it.

use super::Pipe;

/// The output after all steps. Without steps the text is handed back as it is; else every line that is left ends with a line
/// feed. `find` without a match gives `Pattern not found`, as the CLI prints it.
pub fn apply(pipes: &[Pipe], text: String) -> String {
    if pipes.is_empty() {
        return text;
    }
    // A reply begins with a line feed that the CLI does not show; counting would count it.
    let shown = text.strip_prefix('\n').unwrap_or(&text);
    run(pipes, shown.lines().collect())
}

fn run(pipes: &[Pipe], mut lines: Vec<&str>) -> String {
    let mut not_found = false;
    for (at, pipe) in pipes.iter().enumerate() {
        not_found = false;
        match pipe {
            Pipe::Match(pattern) => lines.retain(|line| pattern.is_match(line)),
            Pipe::Except(pattern) => lines.retain(|line| !pattern.is_match(line)),
            Pipe::Find(pattern) => {
                let first = lines.iter().position(|line| pattern.is_match(line));
                not_found = first.is_none();
                lines.drain(..first.unwrap_or(lines.len()));
            }
            Pipe::Last(number) => {
                lines.drain(..lines.len().saturating_sub(*number));
            }
            Pipe::Trim(columns) => lines
                .iter_mut()
                .for_each(|line| *line = without_columns(line, *columns)),
            Pipe::Count => {
                let count = format!("Count: {} lines", lines.len());
                return run(pipes.get(at + 1..).unwrap_or_default(), vec![&count]);
            }
        }
    }
    if not_found {
        "Pattern not found\n".to_owned()
    } else {
        joined(&lines)
    }
}

fn without_columns(line: &str, columns: usize) -> &str {
    let from = line.char_indices().nth(columns).map_or(line.len(), |(at, _)| at);
    line.get(from..).unwrap_or_default()
}

fn joined(lines: &[&str]) -> String {
    let mut text = String::with_capacity(lines.iter().map(|line| line.len() + 1).sum());
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    text
}
