//! The way to a device: one login for everybody who waits, and the channels opened on it.

use std::{sync::Arc, time::Duration};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared, join_all},
};

use super::{device::PerDevice, figures::count, slots::Opening};
use crate::{
    error::{Code, Error, Result},
    junos::{
        inventory,
        netconf::{
            error::seconds,
            framing::Framing,
            session::{self, Session},
        },
        transport::Connection,
    },
};

/// How long a connection may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(2);

/// A connect that is under way, the same for everybody who waits.
pub(super) type Connecting = Shared<BoxFuture<'static, Result<Up, Arc<Error>>>>;

/// A connection and its number, by which a later one can be told from it.
pub(super) type Up = (u64, Arc<dyn Connection>);

/// The way to the device.
pub(super) enum Link {
    Down,
    Connecting(Connecting),
    Up(Up),
}

impl PerDevice {
    /// Opens a channel in the background: it goes on when those who wait give up.
    pub(super) fn open(self: &Arc<Self>) -> Opening {
        let task = tokio::spawn(Arc::clone(self).open_channel());
        async move { task.await.unwrap_or_else(|error| Err(Arc::new(panicked(&error)))) }
            .boxed()
            .shared()
    }

    async fn open_channel(self: Arc<Self>) -> Result<Arc<Session>, Arc<Error>> {
        let mut again = true;
        loop {
            let connecting = self.connection()?;
            let (number, connection) = connecting.await?;
            match connection.open_netconf().await {
                Ok(stream) => {
                    count(&self.counters.channels);
                    return Ok(Arc::new(Session::start(stream, self.session_options())));
                }
                // It had died unnoticed; nothing was sent yet.
                Err(error) if again && error.code() == Code::Transport => {
                    again = false;
                    self.drop_link(number);
                }
                Err(error) => return Err(Arc::new(error)),
            }
        }
    }

    fn session_options(&self) -> session::Options {
        session::Options {
            chunked: self.device.framing == inventory::Framing::Auto,
            known: match self.device.framing {
                inventory::Framing::Auto => self.state().framing,
                inventory::Framing::EndOfMessage => Some(Framing::EndOfMessage),
            }
            .filter(|_| self.options.pipeline_hello),
            grace: self.options.cancel_grace,
            hello_timeout: self.options.hello_timeout,
            max_message: self.options.max_message,
            round_trips: Arc::clone(&self.counters.round_trips),
            ..session::Options::new(self.device.name.clone())
        }
    }

    /// The connection, or the one connect that is under way for everybody.
    fn connection(self: &Arc<Self>) -> Result<Connecting, Arc<Error>> {
        let mut state = self.state();
        match &state.link {
            // One that has ended and left no trace panicked.
            Link::Connecting(connecting) if connecting.peek().is_none() => return Ok(connecting.clone()),
            Link::Up(up) if !up.1.is_closed() => return Ok(futures::future::ready(Ok(up.clone())).boxed().shared()),
            _ => {}
        }
        if state.retired {
            return Err(Arc::new(self.gone()));
        }
        state.backoff.check(&self.device).map_err(Arc::new)?;
        let task = tokio::spawn(Arc::clone(self).bring_up());
        let connecting = async move { task.await.unwrap_or_else(|error| Err(Arc::new(panicked(&error)))) }
            .boxed()
            .shared();
        state.link = Link::Connecting(connecting.clone());
        Ok(connecting)
    }

    async fn bring_up(self: Arc<Self>) -> Result<Up, Arc<Error>> {
        let limit = self.options.connect_timeout;
        let connected = tokio::time::timeout(limit, self.connect.connect(&self.device))
            .await
            .unwrap_or_else(|_| {
                let message = format!("device `{}`: no connection within {}", self.device.name, seconds(limit));
                Err(Error::new(Code::ConnectTimeout, message))
            });
        let mut state = self.state();
        match connected {
            Ok(connection) if state.retired => {
                drop(state);
                dispose(Vec::new(), Some(connection));
                Err(Arc::new(self.gone()))
            }
            Ok(connection) => {
                count(&self.counters.connections);
                state.backoff.succeeded();
                state.links += 1;
                let up = (state.links, connection);
                state.link = Link::Up(up.clone());
                Ok(up)
            }
            Err(error) => {
                state.backoff.failed(&error);
                state.link = Link::Down;
                Err(Arc::new(error))
            }
        }
    }

    pub(super) fn drop_link(&self, number: u64) {
        let mut state = self.state();
        if matches!(&state.link, Link::Up((up, _)) if *up == number) {
            state.link = Link::Down;
        }
    }
}

/// Takes the connection out, to be closed.
pub(super) fn take_up(link: &mut Link) -> Option<Arc<dyn Connection>> {
    match std::mem::replace(link, Link::Down) {
        Link::Up((_, connection)) => Some(connection),
        connecting @ Link::Connecting(_) => {
            *link = connecting;
            None
        }
        Link::Down => None,
    }
}

/// Says goodbye in the background.
pub(super) fn dispose(openings: Vec<Opening>, connection: Option<Arc<dyn Connection>>) {
    if openings.is_empty() && connection.is_none() {
        return;
    }
    // Without a runtime everything is going down anyway, and dropping closes.
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(say_goodbye(openings, connection));
    }
}

/// Says goodbye on every channel, then on the connection.
pub(super) async fn say_goodbye(openings: Vec<Opening>, connection: Option<Arc<dyn Connection>>) {
    let sessions = openings
        .iter()
        .filter_map(|opening| opening.peek().and_then(|opened| opened.as_ref().ok()));
    join_all(sessions.map(|session| session.close())).await;
    drop(openings);
    if let Some(connection) = connection {
        let _ = tokio::time::timeout(GOODBYE, connection.close()).await;
    }
}

fn panicked(error: &tokio::task::JoinError) -> Error {
    Error::new(Code::Internal, format!("opening a session failed: {error}"))
}
