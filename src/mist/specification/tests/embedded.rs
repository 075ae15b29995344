//! The embedded facts: whole, readable, cheap to open, and right where specifications differ.

use std::{collections::BTreeSet, time::Instant};

use serde_json::{Value, json};

use super::super::{lines::Lines, shapes::Shape, *};

fn embedded() -> &'static Specification {
    Specification::embedded()
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
fn bodies_and_answers_are_complete_schemas() {
    let specification = embedded();
    let both = specification
        .operations()
        .flat_map(|operation| [&operation.body, &operation.answer]);
    let any: Vec<&Value> = both.flatten().collect();
    let complete = specification.complete(&json!({ "anyOf": any })).unwrap();
    assert_eq!(
        complete["$defs"].as_object().unwrap().len(),
        specification.shape_names().count()
    );
    let built = jsonschema::draft202012::new(&complete);
    assert!(built.is_ok(), "{}", built.err().unwrap());
}

#[test]
fn schemas_of_parameters_stand_for_themselves() {
    for operation in embedded().operations() {
        for route in &operation.routes {
            for parameter in route.path_parameters.iter().chain(&route.query) {
                let mut names = Vec::new();
                schema::names_in(&parameter.schema, &mut names);
                assert!(names.is_empty(), "{}: {names:?}", operation.name());
                let built = jsonschema::draft202012::new(&parameter.schema);
                assert!(built.is_ok(), "{}: {}", operation.name(), parameter.name);
            }
        }
    }
}

#[test]
fn shapes_are_put_in_as_deep_as_asked() {
    let specification = embedded();
    let at = |depth| {
        specification
            .shape("device_switch", depth)
            .unwrap()
            .unwrap()
            .to_string()
            .len()
    };
    assert!(at(0) < at(1) && at(1) < at(2), "{} {} {}", at(0), at(1), at(2));
    let all = specification.shape("device_switch", usize::MAX).unwrap().unwrap();
    assert!(!all.to_string().contains("$ref"));
    assert_eq!(specification.shape("no_such_shape", 1).unwrap(), None);
}

#[test]
fn requests_are_told_apart() {
    fn find(method: &str, path: &str) -> Option<(&'static str, &'static str)> {
        let (operation, route) = embedded().find(method, path)?;
        Some((operation.name(), route.path.as_str()))
    }
    let site = "/api/v1/sites/4ac1dcf4-9d8b-7211-65c4-057819f0862b";
    let device = format!("{site}/devices/00000000-0000-0000-1000-5c5b35000001");
    assert_eq!(
        find("get", &format!("{site}/devices/search?limit=10")),
        Some(("searchSiteDevices", "/api/v1/sites/{site_id}/devices/search"))
    );
    let image = "/api/v1/sites/{site_id}/devices/{device_id}/image";
    assert_eq!(
        find("DELETE", &format!("{device}/image3")),
        Some((
            "deleteSiteDeviceImage",
            format!("{image}{{image_number}}").leak() as &str
        ))
    );
    assert_eq!(
        find("DELETE", &format!("{device}/image/3")),
        Some((
            "deleteSiteDeviceImage",
            format!("{image}/{{image_number}}").leak() as &str
        ))
    );
    assert_eq!(find("DELETE", &format!("{device}/image")), None);
    assert_eq!(find("GET", &format!("{site}/no_such_thing/there")), None);
    assert_eq!(find("PATCH", site), None);
    assert_eq!(find("GET", "/api/v1/sites//devices"), None);
}
