//! `get_audit_logs`: who changed what.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::kit::{self, Shown};
use crate::{
    error::{Code, Error, Result},
    mist::Access,
    tools::{Context, Tool, Typed},
};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Args {
    org_id: Option<String>,
    /// Only what concerns this site.
    site_id: Option<String>,
    #[schemars(extend("default" = 100))]
    limit: Option<u64>,
    /// How far back, such as 1h, 1d, 1w.
    #[schemars(extend("default" = "1d"))]
    duration: Option<String>,
    start: Option<String>,
    end: Option<String>,
    /// Part of the message.
    message: Option<String>,
    admin_name: Option<String>,
    #[serde(flatten, skip_serializing)]
    shown: Shown,
}

pub(super) fn tool() -> Tool {
    kit::reads(
        "get_audit_logs",
        "Audit log",
        "Who changed what and when, in an organisation or only at one site (give `org_id`, `site_id` or both); `by_admin` counts. \
         Look here first when something changed its behaviour.",
        run,
    )
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let access = context.mist()?;
    let mut values = kit::values(&args)?;
    values.entry("limit").or_insert(100.into());
    kit::time(&mut values, "1d");
    if let (None, Some(site)) = (&args.org_id, &args.site_id) {
        values.insert("org_id".into(), organisation(&access, site).await?);
    }
    if !values.contains_key("org_id") {
        return Err(Error::new(Code::InvalidInput, "neither `org_id` nor `site_id` is given")
            .advise("give one of them; get_user_info lists those that the token reaches"));
    }
    kit::list(&context, "listOrgAuditLogs", &values, args.shown, |rows| {
        kit::findings([("log_count", rows.len().into()), ("by_admin", kit::by(rows, "admin_name"))])
    })
    .await
}

/// The organisation of a site: logs are kept there.
async fn organisation(access: &Access, site: &str) -> Result<Value> {
    let values = Map::from_iter([("site_id".to_owned(), site.into())]);
    let done = access.run("getSiteInfo", &values).await?;
    done.body()
        .get("org_id")
        .cloned()
        .ok_or_else(|| Error::new(Code::Protocol, "the cloud does not say which organisation the site belongs to"))
}
