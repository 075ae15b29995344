//! `get_org_templates`: the templates of an organisation, of one kind.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::kit::{self, Shown};
use crate::{
    error::{Code, Error, Result},
    tools::{Context, Tool, Typed},
};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Args {
    org_id: String,
    #[serde(skip_serializing)]
    #[schemars(extend("enum" = KINDS, "default" = "rf"))]
    template_type: Option<String>,
    #[serde(flatten, skip_serializing)]
    shown: Shown,
}

const KINDS: [&str; 8] = ["rf", "network", "ap", "gateway", "site", "wlan", "alarm", "device_profile"];
const OPERATIONS: [&str; 8] = [
    "listOrgRfTemplates",
    "listOrgNetworkTemplates",
    "listOrgAptemplates",
    "listOrgGatewayTemplates",
    "listOrgSiteTemplates",
    "listOrgTemplates",
    "listOrgAlarmTemplates",
    "listOrgDeviceProfiles",
];

pub(super) fn tool() -> Tool {
    kit::reads(
        "get_org_templates",
        "Templates",
        "The templates of an organisation: rf, network (switches), ap, gateway, site, wlan, alarm, or device_profile. They are long: give \
         fields=id,name,modified_time for a list of what there is.",
        run,
    )
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let operation = operation(args.template_type.as_deref().unwrap_or("rf"))?;
    let count = |rows: &[Value]| kit::findings([("template_count", rows.len().into())]);
    kit::list(&context, operation, &kit::values(&args)?, args.shown, count).await
}

fn operation(kind: &str) -> Result<&'static str> {
    let mut known = KINDS.iter().zip(OPERATIONS);
    let found = known.find(|(name, _)| **name == kind).map(|(_, operation)| operation);
    found.ok_or_else(|| {
        Error::new(Code::InvalidInput, format!("there are no templates of type `{}`", kind.escape_debug()))
            .advise(format!("`template_type` is one of {}", KINDS.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mist::specification::Specification;

    #[test]
    fn every_kind_is_an_operation() {
        for kind in KINDS {
            assert!(Specification::embedded().operation(operation(kind).unwrap()).is_some(), "{kind}");
        }
        assert!(operation("x").is_err());
    }
}
