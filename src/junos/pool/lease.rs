//! A channel of its own, for a configuration transaction.

use std::{sync::Arc, time::Duration};

use super::{device::PerDevice, figures::count};
use crate::{
    error::{Code, Error, Result},
    junos::netconf::{reply::Reply, session::Session},
};

/// A NETCONF session that nobody else uses. Nothing on it is ever repeated.
///
/// [`Lease::release`] gives it back for reads; dropping it instead closes the channel, and the device gives up the
/// session's locks and private candidate.
pub struct Lease {
    of: Arc<PerDevice>,
    id: u64,
    session: Option<Arc<Session>>,
    released: bool,
}

impl Lease {
    pub(super) fn new(of: Arc<PerDevice>, id: u64) -> Self {
        Self {
            of,
            id,
            session: None,
            released: false,
        }
    }

    pub(super) fn begin(&mut self, session: Arc<Session>) {
        self.session = Some(session);
    }

    /// Sends one request. Any error of the device is an error, on whichever routing engine.
    ///
    /// # Errors
    /// `timeout`, `transport` (whether the device executed the request is not known then), `protocol`, and those of
    /// [`Reply::into_result`].
    pub async fn request(&self, body: &str, timeout: Duration) -> Result<Reply> {
        self.request_raw(body, timeout).await?.into_result(self.device_name())
    }

    /// Sends one request. Errors of the device are in the reply.
    ///
    /// # Errors
    /// `timeout`, `transport` (whether the device executed the request is not known then), `protocol`.
    pub async fn request_raw(&self, body: &str, timeout: Duration) -> Result<Reply> {
        let Some(session) = &self.session else {
            return Err(Error::new(Code::Internal, "a session is used before it is open"));
        };
        count(&self.of.counters.requests);
        session
            .request(body, timeout)
            .await
            .map_err(|error| error.report(self.device_name()))
    }

    /// The device's number of the session: the `pid` that others see in a lock message.
    pub fn session_id(&self) -> Option<u64> {
        self.session.as_ref()?.hello()?.session_id
    }

    /// Whether the session has ended.
    pub fn is_closed(&self) -> bool {
        self.session.as_ref().is_none_or(|session| session.is_closed())
    }

    /// Gives it back for reads: call it only when nothing is left behind, no lock, no candidate.
    pub fn release(mut self) {
        self.released = true;
    }

    fn device_name(&self) -> &str {
        &self.of.device.name
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.released {
            return self.of.release(self.id);
        }
        if let Some(session) = &self.session {
            session.abort();
        }
        self.of.discard(self.id);
    }
}
