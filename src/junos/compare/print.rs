//! Differences as text: as `show | compare` shows them, and as commands of configuration mode.

use super::{
    difference::{Change, Neighbour, What},
    text::Statement,
};

/// As `show | compare` shows them.
pub(super) fn hunks(changes: &[Change]) -> String {
    let mut out = String::new();
    let mut place = None;
    for change in changes {
        if place != Some(&change.place) {
            place = Some(&change.place);
            let way = line(&change.place);
            let way = if way.is_empty() { way } else { format!(" {way}") };
            out.push_str(&format!("[edit{way}]\n"));
        }
        match &change.what {
            What::Gone(statement) => whole(&mut out, '-', 0, statement),
            What::New(statement) => whole(&mut out, '+', 0, statement),
            What::Activity(statement) => {
                let mark = if statement.inactive { "inactive: " } else { "active: " };
                out.push_str(&format!("!   {mark}{}\n", brief(statement)));
            }
            What::Protection(statement) => {
                let mark = if statement.protected {
                    "protect: "
                } else {
                    "unprotect: "
                };
                out.push_str(&format!("!   {mark}{}\n", brief(statement)));
            }
            What::Moved(statement, Neighbour::Before(_)) => out.push_str(&format!("!   {}\n", brief(statement))),
            What::Moved(statement, Neighbour::After(before)) => {
                let before = Statement {
                    words: before.clone(),
                    ..statement.clone()
                };
                out.push_str(&format!("    {}\n!   {}\n", brief(&before), brief(statement)));
            }
        }
    }
    out
}

fn brief(statement: &Statement) -> String {
    let words = line(&statement.words);
    if statement.holds {
        format!("{words} {{ ... }}")
    } else {
        format!("{words};")
    }
}

fn whole(out: &mut String, sign: char, depth: usize, statement: &Statement) {
    let indent = " ".repeat(3 + 4 * depth);
    let marks = match (statement.protected, statement.inactive) {
        (true, true) => "protect: inactive: ",
        (true, false) => "protect: ",
        (false, true) => "inactive: ",
        (false, false) => "",
    };
    let words = line(&statement.words);
    if !statement.holds {
        out.push_str(&format!("{sign}{indent}{marks}{words};\n"));
        return;
    }
    out.push_str(&format!("{sign}{indent}{marks}{words} {{\n"));
    for child in &statement.children {
        whole(out, sign, depth + 1, child);
    }
    out.push_str(&format!("{sign}{indent}}}\n"));
}

/// As commands of configuration mode, given at the top, in this order.
pub(super) fn commands(changes: &[Change]) -> String {
    let mut out = String::new();
    for Change { place, what } in changes {
        match what {
            What::Gone(statement) => command(&mut out, "delete", place, statement),
            What::New(statement) => set(&mut out, place, statement),
            What::Activity(statement) => {
                let verb = if statement.inactive { "deactivate" } else { "activate" };
                command(&mut out, verb, place, statement);
            }
            What::Protection(statement) => {
                let verb = if statement.protected { "protect" } else { "unprotect" };
                command(&mut out, verb, place, statement);
            }
            What::Moved(statement, neighbour) => {
                let (word, other) = match neighbour {
                    Neighbour::Before(other) => ("before", other),
                    Neighbour::After(other) => ("after", other),
                };
                // A value is named alone; an entry with its keyword.
                let other = if statement.holds || statement.words.len() < 2 || !statement.listed {
                    other.as_slice()
                } else {
                    other.last().map(std::slice::from_ref).unwrap_or_default()
                };
                let way = line(place.iter().chain(&statement.words));
                out.push_str(&format!("insert {way} {word} {}\n", line(other)));
            }
        }
    }
    out
}

fn command(out: &mut String, verb: &str, place: &[String], statement: &Statement) {
    out.push_str(&format!("{verb} {}\n", line(place.iter().chain(&statement.words))));
}

/// What makes a statement with all that it holds.
fn set(out: &mut String, place: &[String], statement: &Statement) {
    let way: Vec<String> = place.iter().chain(&statement.words).cloned().collect();
    if statement.children.is_empty() {
        out.push_str(&format!("set {}\n", line(&way)));
    }
    for child in &statement.children {
        set(out, &way, child);
    }
    for (applies, verb) in [(statement.inactive, "deactivate"), (statement.protected, "protect")] {
        if applies {
            out.push_str(&format!("{verb} {}\n", line(&way)));
        }
    }
}

/// Words as one types them.
fn line<'w>(words: impl IntoIterator<Item = &'w String>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| typed(word)).collect();
    words.join(" ")
}

fn typed(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_./:+@%,~^-*<>=$!'".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("\"{word}\"")
    }
}
