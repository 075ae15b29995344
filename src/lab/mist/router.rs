//! The way of a request to its answer: what it is about, whether the caller may, and who answers.

use serde_json::Value;

use super::{
    State, actions,
    answer::{Answer, Answered},
    call::Call,
    collection::{Collection, How},
    special,
    store::Store,
    tables::Tables,
};

/// What a request is about.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scope {
    /// The MSP with this id.
    Msp(String),
    /// The organisation with this id.
    Org(String),
    /// A site and its organisation.
    Site { org: String, site: String },
}

impl Scope {
    pub(super) fn org(&self) -> Option<&str> {
        match self {
            Scope::Msp(_) => None,
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
            Scope::Msp(msp) => field("msp_id", "_msp_id") == Some(msp),
            Scope::Org(id) => org == Some(id) && !(own && site.is_some()),
            Scope::Site { site: id, .. } => site == Some(id),
        }
    }
}

/// The answer to a request.
pub(super) fn answer(state: &State, call: &Call) -> Answer {
    route(state, call).unwrap_or_else(|refusal| refusal)
}

fn route(state: &State, call: &Call) -> Answered {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        ["self", rest @ ..] => special::own(state, call, rest),
        ["orgs"] if call.is("POST") => new_org(state, call),
        ["orgs", org, rest @ ..] => {
            let scope = org_scope(state, call, org)?;
            if rest.is_empty() {
                return Collection::named("orgs", &scope).item_of(state, call, org);
            }
            inside(state, call, &scope, rest)
        }
        ["sites", site, rest @ ..] => {
            let scope = site_scope(state, call, site)?;
            if rest.is_empty() {
                return Collection::named("sites", &scope).item_of(state, call, site);
            }
            inside(state, call, &scope, rest)
        }
        ["msps", msp, rest @ ..] => {
            let scope = msp_scope(state, call, msp)?;
            if rest.is_empty() {
                return Collection::named("msps", &scope).item_of(state, call, msp);
            }
            inside(state, call, &scope, rest)
        }
        _ => Err(Answer::no_such_path()),
    }
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

fn new_org(state: &State, call: &Call) -> Answered {
    if !call.caller.reaches_msp() {
        return Err(Answer::forbidden());
    }
    let scope = Scope::Msp(state.world.msp.id.clone());
    Collection::named("orgs", &scope).create(&mut state.store(), call)
}

impl<'a> Collection<'a> {
    fn named(name: &'a str, scope: &'a Scope) -> Self {
        Self {
            name,
            table: Tables::embedded().named(name),
            scope,
        }
    }

    /// The organisation, site or MSP itself.
    fn item_of(&self, state: &State, call: &Call, id: &str) -> Answered {
        self.item(&mut state.store(), call, id)
    }
}

/// What is below an organisation, a site or an MSP.
fn inside(state: &State, call: &Call, scope: &Scope, tail: &[&str]) -> Answered {
    if let Some(answer) = special::answer(state, call, scope, tail) {
        return answer;
    }
    if let Some(answer) = actions::answer(state, call, scope, tail) {
        return answer;
    }
    listed(&mut state.store(), call, scope, tail)
}

fn listed(store: &mut Store, call: &Call, scope: &Scope, tail: &[&str]) -> Answered {
    let tables = Tables::embedded();
    let Some((last, before)) = tail.split_last() else {
        return Err(Answer::no_such_path());
    };
    let (whole, before) = (tail.join("/"), before.join("/"));
    let how = match *last {
        "search" => Some(How::Search),
        "count" => Some(How::Count),
        _ => None,
    };
    if let (Some(how), Some((name, table))) = (how, tables.searched(&before)) {
        if !call.is("GET") {
            return Err(Answer::detail(405, "Method not allowed."));
        }
        return Collection { name, table, scope }.read(store, call, how);
    }
    if let Some((name, table)) = tables.listed(&whole) {
        let collection = Collection { name, table, scope };
        return match call.method.as_str() {
            "GET" => collection.read(store, call, How::List),
            "POST" => collection.create(store, call),
            _ => Err(Answer::detail(405, "Method not allowed.")),
        };
    }
    match tables.listed(&before) {
        Some((name, table)) => Collection { name, table, scope }.item(store, call, last),
        None => Err(Answer::no_such_path()),
    }
}
