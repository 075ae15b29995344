//! Tools that say that the lists have changed, and the clients that hear of it.

use std::sync::Arc;

use jmcp::tools::Tool;
use rmcp::service::SubscriptionContext;
use tokio::sync::broadcast;

use crate::{Nothing, said, tool};

/// What has changed.
#[derive(Debug, Clone, Copy)]
enum Change {
    Tools,
    Prompts,
}

/// Tells all who listen.
pub(crate) struct Changes(broadcast::Sender<Change>);

impl Changes {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(broadcast::channel(16).0))
    }

    /// Tells one client until it has gone. It is sent only what it asked for.
    pub(crate) async fn tell(&self, subscription: SubscriptionContext) {
        let mut changes = self.0.subscribe();
        loop {
            let change = tokio::select! {
                change = changes.recv() => change,
                () = subscription.cancelled() => return,
            };
            let sink = subscription.sink();
            let _ = match change {
                Ok(Change::Tools) => sink.notify_tool_list_changed().await,
                Ok(Change::Prompts) => sink.notify_prompt_list_changed().await,
                Err(_) => return,
            };
        }
    }
}

pub(crate) fn tools(changes: &Arc<Changes>) -> Vec<Tool> {
    vec![
        trigger("test_trigger_tool_change", changes, Change::Tools),
        trigger("test_trigger_prompt_change", changes, Change::Prompts),
    ]
}

fn trigger(name: &'static str, changes: &Arc<Changes>, change: Change) -> Tool {
    let changes = changes.clone();
    tool(name, "Says that a list has changed.", move |_, _: Nothing| {
        let changes = changes.clone();
        async move {
            let listening = changes.0.send(change).unwrap_or_default();
            Ok(said(format!("{listening} clients were told.")))
        }
    })
}
