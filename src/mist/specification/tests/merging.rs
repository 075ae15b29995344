//! What an older and a newer specification come to.

use serde_json::json;

use super::{super::*, answers, facts, plain};

/// Paths with where they come from.
fn routes(facts: &Facts, name: &str) -> Vec<(String, Origin)> {
    let has_name = |operation: &&Operation| operation.names.iter().any(|other| other == name);
    let operation = facts.operations.iter().find(has_name).unwrap();
    operation
        .routes
        .iter()
        .map(|route| (route.path.clone(), route.origin))
        .collect()
}

fn names(facts: &Facts) -> Vec<Vec<&str>> {
    facts
        .operations
        .iter()
        .map(|operation| operation.names.iter().map(String::as_str).collect())
        .collect()
}

#[test]
fn an_operation_that_moved_has_both_paths_the_newer_first() {
    let older = facts(&json!({"/api/v1/old/{id}": {"get": plain("getA")}}), &json!({}));
    let newer = facts(&json!({"/api/v1/new": {"get": plain("getA")}}), &json!({}));
    let merged = older.overlaid_by(newer);
    assert_eq!(
        routes(&merged, "getA"),
        [
            ("/api/v1/new".to_owned(), Origin::Newer),
            ("/api/v1/old/{id}".to_owned(), Origin::Older)
        ]
    );
    assert_eq!(merged.operations[0].routes[1].path_parameters[0].name, "id");
}

#[test]
fn an_operation_that_was_renamed_has_both_names_the_newer_first() {
    let older = facts(&json!({"/api/v1/a/{id}": {"get": plain("getOld")}}), &json!({}));
    let newer = facts(&json!({"/api/v1/a/{a_id}": {"get": plain("getNew")}}), &json!({}));
    let merged = older.overlaid_by(newer);
    assert_eq!(names(&merged), [["getNew", "getOld"]]);
    assert_eq!(
        routes(&merged, "getOld"),
        [("/api/v1/a/{a_id}".to_owned(), Origin::Both)]
    );
}

#[test]
fn what_is_left_at_the_old_path_is_the_same_operation_only_where_it_is_deprecated() {
    let older = || facts(&json!({"/api/v1/logs": {"get": plain("getLogs")}}), &json!({}));
    let newer = |deprecated: bool| {
        let mut rest = plain("getOther");
        rest["deprecated"] = deprecated.into();
        facts(
            &json!({"/api/v1/logs": {"get": rest}, "/api/v1/logs/all": {"get": plain("getLogs")}}),
            &json!({}),
        )
    };
    let merged = older().overlaid_by(newer(true));
    assert_eq!(names(&merged), [["getLogs", "getOther"]]);
    assert!(!merged.operations[0].deprecated);
    assert_eq!(
        routes(&merged, "getOther"),
        [
            ("/api/v1/logs/all".to_owned(), Origin::Newer),
            ("/api/v1/logs".to_owned(), Origin::Both)
        ]
    );

    let merged = older().overlaid_by(newer(false));
    assert_eq!(names(&merged), [["getLogs"], ["getOther"]]);
    let specification = Specification::of(&merged);
    let (operation, _) = specification.find("GET", "/api/v1/logs").unwrap();
    assert_eq!(
        operation.name(),
        "getOther",
        "the newer specification says whose path it is"
    );
}

#[test]
fn the_same_specification_again_adds_nothing() {
    let older = facts(
        &json!({"/api/v1/logs": {"get": plain("getLogs")}, "/api/v1/a": {"get": plain("getA")}}),
        &json!({}),
    );
    let newer = |deprecated: bool| {
        let mut rest = plain("getLegacy");
        rest["deprecated"] = deprecated.into();
        let paths = json!({"/api/v1/logs": {"get": rest}, "/api/v1/logs/all": {"get": plain("getLogs")},
            "/api/v1/a": {"get": plain("listA")}});
        facts(&paths, &json!({}))
    };
    let merged = older.overlaid_by(newer(true));
    let again = merged.clone().overlaid_by(newer(true));
    assert_eq!(names(&again), names(&merged));
    assert_eq!(routes(&again, "getLegacy").len(), 2);

    let parted = merged.overlaid_by(newer(false));
    assert_eq!(
        names(&parted),
        [vec!["getLegacy"], vec!["getLogs"], vec!["listA", "getA"]]
    );
}

#[test]
fn the_method_tells_operations_of_one_path_apart() {
    let older = facts(
        &json!({"/api/v1/a": {"get": plain("getA"), "post": plain("makeA")}}),
        &json!({}),
    );
    let newer = facts(
        &json!({"/api/v1/a": {"get": plain("listA"), "delete": plain("dropA")}}),
        &json!({}),
    );
    let merged = older.overlaid_by(newer);
    assert_eq!(names(&merged), [vec!["dropA"], vec!["listA", "getA"], vec!["makeA"]]);
    assert_eq!(routes(&merged, "makeA")[0].1, Origin::Older);
    assert_eq!(routes(&merged, "dropA")[0].1, Origin::Newer);
}

#[test]
fn parameters_are_united_and_the_newer_wins() {
    let with = |parameters: &Value| {
        let mut operation = plain("getA");
        operation["parameters"] = parameters.clone();
        facts(&json!({"/api/v1/a": {"get": operation}}), &json!({}))
    };
    let query = |name: &str, schema: Value| json!({"name": name, "in": "query", "schema": schema});
    let older = with(&json!([
        {"name": "gone", "in": "query", "required": true, "schema": {"type": "string"}},
        query("kind", json!({"type": "string", "enum": ["old", "all"], "default": "old"})),
        query("several", json!({"type": "string", "enum": ["x", "y"]})),
        query("count", json!({"type": "integer", "enum": [1, 2]})),
        query("limit", json!({"type": "integer", "default": 100, "maximum": 1000})),
    ]));
    let newer = with(&json!([
        query("limit", json!({"type": "integer", "default": 50, "minimum": 1})),
        query(
            "kind",
            json!({"type": "string", "enum": ["all", "new"], "default": "all"})
        ),
        query("several", json!({"type": "string"})),
        query("count", json!({"type": "string"})),
    ]));
    let merged = older.overlaid_by(newer);
    let route = &merged.operations[0].routes[0];
    let parameter = |name: &str| {
        &route
            .query
            .iter()
            .find(|parameter| parameter.name == name)
            .unwrap()
            .schema
    };
    let order: Vec<&str> = route.query.iter().map(|parameter| parameter.name.as_str()).collect();
    assert_eq!(order, ["limit", "kind", "several", "count", "gone"]);
    assert_eq!(
        *parameter("limit"),
        json!({"type": "integer", "default": 50, "minimum": 1})
    );
    assert_eq!(
        *parameter("kind"),
        json!({"type": "string", "enum": ["all", "new", "old"], "default": "all"})
    );
    assert_eq!(*parameter("several"), json!({"type": "string", "enum": ["x", "y"]}));
    assert_eq!(*parameter("count"), json!({"type": "string"}));
    assert!(
        !route.query[4].required,
        "a cloud of today cannot be made to ask for it"
    );
    assert_eq!(merged.operations[0].paging, Paging::Cursor);
}

#[test]
fn of_a_shape_that_both_know_the_newer_wins_and_the_rest_stays() {
    let paths = json!({"/api/v1/a": {"get": answers("getA", "thing")}});
    let older = json!({"thing": {"type": "object", "required": ["gone"], "properties": {
        "gone": {"type": "integer"},
        "kind": {"type": "string", "enum": ["b", "a"]},
        "size": {"type": "integer", "maximum": 5},
        "within": {"type": "object", "properties": {"old": {"$ref": "#/components/schemas/old"}}}}},
        "old": {"type": "object", "properties": {"x": {"type": "string", "description": "words"}}},
        "nobody": {"type": "object", "properties": {}}});
    let newer = json!({"thing": {"type": "object", "properties": {
        "kind": {"type": "string", "enum": ["c", "a"]},
        "size": {"type": "string"},
        "within": {"type": "object", "properties": {"new": {"type": "boolean"}}}}}});
    let merged = facts(&paths, &older).overlaid_by(facts(&paths, &newer));
    assert_eq!(
        merged.shapes["thing"],
        json!({"type": "object", "properties": {
            "gone": {"type": "integer"},
            "kind": {"type": "string", "enum": ["c", "a", "b"]},
            "size": {"type": "string"},
            "within": {"type": "object", "properties": {"new": {"type": "boolean"}, "old": {"$ref": "old"}}}}})
    );
    assert_eq!(merged.shapes.keys().collect::<Vec<_>>(), ["old", "thing"]);
}

#[test]
fn names_are_found_in_any_case_but_best_as_they_are_written() {
    let file = facts(
        &json!({"/api/v1/a": {"get": plain("listA")}, "/api/v1/b": {"get": plain("lista")}}),
        &json!({}),
    );
    let specification = Specification::of(&file);
    let path = |name| {
        specification
            .operation(name)
            .map(|operation| operation.routes[0].path.as_str())
    };
    assert_eq!(path("listA"), Some("/api/v1/a"));
    assert_eq!(path("lista"), Some("/api/v1/b"));
    assert!(path("LISTA").is_some());
    assert_eq!(path("listB"), None);
    assert_eq!(path(""), None);
    let embedded = Specification::embedded();
    assert!(embedded.operation("listorgsites").is_some());
    assert_eq!(embedded.operation("listorgsites"), embedded.operation("listOrgSites"));
}
