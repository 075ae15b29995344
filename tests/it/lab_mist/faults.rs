//! Each thing that the cloud can be told to do wrong.

use std::time::Duration;

use jmcp::lab::{
    Gate,
    mist::{MistFault, RetryAfter},
};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{get, good, lab, request, send};
use crate::support::web::Wire;

/// Everything that comes on a connection until its end.
async fn raw(lab: &jmcp::lab::mist::MistLab, path: &str) -> Vec<u8> {
    let mut stream = tokio::net::TcpStream::connect(lab.address()).await.unwrap();
    stream.write_all(&request("GET", path).bytes()).await.unwrap();
    let mut bytes = Vec::new();
    // The end may be a reset.
    let _ = stream.read_to_end(&mut bytes).await;
    bytes
}

#[tokio::test]
async fn statuses_come_as_told() {
    let lab = lab().await;
    let cases = [
        (MistFault::TooMany(None), 429, None),
        (MistFault::TooMany(Some(RetryAfter::Seconds(7))), 429, Some("7")),
        (
            MistFault::TooMany(Some(RetryAfter::Date(Duration::from_secs(60)))),
            429,
            Some("Fri, 02 Jan 2026 03:05:05 GMT"),
        ),
        (MistFault::Detail(401), 401, None),
        (MistFault::Detail(403), 403, None),
    ];
    for (fault, status, retry) in cases {
        lab.faults().once(fault);
        let reply = get(&lab, "/self").await;
        assert_eq!((reply.status, reply.header("retry-after")), (status, retry));
        assert!(reply.json()["detail"].is_string());
        assert_eq!(get(&lab, "/self").await.status, 200);
    }
    for status in [500, 502, 503] {
        lab.faults().once(MistFault::Html(status));
        let reply = get(&lab, "/self").await;
        assert_eq!(
            (reply.status, reply.header("content-type")),
            (status, Some("text/html"))
        );
    }
    lab.faults().once(MistFault::Nothing(404));
    let reply = get(&lab, "/self").await;
    assert_eq!((reply.status, reply.body.len()), (404, 0));
}

#[tokio::test]
async fn bodies_are_spoilt_as_told() {
    let lab = lab().await;
    lab.faults().once(MistFault::InvalidJson);
    let reply = get(&lab, "/self").await;
    assert!(reply.status == 200 && serde_json::from_slice::<serde_json::Value>(&reply.body).is_err());
    lab.faults().once(MistFault::Empty);
    let reply = get(&lab, "/self").await;
    assert_eq!((reply.status, reply.body.len()), (200, 0));
    lab.faults().once(MistFault::ContentType("text/plain".into()));
    let reply = get(&lab, "/self").await;
    assert_eq!(reply.header("content-type"), Some("text/plain"));
    assert!(serde_json::from_slice::<serde_json::Value>(&reply.body).is_ok());
    lab.faults().once(MistFault::Huge(2));
    let reply = get(&lab, "/self").await;
    assert!(reply.body.len() > 2_000_000);
    assert!(
        serde_json::from_slice::<serde_json::Value>(&reply.body)
            .unwrap()
            .is_array()
    );
    lab.faults().once(MistFault::Truncated);
    let bytes = raw(&lab, "/self").await;
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let length: usize = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap()
        .parse()
        .unwrap();
    assert!(body.len() < length && !body.is_empty());
}

#[tokio::test]
async fn connections_end_as_told() {
    let lab = lab().await;
    let path = format!("/sites/{}/wlans", lab.site());
    let before = good(&lab, &path).await.as_array().unwrap().len();
    for (fault, more) in [(MistFault::DropUnread, 0), (MistFault::DropUnanswered, 1)] {
        lab.faults().on("POST", fault, Some(1));
        let mut wire = Wire::to(lab.address()).await;
        wire.send(&request("POST", &path).body(json!({"ssid": "x"}).to_string()).bytes())
            .await;
        assert!(wire.is_closed().await);
        let after = good(&lab, &path).await.as_array().unwrap().len();
        assert_eq!(after, before + more);
    }
    let dropped: Vec<_> = lab
        .requests()
        .into_iter()
        .filter(|seen| seen.method == "POST")
        .collect();
    assert!(dropped.iter().all(|seen| seen.status.is_none()));
    assert_eq!(dropped.iter().filter(|seen| seen.body.is_some()).count(), 1);
}

#[tokio::test]
async fn the_way_on_may_be_hostile() {
    let lab = lab().await;
    lab.faults().once(MistFault::Redirect("http://other.example".into()));
    let reply = get(&lab, "/self").await;
    assert_eq!(
        (reply.status, reply.header("location")),
        (307, Some("http://other.example/api/v1/self"))
    );
    let search = format!("/orgs/{}/clients/search?limit=5", lab.org());
    for next in [
        "https://evil.example/api/v1/x",
        "//evil.example/x",
        "../../x",
        ".evil.example/x",
    ] {
        lab.faults().once(MistFault::Next(next.into()));
        assert_eq!(good(&lab, &search).await["next"], next);
    }
}

#[tokio::test]
async fn answers_wait_at_gates() {
    let lab = lab().await;
    let gate = Gate::new();
    lab.faults().on("/self", MistFault::Hold(gate.clone()), None);
    let address = lab.address();
    let waiting: Vec<_> = (0..4)
        .map(|_| tokio::spawn(request("GET", "/self").sent(address)))
        .collect();
    let others = send(&lab, "GET", &format!("/orgs/{}", lab.org()), &json!(null)).await;
    assert_eq!(others.status, 200, "others are not held up");
    gate.reached().await;
    gate.open();
    for reply in waiting {
        assert_eq!(reply.await.unwrap().status, 200);
    }
    lab.faults().clear();
    let gate = Gate::new();
    lab.faults().once(MistFault::HoldAnswer(gate.clone()));
    let waiting = tokio::spawn(request("GET", "/self").sent(address));
    gate.reached().await;
    assert_eq!(lab.requests().last().unwrap().status, None);
    gate.open();
    assert_eq!(waiting.await.unwrap().status, 200);
}
