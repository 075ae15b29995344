//! The direction of imports, the length of files, and the first line of each: what holds the tree together.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Lines of product code in one file, at most.
const LONGEST: usize = 500;

/// What the modules at the top of `src` may import of each other.
const ALLOWED: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    ("cli", &["junos", "server"]),
    (
        "settings",
        &[
            "cli", "error", "junos", "mist", "policy", "redact", "secret", "server", "tokens", "tools",
        ],
    ),
    (
        "commands",
        &[
            "cli", "error", "junos", "lab", "mist", "policy", "redact", "secret", "server", "settings", "time",
            "tokens", "tools",
        ],
    ),
    (
        "server",
        &[
            "error", "junos", "mist", "policy", "redact", "secret", "time", "tokens", "tools",
        ],
    ),
    (
        "tools",
        &["error", "junos", "mist", "policy", "redact", "secret", "time"],
    ),
    ("tokens", &["error", "json", "secret", "time", "tools"]),
    ("policy", &["error", "junos", "redact"]),
    ("junos", &["error", "json", "redact", "secret", "time"]),
    ("mist", &["error", "json", "redact", "secret", "time"]),
    ("lab", &["error", "junos", "mist", "secret", "time"]),
    ("error", &[]),
    ("json", &[]),
    ("redact", &[]),
    ("secret", &[]),
    ("logging", &["redact"]),
    ("time", &[]),
];

/// What the lab may use of `junos`: the wire, so that it is no judge in its own cause.
const LAB_MAY_USE: &[&str] = &["crate::junos::netconf"];

struct File {
    /// Path below `src`.
    path: String,
    text: String,
}

impl File {
    /// The module at the top of `src` that the file belongs to.
    fn module(&self) -> &str {
        self.path.split('/').next().unwrap().trim_end_matches(".rs")
    }

    fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap();
        matches!(name, "tests.rs" | "fake.rs" | "test_xml.rs") || self.path.contains("/tests/")
    }

    /// The product's lines: what is above the tests.
    fn product(&self) -> impl Iterator<Item = &str> {
        let end = if self.is_test() { Some(0) } else { None };
        let tests = self
            .text
            .lines()
            .position(|line| line.starts_with("#[cfg(test)]"))
            .filter(|at| {
                // An attribute on a single item near the top is not where the tests begin.
                self.text
                    .lines()
                    .nth(at + 1)
                    .is_some_and(|next| next.starts_with("mod tests"))
            });
        self.text.lines().take(end.or(tests).unwrap_or(usize::MAX))
    }

    /// Paths below `crate` that the product's lines name, such as `junos::netconf`.
    fn uses(&self) -> BTreeSet<String> {
        let text: String = self
            .product()
            .filter(|line| !line.trim_start().starts_with("//"))
            .fold(String::new(), |text, line| text + line + "\n");
        let mut uses = BTreeSet::new();
        for (at, _) in text.match_indices("crate::") {
            let before = text[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
                continue;
            }
            uses.extend(expand(&text[at + "crate::".len()..]));
        }
        uses
    }
}

/// `a::{b, c::d}` as `a::b` and `a::c::d`.
fn expand(text: &str) -> Vec<String> {
    let text = text.trim_start();
    if let Some(inner) = text.strip_prefix('{') {
        return branches(inner).into_iter().flat_map(expand).collect();
    }
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(text.len());
    let (head, rest) = text.split_at(end);
    match rest.strip_prefix("::") {
        Some(rest) => expand(rest).into_iter().map(|tail| format!("{head}::{tail}")).collect(),
        None => vec![head.to_owned()],
    }
}

/// The parts between commas up to the brace that closes.
fn branches(text: &str) -> Vec<&str> {
    let (mut depth, mut from, mut parts) = (0_usize, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                parts.push(&text[from..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn files() -> Vec<File> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &root, &mut files);
    assert!(files.len() > 20, "the sources are found");
    files
}

fn collect(root: &Path, directory: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(File {
                path: path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(),
                text: fs::read_to_string(&path).unwrap(),
            });
        }
    }
}

#[test]
fn imports_point_downwards() {
    let mut wrong = Vec::new();
    for file in files().iter().filter(|file| file.module() != "lib") {
        let module = file.module();
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == module) else {
            wrong.push(format!(
                "src/{}: module `{module}` has no place in this test",
                file.path
            ));
            continue;
        };
        for used in file.uses() {
            let top = used.split("::").next().unwrap();
            if top != module && !allowed.contains(&top) {
                wrong.push(format!("src/{}: `{module}` may not import `{used}`", file.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_lab_knows_only_the_wire() {
    let wrong: Vec<String> = files()
        .iter()
        .filter(|file| file.module() == "lab")
        .flat_map(|file| {
            file.uses()
                .into_iter()
                .map(|used| format!("{}: crate::{used}", file.path))
                .collect::<Vec<_>>()
        })
        .filter(|used| used.contains("crate::junos") && !LAB_MAY_USE.iter().any(|may| used.contains(may)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_server_knows_rmcp() {
    // As a path, not as a word in a log filter.
    let is_path = |line: &str| {
        line.match_indices("rmcp::")
            .any(|(at, _)| line[..at].ends_with([' ', '(', '<', '&']))
            && !line.trim_start().starts_with("//")
    };
    let uses = |file: &File| file.product().any(is_path);
    let knowing: Vec<String> = files()
        .iter()
        .filter(|file| uses(file) && file.module() != "server")
        .map(|file| file.path.clone())
        .collect();
    // The one exception: the command that hands stdin and stdout to the server.
    assert!(knowing.iter().all(|path| path == "commands/serve.rs"), "{knowing:?}");
}

#[test]
fn files_say_what_they_are_for_and_stay_short() {
    let mut wrong = Vec::new();
    for file in files() {
        if !file.is_test() && !file.text.starts_with("//!") {
            wrong.push(format!("src/{}: does not begin with `//!`", file.path));
        }
        let lines = file.product().count();
        if lines > LONGEST {
            wrong.push(format!("src/{}: {lines} lines, {LONGEST} at most", file.path));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn branches_of_an_import_are_told_apart() {
    let text = "{\n    error::{Code, Error},\n    junos::netconf::{self, xml},\n    secret,\n};";
    let wanted = [
        "error::Code",
        "error::Error",
        "junos::netconf::self",
        "junos::netconf::xml",
        "secret",
    ];
    assert_eq!(expand(text), wanted);
}
