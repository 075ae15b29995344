//! `get_alarms`: alarms of an organisation or site.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::kit::{self, Findings, Shown};
use crate::{
    error::{Code, Error, Result},
    tools::{Context, Tool, Typed},
};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Args {
    org_id: Option<String>,
    site_id: Option<String>,
    /// critical, major, warn or info.
    severity: Option<String>,
    #[schemars(extend("default" = "1d"))]
    duration: Option<String>,
    start: Option<String>,
    end: Option<String>,
    #[schemars(extend("default" = 100))]
    limit: Option<u64>,
    #[serde(flatten, skip_serializing)]
    shown: Shown,
}

pub(super) fn tool() -> Tool {
    kit::reads(
        "get_alarms",
        "Alarms",
        "Alarms of an organisation or of one site (give `org_id` or `site_id`); `alarm_analysis` counts by severity, type, group, site and \
         device, and those that are still open.",
        run,
    )
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let operation = match (&args.org_id, &args.site_id) {
        (Some(_), _) => "searchOrgAlarms",
        (None, Some(_)) => "searchSiteAlarms",
        (None, None) => {
            return Err(Error::new(Code::InvalidInput, "neither `org_id` nor `site_id` is given")
                .advise("give one of them; get_user_info lists those that the token reaches"));
        }
    };
    let mut values = kit::values(&args)?;
    values.entry("limit").or_insert(100.into());
    kit::time(&mut values, "1d");
    kit::list(&context, operation, &values, args.shown, analyse).await
}

fn analyse(rows: &[Value]) -> Findings {
    let is_open = |row: &Value| kit::text(row, "status") == "open" || (!kit::has(row, "status") && !kit::has(row, "resolved_time"));
    let events: f64 = rows.iter().map(|row| kit::number(row, "count").max(1.0)).sum();
    kit::findings([(
        "alarm_analysis",
        json!({
            "total": rows.len(),
            "events": events,
            "open": kit::count(rows, is_open),
            "acknowledged": kit::count(rows, |row| kit::is(row, "acked")),
            "by_severity": kit::by(rows, "severity"),
            "by_type": kit::by(rows, "type"),
            "by_group": kit::by(rows, "group"),
            "by_reason": kit::by(rows, "reason"),
            "by_org": kit::by(rows, "org_id"),
            "by_site": kit::by(rows, "site_id"),
            "by_hostnames": kit::by(rows, "hostnames"),
        }),
    )])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_counts_for_each_of_its_devices() {
        let rows = [
            json!({"severity": "critical", "type": "switch_down", "hostnames": ["sw-1", "sw-2"], "count": 3, "status": "open"}),
            json!({"severity": "warn", "hostnames": ["sw-1"], "acked": true, "status": "resolved"}),
            json!({"hostnames": "sw-3"}),
        ];
        let found = &analyse(&rows)["alarm_analysis"];
        assert_eq!(found["by_hostnames"], json!({"sw-1": 2, "sw-2": 1, "sw-3": 1}));
        assert_eq!((&found["open"], &found["acknowledged"], &found["events"]), (&json!(2), &json!(1), &json!(5.0)));
        assert_eq!(analyse(&[])["alarm_analysis"]["total"], 0);
    }
}
