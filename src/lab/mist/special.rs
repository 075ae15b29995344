//! Operations that are no collections.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    State,
    answer::{Answer, Answered},
    call::Call,
    documented::Asked,
    pages,
    router::Scope,
    sle,
    tables::Tables,
    write,
};

/// `/self` and what is below it; none for what has no special answer.
pub(super) fn own(state: &State, call: &Call, tail: &[&str]) -> Option<Answered> {
    match tail {
        [] => Some(Ok(Answer::json(call.caller.describe(&state.world)))),
        ["usage"] => Some(Ok(Answer::json(state.access.usage(call.caller, call.now)))),
        _ => None,
    }
}

/// The answer of an operation below an organisation, a site or an MSP that is no collection; none for the others.
pub(super) fn answer(asked: &Asked, tail: &[&str]) -> Option<Answered> {
    let Asked { state, call, scope, .. } = *asked;
    let read = call.is("GET");
    match (scope, tail) {
        (Scope::Org(_), ["devices"]) if read => Some(names(state, scope)),
        (Scope::Org(_), ["devices", "summary"]) if read => Some(summary(asked)),
        (Scope::Org(_), ["inventory"]) if call.is("PUT") => Some(assign(asked)),
        (_, ["alarms", rest @ ..]) if call.is("POST") => acknowledge(asked, rest),
        (Scope::Org(_) | Scope::Site { .. }, ["setting"]) => setting(state, call, scope),
        (Scope::Site { .. }, ["setting", "derived"]) if read => Some(derived_setting(state, scope)),
        (Scope::Site { .. }, ["sle", kind, id, rest @ ..]) if read => sle::answer(asked, kind, id, rest),
        (Scope::Site { site, .. }, ["insights"]) => Some(sle::insights(
            asked,
            site,
            call.parameter("metrics").unwrap_or("num_clients"),
        )),
        (Scope::Site { .. }, ["insights", "client" | "device", mac]) => Some(sle::insights(
            asked,
            mac,
            call.parameter("metrics").unwrap_or("num_clients"),
        )),
        (Scope::Site { .. }, ["insights", "client" | "device", mac, metric]) => Some(sle::insights(asked, mac, metric)),
        (Scope::Site { site, .. }, ["insights", metric]) if !matches!(*metric, "rogues" | "fingerprints") => {
            Some(sle::insights(asked, site, metric))
        }
        (Scope::Org(org), ["insights", "sites-sle"]) => Some(sle::of_sites(asked, org)),
        (Scope::Org(_), ["stats"]) if read => Some(org_stats(asked)),
        (Scope::Site { site, .. }, ["stats"]) if read => site_stats(state, site),
        (Scope::Site { org, .. }, [name, "derived"]) if read => derived(asked, org, name),
        _ => None,
    }
}

/// The devices of an organisation by MAC address and name.
fn names(state: &State, scope: &Scope) -> Answered {
    let mut store = state.store();
    let results: Vec<Value> = store
        .rows("inventory")
        .iter()
        .filter(|row| scope.holds(row, false))
        .map(|row| json!({"mac": row.get("mac"), "name": row.get("name")}))
        .collect();
    Ok(Answer::json(json!({"results": results})))
}

/// How many devices of each kind an organisation has.
fn summary(asked: &Asked) -> Answered {
    let mut store = asked.state.store();
    let rows = store
        .rows("inventory")
        .iter()
        .filter(|row| asked.scope.holds(row, false));
    let mut body = json!({"num_mxedges": 1});
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows {
        let kind = match row.get("type").and_then(Value::as_str) {
            Some("ap") => "aps",
            Some("switch") => "switches",
            _ => "gateways",
        };
        *counts.entry(format!("num_{kind}")).or_default() += 1;
        let waits = usize::from(row.get("site_id").is_none());
        *counts.entry(format!("num_unassigned_{kind}")).or_default() += waits;
    }
    for (name, count) in counts {
        pages::set(&mut body, &name, json!(count));
    }
    Ok(Answer::json(body))
}

/// Assigns devices to a site, takes them from theirs, or out of the inventory.
fn assign(asked: &Asked) -> Answered {
    let fields = write::object(asked.call)?;
    let op = fields.get("op").and_then(Value::as_str).unwrap_or("assign");
    let words = |name: &str| -> Vec<&str> {
        let list = fields.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    };
    let (macs, serials) = (words("macs"), words("serials"));
    let mut store = asked.state.store();
    let (mut success, mut error, mut reason) = (Vec::new(), Vec::new(), Vec::new());
    for mac in macs {
        let is_it =
            |row: &&mut Value| row.get("mac").and_then(Value::as_str) == Some(mac) && asked.scope.holds(row, false);
        let Some(Value::Object(row)) = store.rows_mut("inventory").iter_mut().find(is_it) else {
            error.push(mac);
            reason.push("unknown device");
            continue;
        };
        success.push(mac);
        match (op, fields.get("site_id")) {
            ("assign", Some(site)) => {
                row.insert("site_id".to_owned(), site.clone());
            }
            ("unassign", _) => {
                row.remove("site_id");
            }
            ("delete", _) => store
                .rows_mut("inventory")
                .retain(|row| row.get("mac") != Some(&json!(mac))),
            _ => {}
        }
    }
    success.extend(serials);
    write::audit(
        &mut store,
        asked.call,
        asked.scope,
        &format!("Inventory {op} of {} devices", success.len()),
    );
    Ok(Answer::json(
        json!({"op": op, "success": success, "error": error, "reason": reason}),
    ))
}

/// Acknowledges alarms, or takes that back: one, some or all.
fn acknowledge(asked: &Asked, tail: &[&str]) -> Option<Answered> {
    let (only, verb) = match tail {
        [verb] => (None, *verb),
        [id, verb] => (Some(*id), *verb),
        _ => return None,
    };
    let acked = match verb {
        "ack" | "ack_all" => true,
        "unack" | "unack_all" => false,
        _ => return None,
    };
    let body = asked.call.body.as_ref();
    let named = body.and_then(|body| body.get("alarm_ids")?.as_array());
    let note = body.and_then(|body| body.get("note"));
    let is_meant = |id: &str| match only {
        Some(only) => only == id,
        None => verb.ends_with("_all") || named.is_some_and(|named| named.iter().any(|one| one == id)),
    };
    let mut store = asked.state.store();
    for row in store.rows_mut("alarms") {
        let id = row.get("id").and_then(Value::as_str).unwrap_or_default();
        if !asked.scope.holds(row, false) || !is_meant(id) {
            continue;
        }
        pages::set(row, "acked", json!(acked));
        if let (true, Some(note)) = (acked, note) {
            pages::set(row, "note", note.clone());
        }
    }
    write::audit(&mut store, asked.call, asked.scope, &format!("Alarms {verb}"));
    Some(Ok(Answer::done()))
}

/// What of the organisation's objects applies to a site, beside its own.
fn derived(asked: &Asked, org: &str, name: &str) -> Option<Answered> {
    let Asked { state, scope, .. } = *asked;
    let (name, _) = Tables::embedded().listed(name)?;
    let mut store = state.store();
    let above = Scope::Org(org.to_owned());
    let named = assigned(store.find("sites", "id", scope.site()?), name);
    let rows: Vec<Value> = store
        .rows(name)
        .iter()
        .filter(|row| match &named {
            // A site has one template of each kind, or none.
            Some(id) => row.get("id") == Some(id),
            None => scope.holds(row, false) || above.holds(row, true),
        })
        .map(pages::shown)
        .collect();
    // Of some kinds a site has one, and the answer is that one.
    let body = if asked.answers_list() {
        Value::Array(rows)
    } else {
        rows.into_iter().next()?
    };
    Some(Ok(Answer::json(body)))
}

/// The id that a site has for this kind of template; none where the kind is not assigned to sites.
fn assigned(site: Option<&Value>, name: &str) -> Option<Value> {
    let field = format!("{}_id", name.strip_suffix('s')?);
    site?.get(&field).cloned()
}

/// The settings of an organisation or a site, read or changed.
fn setting(state: &State, call: &Call, scope: &Scope) -> Option<Answered> {
    let mut store = state.store();
    let row = store
        .rows_mut("settings")
        .iter_mut()
        .find(|row| scope.holds(row, true))?;
    if call.is("PUT") {
        match write::object(call) {
            Ok(fields) => write::update(row, call.now, fields),
            Err(refusal) => return Some(Err(refusal)),
        }
    }
    let answer = Answer::json(pages::shown(row));
    if call.is("PUT") {
        write::audit(&mut store, call, scope, "Update settings");
    }
    Some(Ok(answer))
}

/// What templates give to a site that says nothing itself.
const FROM_TEMPLATE: &[&str] = &[
    "networks",
    "port_usages",
    "ntp_servers",
    "dns_servers",
    "dns_suffix",
    "radius_config",
];

/// The settings of a site with those of its network template where it has none itself.
fn derived_setting(state: &State, scope: &Scope) -> Answered {
    let mut store = state.store();
    let found = |row: &&Value| scope.holds(row, true);
    let mut row = store
        .rows("settings")
        .iter()
        .find(found)
        .map(pages::shown)
        .unwrap_or_default();
    let site = store.find("sites", "id", scope.site().unwrap_or_default());
    let template = assigned(site, "networktemplates").and_then(|id| id.as_str().map(str::to_owned));
    let template = template.and_then(|id| store.find("networktemplates", "id", &id).cloned());
    for name in FROM_TEMPLATE {
        let is_empty = row
            .get(name)
            .is_none_or(|own| matches!(own.to_string().as_str(), "{}" | "[]"));
        if let (true, Some(value)) = (is_empty, template.as_ref().and_then(|template| template.get(name))) {
            pages::set(&mut row, name, value.clone());
        }
    }
    Ok(Answer::json(row))
}

/// The figures of an organisation, counted.
fn org_stats(asked: &Asked) -> Answered {
    let mut store = asked.state.store();
    let is_here = |row: &&Value| asked.scope.holds(row, false);
    let devices: Vec<Value> = store.rows("device_stats").iter().filter(is_here).cloned().collect();
    let is_up = |row: &&Value| row.get("status").and_then(Value::as_str) == Some("connected");
    let up = devices.iter().filter(is_up).count();
    let inventory = store.rows("inventory").iter().filter(is_here).count();
    let sites = store.rows("sites").iter().filter(is_here).count();
    let own = store.rows("orgs").iter().find(is_here).map(pages::shown);
    drop(store);
    let mut body = asked.documented();
    if let Some(own) = own {
        write::overlay(&mut body, own);
    }
    for (name, count) in [
        ("num_sites", sites),
        ("num_inventory", inventory),
        ("num_devices", devices.len()),
        ("num_devices_connected", up),
        ("num_devices_disconnected", devices.len() - up),
    ] {
        pages::set(&mut body, name, json!(count));
    }
    let levels = sle::metrics(Some("ap"));
    let sle = levels
        .iter()
        .map(|path| json!({"path": path, "user_minutes": {"ok": 9_400, "total": 9_800}}));
    pages::set(&mut body, "sle", sle.collect());
    for name in ["msp_logo_url", "msp_name"] {
        if let Some(body) = body.as_object_mut() {
            body.remove(name);
        }
    }
    Ok(Answer::json(body))
}

/// The figures of one site, as the organisation's list has them.
fn site_stats(state: &State, site: &str) -> Option<Answered> {
    let mut store = state.store();
    let row = store.find("site_stats", "id", site).map(pages::shown)?;
    Some(Ok(Answer::json(row)))
}
