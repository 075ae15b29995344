//! The word for what a call does, in events: as the earlier Rust server has it, where it has the tool.

use crate::tools::{Arguments, Effect};

/// Tools and their words. A tool that is not here has the word of its effect.
const ACTIONS: &[(&str, &str)] = &[
    ("add_device", "add-device"),
    ("apply_config_plan", "apply"),
    ("cancel_commit", "cancel-commit"),
    ("collect_jtac_support_bundle", "collect"),
    ("commit_check_config", "commit-check"),
    ("confirm_commit", "confirm-commit"),
    ("discard_candidate", "discard"),
    ("execute_junos_command", "execute"),
    ("execute_junos_command_batch", "execute-batch"),
    ("execute_junos_pfe_command", "execute"),
    ("fetch_file", "fetch"),
    ("load_and_commit_config", "commit"),
    ("manage_appid_signature_package", "appid-package"),
    ("manage_idp_security_package", "idp-package"),
    ("plan_config_change", "plan"),
    ("reload_devices", "reload-inventory"),
    ("render_and_apply_j2_template", "apply"),
    ("save_rescue_config", "save-rescue"),
    ("transfer_file", "transfer"),
    ("upgrade_junos", "upgrade"),
];

/// What a call of this tool does.
pub(super) fn of(tool: &str, effect: Effect, arguments: &Arguments) -> &'static str {
    if tool == "rollback_config" {
        let commits = arguments.get("commit").and_then(serde_json::Value::as_bool) == Some(true);
        return if commits { "commit" } else { "preview" };
    }
    let found = ACTIONS.iter().find(|(name, _)| *name == tool);
    found.map_or(effect.as_str(), |(_, action)| action)
}
