//! What an older and a newer specification know, in one.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use super::{
    facts::Facts,
    operation::{Operation, Origin, Paging, Parameter, Route},
};

impl Facts {
    /// These facts with those of a newer specification on top.
    ///
    /// An operation is the same if it has the same name, else if it has the same method and path. Of what both know, the newer wins;
    /// what only the older knows (a path that moved, a parameter, a value of an enumeration, a property) stays.
    #[must_use]
    pub fn overlaid_by(self, newer: Self) -> Self {
        let operations = operations(self.operations, newer.operations);
        Self {
            operations,
            shapes: shapes(self.shapes, newer.shapes),
        }
        .settled()
    }
}

fn shapes(older: BTreeMap<String, Value>, mut newer: BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    for (name, old) in older {
        let schema = match newer.remove(&name) {
            Some(new) => schema(&old, new),
            None => old,
        };
        newer.insert(name, schema);
    }
    newer
}

/// The operations of both, each once.
fn operations(older: Vec<Operation>, mut newer: Vec<Operation>) -> Vec<Operation> {
    let mut older = Older::new(older);
    // Those with the older's first name come before those with another of its names, and what is on its way out comes last.
    newer.sort_by_key(|new| (new.deprecated, !older.has_first_name(new)));
    let (same_name, others): (Vec<_>, Vec<_>) = newer.into_iter().partition(|new| older.has_name(new));
    for new in same_name {
        match older.take_by_name(&new) {
            Some(old) => older.merged.push(merged(old, new)),
            None => older.add_rest(new),
        }
    }
    for new in others {
        match older.take_by_place(&new) {
            Some(old) => older.merged.push(merged(old, new)),
            None => older.add_rest(new),
        }
    }
    older.all()
}

/// The older operations that have not met their newer ones, and the operations that have.
struct Older {
    waiting: Vec<Option<Operation>>,
    by_name: HashMap<String, usize>,
    by_place: HashMap<(String, String), usize>,
    merged: Vec<Operation>,
}

impl Older {
    fn new(operations: Vec<Operation>) -> Self {
        let mut by_name = HashMap::new();
        let mut by_place = HashMap::new();
        for (index, operation) in operations.iter().enumerate() {
            by_name.extend(operation.names.iter().map(|name| (name.clone(), index)));
            by_place.extend(places(operation).map(|place| (place, index)));
        }
        Self {
            waiting: operations.into_iter().map(Some).collect(),
            by_name,
            by_place,
            merged: Vec::new(),
        }
    }

    fn has_name(&self, new: &Operation) -> bool {
        new.names.iter().any(|name| self.by_name.contains_key(name))
    }

    fn has_first_name(&self, new: &Operation) -> bool {
        let index = self.by_name.get(new.name());
        let old = index.and_then(|index| self.waiting.get(*index)?.as_ref());
        old.is_some_and(|old| old.name() == new.name())
    }

    fn take_by_name(&mut self, new: &Operation) -> Option<Operation> {
        let index = new.names.iter().find_map(|name| self.by_name.get(name))?;
        self.waiting.get_mut(*index)?.take()
    }

    fn take_by_place(&mut self, new: &Operation) -> Option<Operation> {
        let index = places(new).find_map(|place| self.by_place.get(&place).copied())?;
        self.waiting.get_mut(index)?.take()
    }

    /// An operation without an older one of its own: new, or what is left where an older one went on to another path.
    fn add_rest(&mut self, new: Operation) {
        let mut others = self.merged.iter_mut();
        if let Some(moved) = others.find(|moved| new.deprecated && share_a_place(moved, &new)) {
            add_name(moved, new);
            return;
        }
        // Two operations now, where it was one with two names.
        for other in &mut self.merged {
            other.names.retain(|name| !new.names.contains(name));
        }
        self.merged.push(new);
    }

    fn all(mut self) -> Vec<Operation> {
        for mut old in self.waiting.into_iter().flatten() {
            old.routes.iter_mut().for_each(|route| route.origin = Origin::Older);
            self.merged.push(old);
        }
        self.merged
    }
}

/// Method and path of each route, whatever the placeholders are called.
fn places(operation: &Operation) -> impl Iterator<Item = (String, String)> {
    operation
        .routes
        .iter()
        .map(|route| (operation.method.clone(), bare(&route.path)))
}

fn share_a_place(one: &Operation, other: &Operation) -> bool {
    places(one).any(|place| places(other).any(|another| another == place))
}

/// The path without the names in its placeholders.
fn bare(path: &str) -> String {
    let mut parts = path.split('{');
    let mut bare = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        bare.push_str("{}");
        bare.push_str(part.split_once('}').map_or("", |(_, rest)| rest));
    }
    bare
}

/// The newer specification has the older path, too, under another name.
fn add_name(moved: &mut Operation, rest: Operation) {
    for new in rest.routes {
        match moved
            .routes
            .iter_mut()
            .find(|route| bare(&route.path) == bare(&new.path))
        {
            Some(route) => *route = merged_route(route.clone(), new),
            None => moved.routes.push(new),
        }
    }
    add_names(&mut moved.names, rest.names);
    moved.paging = Paging::of(&moved.routes);
}

fn add_names(names: &mut Vec<String>, others: Vec<String>) {
    for name in others {
        if !names.contains(&name) {
            names.push(name);
        }
    }
}

fn merged(old: Operation, mut new: Operation) -> Operation {
    add_names(&mut new.names, old.names);
    new.routes = routes(old.routes, new.routes);
    new.paging = Paging::of(&new.routes);
    new.upload = new.upload || (new.body.is_none() && old.upload);
    new.body = either(old.body, new.body);
    new.answer = either(old.answer, new.answer);
    new
}

fn either(old: Option<Value>, new: Option<Value>) -> Option<Value> {
    match (old, new) {
        (Some(old), Some(new)) => Some(schema(&old, new)),
        (old, new) => new.or(old),
    }
}

/// The newer routes, then those that only the older specification has.
fn routes(mut old: Vec<Route>, new: Vec<Route>) -> Vec<Route> {
    let mut all = Vec::new();
    for route in new {
        let same = old.iter().position(|old| bare(&old.path) == bare(&route.path));
        all.push(match same {
            Some(same) => merged_route(old.remove(same), route),
            None => route,
        });
    }
    old.iter_mut().for_each(|route| route.origin = Origin::Older);
    all.extend(old);
    all
}

fn merged_route(old: Route, mut new: Route) -> Route {
    for parameter in &mut new.path_parameters {
        if let Some(old) = old.path_parameters.iter().find(|old| old.name == parameter.name) {
            take_over(&old.schema, &mut parameter.schema);
        }
    }
    for parameter in old.query {
        match new.query.iter_mut().find(|new| new.name == parameter.name) {
            Some(new) => take_over(&parameter.schema, &mut new.schema),
            // What the newer does not have, nobody can be made to give.
            None => new.query.push(Parameter {
                required: false,
                ..parameter
            }),
        }
    }
    new.origin = Origin::Both;
    new
}

/// What the older schema of a parameter adds to the newer one.
fn take_over(old: &Value, new: &mut Value) {
    let mut whole = schema(old, new.take());
    // The newer specification names values in its text where several may be given, with commas; the older has them here.
    if let (Value::Object(whole), Some(values)) = (&mut whole, old.get("enum"))
        && whole.get("type") == old.get("type")
    {
        whole.entry("enum").or_insert_with(|| values.clone());
    }
    *new = whole;
}

/// The newer schema with the properties and the values of enumerations that only the older has.
fn schema(old: &Value, new: Value) -> Value {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) if !old.contains_key("$ref") && !new.contains_key("$ref") => {
            Value::Object(object(old, new))
        }
        (_, new) => new,
    }
}

fn object(old: &Map<String, Value>, mut new: Map<String, Value>) -> Map<String, Value> {
    if let (Some(Value::Array(old)), Some(Value::Array(new))) = (old.get("enum"), new.get_mut("enum")) {
        let only_old: Vec<_> = old.iter().filter(|value| !new.contains(value)).cloned().collect();
        new.extend(only_old);
    }
    if let (Some(old), Some(items)) = (old.get("items"), new.get_mut("items")) {
        *items = schema(old, items.take());
    }
    if let (Some(Value::Object(old)), Some(Value::Object(new))) = (old.get("properties"), new.get_mut("properties")) {
        for (name, property) in old {
            let whole = match new.get_mut(name) {
                Some(new) => schema(property, new.take()),
                None => property.clone(),
            };
            new.insert(name.clone(), whole);
        }
    }
    new
}
