//! What a server can offer beside the product's own: prompts, resources, and news of what changed. Only a build with the feature
//! `conformance` can be given one; the product has none.

use async_trait::async_trait;
use rmcp::{
    model::{
        GetPromptResult, JsonObject, Prompt, ReadResourceResult, Resource, ResourceTemplate, ServerCapabilities,
        SubscriptionFilter,
    },
    service::SubscriptionContext,
};

use crate::{error::Result, tools::Ask};

/// Is asked for what the product does not know.
#[async_trait]
pub trait Extension: Send + Sync {
    /// What clients are told of it, beside what the product can.
    fn declare(&self, capabilities: &mut ServerCapabilities);

    /// Its prompts.
    fn prompts(&self) -> Vec<Prompt>;

    /// One of its prompts, which may ask the client first; `None` where it has no such prompt.
    async fn prompt(&self, name: &str, arguments: &JsonObject, ask: &dyn Ask) -> Option<Result<GetPromptResult>>;

    /// Its resources.
    fn resources(&self) -> Vec<Resource>;

    /// Its templates of resources.
    fn templates(&self) -> Vec<ResourceTemplate>;

    /// One of its resources; `None` where it has none of this address.
    fn read(&self, uri: &str) -> Option<ReadResourceResult>;

    /// A client up to 2025-11-25 wants to hear of this resource; `false` where it cannot.
    fn subscribe(&self, uri: &str) -> bool;

    /// It wants to hear no more.
    fn unsubscribe(&self, uri: &str);

    /// What a client of 2026-07-28 may hear of what it asks for.
    fn accepts(&self, wanted: &SubscriptionFilter) -> SubscriptionFilter;

    /// Tells such a client what changes, until it has gone.
    async fn listen(&self, subscription: SubscriptionContext);
}
