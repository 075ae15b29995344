//! The tools that change devices, each with what it may do and how it is called.

use jmcp::{lab::LabDevice, tools::Catalogue};
use serde_json::{Value, json};

use super::call;
use crate::support::bench::Bench;

/// A way of calling a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Load,
    LoadConfirmed,
    Check,
    Rollback,
    RollbackConfirmed,
    RollbackShown,
    Template,
    TemplateDry,
    Plan,
    Apply,
    Confirm,
    Cancel,
    Discard,
    Rescue,
}

impl Way {
    const ALL: [Way; 14] = [
        Way::Load,
        Way::LoadConfirmed,
        Way::Check,
        Way::Rollback,
        Way::RollbackConfirmed,
        Way::RollbackShown,
        Way::Template,
        Way::TemplateDry,
        Way::Plan,
        Way::Apply,
        Way::Confirm,
        Way::Cancel,
        Way::Discard,
        Way::Rescue,
    ];

    /// Those whose tools this build has.
    pub(super) fn known() -> Vec<Way> {
        let catalogue = Catalogue::new().unwrap();
        let has = |way: &Way| catalogue.find(way.tool()).is_some();
        Self::ALL.into_iter().filter(has).collect()
    }

    pub(super) fn tool(self) -> &'static str {
        match self {
            Way::Load | Way::LoadConfirmed => "load_and_commit_config",
            Way::Check => "commit_check_config",
            Way::Rollback | Way::RollbackConfirmed | Way::RollbackShown => "rollback_config",
            Way::Template | Way::TemplateDry => "render_and_apply_j2_template",
            Way::Plan => "plan_config_change",
            Way::Apply => "apply_config_plan",
            Way::Confirm => "confirm_commit",
            Way::Cancel => "cancel_commit",
            Way::Discard => "discard_candidate",
            Way::Rescue => "save_rescue_config",
        }
    }

    /// Whether it may commit a change of its own.
    pub(super) fn commits(self) -> bool {
        !matches!(
            self,
            Way::Check | Way::RollbackShown | Way::TemplateDry | Way::Plan | Way::Discard | Way::Rescue
        )
    }

    /// Whether it may end the waiting of a confirmed commit.
    pub(super) fn ends_waiting(self) -> bool {
        matches!(self, Way::Confirm | Way::Cancel)
    }

    /// Whether a call in this database makes this request at all.
    pub(super) fn makes(self, request: &str, database: &str) -> bool {
        let edits = !matches!(self, Way::Confirm | Way::Discard | Way::Rescue);
        let locks = database == "exclusive" || self.ends_waiting();
        match request {
            "open-configuration" | "close-configuration" => {
                edits && matches!(database, "private" | "") && self != Way::Cancel
            }
            "lock-configuration" | "unlock-configuration" => locks,
            "load-configuration" => edits,
            "get-configuration" => edits || self == Way::Discard,
            "commit-configuration check" => edits && !matches!(self, Way::Cancel | Way::RollbackShown),
            _ => self.commits(),
        }
    }

    /// The databases that it can be told to edit; `""` where it takes none.
    pub(super) fn databases(self) -> &'static [&'static str] {
        match self {
            Way::Load
            | Way::LoadConfirmed
            | Way::Check
            | Way::Rollback
            | Way::RollbackConfirmed
            | Way::RollbackShown
            | Way::Plan
            | Way::Apply => &["private", "exclusive", "shared"],
            _ => &[""],
        }
    }

    /// Brings the device into the state that the tool is for, and makes the arguments of the call. `None` where the tool itself
    /// refuses at that.
    pub(super) async fn arguments(
        self,
        bench: &Bench,
        device: &LabDevice,
        database: &str,
        number: usize,
    ) -> Option<Value> {
        let name = &device.name;
        let text = format!("set interfaces ge-0/0/0 description \"case {number}\"");
        let mut arguments = match self {
            Way::Load | Way::Check => json!({"router_name": name, "config_text": text}),
            Way::LoadConfirmed => json!({"router_name": name, "config_text": text, "confirm_timeout_mins": 60}),
            Way::Rollback => json!({"router_name": name, "version": 1, "commit": true}),
            Way::RollbackConfirmed => {
                json!({"router_name": name, "version": 1, "commit": true, "confirm_timeout_mins": 60})
            }
            Way::RollbackShown => json!({"router_name": name, "version": 1}),
            Way::Template | Way::TemplateDry => json!({
                "template_content": text, "vars_content": "{}", "router_names": [name], "apply_config": true,
                "dry_run": self == Way::TemplateDry,
            }),
            Way::Plan | Way::Apply => json!({"router_names": [name], "config_text": text}),
            Way::Confirm | Way::Cancel | Way::Discard | Way::Rescue => json!({"router_name": name}),
        };
        if !database.is_empty() {
            arguments["database"] = database.into();
        }
        let carl = device.operator("carl");
        if matches!(self, Way::Rollback | Way::RollbackConfirmed | Way::RollbackShown) {
            carl.changes(&format!("set interfaces ge-0/0/1 description \"case {number}\""))
                .unwrap();
        }
        if self.ends_waiting() {
            let line = format!("set interfaces ge-0/0/1 description \"case {number}\"");
            carl.edits(&line).unwrap().commits_confirmed(60).unwrap();
        }
        carl.leaves();
        if self != Way::Apply {
            return Some(arguments);
        }
        let planned = call(bench, "plan_config_change", arguments).await;
        let plan = planned.structured.as_ref()?.get("plan_id")?.clone();
        Some(json!({ "plan_id": plan }))
    }
}
