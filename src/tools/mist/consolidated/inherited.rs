//! What objects inherit: reads what has to be put together, and has it put together.

use serde_json::{Map, Value, json};

use super::{objects::Place, rows};
use crate::{
    error::{Code, Error, Result},
    mist::{Access, computed},
    tools::Context,
};

/// A site with its setting: with `computed` as it is in force, templates included.
pub(super) async fn site(access: &Access, site: Value, is_computed: bool) -> Result<Value> {
    let operation = if is_computed {
        "getSiteSettingDerived"
    } else {
        "getSiteSetting"
    };
    let id = text(&site, "id")?;
    let setting = read(access, operation, &[("site_id", id)]).await?;
    let mut site = site;
    if let Value::Object(fields) = &mut site {
        fields.insert("setting".into(), setting);
    }
    Ok(site)
}

/// A device as it is really configured; what it was put together from is noted.
pub(super) async fn device(access: &Access, device: Value, notes: &mut Map<String, Value>) -> Result<Value> {
    match device.get("type").and_then(Value::as_str) {
        Some("switch") => switch(access, device, notes).await,
        Some("gateway") => gateway(access, device, notes).await,
        _ => {
            let note = "an access point takes most of its configuration from WLANs and radio templates: this is what is stored at the device";
            notes.insert("note".into(), note.into());
            Ok(device)
        }
    }
}

async fn switch(access: &Access, device: Value, notes: &mut Map<String, Value>) -> Result<Value> {
    let site_id = text(&device, "site_id")?;
    let derived = read(access, "getSiteSettingDerived", &[("site_id", site_id)]).await?;
    let computed = computed::switch(&derived, &device);
    let rule = computed.rule.map_or(Value::Null, Value::from);
    notes.insert(
        "computed_from".into(),
        json!({ "setting": "derived setting of the site", "rule": rule }),
    );
    Ok(computed.config)
}

/// A hub has a profile, a spoke the template of its site.
async fn gateway(access: &Access, device: Value, notes: &mut Map<String, Value>) -> Result<Value> {
    let (org_id, site_id) = (text(&device, "org_id")?, text(&device, "site_id")?);
    let named = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let template = if let Some(profile) = named(&device, "deviceprofile_id") {
        let values = [("org_id", org_id), ("deviceprofile_id", profile.as_str())];
        Some(("deviceprofile", read(access, "getOrgDeviceProfile", &values).await?))
    } else {
        let site = read(access, "getSiteInfo", &[("site_id", site_id)]).await?;
        match named(&site, "gatewaytemplate_id") {
            Some(template) => {
                let values = [("org_id", org_id), ("gatewaytemplate_id", template.as_str())];
                Some(("gatewaytemplate", read(access, "getOrgGatewayTemplate", &values).await?))
            }
            None => None,
        }
    };
    let from = template.as_ref().map_or_else(
        || json!("the device alone: neither it has a profile nor its site a gateway template"),
        |(what, template)| json!({ *what: { "id": template.get("id"), "name": template.get("name") } }),
    );
    notes.insert("computed_from".into(), from);
    let template = template.map_or(Value::Null, |(_, template)| template);
    Ok(computed::gateway(&template, &device))
}

/// The WLANs of a site, each with where it comes from.
pub(super) async fn wlans(context: &Context, access: &Access, place: &Place) -> Result<rows::All> {
    let site_id = place.site.as_deref().unwrap_or_default();
    let site = read(access, "getSiteInfo", &[("site_id", site_id)]).await?;
    let org_id = text(&site, "org_id")?;
    let of_organisation = values(&[("org_id", org_id)]);
    let (templates, organisation, own) = futures::try_join!(
        rows::all(context, access, "listOrgTemplates", of_organisation.clone()),
        rows::all(context, access, "listOrgWlans", of_organisation),
        rows::all(context, access, "listSiteWlans", values(&[("site_id", site_id)])),
    )?;
    let applied = computed::wlans(&site, &templates.rows, &organisation.rows, &own.rows);
    let row = |applied: computed::Applied| {
        let from = applied
            .template
            .map_or_else(|| "site".to_owned(), |template| format!("template {template}"));
        let mut row = Map::from_iter([("from".to_owned(), Value::from(from))]);
        row.extend(applied.wlan.as_object().cloned().unwrap_or_default());
        Value::Object(row)
    };
    Ok(rows::All {
        rows: applied.into_iter().map(row).collect(),
        has_more: templates.has_more || organisation.has_more || own.has_more,
    })
}

async fn read(access: &Access, operation: &str, parameters: &[(&str, &str)]) -> Result<Value> {
    Ok(access.run(operation, &values(parameters)).await?.body().clone())
}

fn values(parameters: &[(&str, &str)]) -> Map<String, Value> {
    parameters
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect()
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str> {
    value.get(name).and_then(Value::as_str).ok_or_else(|| {
        Error::new(
            Code::Protocol,
            format!("the cloud did not say the `{name}` of what was read"),
        )
    })
}
