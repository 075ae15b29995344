//! Operations that are no collections.

use serde_json::{Value, json};

use super::{
    State,
    answer::{Answer, Answered},
    call::Call,
    documented::Asked,
    pages,
    router::Scope,
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
        (Scope::Org(_) | Scope::Site { .. }, ["setting"]) => setting(state, call, scope),
        (Scope::Site { .. }, ["setting", "derived"]) if read => Some(derived_setting(state, scope)),
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
