//! `get_site_devices`: the devices of a site, gateways with what their template says.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    super::{answer::Gathered, shape::Shape},
    kit::{self, Shown},
    overlay::{self, Overlay},
    stats,
};
use crate::{
    error::Result,
    mist::Access,
    tools::{Context, Tool, Typed},
};

#[derive(Serialize, Deserialize, JsonSchema)]
struct Args {
    site_id: String,
    /// ap, switch, gateway, mxedge or all.
    #[serde(rename(serialize = "type"))]
    #[schemars(extend("enum" = ["ap", "switch", "gateway", "mxedge", "all"], "default" = "all"))]
    device_type: Option<String>,
    #[serde(flatten, skip_serializing)]
    shown: Shown,
}

pub(super) fn tool() -> Tool {
    kit::reads(
        "get_site_devices",
        "Devices of a site",
        "The devices of a site with their configuration, state, version and address. Gateways come with `enhanced_configuration`: their \
         template with the device's own settings over it, and `drift`: keys that the device overrides, has extra, or inherits (missing). \
         For a list give fields=name,model,type,stats.status.",
        run,
    )
    .aliases(&[("type", "device_type")])
}

async fn run(context: Context, args: Args) -> Result<Typed<Value>> {
    let access = context.mist()?;
    let mut values = kit::values(&args)?;
    values.entry("type").or_insert("all".into());
    let states_of = Map::from_iter([
        ("site_id".to_owned(), json!(args.site_id)),
        ("type".to_owned(), values.get("type").cloned().unwrap_or_default()),
        ("limit".to_owned(), 1000.into()),
    ]);
    let (done, states) = tokio::join!(access.run("listSiteDevices", &values), access.run("listSiteDevicesStats", &states_of));
    let shape = Shape::from(args.shown);
    let mut gathered = Gathered::of(&context, &access, done?, &shape).await?;
    let with_gateways = matches!(args.device_type.as_deref(), None | Some("gateway" | "all"));
    let templates = match with_gateways {
        true => templates(&access, &args.site_id, gathered.rows()).await,
        false => Templates::default(),
    };
    let states = states.map(|done| done.body().as_array().cloned().unwrap_or_default());
    if let Some(rows) = gathered.rows_mut() {
        if let Ok(states) = &states {
            add_states(rows, states);
        }
        for row in rows.iter_mut().filter(|row| kit::text(row, "type") == "gateway") {
            *row = templates.enhanced(row);
        }
    }
    let mut findings = kit::found(&gathered, |rows| {
        kit::findings([("device_count", rows.len().into()), ("device_analysis", analysis(rows))])
    });
    let unread: Vec<&str> = templates.unread.iter().map(String::as_str).collect();
    if !unread.is_empty() {
        findings.insert("templates_not_read".into(), json!(unread));
    }
    if states.is_err() {
        findings.insert("note".into(), "the devices' states could not be read: by_status is unknown".into());
    }
    Ok(gathered.answer(&context, &access, &shape, findings))
}

/// Puts what statistics know beside each device's configuration.
fn add_states(rows: &mut [Value], states: &[Value]) {
    let by_mac: BTreeMap<&str, &Value> = states.iter().map(|state| (kit::text(state, "mac"), state)).collect();
    for row in rows {
        let Some(state) = by_mac.get(kit::text(row, "mac")).copied() else {
            continue;
        };
        let picked = ["status", "version", "ip", "last_seen"];
        let picked = picked.iter().filter_map(|name| Some(((*name).to_owned(), state.get(*name)?.clone())));
        let picked = Value::Object(picked.collect());
        if let Some(fields) = row.as_object_mut() {
            fields.insert("stats".into(), picked);
        }
    }
}

fn analysis(rows: &[Value]) -> Value {
    let flat: Vec<Value> = rows
        .iter()
        .map(|row| {
            let state = row.get("stats").cloned().unwrap_or_default();
            json!({ "type": row.get("type"), "model": row.get("model"), "status": state.get("status"), "version": state.get("version") })
        })
        .collect();
    stats::devices(&flat)
}

/// The templates of a site's gateways.
#[derive(Default)]
struct Templates {
    /// By id.
    read: BTreeMap<String, Value>,
    /// The one of gateways that have no profile of their own.
    of_site: Option<String>,
    unread: BTreeSet<String>,
}

/// Reads each template once. A gateway with a device profile (a hub) takes that in place of the site's template.
async fn templates(access: &Access, site: &str, rows: &[Value]) -> Templates {
    let mut templates = Templates::default();
    let gateways: Vec<&Value> = rows.iter().filter(|row| kit::text(row, "type") == "gateway").collect();
    if gateways.is_empty() {
        return templates;
    }
    let site = access.run("getSiteInfo", &Map::from_iter([("site_id".to_owned(), json!(site))])).await;
    let Ok(site) = site else {
        templates.unread.insert("site".into());
        return templates;
    };
    let of_site = Some(kit::text(site.body(), "gatewaytemplate_id")).filter(|id| !id.is_empty());
    templates.of_site = of_site.map(str::to_owned);
    let wanted: BTreeSet<(&str, &str, &str)> = gateways
        .iter()
        .filter_map(|row| match (kit::text(row, "deviceprofile_id"), of_site) {
            ("", None) => None,
            ("", Some(id)) => Some(("getOrgGatewayTemplate", "gatewaytemplate_id", id)),
            (id, _) => Some(("getOrgDeviceProfile", "deviceprofile_id", id)),
        })
        .collect();
    let organisation = kit::text(site.body(), "org_id");
    for (operation, parameter, id) in wanted {
        let values = Map::from_iter([("org_id".to_owned(), json!(organisation)), (parameter.to_owned(), json!(id))]);
        match access.run(operation, &values).await {
            Ok(done) => templates.read.insert(id.to_owned(), done.body().clone()),
            Err(_) => {
                templates.unread.insert(id.to_owned());
                None
            }
        };
    }
    templates
}

impl Templates {
    /// A gateway with the configuration in force in place of its own, which the drift tells apart.
    fn enhanced(&self, gateway: &Value) -> Value {
        let profile = kit::text(gateway, "deviceprofile_id");
        let id = Some(profile).filter(|id| !id.is_empty()).or(self.of_site.as_deref());
        let Some((id, template)) = id.and_then(|id| Some((id, self.read.get(id)?))) else {
            return gateway.clone();
        };
        let own = match gateway.clone() {
            Value::Object(mut fields) => {
                fields.shift_remove("stats");
                Value::Object(fields)
            }
            other => other,
        };
        let mut laid = Overlay::of(template, &own);
        let mut enhanced = Map::from_iter([
            ("template_id".to_owned(), json!(id)),
            ("template_name".to_owned(), json!(kit::text(template, "name"))),
            (
                "configuration_source".to_owned(),
                json!(if profile.is_empty() { "template_enhanced" } else { "profile_enhanced" }),
            ),
            ("drift".to_owned(), laid.drift()),
        ]);
        for (name, field) in [
            ("merged_networks", "ip_configs"),
            ("merged_ports", "port_config"),
            ("merged_bgp", "bgp_config"),
            ("merged_policies", "routing_policies"),
            ("merged_services", "service_policies"),
        ] {
            if let Some(value) = laid.merged.shift_remove(field) {
                enhanced.insert(name.into(), value);
            }
        }
        enhanced.insert("merged_other".into(), laid.merged.into());
        let mut row = overlay::record(gateway);
        if let Some(state) = gateway.get("stats") {
            row.insert("stats".into(), state.clone());
        }
        row.insert("enhanced_configuration".into(), enhanced.into());
        Value::Object(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_shows_what_is_in_force_once() {
        let templates = Templates {
            read: BTreeMap::from([
                ("t1".to_owned(), json!({"id": "t1", "name": "branch", "port_config": {"ge-0/0/0": {"mtu": 1500}}, "ntp_servers": ["192.0.2.1"]})),
                ("p1".to_owned(), json!({"id": "p1", "name": "hub"})),
            ]),
            of_site: Some("t1".into()),
            unread: BTreeSet::new(),
        };
        let gateway = json!({"name": "gw-1", "type": "gateway", "mac": "5c5b35000001", "port_config": {"ge-0/0/0": {"mtu": 9000}}, "stats": {"status": "connected"}});
        let row = templates.enhanced(&gateway);
        assert_eq!(row["enhanced_configuration"]["merged_ports"]["ge-0/0/0"]["mtu"], 9000);
        assert_eq!(row["enhanced_configuration"]["merged_other"], json!({"ntp_servers": ["192.0.2.1"]}));
        assert_eq!(row["enhanced_configuration"]["drift"]["overridden"][0]["key"], "port_config.ge-0/0/0.mtu");
        assert_eq!((&row["stats"]["status"], &row["port_config"]), (&json!("connected"), &Value::Null));
        let hub = templates.enhanced(&json!({"type": "gateway", "deviceprofile_id": "p1"}));
        assert_eq!(hub["enhanced_configuration"]["configuration_source"], "profile_enhanced");
        let alone = Templates::default().enhanced(&gateway);
        assert_eq!(alone, gateway, "without a template the device's own is what there is");
    }

    #[test]
    fn states_are_those_of_the_same_device() {
        let mut rows = vec![json!({"mac": "5c5b35000001", "type": "ap"}), json!({"mac": "5c5b35000002"}), json!(null)];
        add_states(&mut rows, &[json!({"mac": "5c5b35000001", "status": "connected", "ip": "192.0.2.7", "uptime": 5})]);
        assert_eq!(rows[0]["stats"], json!({"status": "connected", "ip": "192.0.2.7"}));
        assert_eq!(rows[1].get("stats"), None);
        assert_eq!(analysis(&rows)["by_status"], json!({"unknown": 2, "connected": 1}));
    }
}
