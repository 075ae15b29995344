//! `count_org_nac_clients`: how many clients network access control knows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::kit::{self, Findings, Shown};
use crate::{
    error::Result,
    tools::{Context, Tool, Typed},
};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Args {
    org_id: String,
    /// What to count by, such as type, last_status or auth_type.
    distinct: Option<String>,
    site_id: Option<String>,
    start: Option<String>,
    end: Option<String>,
    #[schemars(extend("default" = "1d"))]
    duration: Option<String>,
}

pub(super) fn tool() -> Tool {
    kit::reads(
        "count_org_nac_clients",
        "Count NAC clients",
        "How many clients logged in through access control in a time, by type or another field: `nac_client_count` is the sum.",
        run,
    )
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let mut values = kit::values(&args)?;
    values.insert("limit".into(), 1000.into());
    kit::time(&mut values, "1d");
    kit::list(&context, "countOrgNacClients", &values, Shown::default(), analyse).await
}

/// The `total` of a count is how many groups there are, not how many clients.
fn analyse(rows: &[Value]) -> Findings {
    let sum: u64 = rows.iter().filter_map(|row| row.get("count")?.as_u64()).sum();
    kit::findings([("nac_client_count", json!(sum))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_summed() {
        assert_eq!(analyse(&[json!({"type": "wired", "count": 7}), json!({"type": "wireless", "count": 5}), json!({})])["nac_client_count"], 12);
        assert_eq!(analyse(&[])["nac_client_count"], 0);
    }
}
