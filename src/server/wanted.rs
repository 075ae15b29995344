//! What a request says should be listed: `?mode=`, `?categories=`, `X-MCP-Toolsets`.

use crate::tools::{Listing, Mode};

/// What one request says; nothing where it says nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    /// The mode.
    pub(super) mode: Option<Mode>,
    /// The categories.
    pub(super) categories: Vec<&'static str>,
    /// Whether the request brings what the tools for the Mist cloud need.
    pub(super) brings_mist: bool,
}

impl Wanted {
    /// What is listed, where this is what is listed otherwise.
    pub(super) fn over(&self, otherwise: &Listing) -> Listing {
        let mut listing = otherwise.clone();
        if let Some(mode) = self.mode {
            listing.mode = mode;
            listing.categories.clear();
        }
        listing.categories.extend(&self.categories);
        listing.has_mist |= self.brings_mist;
        listing
    }
}
