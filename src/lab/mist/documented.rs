//! Operations that the cloud has no collection of its own for: they answer what their documented shape says, and what is created,
//! changed or deleted among them stays so.

mod writes;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::{Map, Value, json};

use super::{
    State,
    answer::{Answer, Answered, Content},
    call::Call,
    collection::{Collection, How},
    names::Place,
    pages,
    query::Span,
    router::Scope,
    store::Store,
    synth,
    tables::Table,
    write,
};
use crate::mist::specification::{Operation, Paging, Route, Specification};

/// Rows that a list has before anything is created.
const ROWS: usize = 3;
/// Objects within objects that shapes are followed down to.
const DEPTH: usize = 8;

/// The shapes that were put together so far, by operation.
#[derive(Default)]
pub(super) struct Shapes(Mutex<HashMap<String, Option<Arc<Value>>>>);

impl Shapes {
    /// The shape of an operation's answer; none where it answers nothing.
    fn answer(&self, operation: &Operation) -> Option<Arc<Value>> {
        let mut shapes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let shape = shapes.entry(operation.name().to_owned()).or_insert_with(|| {
            let schema = operation.answer.as_ref()?;
            Specification::embedded().resolve(schema, DEPTH).ok().map(Arc::new)
        });
        shape.clone()
    }
}

/// A request to an operation.
pub(super) struct Asked<'a> {
    pub(super) state: &'a State,
    pub(super) call: &'a Call,
    pub(super) scope: &'a Scope,
    pub(super) operation: &'a Operation,
    pub(super) route: &'a Route,
}

/// How a documented list looks.
enum List {
    /// An array.
    Array(Value),
    /// An object with `results`.
    Results(Value),
}

impl Asked<'_> {
    /// The documented answer.
    pub(super) fn answer(&self) -> Answered {
        let shape = self.state.shapes.answer(self.operation);
        match self.call.method.as_str() {
            "GET" => self.read(shape.as_deref()),
            "POST" => self.post(shape.as_deref()),
            "PUT" => self.put(shape.as_deref()),
            "DELETE" => self.delete(shape.as_deref()),
            _ => Err(Answer::detail(405, "Method not allowed.")),
        }
    }

    /// An object of the answer's shape.
    pub(super) fn documented(&self) -> Value {
        let shape = self.state.shapes.answer(self.operation);
        shape.map_or(Value::Null, |shape| self.made(&shape, 0))
    }

    /// Whether the documented answer is an array.
    pub(super) fn answers_list(&self) -> bool {
        let shape = self.state.shapes.answer(self.operation);
        shape.is_some_and(|shape| shape.get("items").is_some())
    }

    fn read(&self, shape: Option<&Value>) -> Answered {
        let Some(shape) = shape else {
            return Ok(Answer::done());
        };
        if let Some(document) = self.state.store().find("documents", "path", &self.route.path) {
            return Ok(Answer::json(document.get("body").cloned().unwrap_or_default()));
        }
        let is_count = shape
            .get("properties")
            .is_some_and(|fields| fields.get("distinct").is_some());
        if let (true, Some(path)) = (is_count, self.call.path.strip_suffix("/count")) {
            return self.count(path).map(|answer| fitting(answer, shape));
        }
        if let Some(list) = list_of(shape) {
            return self
                .list(&list)
                .map(|answer| self.completed(fitting(answer, shape), shape));
        }
        if let Some(parent) = self.parent() {
            return self.item(&parent, shape);
        }
        Ok(Answer::json(self.single(shape)))
    }

    /// An object that is alone at its path, as it is now.
    fn single(&self, shape: &Value) -> Value {
        let mut store = self.state.store();
        let rows = store.rows_mut(&self.call.path);
        if let Some(row) = rows.first() {
            return row.clone();
        }
        let mut made = self.made(shape, 0);
        self.frame(&mut made);
        made
    }

    /// What an answer says of itself (its times, its page, how many there are) is true.
    fn frame(&self, body: &mut Value) {
        let span = Span::of(self.call);
        let Value::Object(body) = body else { return };
        let count = body
            .values()
            .filter_map(Value::as_array)
            .map(Vec::len)
            .max()
            .unwrap_or(0);
        let number = |name: &str, default: usize| {
            let asked = self.call.parameter(name).and_then(|text| text.parse().ok());
            json!(asked.unwrap_or(default))
        };
        let mut values = vec![
            ("limit", number("limit", 100)),
            ("page", number("page", 1)),
            ("total", json!(count)),
            ("total_count", json!(count)),
        ];
        if let Ok(span) = span {
            values.extend([("start", pages::whole(span.start)), ("end", pages::whole(span.end))]);
        }
        for (name, value) in values {
            if let Some(field @ Value::Number(_)) = body.get_mut(name) {
                *field = value;
            }
        }
        if body.get("next").is_some_and(Value::is_string) {
            body.remove("next");
        }
    }

    fn list(&self, list: &List) -> Answered {
        let name = &self.call.path;
        let mut store = self.state.store();
        let (List::Array(row) | List::Results(row)) = list;
        self.seed(&mut store, name, row);
        let table = Table::plain();
        let scope = &Scope::Any;
        let collection = Collection { name, table, scope };
        let how = match list {
            List::Array(_) => How::List,
            List::Results(_) => How::Search,
        };
        let mut answer = collection.read(&mut store, self.call, how)?;
        if self.operation.paging != Paging::Pages && how == How::List {
            answer.headers.clear();
        }
        Ok(answer)
    }

    /// Counts what the search or list beside the count has.
    fn count(&self, path: &str) -> Answered {
        let specification = Specification::embedded();
        let beside = [format!("{path}/search"), path.to_owned()];
        let found = beside
            .iter()
            .find_map(|path| Some((path, specification.find("GET", path)?.0)));
        let path = found.map_or(path, |(path, _)| path);
        let shape = found.and_then(|(_, operation)| self.state.shapes.answer(operation));
        let mut store = self.state.store();
        if let Some(List::Array(row) | List::Results(row)) = shape.as_deref().and_then(list_of) {
            self.seed(&mut store, path, &row);
        }
        let asked = self.call.parameter("distinct");
        let default = self.route.query.iter().find(|parameter| parameter.name == "distinct");
        let default = default.and_then(|parameter| parameter.schema.get("default")?.as_str());
        let mut table = Table::plain().clone();
        let has = |row: &Value, name: &str| row.get(name).is_some();
        let first = store.rows(path).first();
        let guess = ["type", "site_id", "mac"]
            .into_iter()
            .find(|name| first.is_some_and(|row| has(row, name)));
        asked
            .or(default)
            .or(guess)
            .unwrap_or("site_id")
            .clone_into(&mut table.distinct);
        if !store.rows(path).iter().any(|row| has(row, &table.distinct)) {
            return Ok(Answer::json(pages::counted(self.call, &table.distinct)));
        }
        let collection = Collection {
            name: path,
            table: &table,
            scope: &Scope::Any,
        };
        collection.read(&mut store, self.call, How::Count)
    }

    /// The path of the list that this is an item of, and the item's key.
    fn parent(&self) -> Option<(String, String)> {
        let last = self.route.path.rsplit('/').next()?;
        if !last.starts_with('{') {
            return None;
        }
        let (path, key) = self.call.path.rsplit_once('/')?;
        Some((path.to_owned(), key.to_owned()))
    }

    /// A row by its key: what was not deleted is there, and made when it is first asked for.
    fn item(&self, (path, key): &(String, String), shape: &Value) -> Answered {
        let mut store = self.state.store();
        if store.gone(path, key) {
            return Err(Answer::missing(key));
        }
        self.seed_list(&mut store, path);
        let mut row = self.named(shape, key);
        if let Some(found) = store.rows(path).iter().find(|row| is_named(row, key)) {
            write::overlay(&mut row, pages::shown(found));
        }
        Ok(fitting(Answer::json(row), shape))
    }

    /// A row that was never listed, under the key that it is asked for.
    fn named(&self, shape: &Value, key: &str) -> Value {
        let mut row = self.made(shape, 0);
        if row.get("id").is_some_and(Value::is_string) {
            pages::set(&mut row, "id", json!(key));
        }
        row
    }

    /// Fills a list that nobody has asked for yet.
    fn seed(&self, store: &mut Store, name: &str, row: &Value) {
        if !store.is_first(name) {
            return;
        }
        let rows = store.rows_mut(name);
        for n in 0..ROWS {
            let row = synth::object(row, &self.place(&[]), n);
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
    }

    /// As `seed`, for the list that is read at this path.
    fn seed_list(&self, store: &mut Store, path: &str) {
        if let Some(List::Array(row)) = self.list_at(path) {
            self.seed(store, path, &row);
        }
    }

    /// The list that a read of this path answers with.
    fn list_at(&self, path: &str) -> Option<List> {
        let (operation, _) = Specification::embedded().find("GET", path)?;
        list_of(self.state.shapes.answer(operation)?.as_ref())
    }

    /// What an object of the answer's shape has where nothing is said.
    pub(super) fn defaults(&self) -> Map<String, Value> {
        let shape = self.state.shapes.answer(self.operation);
        shape.map_or_else(Map::new, |shape| synth::defaults(&shape, &self.place(&[]), 0))
    }

    /// The answer with what its shape has to have beside the rows.
    fn completed(&self, mut answer: Answer, shape: &Value) -> Answer {
        if let Content::Json(Value::Object(body)) = &mut answer.content {
            for (name, value) in synth::defaults(shape, &self.place(&[]), 0) {
                body.entry(name).or_insert(value);
            }
        }
        answer
    }

    fn made(&self, shape: &Value, n: usize) -> Value {
        let asked: Vec<(String, String)> = self.parameters().chain(self.call.query.iter().cloned()).collect();
        synth::object(shape, &self.place(&asked), n)
    }

    /// What stands in the path for its placeholders.
    fn parameters(&self) -> impl Iterator<Item = (String, String)> {
        let segments = self.route.path.split('/').skip(3).zip(&self.call.segments);
        segments.filter_map(|(name, value)| {
            let name = name.strip_prefix('{')?.strip_suffix('}')?;
            Some((name.to_owned(), value.clone()))
        })
    }

    fn place<'b>(&'b self, asked: &'b [(String, String)]) -> Place<'b> {
        let world = &self.state.world;
        Place {
            world,
            now: self.call.now,
            org: self.scope.org().unwrap_or_else(|| world.org("main")),
            site: self.scope.site().unwrap_or_else(|| world.site("DEN")),
            clients: self.route.path.contains("client"),
            asked,
        }
    }
}

fn is_named(row: &Value, key: &str) -> bool {
    ["id", "mac", "name"]
        .iter()
        .any(|field| row.get(*field).and_then(Value::as_str) == Some(key))
}

/// The answer without what its shape does not have.
fn fitting(mut answer: Answer, shape: &Value) -> Answer {
    if let (Content::Json(Value::Object(body)), Some(Value::Object(known)), Some(false)) = (
        &mut answer.content,
        shape.get("properties"),
        shape.get("additionalProperties").and_then(Value::as_bool),
    ) {
        body.retain(|name, _| known.contains_key(name));
    }
    answer
}

/// The rows of a documented list; none for other shapes.
fn list_of(shape: &Value) -> Option<List> {
    let rows = |list: &Value| {
        let rows = list.get("items")?;
        let is_object = rows.get("properties").is_some() || rows.get("oneOf").is_some() || rows.get("anyOf").is_some();
        is_object.then(|| rows.clone())
    };
    if let Some(rows) = rows(shape) {
        return Some(List::Array(rows));
    }
    let properties = shape.get("properties")?;
    // Some objects with results have more to say than a page of them.
    let is_page = properties.get("limit").is_some() || properties.get("next").is_some();
    let results = properties.get("results").and_then(rows)?;
    is_page.then_some(List::Results(results))
}
