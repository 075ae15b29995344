//! What holds for every tool that is made of a table, and what calls of some come to.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{
    call::takes,
    table::{self, Table},
};
use crate::{
    error::Code,
    mist::{
        Request,
        effects::{self, Deed},
        specification::Specification,
    },
};

fn values(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// A value that a parameter may have.
fn sample(name: &str) -> Value {
    match name {
        "limit" | "page" => json!(5),
        "acked" => json!(false),
        "labels" => json!(["red"]),
        "mac" | "device_mac" | "guest_mac" => json!("5c5b35000001"),
        _ => json!(format!("some-{name}").replace('_', "-")),
    }
}

/// The arguments that choose a way and nothing more.
fn choosing(table: &Table, at: usize) -> Map<String, Value> {
    let mut arguments = Map::new();
    for (name, words) in &table.ways[at].when {
        let value = if words.is_any() {
            sample(name)
        } else {
            json!(words.list()[0])
        };
        arguments.insert(name.clone(), value);
    }
    arguments
}

#[test]
fn every_way_reads_and_every_word_leads_to_one() {
    let specification = Specification::embedded();
    for table in table::all().unwrap() {
        for (name, parameter) in &table.parameters {
            let chosen: BTreeSet<&String> = table
                .ways
                .iter()
                .filter_map(|way| way.when.get(name))
                .flat_map(|words| words.list())
                .filter(|word| *word != "*")
                .collect();
            if !chosen.is_empty() {
                assert_eq!(chosen, parameter.values.iter().collect(), "{} {name}", table.name);
            }
        }
        for way in &table.ways {
            let operation = specification.operation(&way.operation);
            let operation = operation.unwrap_or_else(|| panic!("{}: no {}", table.name, way.operation));
            assert_eq!(effects::deed(operation), Deed::Reads, "{}", way.operation);
            for name in way.send.keys().chain(way.when.keys()).chain(&way.ignores) {
                assert!(table.parameter(name).is_some(), "{}: {name}", table.name);
            }
            for wire in way.send.values().chain(way.fixed.keys()).chain(way.defaults.keys()) {
                assert!(
                    takes(operation, wire),
                    "{}: {} takes no {wire}",
                    table.name,
                    way.operation
                );
            }
        }
    }
}

/// Whatever a way needs, its tool can be given: with all parameters that mean something there, each route that its newest or oldest
/// specification has becomes a request without gaps, and each value is sent once.
#[test]
fn every_way_can_be_called_with_all_that_it_takes() {
    let specification = Specification::embedded();
    let mut called = 0;
    for table in table::all().unwrap() {
        for (at, way) in table.ways.iter().enumerate() {
            let operation = specification.operation(&way.operation).unwrap();
            let mut arguments = choosing(table, at);
            let more = table.parameters.iter().filter(|(name, _)| {
                let sent = way.send.get(name).is_some_and(|wire| takes(operation, wire));
                sent || takes(operation, name)
            });
            for (name, parameter) in more {
                // Another way is for those who give it.
                let decides_elsewhere = table.ways.iter().any(|way| way.when.contains_key(name));
                if !decides_elsewhere
                    || operation.routes[0]
                        .path_parameters
                        .iter()
                        .any(|path| path.name == *name)
                {
                    let value = parameter
                        .values
                        .first()
                        .map_or_else(|| sample(name), |word| json!(word));
                    arguments.entry(name.clone()).or_insert(value);
                }
            }
            let shown = || format!("{} {}: {arguments:?}", table.name, way.described());
            let call = table
                .call(specification, &arguments)
                .unwrap_or_else(|e| panic!("{}: {e}", shown()));
            assert_eq!(call.operation, way.operation, "{}", shown());
            let made = operation
                .routes
                .iter()
                .filter_map(|route| Request::of(operation, route, &call.values).ok());
            let made: Vec<Request> = made.collect();
            assert_eq!(made.len(), operation.routes.len(), "{}", shown());
            for request in &made {
                for (name, value) in &arguments {
                    let text = value.as_str().filter(|text| text.starts_with("some-"));
                    let target = request.target();
                    let times = text.map_or(1, |text| target.matches(text).count());
                    assert!(
                        times <= 1 || name == "site_id" && times == 1,
                        "{} sends {name} {times} times: {target}",
                        shown()
                    );
                }
            }
            called += 1;
        }
    }
    assert!(called > 90, "{called}");
}

fn target(tool: &str, arguments: Value) -> String {
    let specification = Specification::embedded();
    let call = table::of(tool)
        .unwrap()
        .call(specification, &values(arguments))
        .unwrap_or_else(|e| panic!("{e}"));
    let operation = specification.operation(call.operation).unwrap();
    Request::of(operation, &operation.routes[0], &call.values)
        .unwrap()
        .target()
}

#[test]
fn what_the_peer_gets_wrong_is_right() {
    let org = "o-1";
    for (tool, arguments, wanted) in [
        (
            "mist_get_stats",
            json!({"stats_type": "org_devices", "org_id": org}),
            "/api/v1/orgs/o-1/stats/devices?type=all&limit=20",
        ),
        (
            "mist_get_stats",
            json!({"stats_type": "org_devices", "org_id": org, "object_id": "00000000-0000-0000-1000-5c5b35000001", "device_type": "ap"}),
            "/api/v1/orgs/o-1/stats/devices?type=ap&mac=5c5b35000001&limit=20",
        ),
        (
            "mist_get_stats",
            json!({"stats_type": "site_devices", "org_id": org, "site_id": "s-1", "object_id": "5c:5b:35:00:00:01"}),
            "/api/v1/sites/s-1/stats/devices/00000000-0000-0000-1000-5c5b35000001",
        ),
        (
            "mist_search_client",
            json!({"client_type": "wireless", "org_id": org, "band": "5", "text": "anna"}),
            "/api/v1/orgs/o-1/clients/search?band=5&text=anna&limit=20",
        ),
        (
            "mist_search_client",
            json!({"client_type": "wired", "org_id": org, "text": "anna", "hostname": "pc"}),
            "/api/v1/orgs/o-1/wired_clients/search?text=anna&dhcp_hostname=pc&limit=20",
        ),
        (
            "mist_search_alarms",
            json!({"scope": "org", "org_id": org, "acked": false, "start": "-1d"}),
            "/api/v1/orgs/o-1/alarms/search?acked=false&start=-1d&limit=20",
        ),
        (
            "mist_search_alarms",
            json!({"scope": "suppressed", "org_id": org}),
            "/api/v1/orgs/o-1/alarmtemplates/suppress?scope=org",
        ),
        (
            "mist_get_site_rrm_info",
            json!({"rrm_info_type": "channel_scores", "site_id": "s-1", "band": "5"}),
            "/api/v1/sites/s-1/rrm/channel_scores/band/5",
        ),
        (
            "mist_get_site_rrm_info",
            json!({"rrm_info_type": "events", "site_id": "s-1", "duration": "1d"}),
            "/api/v1/sites/s-1/rrm/events?duration=1d&limit=200&page=1",
        ),
        (
            "mist_search_events",
            json!({"event_source": "mxedge", "org_id": org, "mac": "5c5b35000001"}),
            "/api/v1/orgs/o-1/mxedges/events/search?mxedge_id=00000000-0000-0000-1000-5c5b35000001&limit=20",
        ),
    ] {
        assert_eq!(target(tool, arguments), wanted);
    }
}

#[test]
fn how_much_may_be_said_where_it_means_nothing_and_filters_may_not() {
    let specification = Specification::embedded();
    let call = |tool: &str, arguments: Value| table::of(tool).unwrap().call(specification, &values(arguments));
    let rrm = call(
        "mist_get_site_rrm_info",
        json!({"rrm_info_type": "current_channel_planning", "site_id": "s-1", "limit": 200, "page": 1}),
    );
    assert_eq!(rrm.unwrap().left_out, ["limit", "page"]);
    let wan = call(
        "mist_search_client",
        json!({"client_type": "wan", "org_id": "o-1", "band": "5"}),
    )
    .unwrap_err();
    assert_eq!(wan.code(), Code::InvalidInput);
    assert!(
        wan.to_string().contains("`band` means nothing for client_type=wan"),
        "{wan}"
    );
    let roaming = call(
        "mist_search_events",
        json!({"event_source": "roaming", "org_id": "o-1"}),
    )
    .unwrap_err();
    assert!(
        roaming.to_string().contains("event_source=roaming needs `site_id`"),
        "{roaming}"
    );
    let gateway = call(
        "mist_get_insight_metrics",
        json!({"object_type": "ap", "site_id": "s-1", "metric": "num_clients"}),
    )
    .unwrap_err();
    assert!(
        gateway.to_string().contains("`mac`") || gateway.to_string().contains("`device_id`"),
        "{gateway}"
    );
    let none = call("mist_search_client", json!({"org_id": "o-1"})).unwrap_err();
    assert!(none.to_string().contains("`client_type` is missing"), "{none}");
}
