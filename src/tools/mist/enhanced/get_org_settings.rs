//! `get_org_settings`: the settings of an organisation and what they mean for its security.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::kit::{self, Findings};
use crate::{
    error::Result,
    tools::{Context, Tool, Typed},
};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Args {
    org_id: String,
}

pub(super) fn tool() -> Tool {
    kit::reads(
        "get_org_settings",
        "Settings of an organisation",
        "The settings of an organisation, with what they say about security (password policy, second factor, access of tokens, shell \
         access, packet capture), integrations and recommendations.",
        run,
    )
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let access = context.mist()?;
    let values = kit::values(&args)?;
    // How long sessions last is in the organisation itself.
    let (setting, organisation) = tokio::join!(access.run("getOrgSettings", &values), access.run("getOrg", &values));
    let setting = setting?;
    let expiry = organisation.ok().and_then(|done| done.body().get("session_expiry").cloned());
    Ok(kit::object(&access, setting.body(), analyse(setting.body(), expiry.as_ref())))
}

/// Services of others that the settings can name.
const INTEGRATIONS: &[&str] = &["juniper", "juniper_srx", "cloudshark", "celona", "jcloud", "jcloud_ra", "pcap"];
const FEATURES: &[&str] = &["auto_upgrade", "auto_site_assignment", "auto_deviceprofile_assignment", "wan_pma", "wired_pma", "wireless_pma"];

fn analyse(body: &Value, session_expiry: Option<&Value>) -> Findings {
    let part = |name: &str| body.get(name).cloned().unwrap_or_default();
    let (password, api, security) = (part("password_policy"), part("api_policy"), part("security"));
    let minutes = session_expiry.and_then(Value::as_f64);
    let enabled: Map<String, Value> = FEATURES
        .iter()
        .filter(|name| body.get(**name).is_some())
        .map(|name| ((*name).to_owned(), kit::is(&part(name), "enabled").into()))
        .collect();
    let integrations: Vec<&str> = INTEGRATIONS.iter().copied().filter(|name| kit::has(body, name)).collect();
    let analysis = json!({
        "security_features": {
            "session_expiry_hours": minutes.map(|minutes| minutes / 60.0),
            "idle_timeout_minutes": body.get("ui_idle_timeout"),
            "password_policy_enabled": kit::is(&password, "enabled"),
            "password_min_length": password.get("min_length"),
            "mfa_enforcement": kit::is(&password, "requires_two_factor_auth"),
            "token_source_addresses_limited": kit::is(&api, "enforce_src_ips_for_tokens"),
            "secrets_hidden_from_api": kit::is(&api, "no_reveal"),
            "ssh_access_limited": kit::is(&security, "limit_ssh_access"),
            "local_ssh_disabled": kit::is(&security, "disable_local_ssh"),
            "remote_shell_disabled": kit::is(body, "disable_remote_shell"),
            "packet_capture_disabled": kit::is(body, "disable_pcap"),
            "support_may_access": kit::is(body, "allow_mist"),
            "shell_access_by_role": body.get("junos_shell_access"),
        },
        "integration_status": integrations,
        "feature_enablement": enabled,
    });
    kit::findings([
        ("settings_analysis", super::super::answer::object(&analysis)),
        ("security_recommendations", recommendations(body, &password, &api, minutes).into()),
    ])
}

fn recommendations(body: &Value, password: &Value, api: &Value, minutes: Option<f64>) -> Vec<&'static str> {
    let mut said = Vec::new();
    let mut say = |wanted: bool, words: &'static str| {
        if wanted {
            said.push(words);
        }
    };
    say(minutes.is_some_and(|minutes| minutes > 24.0 * 60.0), "sessions last longer than 24 hours: shorten `session_expiry`");
    say(!kit::is(password, "enabled"), "there is no password policy");
    say(!kit::is(password, "requires_two_factor_auth"), "a second factor is not required of local accounts");
    say(!kit::is(api, "no_reveal"), "the API shows secrets to every administrator: `api_policy.no_reveal` hides them");
    say(!kit::is(api, "enforce_src_ips_for_tokens"), "tokens work from any address: `api_policy.src_ips` can limit them");
    say(kit::is(body, "allow_mist"), "the vendor's support may access the organisation at any time");
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_judged_by_the_clouds_fields() {
        let body = json!({
            "password_policy": {"enabled": true, "requires_two_factor_auth": true, "min_length": 12},
            "api_policy": {"no_reveal": true, "enforce_src_ips_for_tokens": true}, "juniper": {"accounts": [{"name": "x"}]}, "pcap": {},
            "auto_upgrade": {"enabled": true}, "allow_mist": false
        });
        let found = Value::Object(analyse(&body, Some(&json!(2880))));
        assert_eq!(found["settings_analysis"]["security_features"]["session_expiry_hours"], 48.0);
        assert_eq!(found["settings_analysis"]["integration_status"], json!(["juniper"]));
        assert_eq!(found["settings_analysis"]["feature_enablement"], json!({"auto_upgrade": true}));
        assert_eq!(found["security_recommendations"].as_array().unwrap().len(), 1);
        assert_eq!(analyse(&json!({}), None)["security_recommendations"].as_array().unwrap().len(), 4);
    }
}
