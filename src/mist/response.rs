//! What came back.

use serde_json::Value;

/// A good answer.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The body; null where there was none.
    pub body: Value,
    /// Bytes of the body as it came.
    pub bytes: usize,
    /// What the headers said of the page, where there were such.
    pub page: Option<PageOf>,
}

/// Which page of how many things (`X-Page-Limit`, `X-Page-Page`, `X-Page-Total`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageOf {
    /// Things on a page.
    pub limit: u64,
    /// This page, from 1.
    pub page: u64,
    /// Things in all.
    pub total: u64,
}

impl PageOf {
    /// Whether more pages follow.
    pub fn has_more(self) -> bool {
        self.limit > 0 && self.limit.saturating_mul(self.page) < self.total
    }
}
