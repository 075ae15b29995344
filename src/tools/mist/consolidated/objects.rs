//! The kinds of configuration objects, and which operations there are on each.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::tidy;
use crate::{
    error::{Code, Error, Result},
    mist::specification::Specification,
};

static READ: LazyLock<Result<BTreeMap<String, Kind>, String>> =
    LazyLock::new(|| toml::from_str(include_str!("data/objects.toml")).map_err(|e| format!("objects.toml: {e}")));

/// A kind of configuration object.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kind {
    /// Lists them; none where there is only one in its organisation or site.
    pub(super) list: Option<String>,
    /// Reads one.
    pub(super) get: String,
    pub(super) create: Option<String>,
    pub(super) update: Option<String>,
    pub(super) delete: Option<String>,
    /// The name of its schema.
    pub(super) schema: Option<String>,
    /// What a list shows of each.
    #[serde(default = "name_and_id")]
    pub(super) brief: Vec<String>,
    /// The attribute that people know it by.
    #[serde(default = "name")]
    pub(super) named: String,
    /// Values of `type` that the cloud lists one by one.
    #[serde(default)]
    pub(super) kinds: Vec<String>,
}

fn name() -> String {
    "name".into()
}

fn name_and_id() -> Vec<String> {
    vec!["name".into(), "id".into()]
}

/// The kinds, by name.
///
/// # Errors
/// `internal` where the data are broken.
pub(super) fn all() -> Result<&'static BTreeMap<String, Kind>> {
    READ.as_ref().map_err(|why| {
        Error::new(
            Code::Internal,
            format!("the kinds of configuration objects are broken: {why}"),
        )
    })
}

/// The kind of this name.
///
/// # Errors
/// `invalid_input` where there is none.
pub(super) fn of(name: &str) -> Result<&'static Kind> {
    all()?.get(name).ok_or_else(|| {
        let name: String = name.chars().take(60).collect();
        Error::new(
            Code::InvalidInput,
            format!("there is no object type `{}`", name.escape_debug()),
        )
    })
}

/// The names of the kinds that can be changed.
pub(super) fn writable() -> Vec<String> {
    let all = all().into_iter().flatten();
    all.filter(|(_, kind)| kind.update.is_some())
        .map(|(name, _)| name.clone())
        .collect()
}

/// The names of all kinds.
pub(super) fn readable() -> Vec<String> {
    all().into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

/// Where an object is: what fills the paths of its operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The kind's name.
    pub(super) kind: String,
    pub(super) organisation: Option<String>,
    pub(super) site: Option<String>,
    /// The object; none for new ones, and where there is only one.
    pub(super) object: Option<String>,
}

impl Place {
    /// From the arguments of a call.
    ///
    /// # Errors
    /// `invalid_input` where the organisation or site that the kind belongs to is missing.
    pub(super) fn of(arguments: &Map<String, Value>) -> Result<Self> {
        let text = |name: &str| arguments.get(name).and_then(Value::as_str).map(str::to_owned);
        let mut place = Self {
            kind: text("object_type").unwrap_or_default(),
            organisation: text("org_id"),
            site: text("site_id"),
            object: text("object_id"),
        };
        if place.kind == "org_sites" {
            place.object = place.object.or_else(|| place.site.clone());
        }
        let (needed, is_there) = if place.is_of_site() {
            ("site_id", place.site.is_some())
        } else if place.kind == "org_sites" && place.object.is_some() {
            ("object_id", true)
        } else {
            ("org_id", place.organisation.is_some())
        };
        if !is_there {
            let message = format!("`{}` needs `{needed}`", place.kind);
            return Err(Error::new(Code::InvalidInput, message));
        }
        if place.kind == "site_devices" || place.kind.ends_with("_mxedges") {
            let id = |object: String| tidy::mac(&object).map_or(object, |mac| tidy::device_id(&mac));
            place.object = place.object.map(id);
        }
        Ok(place)
    }

    pub(super) fn is_of_site(&self) -> bool {
        self.kind.starts_with("site_")
    }

    /// The values of the path of an operation on it.
    pub(super) fn values(&self, specification: &Specification, operation: &str) -> Map<String, Value> {
        let mut values = Map::new();
        let parameters = specification
            .operation(operation)
            .and_then(|operation| operation.routes.first())
            .map(|route| route.path_parameters.as_slice())
            .unwrap_or_default();
        let is_collection = |name: &str| matches!(name, "org_id" | "site_id");
        for parameter in parameters {
            let name = parameter.name.as_str();
            let value = match name {
                "org_id" => &self.organisation,
                // A site is an object of its organisation; everything else is in a site.
                "site_id" if self.kind == "org_sites" => &self.object,
                "site_id" => &self.site,
                name if !is_collection(name) => &self.object,
                _ => &None,
            };
            if let Some(value) = value {
                values.insert(name.to_owned(), value.as_str().into());
            }
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mist::{Request, specification::Operation};

    fn place(arguments: Value) -> Result<Place> {
        Place::of(arguments.as_object().unwrap())
    }

    #[test]
    fn all_kinds_are_there() {
        let names = readable();
        let organisation = names.iter().filter(|name| name.starts_with("org_")).count();
        let site = names.iter().filter(|name| name.starts_with("site_")).count();
        // Beyond the 37 that are read elsewhere, the three that are only written there.
        assert_eq!((names.len(), organisation, site), (40, 29, 10));
        assert_eq!(writable().len(), 32);
        let only_updated: Vec<String> = writable()
            .into_iter()
            .filter(|name| of(name).unwrap().create.is_none() && of(name).unwrap().delete.is_none())
            .collect();
        assert_eq!(
            only_updated,
            ["org_info", "org_settings", "site_devices", "site_settings"]
        );
    }

    /// Each operation of each kind has the method that fits, and its path is filled by where the object is.
    #[test]
    fn every_operation_of_every_kind_becomes_a_request() {
        let specification = Specification::embedded();
        let mut checked = 0;
        for (name, kind) in all().unwrap() {
            let one =
                place(json!({"object_type": name, "org_id": "o-1", "site_id": "s-1", "object_id": "x-1"})).unwrap();
            for (operation, method, is_one) in [
                (kind.list.as_ref(), "GET", false),
                (Some(&kind.get), "GET", kind.list.is_some()),
                (kind.create.as_ref(), "POST", false),
                (kind.update.as_ref(), "PUT", kind.list.is_some()),
                (kind.delete.as_ref(), "DELETE", true),
            ] {
                let Some(id) = operation else { continue };
                let operation: &Operation = specification.operation(id).unwrap_or_else(|| panic!("{name}: no {id}"));
                assert_eq!(operation.method, method, "{name} {id}");
                assert_eq!(
                    operation.body.is_some(),
                    matches!(method, "PUT" | "POST"),
                    "{name} {id}"
                );
                let values = one.values(specification, id);
                for route in &operation.routes {
                    let request = Request::of(operation, route, &values).unwrap_or_else(|e| panic!("{name} {id}: {e}"));
                    assert_eq!(request.path.contains("x-1"), is_one, "{name} {id}: {}", request.path);
                    if name != "org_sites" {
                        let home = if one.is_of_site() { "/sites/s-1" } else { "/orgs/o-1" };
                        assert!(request.path.contains(home), "{name} {id}: {}", request.path);
                    }
                }
                checked += 1;
            }
        }
        assert!(checked > 150, "{checked}");
    }

    #[test]
    fn a_place_needs_its_organisation_or_site() {
        assert!(place(json!({"object_type": "site_wlans", "org_id": "o-1"})).is_err());
        assert!(place(json!({"object_type": "org_wlans", "site_id": "s-1"})).is_err());
        let site = place(json!({"object_type": "org_sites", "site_id": "s-1"})).unwrap();
        assert_eq!(site.object.as_deref(), Some("s-1"));
        let device = json!({"object_type": "site_devices", "site_id": "s-1", "object_id": "5C:5B:35:00:00:01"});
        assert_eq!(
            place(device).unwrap().object.as_deref(),
            Some("00000000-0000-0000-1000-5c5b35000001")
        );
    }
}
