//! Operations that are no collections.

use serde_json::{Value, json};

use super::{
    State,
    answer::{Answer, Answered},
    call::Call,
    pages,
    router::Scope,
    tables::Tables,
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
pub(super) fn answer(state: &State, call: &Call, scope: &Scope, tail: &[&str]) -> Option<Answered> {
    let read = call.is("GET");
    match (scope, tail) {
        (Scope::Org(_), ["devices"]) if read => Some(names(state, scope)),
        (Scope::Site { org, .. }, [name, "derived"]) if read => derived(state, scope, org, name),
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
fn derived(state: &State, scope: &Scope, org: &str, name: &str) -> Option<Answered> {
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
    Some(Ok(Answer::json(Value::Array(rows))))
}

/// The id that a site has for this kind of template; none where the kind is not assigned to sites.
fn assigned(site: Option<&Value>, name: &str) -> Option<Value> {
    let field = format!("{}_id", name.strip_suffix('s')?);
    site?.get(&field).cloned()
}
