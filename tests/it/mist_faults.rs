//! What goes wrong with a cloud, and with what models send: each ends in a clear answer, nothing is lost, and nothing reaches where it should not.

use std::sync::Arc;

use futures::future::join_all;
use jmcp::{
    lab::{
        Gate,
        mist::{Generation, MistFault, MistLabOptions, RetryAfter},
    },
    server::path::Call,
    tools::{Allowed, Principal},
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::mist::{MistBench, Setup};

fn sites(bench: &MistBench) -> Value {
    json!({ "org_id": bench.lab.org() })
}

#[tokio::test]
async fn a_call_is_one_request() {
    let bench = MistBench::start().await;
    for _ in 0..3 {
        bench.good("listOrgSites", sites(&bench)).await;
    }
    assert_eq!(bench.arrived().len(), 3);
    // How much of the budget others have used is asked for once.
    assert!(bench.lab.requests().len() <= 4);
    // What does not change is kept.
    for _ in 0..3 {
        bench.good("listInsightMetrics", json!({})).await;
    }
    assert_eq!(bench.arrived().len(), 4);
}

#[tokio::test]
async fn calls_do_not_wait_for_each_other_and_equal_ones_are_one() {
    let bench = MistBench::start().await;
    let gate = Gate::new();
    bench.lab.faults().set(MistFault::Hold(gate.clone()));
    let tools = [
        "listOrgSites",
        "listOrgWlans",
        "listOrgNetworks",
        "listOrgServices",
        "listOrgSites",
    ];
    let arguments = sites(&bench);
    let calls = join_all(tools.map(|tool| bench.call(tool, arguments.clone())));
    let opener = async {
        while bench.arrived().len() < 4 {
            tokio::task::yield_now().await;
        }
        gate.open();
    };
    let (answers, ()) = tokio::join!(calls, opener);
    assert!(answers.iter().all(|answered| !answered.failed));
    assert_eq!(bench.arrived().len(), 4, "two of the five are equal");
}

#[tokio::test]
async fn a_read_that_failed_in_passing_is_tried_again() {
    let bench = MistBench::start().await;
    let limited = MistFault::TooMany(Some(RetryAfter::Seconds(0)));
    bench.lab.faults().on("/sites", limited, Some(2));
    let answer = bench.good("listOrgSites", sites(&bench)).await;
    assert_eq!(answer["total"], 6);
    assert_eq!(bench.arrived().len(), 3);
    bench.lab.faults().on("/wlans", MistFault::Html(502), Some(1));
    bench.good("listOrgWlans", sites(&bench)).await;
    assert_eq!(bench.path.services().mist.client().figures().snapshot().retries, 3);
}

#[tokio::test]
async fn a_wait_that_is_too_long_is_an_answer_at_once() {
    let bench = MistBench::start().await;
    let limited = MistFault::TooMany(Some(RetryAfter::Seconds(1800)));
    bench.lab.faults().on("/sites", limited, None);
    let (code, text) = bench.bad("listOrgSites", sites(&bench)).await;
    assert_eq!(code, "rate_limited");
    assert!(text.contains("1800 s"), "{text}");
    assert_eq!(bench.arrived().len(), 1);
    // Nobody else waits for it.
    bench.good("listOrgWlans", sites(&bench)).await;
}

#[tokio::test]
async fn a_change_is_sent_once_and_never_guessed_about() {
    let bench = MistBench::with(Setup {
        mist_writes: true,
        confirm: jmcp::server::path::Confirm::Never,
        ..Setup::default()
    })
    .await;
    let change = json!({ "site_id": bench.lab.site(), "body": { "name": "Denver" } });
    for (fault, wanted, words) in [
        (MistFault::Html(503), "outcome_unknown", "503"),
        (MistFault::TooMany(Some(RetryAfter::Seconds(0))), "rate_limited", "429"),
        (MistFault::DropUnanswered, "outcome_unknown", "not known"),
        (MistFault::Truncated, "outcome_unknown", "not known"),
        (MistFault::InvalidJson, "outcome_unknown", "not known"),
    ] {
        bench.lab.forget();
        bench.lab.faults().on("PUT ", fault.clone(), Some(1));
        let (code, text) = bench.bad("updateSiteInfo", change.clone()).await;
        assert_eq!(code, wanted, "{fault:?}: {text}");
        assert!(text.contains(words), "{fault:?}: {text}");
        let puts = bench.arrived().iter().filter(|seen| seen.method == "PUT").count();
        assert_eq!(puts, 1, "{fault:?}");
        bench.lab.faults().clear();
    }
}

#[tokio::test]
async fn bad_answers_are_errors_and_not_empty_successes() {
    let bench = MistBench::start().await;
    for (fault, wanted) in [
        (MistFault::InvalidJson, "protocol"),
        (MistFault::Detail(401), "auth_failed"),
        (MistFault::Detail(403), "permission_denied"),
        (MistFault::Nothing(404), "not_found"),
        (MistFault::Html(500), "upstream_error"),
        (MistFault::Redirect("http://203.0.113.9".into()), "upstream_error"),
        (MistFault::Huge(17), "too_large"),
    ] {
        bench.lab.faults().on("/wlans", fault.clone(), None);
        let answered = bench.call("listOrgWlans", sites(&bench)).await;
        let error = answered
            .error
            .as_ref()
            .unwrap_or_else(|| panic!("{fault:?}: {}", answered.text));
        assert_eq!(error.code().as_str(), wanted, "{fault:?}: {}", answered.text);
        assert!(error.advice().is_some(), "{fault:?}: {}", answered.text);
        assert!(!answered.text.contains(bench.lab.token()), "{fault:?}");
        bench.lab.faults().clear();
    }
}

#[tokio::test]
async fn long_answers_are_cut_and_can_be_read_on() {
    let bench = MistBench::with(Setup {
        max_result_chars: 4_000,
        ..Setup::default()
    })
    .await;
    let answered = bench
        .call(
            "listOrgDevicesStats",
            json!({ "org_id": bench.lab.org(), "type": "all" }),
        )
        .await;
    assert!(answered.text.len() <= 4_500, "{}", answered.text.len());
    let answer: Value = serde_json::from_str(&answered.text).unwrap();
    assert_eq!(answer["total"], 40);
    let handle = answer["truncated"]["handle"].as_str().unwrap();
    let rest = bench
        .call("read_result", json!({ "handle": handle, "search": "\"mac\"" }))
        .await;
    assert!(!rest.failed && rest.structured.is_some(), "{}", rest.text);
}

#[tokio::test]
async fn pages_follow_by_handle_and_lead_nowhere_else() {
    let bench = MistBench::start().await;
    for (tool, arguments) in [
        ("listOrgSites", json!({ "org_id": bench.lab.org(), "limit": 4 })),
        (
            "searchOrgWirelessClients",
            json!({ "org_id": bench.lab.org(), "limit": 60, "fields": "mac" }),
        ),
    ] {
        let mut answer = bench.good(tool, arguments.clone()).await;
        let total = answer["total"].as_u64().unwrap();
        let mut count = answer["count"].as_u64().unwrap();
        while let Some(next) = answer.get("next").cloned() {
            assert_eq!(answer["has_more"], true);
            answer = bench.good("get_next_page", json!({ "handle": next })).await;
            count += answer["count"].as_u64().unwrap();
        }
        assert_eq!((count, &answer["has_more"]), (total, &json!(false)), "{tool}");
        let mut all = arguments.clone();
        all["all_pages"] = json!(true);
        assert_eq!(bench.good(tool, all).await["count"], total, "{tool}");
    }
    // A handle is its owner's.
    let first = bench
        .good("listOrgSites", json!({ "org_id": bench.lab.org(), "limit": 1 }))
        .await;
    let other = bench
        .call_as(
            Principal::local("somebody else"),
            "get_next_page",
            json!({ "handle": first["next"] }),
        )
        .await;
    assert_eq!(other.error.unwrap().code().as_str(), "not_found");
    let (code, _) = bench
        .bad("get_next_page", json!({ "handle": "https://203.0.113.9/api/v1/self" }))
        .await;
    assert_eq!(code, "not_found");
}

#[tokio::test]
async fn a_hostile_next_costs_nothing_and_leads_nowhere() {
    let bench = MistBench::start().await;
    for next in [
        "https://203.0.113.9/api/v1/self",
        "//203.0.113.9/x",
        "../../../self",
        "/api/v1/self",
        ".evil.example/x",
    ] {
        bench.lab.forget();
        bench
            .lab
            .faults()
            .on("/clients/search", MistFault::Next(next.into()), None);
        let answer = bench
            .good(
                "searchOrgWirelessClients",
                json!({ "org_id": bench.lab.org(), "limit": 2, "all_pages": true }),
            )
            .await;
        assert_eq!(answer["count"], 2, "{next}: {answer}");
        assert_eq!(answer["has_more"], true, "{next}");
        assert!(
            answer["next_refused"].is_string() && answer.get("next").is_none(),
            "{next}: {answer}"
        );
        assert_eq!(bench.arrived().len(), 1, "{next}");
        bench.lab.faults().clear();
    }
}

#[tokio::test]
async fn no_argument_reaches_another_path() {
    let bench = MistBench::start().await;
    let site = bench.lab.site();
    let hostile = ["../../../orgs/o1", "..", "a/b", "a?b=c", "a#b", "%2e%2e%2fself", "a\\b"];
    for value in hostile {
        for (tool, arguments) in [
            ("getSiteInfo", json!({ "site_id": value })),
            (
                "getSiteInsightMetricsForDevice",
                json!({ "site_id": site, "device_mac": value, "metric": "bytes" }),
            ),
            ("getOrg", json!({ "org_id": value })),
            (
                "call_tool",
                json!({ "name": "getSiteDevice", "arguments": { "site_id": site, "device_id": value } }),
            ),
        ] {
            bench.lab.forget();
            let (code, text) = bench.bad(tool, arguments).await;
            assert_eq!(code, "invalid_input", "{tool} {value}: {text}");
            assert!(bench.arrived().is_empty(), "{tool} {value}: {:?}", bench.arrived());
        }
    }
}

#[tokio::test]
async fn paths_that_moved_work_with_clouds_of_either_age() {
    for generation in [Generation::Older, Generation::Newer] {
        let bench = MistBench::start().await;
        bench.lab.faults().generation(generation);
        let (org, site) = (bench.lab.org(), bench.lab.site());
        for (tool, arguments) in [
            ("listOrgAuditLogs", json!({ "org_id": org })),
            ("getOrgMxEdgeUpgradeInfo", json!({ "org_id": org })),
            ("getSiteInsightMetrics", json!({ "site_id": site, "metric": "bytes" })),
        ] {
            bench.lab.forget();
            bench.good(tool, arguments.clone()).await;
            let first = bench.arrived().len();
            bench.lab.forget();
            bench.good(tool, arguments).await;
            assert_eq!(
                bench.arrived().len(),
                1,
                "{tool}: the second time it is known ({first} the first time)"
            );
        }
    }
}

#[tokio::test]
async fn the_budget_is_counted_seeded_and_said() {
    let lab = MistLabOptions {
        calls_per_hour: 20,
        ..MistLabOptions::default()
    };
    let bench = MistBench::with(Setup {
        lab,
        ..Setup::default()
    })
    .await;
    bench.good("getSelfApiUsage", json!({})).await;
    let answer = bench.good("getSelfApiUsage", json!({})).await;
    assert_eq!(answer["request_limit"], 20);
    let mut refused = None;
    for number in 0..40 {
        let answered = bench
            .call("listOrgWlans", json!({ "org_id": bench.lab.org(), "page": number + 1 }))
            .await;
        if let Some(error) = answered.error {
            refused = Some((number, error.code().as_str(), answered.text));
            break;
        }
    }
    let (number, code, text) = refused.expect("a refusal before the cloud's own");
    assert!(code == "budget_exhausted" && number < 20, "{number} {code} {text}");
    assert!(text.contains("min"), "{text}");
    assert!(
        !bench.arrived().iter().any(|seen| seen.status == Some(429)),
        "the cloud never had to say so"
    );
}

#[tokio::test]
async fn a_read_that_nobody_waits_for_ends() {
    let bench = MistBench::start().await;
    let gate = Gate::new();
    bench.lab.faults().on("/wlans", MistFault::Hold(gate.clone()), None);
    let cancel = CancellationToken::new();
    let arguments = sites(&bench).as_object().unwrap().clone();
    let call = Call {
        cancel: cancel.clone(),
        ..Call::new("listOrgWlans", arguments, Arc::new(Principal::local("test")))
    };
    let taking_back = async {
        gate.reached().await;
        cancel.cancel();
    };
    let (answered, ()) = tokio::join!(bench.path.call(call), taking_back);
    assert_eq!(answered.error.unwrap().code().as_str(), "cancelled");
    gate.open();
}

#[tokio::test]
async fn arguments_are_taken_as_models_write_them() {
    let bench = MistBench::start().await;
    bench
        .good(
            "searchOrgWirelessClients",
            json!({ "org_id": bench.lab.org(), "limit": "5", "start": "2026-01-01T00:00:00Z", "end": null, "mac": "02:00:01", "ip_address": "192.0.2.1", "ssid": "" }),
        )
        .await;
    let seen = bench.arrived().pop().unwrap();
    assert_eq!(seen.parameter("limit"), Some("5"));
    assert_eq!(seen.parameter("start"), Some("1767225600"));
    assert_eq!(seen.parameter("ip"), Some("192.0.2.1"));
    assert_eq!((seen.parameter("end"), seen.parameter("ssid")), (None, None));
    let (code, text) = bench
        .bad(
            "searchOrgWirelessClients",
            json!({ "org_id": bench.lab.org(), "bnad": "5" }),
        )
        .await;
    assert!(
        code == "invalid_input" && text.contains("did you mean `band`"),
        "{text}"
    );
    let (code, text) = bench.bad("listOrgSites", json!({})).await;
    assert!(
        code == "invalid_input" && text.contains("`org_id` is missing"),
        "{text}"
    );
}

#[tokio::test]
async fn a_caller_reaches_its_organisations_and_sites_only() {
    let bench = MistBench::start().await;
    let kept_to = |organisations: &[&str], sites: Option<&[&str]>| Principal {
        mist_organisations: Allowed::names(organisations.iter().copied()),
        mist_sites: sites.map_or(Allowed::All, |sites| Allowed::names(sites.iter().copied())),
        ..Principal::local("kept")
    };
    let (org, other, site) = (
        bench.lab.org().to_owned(),
        bench.lab.other_org().to_owned(),
        bench.lab.site().to_owned(),
    );
    let caller = kept_to(&[&org], None);
    for (tool, arguments, reaches) in [
        ("listOrgSites", json!({ "org_id": org }), true),
        ("getSiteInfo", json!({ "site_id": site }), true),
        ("listInsightMetrics", json!({}), true),
        ("listOrgSites", json!({ "org_id": other }), false),
        ("getSiteInfo", json!({ "site_id": bench.lab.foreign_site() }), false),
        ("getSelf", json!({}), false),
        (
            "call_tool",
            json!({ "name": "getMspDetails", "arguments": { "msp_id": bench.lab.msp() } }),
            false,
        ),
    ] {
        let answered = bench.call_as(caller.clone(), tool, arguments.clone()).await;
        assert_eq!(!answered.failed, reaches, "{tool} {arguments}: {}", answered.text);
    }
    // What there is and what there is not are refused in the same words.
    let words = |text: String, id: &str| text.replace(id, "ID");
    let nothing = "99999999-9999-4999-8999-999999999999";
    let exists = bench
        .call_as(caller.clone(), "getOrg", json!({ "org_id": other }))
        .await
        .text;
    let missing = bench.call_as(caller, "getOrg", json!({ "org_id": nothing })).await.text;
    assert_eq!(words(exists, &other), words(missing, nothing));
    let single = kept_to(&[&org], Some(&[&site]));
    let answered = bench
        .call_as(
            single.clone(),
            "getSiteInfo",
            json!({ "site_id": bench.lab.other_site() }),
        )
        .await;
    assert!(answered.failed, "{}", answered.text);
    let whole = bench.call_as(single, "listOrgWlans", json!({ "org_id": org })).await;
    assert!(whole.failed, "{}", whole.text);
}

/// Bytes of answers against bytes of the cloud's bodies.
#[tokio::test]
async fn answers_are_shorter_than_what_they_were_made_of() {
    let bench = MistBench::start().await;
    for (tool, arguments) in [
        ("listOrgSites", sites(&bench)),
        ("listSiteDevices", json!({ "site_id": bench.lab.site(), "type": "all" })),
        (
            "listOrgDevicesStats",
            json!({ "org_id": bench.lab.org(), "type": "all", "limit": 10 }),
        ),
        (
            "searchOrgWirelessClients",
            json!({ "org_id": bench.lab.org(), "limit": 20 }),
        ),
        ("listSiteWirelessClientsStats", json!({ "site_id": bench.lab.site() })),
    ] {
        let before = bench.path.services().mist.client().figures().snapshot().all.bytes;
        let answered = bench.call(tool, arguments).await;
        assert!(!answered.failed, "{tool}: {}", answered.text);
        let after = bench.path.services().mist.client().figures().snapshot().all.bytes;
        let (came, said) = (after - before, answered.text.len() as u64);
        eprintln!("{tool}: {said} of {came} bytes, {:.2}", said as f64 / came as f64);
        assert!(said < came, "{tool}: {said} of {came}");
    }
}

/// What a path ends with says nothing of a place that the specification does not have, and one word is good for one write.
#[tokio::test]
async fn nothing_is_written_under_the_name_of_reading() {
    let bench = MistBench::start().await;
    for endpoint in [
        "/installer/orgs/o1/sites/s/maps/synthetic_test",
        "/orgs/o1/uisettings/synthetic_test",
        "/sites/s1/devices/d1/image/ping",
        "/orgs/o1/devices/ping",
    ] {
        let call = json!({ "endpoint": endpoint, "method": "POST", "data": {} });
        let (code, text) = bench.bad("make_mist_api_call", call).await;
        assert_eq!(code, "read_only", "{endpoint}: {text}");
    }
    assert!(bench.arrived().is_empty(), "{:?}", bench.arrived());
}

#[tokio::test]
async fn a_site_in_the_query_does_not_open_the_organisation() {
    let bench = MistBench::with(Setup {
        mist_writes: true,
        confirm: jmcp::server::path::Confirm::Never,
        ..Setup::default()
    })
    .await;
    let (org, site) = (bench.lab.org().to_owned(), bench.lab.site().to_owned());
    let caller = Principal {
        mist_organisations: Allowed::names([org.as_str()]),
        mist_sites: Allowed::names([site.as_str()]),
        ..Principal::local("kept")
    };
    for (method, place) in [
        ("GET", "psks"),
        ("GET", "wlans"),
        ("GET", "apitokens"),
        ("GET", "ocdevices/outbound_ssh_cmd"),
        ("POST", "wlans"),
        ("DELETE", "wlans/w1"),
        ("POST", "clone"),
    ] {
        let call = json!({ "endpoint": format!("/orgs/{org}/{place}"), "method": method, "params": { "site_id": site }, "data": {} });
        let answered = bench.call_as(caller.clone(), "make_mist_api_call", call).await;
        assert!(answered.failed, "{method} {place}: {}", answered.text);
        let reached = bench
            .arrived()
            .into_iter()
            .any(|seen| seen.path.starts_with(&format!("/api/v1/orgs/{org}/")));
        assert!(!reached, "{method} {place}: {:?}", bench.arrived());
    }
    let search = json!({ "org_id": org, "site_id": site, "limit": 1 });
    let answered = bench.call_as(caller, "searchOrgWirelessClients", search).await;
    assert!(!answered.failed, "{}", answered.text);
}
