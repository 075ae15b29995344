//! A commit that takes minutes, seen by an MCP client.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use jmcp::{
    lab::{Fault, config::Action},
    server::Mcp,
    tools::Principal,
};
use rmcp::{
    ClientHandler, RoleClient, ServiceExt as _,
    model::{CallToolRequestParams, ProgressNotificationParam},
    service::NotificationContext,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{CHANGE, MX, ROUTERS, count};
use crate::support::bench::Bench;

#[derive(Clone, Default)]
struct Listener(Arc<Mutex<Vec<ProgressNotificationParam>>>);

impl ClientHandler for Listener {
    async fn on_progress(&self, params: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        self.0.lock().unwrap().push(params);
    }
}

#[tokio::test(start_paused = true)]
async fn a_commit_of_five_minutes_is_waited_for_with_progress() {
    let bench = Bench::start().await;
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let server = Mcp::new(bench.path.clone(), Principal::local("test"));
    let serving = tokio::spawn(async move { server.serve(theirs).await.unwrap().waiting().await });
    let listener = Listener::default();
    let client = listener.clone().serve(ours).await.unwrap();
    for router in ROUTERS {
        let device = bench.device(router);
        // The check and the commit, which is more than a call has by default.
        device.faults().times(
            Fault::Slow {
                on: "commit-configuration".into(),
                time: Duration::from_secs(300),
            },
            2,
        );
        let Value::Object(arguments) = json!({"router_name": router, "config_text": CHANGE, "timeout": 310}) else {
            panic!("an object")
        };
        let begun = Instant::now();
        let answer = client
            .call_tool(CallToolRequestParams::new("load_and_commit_config").with_arguments(arguments))
            .await
            .unwrap();
        assert_eq!(answer.structured_content.unwrap()["outcome"], "committed", "{router}");
        assert!(begun.elapsed() >= Duration::from_secs(600), "{:?}", begun.elapsed());
        assert_eq!(count(device, Action::Commit), 1, "{router}");
        let heard = std::mem::take(&mut *listener.0.lock().unwrap());
        assert!(heard.len() > 60, "{} notifications in ten minutes", heard.len());
        assert!(
            heard.is_sorted_by(|a, b| a.progress < b.progress),
            "progress has to grow"
        );
    }
    assert!(count(bench.device(MX), Action::Check) == 1);
    client.cancel().await.unwrap();
    serving.abort();
}
