//! `jmcp call`: one call of one tool, along the same path as a client's.

use std::{process::ExitCode, sync::Arc};

use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::{lab, print, say, serve, terminal::Terminal};
use crate::{
    cli::CallArgs,
    error::{Code, Error, Result},
    server::path::Call,
    settings::Settings,
    tools::{Arguments, Ask, Principal},
};

/// The tool that says what is risky about a token.
const RISKS: &str = "analyze_token_security";

pub(super) async fn run(mut settings: Settings, args: CallArgs) -> Result<ExitCode> {
    let arguments = arguments(&args)?;
    // The devices live as long as this value.
    let _lab = if args.lab {
        Some(lab::start(&mut settings).await?)
    } else {
        None
    };
    let path = settings.path()?;
    let (sender, mut news) = tokio::sync::mpsc::unbounded_channel();
    let cancel = CancellationToken::new();
    let stop = serve::stop_signal();
    let call = Call::new(args.tool, arguments, Arc::new(Principal::local("cli")));
    let call = path.call(Call {
        cancel: cancel.clone(),
        progress: Some(sender),
        ask: Terminal::found(args.yes).map(|terminal| Arc::new(terminal) as Arc<dyn Ask>),
        is_last: true,
        ..call
    });
    tokio::pin!(call);
    let answered = loop {
        tokio::select! {
            answered = &mut call => break answered,
            Some(news) = news.recv() => say(news.message()),
            () = stop.cancelled(), if !cancel.is_cancelled() => cancel.cancel(),
        }
    };
    path.services().junos.close().await;
    match (&answered.structured, args.structured) {
        (Some(structured), true) => print(&serde_json::to_string_pretty(structured).unwrap_or_default()),
        _ if answered.failed => say(&answered.text),
        _ => print(&answered.text),
    }
    let code = answered
        .error
        .as_ref()
        .map_or(u8::from(answered.failed), |error| error.code().exit_code());
    Ok(ExitCode::from(if answered.failed && answered.error.is_none() {
        code_in(answered.structured.as_ref())
    } else {
        code
    }))
}

/// `--security-check`: what is risky about the server's own token, as the tool for it says. 0 where nothing is.
pub(super) async fn risks(settings: &Settings) -> Result<ExitCode> {
    let path = settings.path()?;
    let call = Call::new(RISKS, Arguments::new(), Arc::new(Principal::local("cli")));
    let answered = path.call(call).await;
    if let Some(error) = &answered.error {
        say(&answered.text);
        return Ok(ExitCode::from(error.code().exit_code()));
    }
    print(&answered.text);
    let said: Value = serde_json::from_str(&answered.text).unwrap_or_default();
    let is_safe = said
        .pointer("/security_analysis_summary/is_safe")
        .and_then(Value::as_bool);
    Ok(ExitCode::from(u8::from(is_safe != Some(true))))
}

/// The exit status of a failure that is reported in the structured answer.
fn code_in(structured: Option<&Arguments>) -> u8 {
    let word = structured
        .and_then(|s| s.get("error_code"))
        .and_then(Value::as_str)
        .unwrap_or_default();
    Code::ALL
        .iter()
        .find(|code| code.as_str() == word)
        .map_or(1, |code| code.exit_code())
}

/// Arguments from `--json` and from `key=value`, whose values may be JSON.
fn arguments(args: &CallArgs) -> Result<Arguments> {
    let wrong = |message: String| Error::new(Code::InvalidInput, message);
    let mut arguments = match &args.json {
        None => Map::new(),
        Some(text) => match serde_json::from_str(text) {
            Ok(Value::Object(map)) => map,
            Ok(_) => {
                return Err(wrong(
                    "`--json` wants an object, such as '{\"router_name\": \"mx1\"}'".into(),
                ));
            }
            Err(e) => return Err(wrong(format!("`--json` is not JSON: {e}"))),
        },
    };
    for pair in &args.arguments {
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| wrong(format!("`{pair}` is not key=value")).advise("write arguments as router_name=mx1"))?;
        let structured = matches!(value.trim_start().chars().next(), Some('[' | '{'));
        let value = match serde_json::from_str::<Value>(value) {
            Ok(parsed) if structured => parsed,
            _ => Value::from(value),
        };
        arguments.insert(key.trim().to_owned(), value);
    }
    Ok(arguments)
}
