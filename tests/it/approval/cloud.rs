//! The Mist cloud, where every change is asked about.

use super::*;
use crate::support::mist::{MistBench, Setup};

#[tokio::test]
async fn a_tool_that_is_called_by_its_name_takes_the_token_beside_it_or_among_its_arguments() {
    let bench = MistBench::with(Setup {
        confirm: Confirm::Destroy,
        ..Setup::writing()
    })
    .await;
    for place in ["outside", "inside"] {
        let mut arguments = json!({ "org_id": bench.lab.org(), "body": { "name": format!("Site {place}") } });
        let mut call = json!({ "name": "createOrgSite", "arguments": arguments });
        let answered = bench.call("call_tool", call.clone()).await;
        let given = answered.confirmation.unwrap_or_else(|| panic!("{}", answered.text))["token"].clone();
        assert!(answered.text.contains(&format!("Site {place}")), "{}", answered.text);
        if place == "outside" {
            call["confirmation_token"] = given;
        } else {
            arguments["confirmation_token"] = given;
            call["arguments"] = arguments;
        }
        let answered = bench.call("call_tool", call).await;
        assert!(!answered.failed, "{place}: {}", answered.text);
    }
    let sent = bench.arrived().into_iter().filter(|seen| seen.method == "POST").count();
    assert_eq!(sent, 2);
}
