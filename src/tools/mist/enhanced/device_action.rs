//! `device_action`: one of a closed list of actions on a device of the Mist cloud.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    super::{
        tidy,
        utilities::{
            actions::{self, Action},
            run::{lasting, plan, run_action},
        },
    },
    kit,
};
use crate::{
    error::{Code, Error, Result},
    tools::{Arguments, Context, Effect, Plan, Tool, Typed, string_argument},
};

/// Seconds that a call may take.
const LONGEST: u64 = 300;

#[derive(Deserialize, JsonSchema)]
struct Args {
    site_id: String,
    /// Id or MAC of the device.
    device_id: String,
    /// Such as restart, locate, ping, bounce_port.
    action: String,
    /// What the action takes, such as {"ports": ["ge-0/0/1"]}.
    action_params: Option<Map<String, Value>>,
    /// Seconds; what came until then is returned.
    #[schemars(range(min = 1, max = LONGEST))]
    timeout: Option<u64>,
}

pub(super) fn tool() -> Tool {
    let mut tool = Tool::new(
        "device_action",
        Effect::Read,
        "Action on a device",
        "Do something to a device of the Mist cloud, or have it look at something: restart, locate, upgrade, bounce_port, ping, traceroute, \
         clear_macs and others of one closed list; a wrong `action` is answered with all of them. What changes something needs the \
         operator's leave and a person's word.",
        run,
    )
    .mist(kit::SHELF)
    .tidies(tidy::tidy)
    .aliases(&[("parameters", "action_params"), ("params", "action_params")])
    .effect_of(|arguments| actions::find(&string_argument(arguments, "action")).map_or(Effect::Read, Action::effect))
    .planned(|context, arguments| async move { planned(&context, &arguments).await })
    .ends_itself();
    tool.idempotent = false;
    tool
}

async fn planned(context: &Context, arguments: &Arguments) -> Result<Plan> {
    let action = named(&string_argument(arguments, "action"))?;
    let empty = Map::new();
    let parameters = arguments.get("action_params").and_then(Value::as_object).unwrap_or(&empty);
    let body = action.body(context.services.mist.specification(), parameters)?;
    let body = body.map_or_else(String::new, |body| format!(" {}", crate::tools::secrets::hidden(&body)));
    let (site, device) = (string_argument(arguments, "site_id"), string_argument(arguments, "device_id"));
    plan(context, &site, &device, &format!("Run {}{body}", action.name), &action.about).await
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let action = named(&args.action)?;
    let timeout = args.timeout.map_or_else(|| action.timeout(), |seconds| Duration::from_secs(seconds.min(LONGEST)));
    let context = lasting(context, timeout);
    let access = context.mist()?;
    let parameters = args.action_params.unwrap_or_default();
    let answer = run_action(&context, &access, &args.site_id, &args.device_id, action, &parameters).await?;
    Ok(Typed::compact(answer))
}

fn named(name: &str) -> Result<&'static Action> {
    actions::find(name).ok_or_else(|| {
        let shown: String = name.chars().take(60).collect();
        let known: Vec<&str> = actions::all().map(|action| action.name.as_str()).collect();
        Error::new(Code::InvalidInput, format!("there is no action `{}`", shown.escape_debug()))
            .advise(format!("the actions are {}", known.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_actions_of_the_list_are_there() {
        for hostile in ["../../../orgs/o1", "restart/../x", "", "shell", "request_ztp_password", "restart?x"] {
            assert!(named(hostile).is_err(), "{hostile}");
        }
        let effect = |action: &str| tool().effect_of_call(json!({"action": action}).as_object().unwrap());
        assert_eq!(effect("restart"), Effect::Destroy);
        assert_eq!(effect("Restart"), Effect::Destroy, "in the spelling in which it would run");
        assert_eq!(effect("ping"), Effect::Read);
        assert!(effect("bounce_port") >= Effect::Write);
    }
}
