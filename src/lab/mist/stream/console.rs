//! What the devices say, from templates.

use std::{collections::BTreeMap, sync::LazyLock};

use minijinja::{Environment, context, value::Serde};
use serde::Deserialize;
use serde_json::Value;

use super::{
    super::world::{Device, World},
    Session,
};

#[derive(Deserialize, Default)]
struct Words {
    commands: BTreeMap<String, String>,
    utilities: BTreeMap<String, String>,
    screens: BTreeMap<String, String>,
}

static WORDS: LazyLock<Words> =
    LazyLock::new(|| toml::from_str(include_str!("../data/console.toml")).unwrap_or_default());

fn device<'a>(world: &'a World, id: &str) -> Option<&'a Device> {
    world.devices.iter().find(|device| device.id == id)
}

fn rendered(template: &str, device: Option<&Device>, body: &Value, action: &str, n: usize) -> String {
    let mut environment = Environment::new();
    minijinja_contrib::add_to_environment(&mut environment);
    let context = context! { device => Serde(device), body => Serde(body), action, n };
    let text = environment.render_str(template, context);
    text.unwrap_or_else(|e| format!("the lab's template is broken: {e:#}\n"))
        .trim_start_matches('\n')
        .to_owned()
}

/// What a utility says.
pub(super) fn utility(world: &World, session: &Session) -> String {
    let name = match session.action.as_str() {
        "show_bgp_rummary" => "show_bgp_summary",
        "service_ping" => "ping",
        name => name,
    };
    let template = WORDS.utilities.get(name).or_else(|| WORDS.utilities.get("other"));
    let device = device(world, &session.device);
    rendered(template.map_or("", String::as_str), device, &session.body, name, 0)
}

/// A picture of what draws on a screen; the first is the zeroth.
pub(super) fn screen(world: &World, session: &Session, n: usize) -> Option<String> {
    let template = WORDS.screens.get(&session.action)?;
    Some(rendered(
        template,
        device(world, &session.device),
        &session.body,
        &session.action,
        n,
    ))
}

/// What a command prints; none for commands that the device does not know.
pub(super) fn command(world: &World, session: &Session, command: &str) -> Option<String> {
    let mut parts = command.split('|').map(str::trim);
    let words: Vec<&str> = parts.next()?.split_whitespace().collect();
    let template = WORDS.commands.get(&words.join(" "))?;
    let text = rendered(template, device(world, &session.device), &Value::Null, "", 0);
    let mut lines: Vec<&str> = text.lines().collect();
    for pipe in parts {
        let (word, argument) = pipe.split_once(' ').unwrap_or((pipe, ""));
        let argument = argument.trim().trim_matches('"');
        match word {
            "match" => lines.retain(|line| line.contains(argument)),
            "except" => lines.retain(|line| !line.contains(argument)),
            "last" => {
                let keep = argument.parse().unwrap_or(1);
                lines.drain(..lines.len().saturating_sub(keep));
            }
            "no-more" | "trim" | "hold" => {}
            _ => return None,
        }
    }
    Some(lines.iter().fold(String::new(), |text, line| text + line + "\n"))
}

/// What a device's prompt is, and the line before it.
pub(super) fn prompt(world: &World, session: &Session) -> (&'static str, String) {
    let device = device(world, &session.device);
    let name = device.map_or("device", |device| device.name.as_str());
    match device.map(Device::kind) {
        Some("switch") => ("{master:0}\r\n", format!("mist@{name}> ")),
        Some("gateway") => ("{primary:node0}\r\n", format!("mist@{name}> ")),
        _ => ("", format!("root@{name}:~ # ")),
    }
}
