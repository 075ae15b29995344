//! `get_evpn_topologies_details`: one campus fabric, and what to know and look at in it.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    evpn, evpn_advice,
    kit::{self, Findings},
    knowledge::DRIFT,
};
use crate::{
    error::{Code, Error, Result},
    tools::{Context, Tool, Typed},
};

#[derive(Deserialize, JsonSchema)]
struct Args {
    topology_id: String,
    /// true for a fabric that belongs to one site, as the lists say.
    #[schemars(extend("type" = ["string", "boolean"]))]
    site_specific_fabric: Option<Value>,
    site_id: Option<String>,
    org_id: Option<String>,
}

pub(super) fn tool() -> Tool {
    kit::reads(
        "get_evpn_topologies_details",
        "A campus fabric",
        "One EVPN campus fabric: architecture, pods, switches and their roles, gateways, where its record contradicts itself, advice that its \
         data call for, and which switches to check with which commands. Give `org_id`, or `site_id` for a fabric of one site.",
        run,
    )
    .aliases(&[("evpn_topology_id", "topology_id")])
}

/// The operation and its values: a fabric of a site is found there only.
fn place(args: &Args) -> Result<(&'static str, Map<String, Value>)> {
    let missing = |name: &str| {
        Error::new(Code::InvalidInput, format!("`{name}` is missing"))
            .advise("fabrics of one site need `site_id`, those of the organisation `org_id`; the lists say which a fabric is")
    };
    let said = args.site_specific_fabric.as_ref().map(|said| super::bgp::word(said).to_ascii_lowercase());
    let is_of_site = match said.as_deref() {
        Some("true" | "yes" | "1") => true,
        Some("false" | "no" | "0" | "") => false,
        None => args.org_id.is_none(),
        Some(_) => return Err(Error::new(Code::InvalidInput, "`site_specific_fabric` is `true` or `false`")),
    };
    let (operation, name, id) = if is_of_site {
        ("getSiteEvpnTopology", "site_id", &args.site_id)
    } else {
        ("getOrgEvpnTopology", "org_id", &args.org_id)
    };
    let id = id.as_ref().ok_or_else(|| missing(name))?;
    let values = Map::from_iter([
        (name.to_owned(), json!(id)),
        ("evpn_topology_id".to_owned(), json!(args.topology_id)),
    ]);
    Ok((operation, values))
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let access = context.mist()?;
    let (operation, values) = place(&args)?;
    let done = access.run(operation, &values).await?;
    Ok(kit::object(&access, &record(done.body()), findings(done.body())))
}

/// The record without what the details put in order.
fn record(body: &Value) -> Value {
    let mut record = body.clone();
    if let Some(fields) = record.as_object_mut() {
        for name in ["switches", "switch_configs", "evpn_options", "pod_names"] {
            fields.shift_remove(name);
        }
    }
    record
}

fn findings(body: &Value) -> Findings {
    let contradictions = evpn::contradictions(body);
    let mut findings = kit::findings([
        ("evpn_topology_details", evpn::details(body)),
        ("conditional_technical_guidance", evpn_advice::guidance(body).into()),
        ("smart_verification_plan", evpn_advice::verification(body)),
    ]);
    if !contradictions.is_empty() {
        findings.insert("contradictions".into(), json!({ "found": contradictions, "read": DRIFT.uri }));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(arguments: Value) -> Result<&'static str> {
        place(&serde_json::from_value(arguments).unwrap()).map(|(operation, _)| operation)
    }

    #[test]
    fn a_fabric_is_looked_for_where_it_belongs() {
        let of = |more: Value| {
            let mut arguments = json!({"topology_id": "t1"});
            arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            operation(arguments)
        };
        assert_eq!(of(json!({"site_id": "s1", "org_id": "o1", "site_specific_fabric": "True"})).unwrap(), "getSiteEvpnTopology");
        assert_eq!(of(json!({"site_id": "s1", "org_id": "o1", "site_specific_fabric": "false"})).unwrap(), "getOrgEvpnTopology");
        assert_eq!(of(json!({"org_id": "o1"})).unwrap(), "getOrgEvpnTopology");
        assert_eq!(of(json!({"site_id": "s1"})).unwrap(), "getSiteEvpnTopology");
        for wrong in [json!({}), json!({"org_id": "o1", "site_specific_fabric": "true"}), json!({"org_id": "o1", "site_specific_fabric": "x"})] {
            assert!(of(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn nothing_of_the_record_comes_twice() {
        let body = json!({"id": "t1", "name": "campus", "evpn_options": {"routed_at": "edge"}, "switches": [{"mac": "5c5b35000001", "role": "access"}]});
        let record = record(&body);
        assert_eq!(record, json!({"id": "t1", "name": "campus"}));
        let found = findings(&body);
        assert!(!found.contains_key("contradictions"));
        assert_eq!(found["evpn_topology_details"]["switch_infrastructure"]["num_switches"], 1);
    }
}
