//! `mist_get_configuration_objects`: configuration of an organisation or site, as a list, as an object, or as what is really in force.

use serde_json::{Map, Value, json};

use super::{
    super::{
        answer,
        shape::{self, Shape},
    },
    inherited,
    objects::{self, Kind, Place},
    rows,
    table::Table,
};
use crate::{
    error::{Code, Error, Result},
    mist::Access,
    tools::{Arguments, Context, Effect, Tool, Typed},
};

/// Things in an answer where nothing is said.
const LIMIT: usize = 20;

pub(super) fn tool(table: &'static Table) -> Tool {
    super::of(table, Effect::Read, run)
}

/// What was asked for.
struct Asked {
    place: Place,
    kind: &'static Kind,
    shape: Shape,
    name: Option<String>,
    computed: bool,
    limit: usize,
}

async fn run(context: Context, mut arguments: Arguments) -> Result<Typed<Value>> {
    let shape = Shape::take(&mut arguments)?;
    let place = Place::of(&arguments)?;
    let limit = arguments.get("limit").and_then(Value::as_u64);
    let asked = Asked {
        kind: objects::of(&place.kind)?,
        shape,
        name: arguments.get("name").and_then(Value::as_str).map(str::to_owned),
        computed: arguments.get("computed").and_then(Value::as_bool).unwrap_or_default(),
        limit: limit.map_or(LIMIT, |limit| limit as usize),
        place,
    };
    let access = context.mist()?;
    if asked.computed && asked.place.kind == "site_wlans" {
        return site_wlans(&context, &access, asked).await;
    }
    if asked.place.object.is_some() || asked.kind.list.is_none() {
        let object = object(&access, &asked.place, asked.kind).await?;
        return whole(&access, &asked, object).await;
    }
    list(&context, &access, asked).await
}

async fn object(access: &Access, place: &Place, kind: &Kind) -> Result<Value> {
    let values = place.values(access.specification(), &kind.get);
    Ok(access.run(&kind.get, &values).await?.body().clone())
}

/// One object, with what it inherits where that was asked for.
async fn whole(access: &Access, asked: &Asked, object: Value) -> Result<Typed<Value>> {
    let mut answer = Map::new();
    let object = match asked.place.kind.as_str() {
        "org_sites" => inherited::site(access, object, asked.computed).await?,
        "site_devices" if asked.computed => inherited::device(access, object, &mut answer).await?,
        _ => {
            if asked.computed {
                answer.insert(
                    "note".into(),
                    "nothing is inherited by this kind of object: it is as it is stored".into(),
                );
            }
            object
        }
    };
    let shown = asked.shape.rows(vec![object], &[]).pop().unwrap_or_default();
    if answer.is_empty() {
        answer = shown.as_object().cloned().unwrap_or_default();
    } else {
        answer.insert("object".into(), shown);
    }
    answer::note_budget(access, &mut answer);
    Ok(Typed::compact(Value::Object(answer)))
}

async fn list(context: &Context, access: &Access, mut asked: Asked) -> Result<Typed<Value>> {
    let operation = asked.kind.list.as_deref().unwrap_or_default();
    let mut values = asked.place.values(access.specification(), operation);
    if asked.place.kind == "site_devices" {
        values.insert("type".into(), "all".into());
    }
    let is_brief = asked.name.is_none() && asked.shape.fields.is_empty() && asked.shape.summary.is_empty();
    if is_brief {
        asked.shape.fields.clone_from(&asked.kind.brief);
    }
    if asked.name.is_none() && asked.kind.kinds.is_empty() {
        values.insert("limit".into(), asked.limit.into());
        let done = access.run(operation, &values).await?;
        let mut typed = answer::of(context, access, done, &asked.shape).await?;
        if is_brief {
            super::note(&mut typed, "note", json!(brief_note(asked.kind)));
        }
        return Ok(typed);
    }
    let mut found = rows::All {
        rows: Vec::new(),
        has_more: false,
    };
    let kinds = if asked.kind.kinds.is_empty() {
        &[String::new()]
    } else {
        asked.kind.kinds.as_slice()
    };
    for kind in kinds {
        if !kind.is_empty() {
            values.insert("type".into(), kind.as_str().into());
        }
        let all = rows::all(context, access, operation, values.clone()).await?;
        found.has_more |= all.has_more;
        found.rows.extend(all.rows);
    }
    chosen(access, asked, found, is_brief).await
}

fn brief_note(kind: &Kind) -> String {
    format!(
        "only {} of each: give object_id or name for the whole object, or fields",
        kind.brief.join(", ")
    )
}

/// What was found, by name where one was given.
async fn chosen(access: &Access, asked: Asked, found: rows::All, is_brief: bool) -> Result<Typed<Value>> {
    let mut rows = match &asked.name {
        Some(name) => rows::named(found.rows, &asked.kind.named, name),
        None => found.rows,
    };
    let total = rows.len();
    if asked.name.is_some() && total == 0 {
        let message = format!("no `{}` has this name", asked.place.kind);
        return Err(Error::new(Code::NotFound, message)
            .advise("call without `name` for the list, or use `*` for any characters"));
    }
    if asked.computed && asked.name.is_some() && total == 1 {
        return whole(access, &asked, rows.pop().unwrap_or_default()).await;
    }
    rows.truncate(asked.limit);
    let mut notes = Map::new();
    if total > rows.len() || found.has_more {
        notes.insert("has_more".into(), true.into());
        notes.insert(
            "note".into(),
            "a larger `limit` or a narrower `name` shows the others".into(),
        );
    } else if is_brief {
        notes.insert("note".into(), brief_note(asked.kind).into());
    } else if asked.computed {
        notes.insert(
            "note".into(),
            "as they are stored: `computed` is for one object at a time".into(),
        );
    }
    Ok(rows::answered(access, rows, total, &asked.shape, notes))
}

/// All WLANs that a site has, from the organisation's templates and its own.
async fn site_wlans(context: &Context, access: &Access, asked: Asked) -> Result<Typed<Value>> {
    let found = inherited::wlans(context, access, &asked.place).await?;
    let mut rows = found.rows;
    if let Some(id) = &asked.place.object {
        rows.retain(|row| row.get("id").and_then(Value::as_str) == Some(id));
    }
    if let Some(name) = &asked.name {
        rows = rows::named(rows, &asked.kind.named, name);
    }
    let total = rows.len();
    rows.truncate(asked.limit);
    let mut notes = Map::new();
    if total > rows.len() || found.has_more {
        notes.insert("has_more".into(), true.into());
    }
    Ok(rows::answered(
        access,
        rows.into_iter().map(shape::tidy).collect(),
        total,
        &asked.shape,
        notes,
    ))
}
