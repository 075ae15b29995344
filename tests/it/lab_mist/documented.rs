//! Every operation of the specification answers, with the shape that is documented.

use std::collections::BTreeMap;

use jmcp::{
    lab::mist::{Generation, MistLab, MistLabOptions},
    mist::specification::{Operation, Origin, Specification},
};
use serde_json::{Value, json};

use super::{get, request, send};
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
    let shape = Specification::embedded().complete(answer).unwrap();
    let validator = jsonschema::validator_for(&shape).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&body)
        .take(3)
        .map(|e| format!("{}: {e:.200}", e.instance_path()))
        .collect();
    (!errors.is_empty()).then(|| errors.join("; "))
}

#[tokio::test]
async fn every_operation_answers_its_shape() {
    let lab = rich().await;
    let mut wire = Wire::to(lab.address()).await;
    let (mut asked, mut failed) = (0, BTreeMap::new());
    // Reads come first: what writes make of the world is another matter.
    for reads in [true, false] {
        for operation in Specification::embedded().operations() {
            if operation.reads() != reads {
                continue;
            }
            for route in &operation.routes {
                let reply = ask(&lab, &mut wire, operation, &route.path).await;
                asked += 1;
                if let Some(wrong) = wrong(operation, &reply) {
                    failed.insert(format!("{} {}", operation.method, route.path), wrong);
                }
            }
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
