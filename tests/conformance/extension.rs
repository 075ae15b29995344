//! What the suite's server has beside tools.

use std::sync::Arc;

use async_trait::async_trait;
use jmcp::{error::Result, server::Extension, tools::Ask};
use rmcp::{
    model::{
        GetPromptResult, JsonObject, Prompt, ReadResourceResult, Resource, ResourceTemplate, ServerCapabilities,
        SubscriptionFilter,
    },
    service::SubscriptionContext,
};

use crate::{changes::Changes, prompts, resources};

pub(crate) struct Suite {
    pub(crate) changes: Arc<Changes>,
}

#[async_trait]
impl Extension for Suite {
    fn declare(&self, capabilities: &mut ServerCapabilities) {
        if let Some(tools) = &mut capabilities.tools {
            tools.list_changed = Some(true);
        }
        if let Some(prompts) = &mut capabilities.prompts {
            prompts.list_changed = Some(true);
        }
        if let Some(resources) = &mut capabilities.resources {
            resources.subscribe = Some(true);
        }
    }

    fn prompts(&self) -> Vec<Prompt> {
        prompts::list()
    }

    async fn prompt(&self, name: &str, arguments: &JsonObject, ask: &dyn Ask) -> Option<Result<GetPromptResult>> {
        prompts::get(name, arguments, ask).await
    }

    fn resources(&self) -> Vec<Resource> {
        resources::list()
    }

    fn templates(&self) -> Vec<ResourceTemplate> {
        resources::templates()
    }

    fn read(&self, uri: &str) -> Option<ReadResourceResult> {
        resources::read(uri)
    }

    fn subscribe(&self, uri: &str) -> bool {
        resources::can_be_watched(uri)
    }

    fn unsubscribe(&self, _uri: &str) {}

    fn accepts(&self, wanted: &SubscriptionFilter) -> SubscriptionFilter {
        wanted.clone()
    }

    async fn listen(&self, subscription: SubscriptionContext) {
        self.changes.tell(subscription).await;
    }
}
