//! The names that scopes may hold.

use std::collections::BTreeSet;

use crate::tools::{Catalogue, Categories, Shelf, Tool};

/// Tools of the earlier servers. A token file that names one which is not in this version stays usable: the name allows nothing.
const EARLIER_TOOLS: &[&str] = &[
    "check_srx_feature_license",
    "collect_jtac_support_bundle",
    "commit_check_config",
    "discard_candidate",
    "fetch_file",
    "get_chassis_cluster_status",
    "get_srx_security_services_status",
    "list_staged_files",
    "manage_appid_signature_package",
    "manage_idp_security_package",
    "rollback_config",
    "srxmcp_status",
    "transfer_file",
    "upgrade_junos",
    "validate_chassis_cluster_health",
    "vpn_lifecycle_report",
];

/// Names of tools, toolsets and devices. Without devices nothing is said about those.
#[derive(Debug, Clone, Default)]
pub struct Known {
    tools: BTreeSet<String>,
    /// Tools that can be called and are too many to be named.
    further: BTreeSet<String>,
    toolsets: BTreeSet<String>,
    devices: Option<BTreeSet<String>>,
}

/// What is known of a tool's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ToolName {
    /// In the catalogue.
    Here,
    /// A tool of an earlier server that this version does not have.
    Earlier,
    /// Nobody knows it.
    Unknown,
}

impl Known {
    /// The names of the tools of this build.
    pub fn of(catalogue: &Catalogue) -> Self {
        let (few, many): (Vec<&Tool>, Vec<&Tool>) = catalogue
            .iter()
            .partition(|tool| matches!(tool.shelf, Shelf::Always | Shelf::Essential));
        let names = many
            .iter()
            .map(|tool| tool.name)
            .chain(catalogue.iter().flat_map(|tool| tool.also.iter().copied()));
        let categories = Categories::all().map(|(name, _)| name);
        Self {
            tools: few.iter().map(|tool| tool.name.to_owned()).collect(),
            further: names.chain(catalogue.index().names()).map(str::to_owned).collect(),
            toolsets: catalogue
                .iter()
                .map(|tool| tool.toolset)
                .chain(categories)
                .map(str::to_owned)
                .collect(),
            devices: None,
        }
    }

    /// With the names of the inventory's devices.
    #[must_use]
    pub fn with_devices(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.devices = Some(names.into_iter().map(Into::into).collect());
        self
    }

    pub(super) fn tool(&self, name: &str) -> ToolName {
        if self.tools.contains(name) || self.further.contains(name) {
            ToolName::Here
        } else if EARLIER_TOOLS.contains(&name) {
            ToolName::Earlier
        } else {
            ToolName::Unknown
        }
    }

    pub(super) fn tools(&self) -> &BTreeSet<String> {
        &self.tools
    }

    pub(super) fn toolsets(&self) -> &BTreeSet<String> {
        &self.toolsets
    }

    pub(super) fn devices(&self) -> Option<&BTreeSet<String>> {
        self.devices.as_ref()
    }
}
