//! `mist_utilities`: the utilities of a device by platform; without a utility it tells which there are.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    actions::{self, Action},
    run::{lasting, plan, run_action},
};
use crate::{
    error::{Code, Error, Result},
    mist::specification::Specification,
    tools::{Arguments, Context, Effect, Plan, Shelf, Tool, Typed, mist::tidy, string_argument},
};

/// Seconds that a call may take.
const LONGEST: u64 = 300;

#[derive(Deserialize, JsonSchema)]
struct Args {
    /// The device's platform: ex is a switch, srx and ssr are gateways.
    device_type: Platform,
    /// Name of the utility; leave out to list them with their parameters.
    utility: Option<String>,
    site_id: Option<String>,
    /// Id or MAC of the device.
    device_id: Option<String>,
    /// What the utility takes, e.g. {"host": "192.0.2.1"} for ping.
    #[serde(default)]
    parameters: Map<String, Value>,
    /// Default 60; what came until then is returned.
    #[schemars(range(min = 1, max = LONGEST))]
    timeout_seconds: Option<u64>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Platform {
    Ap,
    Ex,
    Srx,
    Ssr,
}

impl Platform {
    fn as_str(self) -> &'static str {
        match self {
            Platform::Ap => "ap",
            Platform::Ex => "ex",
            Platform::Srx => "srx",
            Platform::Ssr => "ssr",
        }
    }
}

pub(super) fn tool() -> Tool {
    let mut tool = Tool::new(
        "mist_utilities",
        Effect::Read,
        "Device utilities",
        "Run a utility on a device of the Mist cloud and return what the device says: ping, traceroute, ARP, MAC, BGP, OSPF, routes, \
         sessions, DHCP leases, cable test, traffic, top; also what changes something, such as bouncing a port or clearing a table. \
         Call it without `utility` first to see what a platform knows and which parameters it takes.",
        run,
    )
    .aliases(&[("timeout", "timeout_seconds"), ("params", "parameters"), ("utility_name", "utility")])
    .tidies(tidied)
    .effect_of(effect)
    .planned(|context, arguments| async move { planned(&context, &arguments).await })
    .ends_itself()
    .mist(Shelf::Category("mist"));
    // Whatever is run may do more when it is run again.
    tool.idempotent = false;
    tool
}

fn tidied(arguments: &mut Arguments) {
    tidy::tidy(arguments);
    if let Some(Value::String(platform)) = arguments.get_mut("device_type") {
        *platform = match platform.trim().to_ascii_lowercase().as_str() {
            "switch" => "ex".into(),
            other => other.into(),
        };
    }
}

fn action_of(arguments: &Arguments) -> Option<&'static Action> {
    actions::utility(
        &string_argument(arguments, "utility"),
        &string_argument(arguments, "device_type"),
    )
}

/// What there is not does nothing: `run` says so.
fn effect(arguments: &Arguments) -> Effect {
    action_of(arguments).map_or(Effect::Read, Action::effect)
}

async fn planned(context: &Context, arguments: &Arguments) -> Result<Plan> {
    let (site, device) = (
        string_argument(arguments, "site_id"),
        string_argument(arguments, "device_id"),
    );
    let Some(action) = action_of(arguments) else {
        return Err(Error::new(Code::InvalidInput, "there is no such utility"));
    };
    let empty = Map::new();
    let parameters = arguments.get("parameters").and_then(Value::as_object).unwrap_or(&empty);
    let body = action.body(context.services.mist.specification(), parameters)?;
    let body = body.map_or_else(String::new, |body| format!(" {}", crate::tools::secrets::hidden(&body)));
    plan(
        context,
        &site,
        &device,
        &format!("Run {}{body}", action.name),
        &action.about,
    )
    .await
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let platform = args.device_type.as_str();
    let specification = context.services.mist.specification();
    let Some(name) = args.utility.as_deref().map(str::trim).filter(|name| !name.is_empty()) else {
        return describe(platform, specification).map(Typed::compact);
    };
    let Some(action) = actions::utility(name, platform) else {
        return Err(unknown(name, platform));
    };
    let needed = |value: Option<String>, name: &str| {
        value.ok_or_else(|| {
            Error::new(Code::InvalidInput, format!("`{name}` is missing"))
                .advise("searchOrgDevices and listSiteDevices have both ids")
        })
    };
    let (site, device) = (needed(args.site_id, "site_id")?, needed(args.device_id, "device_id")?);
    let timeout = args
        .timeout_seconds
        .map_or_else(|| action.timeout(), Duration::from_secs);
    let context = lasting(context, timeout);
    let access = context.mist()?;
    run_action(&context, &access, &site, &device, action, &args.parameters)
        .await
        .map(Typed::compact)
}

fn on(platform: &str) -> impl Iterator<Item = &'static Action> {
    actions::all().filter(move |action| action.on.iter().any(|on| on == platform))
}

fn describe(platform: &str, specification: &Specification) -> Result<Value> {
    let utilities: Vec<Value> = on(platform)
        .map(|action| action.described(specification))
        .collect::<Result<_>>()?;
    Ok(json!({
        "device_type": platform,
        "count": utilities.len(),
        "call": "give `utility`, `site_id`, `device_id` and `parameters`; what is no read needs --enable-write-tools and a person's word",
        "utilities": utilities
    }))
}

fn unknown(name: &str, platform: &str) -> Error {
    let known: Vec<&str> = on(platform)
        .map(|action| action.utility.as_deref().unwrap_or(&action.name))
        .collect();
    let elsewhere = actions::find(name).map(|action| format!("; {} have it", action.on.join(", ")));
    let name: String = name.chars().take(60).collect();
    let message = format!(
        "there is no utility `{}` on {platform}{}",
        name.escape_debug(),
        elsewhere.unwrap_or_default()
    );
    Error::new(Code::InvalidInput, message).advise(format!("those of {platform} are: {}", known.join(", ")))
}
