//! The way of a request to its answer: what it is about, whether the caller may, and who answers.

use serde_json::Value;

use super::{
    Generation, State, actions,
    answer::{Answer, Answered},
    call::Call,
    collection::{Collection, How},
    documented::Asked,
    special,
    tables::Tables,
};
use crate::mist::specification::{Operation, Origin, Route, Specification};

const METHODS: &[&str] = &["GET", "POST", "PUT", "DELETE"];

/// What a request is about.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scope {
    /// The MSP with this id.
    Msp(String),
    /// The organisation with this id.
    Org(String),
    /// A site and its organisation.
    Site { org: String, site: String },
    /// Everywhere: rows that are found by their path alone.
    Any,
}

impl Scope {
    pub(super) fn org(&self) -> Option<&str> {
        match self {
            Scope::Msp(_) | Scope::Any => None,
            Scope::Org(org) | Scope::Site { org, .. } => Some(org),
        }
    }

    pub(super) fn site(&self) -> Option<&str> {
        match self {
            Scope::Site { site, .. } => Some(site),
            _ => None,
        }
    }

    /// Whether a row belongs here; with `own`, lists of an organisation leave out what belongs to one of its sites.
    pub(super) fn holds(&self, row: &Value, own: bool) -> bool {
        let field = |name: &str, hidden: &str| row.get(name).or_else(|| row.get(hidden)).and_then(Value::as_str);
        let (org, site) = (field("org_id", "_org_id"), field("site_id", "_site_id"));
        match self {
            Scope::Any => true,
            Scope::Msp(msp) => field("msp_id", "_msp_id") == Some(msp),
            Scope::Org(id) => org == Some(id) && !(own && site.is_some()),
            Scope::Site { site: id, .. } => site == Some(id),
        }
    }
}

/// The answer to a request.
pub(super) fn answer(state: &State, call: &Call) -> Answer {
    if state.moves {
        state.store().refresh(&state.world, call.now);
    }
    route(state, call).unwrap_or_else(|refusal| refusal)
}

fn route(state: &State, call: &Call) -> Answered {
    let (operation, route) = known(state, call)?;
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    let (scope, rest) = match segments.as_slice() {
        ["orgs", org, rest @ ..] => (org_scope(state, call, org)?, rest),
        ["sites", site, rest @ ..] => (site_scope(state, call, site)?, rest),
        ["msps", msp, rest @ ..] => (msp_scope(state, call, msp)?, rest),
        ["installer", "orgs", org, rest @ ..] => (org_scope(state, call, org)?, rest),
        rest => (elsewhere(state, call)?, rest),
    };
    let asked = Asked {
        state,
        call,
        scope: &scope,
        operation,
        route,
    };
    match segments.as_slice() {
        ["self", tail @ ..] if call.is("GET") => special::own(state, call, tail).unwrap_or_else(|| asked.answer()),
        ["orgs"] => Collection::named("orgs", &scope).create(&mut state.store(), call, &asked.defaults()),
        ["orgs", id] => Collection::named("orgs", &scope).item(&mut state.store(), call, id),
        ["sites", id] => Collection::named("sites", &scope).item(&mut state.store(), call, id),
        ["msps", id] if !call.is("DELETE") => Collection::named("msps", &scope).item(&mut state.store(), call, id),
        ["orgs" | "sites" | "msps", ..] => inside(&asked, rest),
        _ => asked.answer(),
    }
}

/// The operation that the request is one of, in the generation of paths that the cloud knows.
fn known(state: &State, call: &Call) -> Result<(&'static Operation, &'static Route), Answer> {
    let specification = Specification::embedded();
    let generation = state.faults.known();
    let is_known = |route: &Route| match route.origin {
        Origin::Both => true,
        Origin::Older => generation != Generation::Newer,
        Origin::Newer => generation != Generation::Older,
    };
    // `/{zone_type}/count` looks like a zone of the name `count`.
    let count = |(operation, route): (&'static Operation, &'static Route)| {
        let is_count = route.path.ends_with("zone_id}") && call.path.ends_with("/count");
        let counts = specification.operation("countSiteZoneSessions").filter(|_| is_count);
        counts
            .and_then(|counts| Some((counts, counts.routes.first()?)))
            .unwrap_or((operation, route))
    };
    if let Some((operation, route)) = specification.find(&call.method, &call.path).map(count) {
        return if is_known(route) {
            Ok((operation, route))
        } else {
            Err(Answer::no_such_path())
        };
    }
    let has = |method: &&&str| {
        specification
            .find(method, &call.path)
            .is_some_and(|(_, route)| is_known(route))
    };
    match METHODS.iter().find(has) {
        Some(_) => Err(Answer::detail(405, format!("Method \"{}\" not allowed.", call.method))),
        None => Err(Answer::no_such_path()),
    }
}

/// What is of no organisation: only writes of it need the MSP.
fn elsewhere(state: &State, call: &Call) -> Result<Scope, Answer> {
    if call.is("GET") || call.caller.reaches_msp() {
        return Ok(Scope::Msp(state.world.msp.id.clone()));
    }
    Err(Answer::forbidden())
}

fn may_write(call: &Call) -> Result<(), Answer> {
    if call.is("GET") || call.caller.may_write() {
        return Ok(());
    }
    Err(Answer::forbidden())
}

fn org_scope(state: &State, call: &Call, org: &str) -> Result<Scope, Answer> {
    if state.store().find("orgs", "id", org).is_none() {
        return Err(Answer::missing(org));
    }
    if !call.caller.reaches(org, &state.world) {
        return Err(Answer::forbidden());
    }
    may_write(call)?;
    Ok(Scope::Org(org.to_owned()))
}

fn site_scope(state: &State, call: &Call, site: &str) -> Result<Scope, Answer> {
    let org = match state.store().find("sites", "id", site) {
        None => return Err(Answer::missing(site)),
        Some(row) => row.get("org_id").and_then(Value::as_str).unwrap_or_default().to_owned(),
    };
    if !call.caller.reaches(&org, &state.world) {
        return Err(Answer::forbidden());
    }
    may_write(call)?;
    Ok(Scope::Site {
        org,
        site: site.to_owned(),
    })
}

fn msp_scope(state: &State, call: &Call, msp: &str) -> Result<Scope, Answer> {
    if msp != state.world.msp.id {
        return Err(Answer::missing(msp));
    }
    if !call.caller.reaches_msp() {
        return Err(Answer::forbidden());
    }
    Ok(Scope::Msp(msp.to_owned()))
}

impl<'a> Collection<'a> {
    fn named(name: &'a str, scope: &'a Scope) -> Self {
        Self {
            name,
            table: Tables::embedded().named(name),
            scope,
        }
    }
}

/// What is below an organisation, a site or an MSP.
fn inside(asked: &Asked, tail: &[&str]) -> Answered {
    let Asked { state, call, scope, .. } = *asked;
    special::answer(asked, tail)
        .or_else(|| actions::answer(state, call, scope, tail))
        .or_else(|| listed(asked, tail))
        .unwrap_or_else(|| asked.answer())
}

/// The answer of a collection that has a table; none for other paths.
fn listed(asked: &Asked, tail: &[&str]) -> Option<Answered> {
    let Asked { state, call, scope, .. } = *asked;
    let tables = Tables::embedded();
    let (last, before) = tail.split_last()?;
    let (whole, before) = (tail.join("/"), before.join("/"));
    let how = match *last {
        "search" => Some(How::Search),
        "count" => Some(How::Count),
        _ => None,
    };
    if let (Some(how), Some((name, table))) = (how, tables.searched(&before)) {
        return Some(Collection { name, table, scope }.read(&mut state.store(), call, how));
    }
    let is_key = asked.route.path.ends_with('}');
    let (name, table) = if is_key {
        tables.listed(&before)?
    } else {
        tables.listed(&whole)?
    };
    // The MSP has organisations; what is within them it sees in other shapes.
    let is_of_msp = matches!(scope, Scope::Msp(_)) && name != "orgs";
    if is_of_msp || table.fixed && !call.is("GET") {
        return None;
    }
    let collection = Collection { name, table, scope };
    let mut store = state.store();
    match (is_key, call.method.as_str()) {
        (true, _) => Some(collection.item(&mut store, call, last)),
        (false, "GET") => Some(collection.read(&mut store, call, How::List)),
        (false, "POST") => Some(collection.create(&mut store, call, &asked.defaults())),
        _ => None,
    }
}
