//! The CLI over SSH without NETCONF: `ssh host "show version"`, and a plain prompt that takes such lines.

use std::sync::Arc;

use super::{Answer, Format, Query, commands};
use crate::{
    junos::netconf::xml::Element,
    lab::{config::Who, device::Shared, pipe::Pipe},
};

/// The line under the name of a routing engine.
const RULE: &str = "--------------------------------------------------------------------------";

/// Runs one command line and closes the channel.
pub(in crate::lab) async fn execute(shared: Arc<Shared>, user: String, line: String, pipe: Pipe) {
    let text = answer(&shared, &who(&shared, user), &line);
    pipe.output.send(text).await;
    pipe.output.finish(0).await;
}

/// A prompt in operational mode. Lines come as they are; there is no editing and no configuration mode.
pub(in crate::lab) async fn interact(shared: Arc<Shared>, user: String, mut pipe: Pipe) {
    let who = who(&shared, user);
    let prompt = format!("{}@{}> ", who.user, shared.name);
    pipe.output
        .send(format!("--- JUNOS {} (lab)\r\n{prompt}", shared.kind.version()))
        .await;
    let mut line = String::new();
    while let Some(bytes) = pipe.input.next().await {
        for c in String::from_utf8_lossy(&bytes).chars() {
            if c != '\r' && c != '\n' {
                line.push(c);
                pipe.output.send(c.to_string()).await;
                continue;
            }
            pipe.output.send("\r\n").await;
            let command = std::mem::take(&mut line);
            match command.trim() {
                "exit" | "quit" => return pipe.output.finish(0).await,
                "" => {}
                command => {
                    let text = answer(&shared, &who, command).replace('\n', "\r\n");
                    pipe.output.send(text).await;
                }
            }
            pipe.output.send(prompt.clone()).await;
        }
    }
    pipe.output.finish(0).await;
}

fn who(shared: &Shared, user: String) -> Who {
    let (id, _) = shared.new_session(&shared.stop);
    shared.forget_session(id);
    Who {
        session: id,
        user,
        pid: id,
        terminal: "p0".to_owned(),
    }
}

/// What the CLI prints. Unlike over NETCONF, every pipe works.
fn answer(shared: &Arc<Shared>, who: &Who, line: &str) -> String {
    let pipes = commands::split_pipes(line);
    let query = Query::of_command(line, Format::Text);
    let mut text = output(shared, who, query);
    for pipe in pipes.iter().skip(1) {
        text = filter(&text, &commands::tokens(pipe));
    }
    text
}

fn output(shared: &Arc<Shared>, who: &Who, query: Query) -> String {
    let words = query.configuration_command();
    if let Some(reply) = shared.store(|store| store.command(who, &words, query.format.word())) {
        return match Element::parse(format!("<reply>{reply}</reply>")) {
            Ok(reply) if query.format == Format::Text || words.contains("display set") => all_text(&reply),
            _ => reply,
        };
    }
    match shared.operational.answer(shared, who, &query) {
        Answer::Text(text) | Answer::Xml(text) | Answer::Json(text) => text,
        Answer::Texts(texts) => texts
            .iter()
            .map(|(engine, text)| format!("{engine}:\n{RULE}\n{text}\n"))
            .collect(),
        Answer::Error(error) => match Element::parse(format!("<reply>{error}</reply>")) {
            Ok(reply) => reply
                .text_at(&["rpc-error", "error-message"])
                .map_or(error, |message| format!("\n{message}.\n")),
            Err(_) => error,
        },
    }
}

/// The text of `<output>` and `<configuration-output>`, or the messages of errors.
fn all_text(reply: &Element) -> String {
    let mut out = String::new();
    for name in ["output", "configuration-output", "error-message"] {
        for element in reply.descendants(name) {
            out.push_str(element.text().trim_start_matches('\n'));
            if !out.ends_with('\n') {
                out.push('\n');
            }
        }
    }
    out
}

fn filter(text: &str, pipe: &[String]) -> String {
    let words: Vec<&str> = pipe.iter().map(String::as_str).collect();
    let lines = || text.lines();
    let join = |lines: Vec<&str>| lines.into_iter().flat_map(|line| [line, "\n"]).collect::<String>();
    let has = |line: &str, pattern: &str| {
        regex::RegexBuilder::new(pattern)
            .case_insensitive(true)
            .build()
            .is_ok_and(|r| r.is_match(line))
    };
    match words.as_slice() {
        ["match", pattern] => join(lines().filter(|line| has(line, pattern)).collect()),
        ["except", pattern] => join(lines().filter(|line| !has(line, pattern)).collect()),
        ["find", pattern] => join(lines().skip_while(|line| !has(line, pattern)).collect()),
        ["count"] => format!("Count: {} lines\n", lines().count()),
        ["last", count] => {
            let count = count.parse().unwrap_or(10);
            join(lines().skip(lines().count().saturating_sub(count)).collect())
        }
        _ => text.to_owned(),
    }
}
