//! The pool against devices made of in-memory pipes.

use std::{collections::VecDeque, io, sync::atomic::AtomicUsize};

use async_trait::async_trait;
use futures::future::{BoxFuture, join_all};

use super::*;
use crate::{
    junos::{
        inventory::{Auth, Framing},
        netconf::session::fake::Device as Peer,
        transport::{Connection, Stream},
    },
    secret::Secret,
};

mod lifetimes;

const LONG: Duration = Duration::from_secs(30);

pub(super) fn device(name: &str) -> Arc<Device> {
    Arc::new(Device {
        name: name.to_owned(),
        host: "192.0.2.1".to_owned(),
        port: 22,
        username: "ops".to_owned(),
        auth: Auth::Password(Secret::new("secret")),
        ssh_config: None,
        legacy: false,
        framing: Framing::Auto,
        database: None,
        read_only: false,
        mode: None,
        public: serde_json::Map::new(),
        problem: None,
    })
}

fn with_password(password: &str) -> Arc<Device> {
    Arc::new(Device {
        auth: Auth::Password(Secret::new(password)),
        ..(*device("r1")).clone()
    })
}

/// How a channel of the fake device behaves; gets the number of the channel, from 0.
type Serve = Arc<dyn Fn(Peer, usize) -> BoxFuture<'static, ()> + Send + Sync>;

/// A network of fake devices.
#[derive(Clone)]
struct Net {
    /// Outcomes of the next connects; success where there is none.
    failures: Arc<Mutex<VecDeque<Code>>>,
    delay: Duration,
    connects: Arc<AtomicUsize>,
    channels: Arc<AtomicUsize>,
    goodbyes: Arc<AtomicUsize>,
    /// Channels that a connection allows at once.
    allowed: usize,
    /// Refuses a channel at the first read, as a real transport does, instead of at the opening.
    late_refusal: bool,
    serve: Serve,
}

struct Line {
    net: Net,
    open: Arc<AtomicUsize>,
    closed: std::sync::atomic::AtomicBool,
}

fn net(serve: impl Fn(Peer, usize) -> BoxFuture<'static, ()> + Send + Sync + 'static) -> Net {
    Net {
        failures: Arc::default(),
        delay: Duration::from_millis(300),
        connects: Arc::default(),
        channels: Arc::default(),
        goodbyes: Arc::default(),
        allowed: 10,
        late_refusal: false,
        serve: Arc::new(serve),
    }
}

/// A device that echoes every request after a while.
fn echoing() -> Net {
    net(|mut peer, _| {
        Box::pin(async move {
            peer.greet(false).await;
            while let Some((id, body)) = peer.request().await {
                tokio::time::sleep(Duration::from_millis(100)).await;
                peer.reply(
                    &id,
                    &format!("<output>{}</output>", crate::junos::netconf::xml::escape(&body)),
                )
                .await;
            }
        })
    })
}

fn net_without_hello() -> Net {
    net(|mut peer, _| Box::pin(async move { while peer.message().await.is_some() {} }))
}

impl Net {
    fn pool(&self) -> Pool {
        self.pool_with(Options::default())
    }

    fn pool_with(&self, options: Options) -> Pool {
        Pool::new(options, Arc::new(self.clone()))
    }

    fn fail(&self, codes: &[Code]) {
        lock(&self.failures).extend(codes);
    }

    fn counts(&self) -> (usize, usize) {
        (
            self.connects.load(Ordering::Relaxed),
            self.channels.load(Ordering::Relaxed),
        )
    }
}

#[async_trait]
impl Connect for Net {
    async fn connect(&self, device: &Device) -> Result<Arc<dyn Connection>> {
        self.connects.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(self.delay).await;
        if let Some(code) = lock(&self.failures).pop_front() {
            return Err(Error::new(code, format!("device `{}`: no way", device.name)));
        }
        Ok(Arc::new(Line {
            net: self.clone(),
            open: Arc::default(),
            closed: false.into(),
        }))
    }
}

/// A stream whose first read reports a refused channel.
struct Refused;

impl tokio::io::AsyncRead for Refused {
    fn poll_read(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        _: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::task::Poll::Ready(Err(io::Error::other(Error::new(
            Code::NetconfUnavailable,
            "no more channels",
        ))))
    }
}

impl tokio::io::AsyncWrite for Refused {
    fn poll_write(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> std::task::Poll<io::Result<usize>> {
        std::task::Poll::Ready(Ok(bytes.len()))
    }
    fn poll_flush(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }
    fn poll_shutdown(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }
}

#[async_trait]
impl Connection for Line {
    async fn open_netconf(&self) -> Result<Box<dyn Stream>> {
        if self.is_closed() {
            return Err(Error::new(Code::Transport, "the connection is gone"));
        }
        if self.open.load(Ordering::Relaxed) >= self.net.allowed {
            if self.net.late_refusal {
                return Ok(Box::new(Refused));
            }
            return Err(Error::new(Code::NetconfUnavailable, "no more channels"));
        }
        self.open.fetch_add(1, Ordering::Relaxed);
        let number = self.net.channels.fetch_add(1, Ordering::Relaxed);
        let (ours, peer) = Peer::pair();
        let serving = (self.net.serve)(peer, number);
        let open = Arc::clone(&self.open);
        tokio::spawn(async move {
            serving.await;
            open.fetch_sub(1, Ordering::Relaxed);
        });
        Ok(Box::new(ours))
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    async fn close(&self) {
        self.net.goodbyes.fetch_add(1, Ordering::Relaxed);
        self.closed.store(true, Ordering::Relaxed);
    }
}

async fn text(pool: &Pool, device: &Arc<Device>, body: &str) -> String {
    pool.read(device, body, LONG).await.unwrap().into_cli_text()
}

/// An inventory of this one device.
fn only(device: &Arc<Device>) -> Inventory {
    let mut inventory = Inventory::parse("{}", std::path::Path::new("."), "test").unwrap();
    inventory.devices.insert(device.name.clone(), device.clone());
    inventory
}

#[tokio::test(start_paused = true)]
async fn reads_one_after_the_other_share_one_channel() {
    let net = echoing();
    let pool = net.pool();
    for _ in 0..3 {
        assert_eq!(text(&pool, &device("r1"), "<a/>").await, "<a/>");
    }
    assert_eq!(net.counts(), (1, 1));
    let figures = pool.figures()["r1"];
    assert_eq!(
        figures,
        Figures {
            connections_opened: 1,
            channels_opened: 1,
            requests: 3,
            retries: 0,
            channels: 1,
            round_trips: figures.round_trips,
        }
    );
    // The first goes out with the hello; each waits for its own reply only.
    assert_eq!(figures.round_trips.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn five_parallel_cold_reads_cost_one_login_and_two_channels() {
    let net = echoing();
    let pool = net.pool();
    let r1 = device("r1");
    let begin = tokio::time::Instant::now();
    let bodies = ["<a/>", "<b/>", "<c/>", "<d/>", "<e/>"];
    let texts = join_all(bodies.iter().map(|body| text(&pool, &r1, body))).await;
    assert_eq!(texts, bodies);
    assert_eq!(net.counts(), (1, 2));
    // One login, and at most three requests in a row on a channel.
    assert_eq!(begin.elapsed().as_millis(), 600);
}

#[tokio::test(start_paused = true)]
async fn a_failed_login_is_shared_and_a_wrong_password_tried_once() {
    let net = echoing();
    net.fail(&[Code::AuthFailed]);
    let pool = net.pool();
    let r1 = device("r1");
    let errors = join_all((0..5).map(|_| pool.read(&r1, "<a/>", LONG))).await;
    assert!(
        errors
            .iter()
            .all(|e| e.as_ref().unwrap_err().code() == Code::AuthFailed)
    );
    let error = pool.read(&r1, "<a/>", LONG).await.unwrap_err();
    assert_eq!(error.code(), Code::AuthBackoff);
    assert!(
        error.message().contains("`r1`") && error.message().contains("60 s"),
        "{error}"
    );
    assert!(!format!("{error:?}").contains("secret"));
    assert_eq!(pool.exclusive(&r1).await.err().unwrap().code(), Code::AuthBackoff);
    assert_eq!(net.counts().0, 1);

    // Changed credentials are tried at once; the old ones still wait, whatever the inventory did meanwhile.
    let changed = with_password("other");
    pool.retain(&only(&changed));
    assert_eq!(text(&pool, &changed, "<a/>").await, "<a/>");
    assert_eq!(
        pool.read(&r1, "<a/>", LONG).await.unwrap_err().code(),
        Code::AuthBackoff
    );
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(text(&pool, &r1, "<a/>").await, "<a/>");
}

#[tokio::test(start_paused = true)]
async fn failed_connects_bring_a_pause_after_the_third() {
    let net = echoing();
    net.fail(&[Code::ConnectFailed; 3]);
    let pool = net.pool();
    let r1 = device("r1");
    for _ in 0..4 {
        assert_eq!(
            pool.read(&r1, "<a/>", LONG).await.unwrap_err().code(),
            Code::ConnectFailed
        );
    }
    assert_eq!(net.counts().0, 3);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(text(&pool, &r1, "<a/>").await, "<a/>");
}

#[tokio::test(start_paused = true)]
async fn a_device_that_allows_one_channel() {
    for late_refusal in [false, true] {
        let net = Net {
            allowed: 1,
            late_refusal,
            ..echoing()
        };
        let pool = net.pool();
        let r1 = device("r1");
        let texts = join_all((0..5).map(|_| text(&pool, &r1, "<a/>"))).await;
        assert_eq!(texts.len(), 5);
        assert_eq!(net.counts(), (1, 1));
        // A transaction takes it over, reads wait for its end.
        let lease = pool.exclusive(&r1).await.unwrap();
        let (read, ()) = tokio::join!(text(&pool, &r1, "<b/>"), async {
            assert!(lease.request("<lock/>", LONG).await.is_ok());
            lease.release();
        });
        assert_eq!(read, "<b/>");
        assert_eq!(net.counts(), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn netconf_that_is_not_there() {
    let net = Net {
        allowed: 0,
        ..echoing()
    };
    let pool = net.pool();
    let r1 = device("r1");
    for result in join_all((0..5).map(|_| pool.read(&r1, "<a/>", LONG))).await {
        assert_eq!(result.unwrap_err().code(), Code::NetconfUnavailable);
    }
    assert_eq!(
        pool.exclusive(&r1).await.err().unwrap().code(),
        Code::NetconfUnavailable
    );
    assert_eq!(net.counts().0, 1);
}

/// A device whose first channel dies when the second request comes.
fn dying_once(words: &'static str) -> Net {
    net(move |mut peer, number| {
        Box::pin(async move {
            peer.greet(false).await;
            let mut served = 0;
            while let Some((id, _)) = peer.request().await {
                if number == 0 && served == 1 {
                    peer.raw(words).await;
                    return;
                }
                served += 1;
                peer.reply(&id, &format!("<output>{number}</output>")).await;
            }
        })
    })
}

#[tokio::test(start_paused = true)]
async fn a_stale_session_is_replaced_for_reads_once() {
    let net = dying_once("");
    let pool = net.pool();
    let r1 = device("r1");
    assert_eq!(text(&pool, &r1, "<a/>").await, "0");
    assert_eq!(text(&pool, &r1, "<a/>").await, "1");
    assert_eq!(pool.figures()["r1"].retries, 1);
    assert_eq!(net.counts(), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn what_may_change_something_is_sent_once() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let net = net(move |mut peer, _| {
        let log = Arc::clone(&log);
        Box::pin(async move {
            peer.greet(false).await;
            while let Some((id, body)) = peer.request().await {
                lock(&log).push(body.clone());
                if body == "<reboot/>" {
                    return;
                }
                peer.reply(&id, "<output>done</output>").await;
            }
        })
    });
    let pool = net.pool();
    let r1 = device("r1");
    // Warm channels, which a read would take to be stale.
    tokio::join!(text(&pool, &r1, "<a/>"), text(&pool, &r1, "<a/>"));
    let error = pool.once(&r1, "<reboot/>", LONG).await.unwrap_err();
    assert!(error.message().contains("may have executed it"), "{error}");
    assert!(error.code().retryable() && !error.retryable());
    assert_eq!(lock(&seen).iter().filter(|body| *body == "<reboot/>").count(), 1);
    assert_eq!(pool.once(&r1, "<clear/>", LONG).await.unwrap().cli_text(), "done");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ended_while_idle_is_not_used() {
    let net = net(|mut peer, number| {
        Box::pin(async move {
            peer.greet(false).await;
            let (id, _) = peer.request().await.unwrap();
            peer.reply(&id, &format!("<output>{number}</output>")).await;
            peer.raw("<!-- session end at 2026-01-01 00:00:00 UTC -->\n").await;
        })
    });
    let pool = net.pool();
    let r1 = device("r1");
    assert_eq!(text(&pool, &r1, "<a/>").await, "0");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let lease = pool.exclusive(&r1).await.unwrap();
    assert_eq!(lease.request("<a/>", LONG).await.unwrap().cli_text(), "1");
    assert_eq!(pool.figures()["r1"].retries, 0);
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_began_is_not_asked_for_again() {
    let net = dying_once("<rpc-reply message-id='2'><output>half");
    let pool = net.pool();
    let r1 = device("r1");
    assert_eq!(text(&pool, &r1, "<a/>").await, "0");
    let error = pool.read(&r1, "<a/>", LONG).await.unwrap_err();
    assert_eq!(error.code(), Code::Transport);
    assert!(error.message().contains("in the middle of the reply"), "{error}");
    assert_eq!(pool.figures()["r1"].retries, 0);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_kills_its_fresh_session_is_not_repeated() {
    let net = net(|mut peer, _| {
        Box::pin(async move {
            peer.greet(false).await;
            peer.request().await;
        })
    });
    let pool = net.pool();
    assert_eq!(
        pool.read(&device("r1"), "<a/>", LONG).await.unwrap_err().code(),
        Code::Transport
    );
    assert_eq!(net.counts(), (1, 1));
}
