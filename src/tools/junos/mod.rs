//! The tools for Junos devices: one file each, named after the tool.

mod common;

macro_rules! tools {
    ($($name:ident),* $(,)?) => {
        $(mod $name;)*

        /// Every tool of this folder.
        pub(super) fn all() -> Vec<super::Tool> {
            vec![$($name::tool()),*]
        }
    };
}

tools! {
    add_device,
    apply_config_plan,
    cancel_commit,
    commit_check_config,
    compare_configs,
    confirm_commit,
    discard_candidate,
    execute_junos_command,
    execute_junos_command_batch,
    execute_junos_pfe_command,
    gather_device_facts,
    get_commit_status,
    get_junos_config,
    get_rollback_list,
    get_router_list,
    junos_config_diff,
    load_and_commit_config,
    plan_config_change,
    reload_devices,
    render_and_apply_j2_template,
    rollback_config,
    save_rescue_config,
}
