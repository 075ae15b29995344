//! The WLANs of a site: those of the organisation's templates that apply to it, and its own.

use serde_json::Value;

/// A WLAN and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// The WLAN.
    pub wlan: Value,
    /// The name of the organisation's template; none for the site's own.
    pub template: Option<String>,
}

/// The WLANs of a site, those of templates first. A template applies through the organisation, the site or a group of it; sites and groups
/// that it makes an exception of are left out.
pub fn wlans(site: &Value, templates: &[Value], of_organisation: &[Value], of_site: &[Value]) -> Vec<Applied> {
    let mut all = Vec::new();
    for template in templates.iter().filter(|template| applies(template, site)) {
        let id = template.get("id");
        let own = of_organisation
            .iter()
            .filter(|wlan| id.is_some() && wlan.get("template_id") == id);
        all.extend(own.map(|wlan| Applied {
            wlan: wlan.clone(),
            template: Some(text(template, "name").unwrap_or("(no name)").to_owned()),
        }));
    }
    all.extend(of_site.iter().map(|wlan| Applied {
        wlan: wlan.clone(),
        template: None,
    }));
    all
}

fn applies(template: &Value, site: &Value) -> bool {
    let names = |part: &str, list: &str, ids: &[&str]| {
        let list = template
            .get(part)
            .and_then(|part| part.get(list))
            .and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .any(|id| ids.contains(&id))
    };
    let site_ids: Vec<&str> = text(site, "id").into_iter().collect();
    let groups = site.get("sitegroup_ids").and_then(Value::as_array);
    let groups: Vec<&str> = groups.into_iter().flatten().filter_map(Value::as_str).collect();
    let named = |part: &str| names(part, "site_ids", &site_ids) || names(part, "sitegroup_ids", &groups);
    let organisation = template.get("applies").and_then(|applies| text(applies, "org_id"));
    let is_for_all = organisation.is_some() && organisation == text(site, "org_id");
    (is_for_all || named("applies")) && !named("exceptions")
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn templates_apply_by_organisation_site_and_group() {
        let site = json!({"id": "s-1", "org_id": "o-1", "sitegroup_ids": ["g-1", "g-2"]});
        let templates = [
            json!({"id": "t-1", "name": "all", "applies": {"org_id": "o-1"}}),
            json!({"id": "t-2", "name": "here", "applies": {"site_ids": ["s-1"]}}),
            json!({"id": "t-3", "name": "group", "applies": {"sitegroup_ids": ["g-2"]}}),
            json!({"id": "t-4", "name": "elsewhere", "applies": {"site_ids": ["s-2"], "sitegroup_ids": ["g-9"]}}),
            json!({"id": "t-5", "name": "not here", "applies": {"org_id": "o-1"}, "exceptions": {"site_ids": ["s-1"]}}),
            json!({"id": "t-6", "name": "not this group", "applies": {"org_id": "o-1"}, "exceptions": {"sitegroup_ids": ["g-1"]}}),
            json!({"id": "t-7", "name": "nowhere", "applies": null}),
        ];
        let wlan = |id: &str, template: &str| json!({"id": id, "ssid": id, "template_id": template});
        let organisation: Vec<Value> = (1..=7).map(|n| wlan(&format!("w-{n}"), &format!("t-{n}"))).collect();
        let organisation = [organisation, vec![json!({"id": "w-8", "ssid": "loose"})]].concat();
        let own = [json!({"id": "w-9", "ssid": "own"})];
        let found = wlans(&site, &templates, &organisation, &own);
        let found: Vec<(&str, Option<&str>)> = found
            .iter()
            .map(|applied| (applied.wlan["id"].as_str().unwrap(), applied.template.as_deref()))
            .collect();
        assert_eq!(
            found,
            [
                ("w-1", Some("all")),
                ("w-2", Some("here")),
                ("w-3", Some("group")),
                ("w-9", None)
            ]
        );
    }
}
