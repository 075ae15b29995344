//! Tests of the facts: the embedded ones, and how files become facts.

use std::{collections::BTreeSet, time::Instant};

use serde_json::{Value, json};

use super::*;

fn embedded() -> &'static Specification {
    Specification::embedded()
}

/// The facts of a file with these paths and named schemas.
fn facts(paths: &Value, schemas: &Value) -> Facts {
    let file = json!({"openapi": "3.1.0", "paths": paths, "components": {"schemas": schemas}});
    import::parse(&file.to_string()).unwrap()
}

/// An operation that answers with a shape.
fn answers(name: &str, shape: &str) -> Value {
    let schema = json!({"$ref": format!("#/components/schemas/{shape}")});
    json!({"operationId": name, "tags": ["Things"],
        "responses": {"200": {"content": {"application/json": {"schema": schema}}}}})
}

fn plain(name: &str) -> Value {
    json!({"operationId": name, "tags": ["Things"], "responses": {}})
}

#[test]
fn every_embedded_line_can_be_read() {
    let facts = Facts::embedded().unwrap();
    assert!(facts.operations.len() > 1000, "{}", facts.operations.len());
    assert!(facts.shapes.len() > 1500, "{}", facts.shapes.len());
    assert_eq!(facts.operation_lines(), OPERATIONS);
    assert_eq!(facts.shape_lines(), SHAPES);
}

#[test]
fn embedded_names_are_found_as_they_are_read() {
    let specification = embedded();
    let mut all = BTreeSet::new();
    for operation in specification.operations() {
        for name in &operation.names {
            assert!(all.insert(name.clone()), "{name} is there twice");
            assert_eq!(specification.operation(name), Some(operation));
        }
        assert!(!operation.tag.is_empty(), "{}", operation.name());
        assert!(!operation.routes.is_empty(), "{}", operation.name());
    }
    let names: Vec<&str> = specification.names().collect();
    assert!(names.is_sorted());
    assert_eq!(
        names,
        specification.operations().map(Operation::name).collect::<Vec<_>>()
    );
    assert!(
        specification
            .shape_names()
            .all(|name| specification.shape(name, 0).unwrap().is_some())
    );
}

#[test]
fn every_shape_that_is_named_is_there() {
    let facts = Facts::embedded().unwrap();
    let mut names = Vec::new();
    for operation in &facts.operations {
        for schema in [&operation.body, &operation.answer].into_iter().flatten() {
            schema::names_in(schema, &mut names);
        }
    }
    facts
        .shapes
        .values()
        .for_each(|schema| schema::names_in(schema, &mut names));
    for name in names {
        assert!(facts.shapes.contains_key(name), "{name}");
    }
}

#[test]
fn the_data_hold_facts_and_no_words() {
    assert!(OPERATIONS.len() + SHAPES.len() < 1_000_000);
    for word in ["description", "summary", "example", "examples", "title"] {
        let as_keyword = format!("\"{word}\":\"");
        assert!(
            !OPERATIONS.contains(&as_keyword) && !SHAPES.contains(&as_keyword),
            "{word}"
        );
    }
    assert!(!OPERATIONS.contains("webhook_example"));
}

#[test]
fn every_route_is_found_by_a_request_to_it() {
    let specification = embedded();
    for operation in specification.operations() {
        for route in &operation.routes {
            let mut path = route.path.clone();
            for parameter in &route.path_parameters {
                path = path.replace(
                    &format!("{{{}}}", parameter.name),
                    "8f14e45f-ceea-4672-9d4b-1a2b3c4d5e6f",
                );
            }
            assert!(!path.contains('{'), "{path}");
            assert_eq!(
                specification.find(&operation.method, &path),
                Some((operation, route)),
                "{path}"
            );
        }
    }
}

#[test]
fn opening_costs_next_to_nothing() {
    let start = Instant::now();
    let operations: Lines<Operation> = Lines::embedded(OPERATIONS);
    let shapes: Lines<Shape> = Lines::embedded(SHAPES);
    let took = start.elapsed();
    assert!(operations.place("listOrgSites").is_some() && shapes.place("site").is_some());
    // A debug build on a busy machine; the release build takes a fraction of a millisecond.
    assert!(took.as_millis() < 200, "{took:?}");
    eprintln!("opened in {took:?}");
}

#[test]
fn what_moved_has_two_routes_and_what_was_renamed_two_names() {
    let operation = |name| embedded().operation(name).unwrap();
    let paths = |name| {
        operation(name)
            .routes
            .iter()
            .map(|route| (route.path.as_str(), route.origin))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        paths("listOrgAuditLogs"),
        [
            ("/api/v1/orgs/{org_id}/logs/search", Origin::Newer),
            ("/api/v1/orgs/{org_id}/logs", Origin::Both)
        ]
    );
    assert_eq!(
        paths("getSiteInsightMetrics"),
        [
            ("/api/v1/sites/{site_id}/insights", Origin::Newer),
            ("/api/v1/sites/{site_id}/insights/{metric}", Origin::Older)
        ]
    );
    assert_eq!(
        paths("getOrgMxEdgeUpgradeInfo"),
        [
            ("/api/v1/orgs/{org_id}/mxedges/versions", Origin::Newer),
            ("/api/v1/orgs/{org_id}/mxedges/version", Origin::Older)
        ]
    );
    let show_bgp = "/api/v1/sites/{site_id}/devices/{device_id}/show_bgp_";
    assert_eq!(
        paths("showSiteDeviceBgpSummary"),
        [
            (format!("{show_bgp}summary").as_str(), Origin::Newer),
            (format!("{show_bgp}rummary").as_str(), Origin::Older)
        ]
    );
    assert_eq!(
        operation("listOrgAuditLogs").names,
        ["listOrgAuditLogs", "listOrgAuditLogsLegacy"]
    );
    assert!(!operation("listOrgAuditLogsLegacy").deprecated);
    assert_eq!(
        operation("countOrgClientFingerprints").names,
        ["countSiteClientFingerprints", "countOrgClientFingerprints"]
    );
    assert!(operation("getSiteSleSummary").deprecated);
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
    assert_eq!(
        embedded().operation("listorgsites"),
        embedded().operation("listOrgSites")
    );
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
