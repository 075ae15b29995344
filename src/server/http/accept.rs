//! Takes connections: so many and no more, none that stay silent, each with its time limits. Where all places are taken, a client that
//! has shown a valid token is never turned out for want of room while one is there that has not, nor while another caller has more.

use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::Router;
use http::Request;
use hyper::{body::Incoming, service::Service as _};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{connection::Connection, framing::Head};

/// Limits on connections.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// Connections at once.
    pub connections: usize,
    /// How long a client may take for the TLS handshake and the head of its first request.
    pub first_request: Duration,
    /// How long a connection may be idle between requests, or take for the head of a further one.
    pub idle: Duration,
    /// How long a client may take none of what it is sent.
    pub stalled: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: 4096,
            first_request: Duration::from_secs(15),
            idle: Duration::from_secs(75),
            stalled: Duration::from_secs(60),
        }
    }
}

/// What is known of the connection that a request came on.
#[derive(Debug, Clone)]
pub(super) struct Client {
    /// The other end.
    pub(super) address: SocketAddr,
    /// The address that it reached here.
    pub(super) own: IpAddr,
    /// Whether the message says its length in two ways.
    pub(super) is_ambiguous: bool,
    guest: Arc<Guest>,
}

impl Client {
    /// It has shown whose it is.
    pub(super) fn belongs_to(&self, caller: &Arc<str>) {
        let mut whose = self.guest.whose.lock().unwrap_or_else(PoisonError::into_inner);
        if whose.as_ref() != Some(caller) {
            *whose = Some(caller.clone());
        }
    }
}

/// A connection in the book.
#[derive(Debug)]
struct Guest {
    /// The caller whose token it has shown.
    whose: Mutex<Option<Arc<str>>>,
    /// Requests that are not answered yet.
    busy: AtomicUsize,
    /// Fires when its place is needed for another.
    out: CancellationToken,
}

impl Guest {
    fn whose(&self) -> Option<Arc<str>> {
        self.whose.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn is_idle(&self) -> bool {
        self.busy.load(Ordering::Relaxed) == 0
    }
}

/// A request until it is answered.
struct Busy(Arc<Guest>);

impl Busy {
    fn with(guest: &Arc<Guest>) -> Self {
        guest.busy.fetch_add(1, Ordering::Relaxed);
        Self(guest.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The connections that are open, in the order in which they came.
#[derive(Debug, Default)]
struct Book {
    next: u64,
    open: BTreeMap<u64, Arc<Guest>>,
}

impl Book {
    /// Who makes room where all places are taken: the oldest that has shown no token; else, of the caller that has most, the oldest that
    /// waits for nothing, or the oldest at all where that caller has more than half.
    fn leaves(&self) -> Option<u64> {
        let mut of_callers: HashMap<Arc<str>, usize> = HashMap::new();
        for (number, guest) in &self.open {
            match guest.whose() {
                Some(caller) => *of_callers.entry(caller).or_default() += 1,
                None => return Some(*number),
            }
        }
        let (most, count) = of_callers.into_iter().max_by_key(|(_, count)| *count)?;
        let theirs = || {
            self.open
                .iter()
                .filter(|(_, guest)| guest.whose().as_ref() == Some(&most))
        };
        let idle = theirs().find(|(_, guest)| guest.is_idle());
        let any = || theirs().next().filter(|_| count * 2 > self.open.len());
        idle.or_else(any).map(|(number, _)| *number)
    }
}

/// What every connection is served with.
pub(super) struct Door {
    pub(super) router: Router,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) limits: ConnectionLimits,
    /// Fires when nothing more is taken; connections then end with the request they are at.
    pub(super) closing: CancellationToken,
    book: Mutex<Book>,
    open: TaskTracker,
    counted: Box<dyn Fn(i64) + Send + Sync>,
}

impl Door {
    /// A door to this router; `counted` hears of every connection that comes (1) and goes (-1).
    pub(super) fn new(
        router: Router,
        tls: Option<TlsAcceptor>,
        limits: ConnectionLimits,
        closing: CancellationToken,
        counted: impl Fn(i64) + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            router,
            tls,
            limits,
            closing,
            book: Mutex::default(),
            open: TaskTracker::new(),
            counted: Box::new(counted),
        })
    }

    /// Takes connections until it closes.
    pub(super) async fn serve(self: Arc<Self>, listener: TcpListener) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = self.closing.cancelled() => return,
            };
            match accepted {
                Ok((stream, address)) => self.admit(stream, address),
                Err(e) => {
                    // Out of descriptors, most likely: those that are open have to end first.
                    tracing::error!("a connection could not be taken: {e}");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }

    /// Waits until every connection has ended, and no longer than `patience`.
    pub(super) async fn emptied(&self, patience: Duration) {
        self.open.close();
        let _ = timeout(patience, self.open.wait()).await;
    }

    fn admit(self: &Arc<Self>, stream: TcpStream, address: SocketAddr) {
        // Small answers wait 40 ms for the acknowledgement of the ones before otherwise.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let Ok(own) = stream.local_addr() else { return };
        let Some((number, guest)) = self.enter() else {
            tracing::warn!(%address, "a connection was refused: {} are open, which is the limit", self.limits.connections);
            return;
        };
        let door = self.clone();
        self.open.spawn(async move {
            (door.counted)(1);
            let client = Client {
                address,
                own: own.ip(),
                is_ambiguous: false,
                guest: guest.clone(),
            };
            tokio::select! {
                () = door.greet(stream, client) => {}
                () = guest.out.cancelled() => {}
            }
            door.leave(number);
            (door.counted)(-1);
        });
    }

    /// A place in the book.
    fn enter(&self) -> Option<(u64, Arc<Guest>)> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        if self.limits.connections > 0 && book.open.len() >= self.limits.connections {
            let leaves = book.leaves()?;
            if let Some(guest) = book.open.remove(&leaves) {
                guest.out.cancel();
            }
        }
        book.next += 1;
        let number = book.next;
        let guest = Arc::new(Guest {
            whose: Mutex::default(),
            busy: AtomicUsize::new(0),
            out: CancellationToken::new(),
        });
        book.open.insert(number, guest.clone());
        Some((number, guest))
    }

    fn leave(&self, number: u64) {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.open.remove(&number);
    }

    async fn greet(&self, stream: TcpStream, client: Client) {
        match &self.tls {
            None => self.converse(stream, client).await,
            Some(tls) => {
                let handshake = timeout(self.limits.first_request, tls.accept(stream));
                let shaken = tokio::select! {
                    shaken = handshake => shaken,
                    () = self.closing.cancelled() => return,
                };
                match shaken {
                    Ok(Ok(stream)) => self.converse(stream, client).await,
                    Ok(Err(e)) => tracing::debug!(address = %client.address, "TLS handshake failed: {e}"),
                    Err(_) => tracing::debug!(address = %client.address, "TLS handshake did not end in time"),
                }
            }
        }
    }

    async fn converse<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(&self, stream: S, client: Client) {
        let stream = Connection::new(stream, self.limits.stalled);
        let heads = stream.heads();
        let asked = CancellationToken::new();
        let router = TowerToHyperService::new(self.router.clone());
        let has_asked = asked.clone();
        let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            has_asked.cancel();
            let is_ambiguous = request.version() < http::Version::HTTP_2 && heads.next() == Head::Ambiguous;
            request.extensions_mut().insert(Client {
                is_ambiguous,
                ..client.clone()
            });
            let (busy, response) = (Busy::with(&client.guest), router.call(request));
            async move {
                let response = response.await;
                drop(busy);
                response
            }
        });
        let builder = self.builder();
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        let silent = async {
            if timeout(self.limits.first_request, asked.cancelled()).await.is_ok() {
                std::future::pending::<()>().await;
            }
        };
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = silent => return,
            () = self.closing.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(e) = ended {
            tracing::debug!("a connection ended: {e}");
        }
    }

    fn builder(&self) -> auto::Builder<TokioExecutor> {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.idle)
            .max_headers(64)
            .max_buf_size(64 * 1024);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(128)
            .max_header_list_size(32 * 1024)
            .keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(20));
        builder
    }
}
