//! Goes the way to a server: TCP, proxy command or tunnel, then SSH on it, hop by hop.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    net::{TcpStream, lookup_host},
    time::{Instant, timeout, timeout_at},
};

use super::{
    Options, algorithms,
    auth::Login,
    failure::{self, Attempt},
    handler::{Check, Client, Server},
    host_keys::Verifier,
    proxy_command::{Complaint, ProxyCommand},
    route::{Dial, Hop, Route},
    session::Session,
    wire::Wire,
};
use crate::{
    error::{Code, Error, Result},
    junos::transport::Stream,
};

/// Connects and logs in to every server of the way; the session is that of the last.
///
/// Cancel safe: what is open is closed when the future is dropped.
pub(super) async fn climb(options: &Options, route: Route) -> Result<Arc<Session>> {
    let mut below = None;
    for hop in &route.hops {
        below = Some(Arc::new(reach(options, &route.dial, below.take(), hop).await?));
    }
    below.ok_or_else(|| Error::new(Code::Internal, "a way without servers"))
}

/// Connects and logs in to one server, from the server below it or from here.
pub(super) async fn reach(options: &Options, dial: &Dial, below: Option<Arc<Session>>, hop: &Hop) -> Result<Session> {
    let names = hop.names.clone();
    let verifier = Verifier::read(&options.host_keys, &hop.known_hosts, names, hop.server.clone()).await?;
    let deadline = Instant::now() + hop.timeout;
    let carrier = carrier(dial, below.as_deref(), hop, deadline).await?;
    log_in(options, hop, verifier, carrier, deadline, below).await
}

/// SSH on a byte stream: key exchange, host key, login.
async fn log_in(
    options: &Options,
    hop: &Hop,
    verifier: Verifier,
    carrier: Carrier,
    deadline: Instant,
    below: Option<Arc<Session>>,
) -> Result<Session> {
    let host_keys = algorithms::host_key_algorithms(hop.legacy, &verifier.algorithms());
    let config = Arc::new(algorithms::client_config(options, hop.legacy, host_keys));
    let (wire, line) = Wire::new(carrier.stream);
    let guard = line.guard();
    let state = Arc::new(Server::default());
    let client = Client::new(state.clone(), Check::Verify(verifier));
    let attempt = Attempt {
        hop,
        line: &line,
        command: carrier.complaint.as_ref(),
    };
    let mut handle = match timeout_at(deadline, russh::client::connect_stream(config, wire, client)).await {
        Ok(Ok(handle)) => handle,
        Ok(Err(fault)) => return Err(attempt.handshake(fault).await),
        Err(_) => return Err(attempt.timed_out()),
    };
    let login = Login::new(&mut handle, &state, hop).run(options.agent.as_deref());
    match timeout(hop.timeout, login).await {
        Ok(outcome) => outcome?,
        Err(_) => {
            return Err(failure::timed_out(&hop.server, "answer the login", hop.timeout).advise(
                "its RADIUS or TACACS+ server may be slow, or the password may have expired; raise `ConnectTimeout` in \
                 `ssh_config` if it needs longer",
            ));
        }
    }
    Ok(Session {
        handle,
        state,
        server: hop.server.clone(),
        line: guard,
        below,
    })
}

/// A byte stream to a server.
pub(super) struct Carrier {
    pub(super) stream: Box<dyn Stream>,
    /// What a proxy command says about it.
    pub(super) complaint: Option<Complaint>,
}

impl Carrier {
    fn new(stream: impl Stream + 'static) -> Self {
        Self {
            stream: Box::new(stream),
            complaint: None,
        }
    }
}

/// Opens the byte stream to a server.
pub(super) async fn carrier(dial: &Dial, below: Option<&Session>, hop: &Hop, deadline: Instant) -> Result<Carrier> {
    match (below, dial) {
        (Some(below), _) => match timeout_at(deadline, below.tunnel(&hop.host, hop.port)).await {
            Ok(tunnel) => Ok(Carrier::new(tunnel?)),
            Err(_) => Err(failure::timed_out(&below.server, "open the tunnel", hop.timeout)),
        },
        (None, Dial::Tcp) => Ok(Carrier::new(tcp(hop, deadline).await?)),
        (None, Dial::Command(command)) => match ProxyCommand::start(command) {
            Ok((stream, complaint)) => Ok(Carrier {
                complaint: Some(complaint),
                ..Carrier::new(stream)
            }),
            Err(error) => {
                let text = format!("{}: the proxy command cannot be started: {error}", hop.server);
                Err(Error::new(Code::ConnectFailed, text).caused_by(error))
            }
        },
    }
}

/// Tries the addresses of a name in turn; each gets its share of the time that is left.
async fn tcp(hop: &Hop, deadline: Instant) -> Result<TcpStream> {
    let addresses = match timeout_at(deadline, lookup_host((hop.host.as_str(), hop.port))).await {
        Ok(Ok(addresses)) => addresses.collect::<Vec<_>>(),
        Ok(Err(error)) => return Err(failure::resolve(&hop.server, &hop.host, &error)),
        Err(_) => return Err(failure::timed_out(&hop.server, "resolve", hop.timeout)),
    };
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    let mut left = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    for address in addresses {
        let share = deadline.saturating_duration_since(Instant::now()) / left.max(1);
        left = left.saturating_sub(1);
        match timeout(share.max(Duration::from_millis(1)), TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Requests are small and each waits for its reply.
                let _ = stream.set_nodelay(true);
                // What was not delivered when the connection is given up must not be delivered later: it may be a commit.
                let _ = stream.set_zero_linger();
                return Ok(stream);
            }
            Ok(Err(error)) => last = error,
            Err(elapsed) => last = io::Error::new(io::ErrorKind::TimedOut, elapsed),
        }
    }
    Err(failure::tcp(&hop.server, hop.port, last))
}

#[cfg(test)]
mod tests;
