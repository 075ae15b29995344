//! Paths with placeholders, filled with what the cloud has.

use serde_json::Value;

use super::{State, router::Scope, tables::Tables, world};

/// The path with every placeholder filled: a request to it finds something.
pub(super) fn fill(state: &State, path: &str) -> String {
    let world = &state.world;
    let scope = if path.contains("/sites/{site_id}") {
        Scope::Site {
            org: world.org("main").to_owned(),
            site: world.site("DEN").to_owned(),
        }
    } else if path.contains("/orgs/{org_id}") && !path.contains("{msp_id}") {
        Scope::Org(world.org("main").to_owned())
    } else {
        Scope::Msp(world.msp.id.clone())
    };
    let mut filled: Vec<String> = Vec::new();
    for segment in path.split('/') {
        let before = filled.join("/");
        let name = segment.split_once('{').and_then(|(_, rest)| rest.strip_suffix('}'));
        filled.push(match name {
            None => segment.to_owned(),
            Some(name) => segment.replace(&format!("{{{name}}}"), &value(state, &scope, &before, name)),
        });
    }
    filled.join("/")
}

fn value(state: &State, scope: &Scope, before: &str, name: &str) -> String {
    let world = &state.world;
    if !matches!(name, "org_id" | "site_id" | "msp_id")
        && let Some(key) = listed(state, scope, before)
    {
        return key;
    }
    let fixed = match name {
        // The MSP gives away and deletes organisations: not the one that everything is in.
        "org_id" if matches!(scope, Scope::Msp(_)) => world.org("other"),
        "org_id" => world.org("main"),
        "site_id" | "scope_id" => world.site("DEN"),
        "msp_id" => &world.msp.id,
        "device_id" => world.device("den-sw-1"),
        "device_mac" | "fpc0_mac" | "id" => device_mac(world),
        "metric" => "coverage",
        "scope" => "site",
        "band" => "5",
        "classifier" => "weak-signal",
        "site_name" => "Denver",
        "image_number" => "1",
        "image_name" => "image1",
        "zone_type" => "zones",
        "provider" => "google",
        "app_name" => "zoom",
        "action" => "enable",
        "client_mac" | "guest_mac" => return world::mac("wireless", 0),
        "rogue_bssid" => return world::mac("rogue", 0),
        _ => return world::uuid("object", 0),
    };
    fixed.to_owned()
}

fn device_mac(world: &world::World) -> &str {
    let id = world.device("den-sw-1");
    id.strip_prefix(world::DEVICE_PREFIX).unwrap_or(id)
}

/// The key of the first row that is listed at this path.
fn listed(state: &State, scope: &Scope, before: &str) -> Option<String> {
    let tail = before.splitn(6, '/').nth(5)?;
    let (name, table) = Tables::embedded().listed(tail)?;
    let mut store = state.store();
    let rows = store.rows(name).iter();
    let mut here = rows.filter(|row| scope.holds(row, table.own));
    let row = here.find(|row| row.get("type").and_then(Value::as_str) != Some("ap"))?;
    row.get(&table.key).and_then(Value::as_str).map(str::to_owned)
}
