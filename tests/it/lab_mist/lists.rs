//! Paging, filters, order, counts.

use serde_json::Value;

use super::{get, good, lab};

#[tokio::test]
async fn lists_come_by_page_number() {
    let lab = lab().await;
    let path = format!("/orgs/{}/inventory", lab.org());
    let reply = get(&lab, &format!("{path}?limit=20&page=3")).await;
    let total: usize = reply.header("x-page-total").unwrap().parse().unwrap();
    assert_eq!(reply.header("x-page-limit"), Some("20"));
    assert_eq!(reply.header("x-page-page"), Some("3"));
    assert_eq!(reply.json().as_array().unwrap().len(), total - 40);
    assert_eq!(
        good(&lab, &format!("{path}?limit=20&page=9")).await,
        Value::Array(Vec::new())
    );
    let gateways = good(&lab, &format!("{path}?type=gateway")).await;
    assert_eq!(gateways.as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn searches_come_by_cursor() {
    let lab = lab().await;
    let mut next = format!(
        "/api/v1/orgs/{}/clients/search?limit=60&duration=2w&ssid=Corp",
        lab.org()
    );
    let (mut macs, mut answers) = (Vec::new(), 0);
    loop {
        let body = good(&lab, next.strip_prefix("/api/v1").unwrap()).await;
        assert_eq!(body["total"], 75);
        let rows = body["results"].as_array().unwrap();
        macs.extend(rows.iter().map(|row| row["mac"].as_str().unwrap().to_owned()));
        answers += 1;
        match body["next"].as_str() {
            Some(more) => more.clone_into(&mut next),
            None => break,
        }
        assert!(next.starts_with("/api/v1/orgs/") && next.contains("search_after="));
    }
    assert_eq!((answers, macs.len()), (2, 75));
    macs.sort();
    macs.dedup();
    assert_eq!(macs.len(), 75, "nothing twice");
}

#[tokio::test]
async fn filters_filter() {
    let lab = lab().await;
    let org = lab.org();
    let total = async |path: &str| {
        good(&lab, &format!("/orgs/{org}/{path}")).await["total"]
            .as_u64()
            .unwrap()
    };
    let all = total("clients/search?duration=2w").await;
    assert!(
        total("clients/search").await < all,
        "a day is meant where nothing is said"
    );
    assert_eq!(total("clients/search?duration=2w&ssid=IoT").await, 50);
    let at_site = total(&format!("clients/search?duration=2w&site_id={}", lab.site())).await;
    assert_eq!(at_site, 48);
    assert_eq!(total("clients/search?duration=2w&mac=020001002000").await, 1);
    assert_eq!(total("clients/search?duration=2w&mac=02:00:01:00:20:00").await, 1);
    assert_eq!(total("clients/search?duration=2w&hostname=laptop*").await, 25);
    assert_eq!(total("clients/search?duration=2w&hostname=laptop").await, 0);
    assert_eq!(total("clients/search?duration=2w&text=canner-").await, 25);
    assert_eq!(
        total("clients/search?duration=2w&band=6&ssid=Guest").await,
        all / 12 + 1
    );
    assert_eq!(total("inventory/search?status=disconnected&type=switch").await, 1);
    assert_eq!(total("inventory/search?text=den-sw").await, 7);
    assert_eq!(total("alarms/search?duration=1w&severity=critical&acked=true").await, 2);
    let vc = "inventory/search?type=ap&vc_mac=5c452700a080";
    assert_eq!(total(vc).await, 0, "access points have no such field, others have");
    assert_eq!(
        total("inventory/search?type=gateway&mood=good").await,
        6,
        "what nobody knows is ignored"
    );
    let window = "alarms/search?start=-2h&end=-1h";
    let rows = good(&lab, &format!("/orgs/{org}/{window}")).await;
    let now = 1_767_323_045.0;
    for row in rows["results"].as_array().unwrap() {
        let age = now - row["timestamp"].as_f64().unwrap();
        assert!((3600.0..=7200.0).contains(&age), "{age}");
    }
    assert!(rows["total"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn rows_come_in_order() {
    let lab = lab().await;
    let path = format!("/orgs/{}/devices/events/search?limit=1000", lab.org());
    let times = |body: &Value| -> Vec<f64> {
        let rows = body["results"].as_array().unwrap();
        rows.iter().map(|row| row["timestamp"].as_f64().unwrap()).collect()
    };
    let newest = times(&good(&lab, &path).await);
    assert!(newest.is_sorted_by(|a, b| a >= b));
    let oldest = times(&good(&lab, &format!("{path}&sort=timestamp")).await);
    assert!(oldest.is_sorted() && oldest.len() == newest.len());
}

#[tokio::test]
async fn wrong_values_are_refused() {
    let lab = lab().await;
    for query in [
        "limit=many",
        "limit=-1",
        "limit=1001",
        "page=0",
        "sort=nothing",
        "start=yesterday",
        "duration=1y",
        "start=-1h&end=-2h",
        "search_after=x",
    ] {
        let reply = get(&lab, &format!("/orgs/{}/clients/search?{query}", lab.org())).await;
        assert_eq!(reply.status, 400, "{query}");
        assert!(reply.json()["detail"].is_string());
    }
}

#[tokio::test]
async fn counts_count() {
    let lab = lab().await;
    let path = format!("/orgs/{}/clients/count?duration=2w&distinct=ssid", lab.org());
    let body = good(&lab, &path).await;
    assert_eq!(body["distinct"], "ssid");
    assert_eq!(body["results"][0]["ssid"], "Corp");
    assert_eq!(body["results"][0]["count"], 75);
    let sum: u64 = body["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["count"].as_u64().unwrap())
        .sum();
    assert_eq!(sum, 150);
    assert_eq!(
        get(&lab, &format!("/orgs/{}/clients/count?distinct=mood", lab.org()))
            .await
            .status,
        400
    );
}
