//! The tools of the Enhanced Mist server, under its names: one file each. They answer with what they find out beside the things themselves,
//! from fields that the cloud has.
//!
//! - `kit`: what they share. `stats`, `bgp`, `wlans`, `overlay`, `evpn`, `evpn_advice`, `diagnosis`: what is found out.
//! - `knowledge`: pages about EVPN fabrics, as resources and in answers.

mod bgp;
mod diagnosis;
mod evpn;
mod evpn_advice;
mod kit;
mod knowledge;
mod overlay;
mod stats;
mod wlans;

pub use self::knowledge::{PAGES as KNOWLEDGE, Page};

macro_rules! tools {
    ($($name:ident),* $(,)?) => {
        $(mod $name;)*

        /// Every tool of this folder.
        pub(super) fn all() -> Vec<crate::tools::Tool> {
            vec![$($name::tool()),*]
        }
    };
}

tools! {
    acknowledge_security_risks,
    analyze_token_security,
    count_org_nac_clients,
    debug_server_status,
    device_action,
    export_diagnostics_json,
    get_alarms,
    get_audit_logs,
    get_device_events,
    get_device_stats,
    get_enhanced_device_info,
    get_evpn_topologies_details,
    get_msp_info,
    get_msp_orgs,
    get_org_evpn_topologies,
    get_org_inventory,
    get_org_networks,
    get_org_settings,
    get_org_sites,
    get_org_templates,
    get_org_wlans,
    get_organization_stats,
    get_organizations,
    get_performance_trends,
    get_service_health_report,
    get_site_devices,
    get_site_evpn_topologies,
    get_site_info,
    get_site_insights,
    get_site_settings,
    get_site_stats,
    get_site_wlans,
    get_user_info,
    make_mist_api_call,
    search_org_bgp_stats,
    search_org_devices,
    search_org_nac_clients,
    search_org_wired_clients,
    search_org_wireless_clients,
    test_mist_connectivity,
}
