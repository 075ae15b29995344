//! Runs an action on a device and makes an answer of what it says.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::actions::Action;
use crate::{
    error::{Code, Result},
    mist::{
        Access,
        stream::{Ended, Output, Utility},
    },
    tools::{Context, Level, Plan, mist::shape},
};

/// Lines that are told as they come; who reads more of them reads the answer.
const TOLD: usize = 1000;

/// The context of a call that may take this long, from now.
pub(in crate::tools::mist) fn lasting(context: Context, timeout: Duration) -> Context {
    Context {
        timeout,
        deadline: Instant::now() + timeout,
        ..context
    }
}

/// Runs an action within the context's time. Output comes with its lines told as progress; what came until the time was over is kept.
///
/// # Errors
/// `invalid_input` for parameters that the action does not take; what the cloud answers.
pub(in crate::tools::mist) async fn run_action(
    context: &Context,
    access: &Access,
    site: &str,
    device: &str,
    action: &Action,
    parameters: &Map<String, Value>,
) -> Result<Value> {
    let body = action.body(access.specification(), parameters)?;
    let last: Vec<&str> = action.last.iter().map(String::as_str).collect();
    let utility = Utility {
        operation: &action.operation,
        site,
        device,
        way: action.way(),
        first: action.first(),
        idle: action.idle(body.as_ref()),
        endless: action.endless,
        last: &last,
        arrival: action.arrival(body.as_ref()),
        body: body.clone(),
    };
    let said = access.utility(&utility, &teller(context)).await?;
    let mut answer = Map::from_iter([
        ("action".into(), json!(action.name)),
        ("site_id".into(), json!(site)),
        ("device_id".into(), json!(device)),
    ]);
    match said.output {
        Some(output) => tell_output(&mut answer, output),
        None => {
            answer.insert("status".into(), json!("done"));
        }
    }
    let own = shape::tidy(said.answer);
    if own.as_object().is_some_and(|own| !own.is_empty()) {
        answer.insert("answer".into(), own);
    }
    Ok(Value::Object(answer))
}

/// Tells each line as it comes.
pub(super) fn teller(context: &Context) -> impl Fn(&str) + Send + Sync + use<> {
    let (progress, log, told) = (context.progress.clone(), context.log.clone(), AtomicUsize::new(0));
    move |line: &str| {
        let number = told.fetch_add(1, Ordering::Relaxed) + 1;
        if number <= TOLD {
            progress.step(number, None, line);
            log.say(Level::Info, line);
        }
    }
}

fn tell_output(answer: &mut Map<String, Value>, output: Output) {
    answer.insert("status".into(), json!(output.ended.as_str()));
    answer.insert("timed_out".into(), json!(output.timed_out()));
    let note = match &output.ended {
        Ended::TimedOut => Some(
            "the time was over before the device was done: this is what came until then; more with a longer time-out",
        ),
        Ended::Closed => Some("the connection ended before the device was done: this is what came until then"),
        Ended::Full => Some("there was more than is kept: ask for less"),
        Ended::Idle if output.text.is_empty() => Some("the device said nothing"),
        _ => None,
    };
    if let Some(note) = note {
        answer.insert("note".into(), json!(note));
    }
    answer.insert("output".into(), json!(output.text));
}

/// What a person is shown before something is done to a device: which it is, and what comes of it.
///
/// # Errors
/// What the cloud says of the device: what is not there is not asked about.
pub(in crate::tools::mist) async fn plan(
    context: &Context,
    site: &str,
    device: &str,
    what: &str,
    about: &str,
) -> Result<Plan> {
    let access = context.mist()?;
    let values = Map::from_iter([
        ("site_id".to_owned(), json!(site)),
        ("device_id".to_owned(), json!(device)),
    ]);
    let known = match access.run("getSiteDevice", &values).await {
        Ok(done) => done.body().clone(),
        Err(error) if error.code() == Code::NotFound => return Err(error),
        // The question does not depend on it.
        Err(_) => Value::Null,
    };
    let word = |name: &str| known.get(name).and_then(Value::as_str).unwrap_or_default();
    let which = [word("name"), word("model"), word("type"), word("mac")];
    let which: Vec<&str> = which.into_iter().filter(|word| !word.is_empty()).collect();
    let words = format!(
        "{what}\non {} (device {device}, site {site})\n{about}",
        which.join(", ").escape_debug()
    );
    Ok(Plan::new(words, Value::Null))
}
