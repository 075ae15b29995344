//! Every operation of the specification answers, with the shape that is documented.

use std::collections::BTreeMap;

use jmcp::{
    lab::mist::{Generation, MistLab, MistLabOptions},
    mist::specification::{Operation, Origin, Specification},
};
use serde_json::{Value, json};

use super::{get, request};
use crate::support::web::{Reply, Wire};

/// A cloud without a budget to run out of.
async fn rich() -> MistLab {
    let options = MistLabOptions {
        clock: Some(std::sync::Arc::default()),
        calls_per_hour: u32::MAX,
        ..MistLabOptions::default()
    };
    MistLab::start(options).await.unwrap()
}

async fn ask(lab: &MistLab, wire: &mut Wire, operation: &Operation, path: &str) -> Reply {
    let path = lab.path(path);
    let mut ask = request(&operation.method, path.strip_prefix("/api/v1").unwrap()).without("Connection");
    if matches!(operation.method.as_str(), "POST" | "PUT") {
        let body = json!({});
        ask = ask.with("Content-Type", "application/json").body(body.to_string());
    }
    wire.ask(&ask).await
}

/// What is wrong with an answer by the documented shape.
fn wrong(operation: &Operation, reply: &Reply) -> Option<String> {
    if reply.status / 100 != 2 {
        return Some(format!("{} {}", reply.status, reply.text()));
    }
    let Some(answer) = &operation.answer else {
        return None;
    };
    let body: Value = match serde_json::from_slice(&reply.body) {
        Ok(body) => body,
        Err(e) => return Some(format!("{e}: {}", reply.text())),
    };
    // Derived settings are documented as settings that are a map of accounts at the same time, which nothing can be.
    let answer = match operation.name() {
        "getSiteSettingDerived" => &json!({"$ref": "site_setting"}),
        _ => answer,
    };
    let shape = Specification::embedded().complete(answer).unwrap();
    let validator = jsonschema::validator_for(&shape).unwrap();
    let errors: Vec<String> = validator.iter_errors(&body).take(3).map(|e| described(&e)).collect();
    (!errors.is_empty()).then(|| errors.join("; "))
}

/// Every operation on each of its paths; what deletes comes last, and the deepest first.
fn in_order() -> Vec<(&'static Operation, &'static str)> {
    let operations = Specification::embedded().operations();
    let mut all: Vec<_> = operations
        .flat_map(|operation| {
            operation
                .routes
                .iter()
                .map(move |route| (operation, route.path.as_str()))
        })
        .collect();
    all.sort_by_key(|(operation, path)| {
        let turn = ["GET", "POST", "PUT", "DELETE"]
            .iter()
            .position(|method| *method == operation.method);
        let depth = path.split('/').count();
        (
            turn,
            if operation.method == "DELETE" {
                100 - depth
            } else {
                depth
            },
        )
    });
    all
}

/// An error; of alternatives those of the one that comes nearest.
fn described(error: &jsonschema::ValidationError) -> String {
    use jsonschema::error::ValidationErrorKind;
    if let ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } = error.kind()
        && let Some(nearest) = context.iter().min_by_key(|errors| errors.len())
    {
        let nearest: Vec<String> = nearest.iter().map(described).collect();
        return format!("nearest: {}", nearest.join("; "));
    }
    format!("{}: {error:.200}", error.instance_path())
}

#[tokio::test]
async fn every_operation_answers_its_shape() {
    let lab = rich().await;
    let mut wire = Wire::to(lab.address()).await;
    let (mut asked, mut failed) = (0, BTreeMap::new());
    for (operation, path) in in_order() {
        let reply = ask(&lab, &mut wire, operation, path).await;
        asked += 1;
        if let Some(wrong) = wrong(operation, &reply) {
            failed.insert(format!("{} {path}", operation.method), wrong);
        }
    }
    let list: Vec<String> = failed
        .iter()
        .map(|(path, wrong)| format!("{path}\n    {wrong:.600}"))
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {asked} fail:\n{}",
        failed.len(),
        list.join("\n")
    );
    assert!(asked > 1000);
}

#[tokio::test]
async fn moved_operations_are_where_their_generation_has_them() {
    let lab = rich().await;
    let (mut moved, address) = (0, lab.address());
    for operation in Specification::embedded().operations() {
        for route in operation.routes.iter().filter(|route| route.origin != Origin::Both) {
            let path = lab.path(&route.path);
            let path = path.strip_prefix("/api/v1").unwrap();
            let own = if route.origin == Origin::Older {
                Generation::Older
            } else {
                Generation::Newer
            };
            let other = if route.origin == Origin::Older {
                Generation::Newer
            } else {
                Generation::Older
            };
            lab.faults().generation(other);
            let there = request(&operation.method, path).send(address).await.status;
            assert!(
                matches!(there, 404 | 405),
                "{there} {} {}",
                operation.method,
                route.path
            );
            lab.faults().generation(own);
            let here = request(&operation.method, path).send(address).await.status;
            assert!(!matches!(here, 404 | 405), "{here} {} {}", operation.method, route.path);
            moved += 1;
        }
    }
    assert!(moved > 50);
    lab.faults().clear();
    assert_eq!(get(&lab, "/self").await.status, 200);
}
