//! Every tool that mirrors an operation of the Mist API is called once with what it needs and once with all that it takes; what arrives at
//! the cloud is what the specification says.

use std::collections::BTreeMap;

use jmcp::{
    mist::specification::{Operation, Specification},
    tools::{Catalogue, Effect, Shelf, Tool},
};
use serde_json::{Map, Value, json};

use crate::support::{
    data,
    mist::{MistBench, Setup},
};

/// Parameters of our own.
const OURS: &[&str] = &["fields", "summary", "all_pages"];

/// A value for a parameter; none where only the cloud knows one.
fn value(bench: &MistBench, name: &str, schema: &Value) -> Option<Value> {
    let lab = &bench.lab;
    if let Some(choice) = schema["enum"]
        .as_array()
        .and_then(|choices| choices.iter().find(|choice| **choice != ""))
    {
        return Some(choice.clone());
    }
    Some(match name {
        "org_id" => json!(lab.org()),
        "site_id" => json!(lab.site()),
        "msp_id" => json!(lab.msp()),
        "device_id" => json!(lab.switch_id()),
        "start" => json!("-1d"),
        "end" => json!("now"),
        "duration" => json!("1d"),
        "country_code" => json!("US"),
        "metric" => json!("time-to-connect"),
        "sort" | "distinct" => return None,
        _ => match schema["type"].as_str().unwrap_or_default() {
            "integer" | "number" => schema.get("default").cloned().unwrap_or(json!(1)),
            "boolean" => json!(true),
            "array" => json!([value(bench, name, &schema["items"])?]),
            "object" => json!({}),
            _ if schema.get("default").is_some() => schema["default"].clone(),
            _ if name.ends_with("mac") => json!("5c5b35000001"),
            _ if schema["format"] == "uuid" => json!(lab.org()),
            _ => json!("abc"),
        },
    })
}

fn arguments(bench: &MistBench, tool: &Tool, wanted: impl Fn(&str) -> bool) -> Map<String, Value> {
    let properties = tool.input()["properties"].as_object().unwrap();
    let mut arguments = Map::new();
    for (name, schema) in properties
        .iter()
        .filter(|(name, _)| wanted(name) && !OURS.contains(&name.as_str()))
    {
        arguments.extend(value(bench, name, schema).map(|value| (name.clone(), value)));
    }
    arguments
}

fn required(tool: &Tool) -> Vec<&str> {
    tool.input()["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// What is wrong with the one request that arrived for a call of this operation.
fn check(bench: &MistBench, tool: &Tool, given: &Map<String, Value>) -> Option<String> {
    let arrived = bench.arrived();
    let [seen] = arrived.as_slice() else {
        // A path that moved is tried in both places.
        let both = arrived.len() == 2 && arrived[0].path != arrived[1].path;
        return (!both).then(|| format!("{} requests instead of one: {arrived:?}", arrived.len()));
    };
    let specification = Specification::embedded();
    let Some((operation, route)) = specification.find(&seen.method, &seen.path) else {
        return Some(format!("{} {} is no path of the API", seen.method, seen.path));
    };
    let is_own = operation.names.iter().any(|name| name == tool.name)
        || tool
            .also
            .iter()
            .any(|also| operation.names.iter().any(|name| name == also));
    let is_renamed = !matches!(tool.shelf, Shelf::Index);
    if !is_own && !is_renamed {
        return Some(format!("{} {} is `{:?}`", seen.method, seen.path, operation.names));
    }
    for (name, value) in given {
        let is_in_path = route.path.contains(&format!("{{{name}}}"));
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if is_in_path && !seen.path.contains(&text) {
            return Some(format!("`{name}` is not in {}", seen.path));
        }
        let is_known = route.query.iter().any(|parameter| parameter.name == *name);
        if is_known && !value.is_array() && seen.parameter(name) != Some(text.as_str()) {
            return Some(format!("`{name}` arrived as {:?}, not {text}", seen.parameter(name)));
        }
    }
    let unknown = seen
        .query
        .iter()
        .find(|(name, _)| !route.query.iter().any(|parameter| parameter.name == *name));
    if let Some((name, _)) = unknown {
        return Some(format!("`{name}` is no parameter of {}", route.path));
    }
    (!seen.authorized).then(|| "it came without a token".into())
}

/// Method, path and query of all 207, with one request for each call, but for paths that moved.
#[tokio::test]
async fn each_mirror_asks_for_what_it_says() {
    let bench = MistBench::start().await;
    let catalogue = Catalogue::new().unwrap();
    let mut wrong = Vec::new();
    let mut count = 0;
    for tool in catalogue
        .iter()
        .filter(|tool| tool.toolset == "mist" && tool.title == tool.name)
    {
        let needed = required(tool);
        let by_id = |name: &str| tool.input()["properties"][name]["description"] == "Only the one with this id.";
        for given in [
            arguments(&bench, tool, |name| needed.contains(&name)),
            arguments(&bench, tool, |name| !by_id(name) || needed.contains(&name)),
        ] {
            bench.lab.forget();
            let answered = bench.call(tool.name, Value::Object(given.clone())).await;
            // What is asked for need not be there; that it is asked for as it should be is what counts here.
            let is_asked =
                answered.text.contains("was answered with 400") || answered.text.contains("was answered with 404");
            if answered.failed && !is_asked {
                wrong.push(format!("{}: {}", tool.name, answered.text));
            }
            // Kept answers need no request.
            if !bench.arrived().is_empty() {
                wrong.extend(check(&bench, tool, &given).map(|why| format!("{}: {why}", tool.name)));
            }
            count += 1;
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 2 * 207, "{count}");
}

/// The ids that switch to the operation for one thing.
#[tokio::test]
async fn an_id_asks_for_the_one_thing() {
    let bench = MistBench::start().await;
    let Some(text) = data::read("mist-tools.json") else {
        return;
    };
    let facts: Value = serde_json::from_str(&text).unwrap();
    let mut wrong = Vec::new();
    let catalogue = Catalogue::new().unwrap();
    for fact in facts["tools"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|fact| fact.get("by_id").is_some())
    {
        let tool = catalogue.find(fact["tool"].as_str().unwrap()).unwrap();
        let by_id = &fact["by_id"];
        let mut given = arguments(&bench, tool, |name| required(tool).contains(&name));
        let id = if by_id["param"].as_str().unwrap().ends_with("mac") {
            "5c5b35000001"
        } else {
            "11111111-2222-4333-8444-555555555555"
        };
        given.insert(by_id["param"].as_str().unwrap().into(), json!(id));
        bench.lab.forget();
        bench.call(tool.name, Value::Object(given)).await;
        let wanted = by_id["path"]
            .as_str()
            .unwrap()
            .rsplit_once('/')
            .unwrap()
            .0
            .split('{')
            .next()
            .unwrap()
            .to_owned();
        match bench.arrived().first() {
            Some(seen) if seen.path.starts_with(&wanted) && seen.path.contains(id) => {}
            other => wrong.push(format!("{}: {other:?}, not {}", tool.name, by_id["path"])),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every other operation, in a coarser way: what only reads is sent once to a path of its own; what changes something is refused
/// without the operator's leave, and nothing is sent.
#[tokio::test]
async fn each_operation_of_the_index_is_called_or_refused() {
    let bench = MistBench::start().await;
    let catalogue = Catalogue::new().unwrap();
    let mut wrong = Vec::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for operation in Specification::embedded().operations() {
        let tool = catalogue.find(&operation.names[0]).unwrap();
        if tool.shelf != Shelf::Index {
            continue;
        }
        bench.lab.forget();
        let given = arguments(&bench, tool, |name| required(tool).contains(&name));
        let call = json!({ "name": tool.name, "arguments": given });
        let answered = bench.call("call_tool", call).await;
        *counts.entry(tool.effect.as_str()).or_default() += 1;
        let arrived = bench.arrived();
        if tool.effect == Effect::Read {
            let is_known = answered.error.as_ref().is_none_or(|error| {
                matches!(
                    error.code().as_str(),
                    "not_found" | "invalid_input" | "permission_denied"
                )
            });
            if !is_known || arrived.len() > 2 {
                wrong.push(format!("{}: {} ({} requests)", tool.name, answered.text, arrived.len()));
            }
            if let Some(seen) = arrived.first() {
                let found = Specification::embedded()
                    .find(&seen.method, &seen.path)
                    .map(|(found, _)| &found.names);
                // Where a placeholder stands for a word, two operations have one path.
                let is_word = operation.routes[0]
                    .path_parameters
                    .iter()
                    .any(|parameter| parameter.schema.get("enum").is_some());
                if found != Some(&operation.names) && !is_word {
                    wrong.push(format!("{}: {} {} is {found:?}", tool.name, seen.method, seen.path));
                }
            }
        } else if answered.error.is_none() || !arrived.is_empty() {
            wrong.push(format!("{} was let through: {}", tool.name, answered.text));
        }
    }
    assert!(wrong.is_empty(), "{counts:?}\n{}", wrong.join("\n"));
    assert!(counts.values().sum::<usize>() > 780, "{counts:?}");
}

/// A body that fits the specification arrives as it was given.
#[tokio::test]
async fn writes_arrive_where_an_operator_lets_them() {
    let bench = MistBench::with(Setup::writing()).await;
    let body = json!({ "name": "Oslo Kiosk", "country_code": "NO", "address": "Storgata 1" });
    let made = bench
        .good(
            "call_tool",
            json!({ "name": "createOrgSite", "arguments": { "org_id": bench.lab.org(), "body": body } }),
        )
        .await;
    assert_eq!(made["name"], "Oslo Kiosk");
    let arrived = bench.arrived();
    let seen = arrived.iter().find(|seen| seen.method == "POST").unwrap();
    assert_eq!(
        (seen.path.as_str(), seen.body.as_ref()),
        (format!("/api/v1/orgs/{}/sites", bench.lab.org()).as_str(), Some(&body))
    );
    let site = bench.lab.site();
    let (code, _) = bench
        .bad(
            "createOrgSite",
            json!({ "org_id": bench.lab.org(), "body": { "nme": "x" } }),
        )
        .await;
    assert_eq!(code, "invalid_input");
    // An attribute is taken away with a word of its own.
    bench
        .good(
            "updateSiteInfo",
            json!({ "site_id": site, "body": { "-address": true, "name": "Oslo" } }),
        )
        .await;
    bench
        .good(
            "deleteOrgWlan",
            json!({ "org_id": bench.lab.org(), "wlan_id": bench.lab.rows("wlans")[0]["id"] }),
        )
        .await;
    assert_eq!(bench.arrived().iter().filter(|seen| seen.method == "DELETE").count(), 1);
}

/// The requests that arrive are valid by the published specifications, read as they are.
#[tokio::test]
async fn requests_are_valid_by_the_published_specifications() {
    let (Some(older), Some(newer)) = (
        data::read("mist-openapi-2509.json"),
        data::read("mist-openapi-2607.json"),
    ) else {
        return;
    };
    let published: Vec<Value> = [older, newer]
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect();
    let bench = MistBench::start().await;
    let catalogue = Catalogue::new().unwrap();
    let mut wrong = Vec::new();
    for tool in catalogue
        .iter()
        .filter(|tool| tool.toolset == "mist" && tool.title == tool.name)
    {
        bench.lab.forget();
        let by_id = |name: &str| tool.input()["properties"][name]["description"] == "Only the one with this id.";
        bench
            .call(tool.name, Value::Object(arguments(&bench, tool, |name| !by_id(name))))
            .await;
        for seen in bench.arrived() {
            // Parameters of either specification may be given; a cloud passes over those that it does not know.
            let templates: Vec<(&Value, String)> = published
                .iter()
                .filter_map(|one| Some((one, template(one, &seen.path)?)))
                .collect();
            let is_known = !templates.is_empty();
            let known: Vec<String> = templates
                .iter()
                .flat_map(|(one, template)| parameters(one, template))
                .collect();
            if !is_known || !seen.query.iter().all(|(name, _)| known.contains(name)) {
                wrong.push(format!("{}: {} {:?}", tool.name, seen.path, seen.query));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn template(specification: &Value, path: &str) -> Option<String> {
    let segments: Vec<&str> = path.split('/').collect();
    let fits = |template: &&String| {
        let wanted: Vec<&str> = template.split('/').collect();
        wanted.len() == segments.len()
            && wanted
                .iter()
                .zip(&segments)
                .all(|(wanted, segment)| wanted.starts_with('{') || wanted == segment)
    };
    let mut fitting: Vec<&String> = specification["paths"]
        .as_object()
        .unwrap()
        .keys()
        .filter(fits)
        .collect();
    fitting.sort_by_key(|template| template.matches('{').count());
    fitting.first().map(|template| (*template).clone())
}

fn parameters(specification: &Value, template: &str) -> Vec<String> {
    let place = &specification["paths"][template];
    let lists = [&place["parameters"], &place["get"]["parameters"]];
    let named = lists.iter().flat_map(|list| list.as_array().into_iter().flatten());
    named
        .filter_map(|parameter| {
            let parameter = match parameter["$ref"].as_str() {
                Some(reference) => specification.pointer(reference.trim_start_matches('#'))?,
                None => parameter,
            };
            parameter["name"].as_str().map(str::to_owned)
        })
        .collect()
}

/// The operation behind a tool is found by its facts, and every parameter in its path is one that the tool requires.
#[test]
fn what_a_path_needs_is_required() {
    let catalogue = Catalogue::new().unwrap();
    let needs = |operation: &Operation| -> Vec<String> {
        operation.routes[0]
            .path_parameters
            .iter()
            .map(|parameter| parameter.name.clone())
            .collect()
    };
    for operation in Specification::embedded().operations() {
        let tool = catalogue.find(&operation.names[0]).unwrap();
        let required = required(tool);
        for name in needs(operation) {
            assert!(required.contains(&name.as_str()), "{}: {name}", tool.name);
        }
    }
}
