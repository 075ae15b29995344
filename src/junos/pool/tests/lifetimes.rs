//! Transactions, errors, time-outs, and when connections and channels end.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_transaction_is_never_repeated() {
    let net = dying_once("");
    let pool = net.pool();
    let lease = pool.exclusive(&device("r1")).await.unwrap();
    assert_eq!(lease.session_id(), Some(7));
    assert!(lease.request("<a/>", LONG).await.is_ok());
    assert_eq!(
        lease.request("<commit/>", LONG).await.unwrap_err().code(),
        Code::Transport
    );
    assert!(lease.is_closed());
    assert_eq!(net.counts(), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_lease_has_its_channel_to_itself() {
    let net = echoing();
    let pool = net.pool();
    let r1 = device("r1");
    assert_eq!(text(&pool, &r1, "<a/>").await, "<a/>");
    let lease = pool.exclusive(&r1).await.unwrap();
    assert_eq!(net.counts(), (1, 1), "the one that was used a moment ago");
    join_all((0..10).map(|_| text(&pool, &r1, "<a/>"))).await;
    assert_eq!(net.counts(), (1, 3));
    assert_eq!(lease.request("<b/>", LONG).await.unwrap().cli_text(), "<b/>");
    drop(lease);
    assert_eq!(pool.figures()["r1"].channels, 2);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_lease_closes_its_channel_and_a_released_one_is_used_again() {
    let said = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&said);
    let net = net(move |mut peer, number| {
        let log = Arc::clone(&log);
        Box::pin(async move {
            peer.greet(false).await;
            while let Some(message) = peer.message().await {
                lock(&log).push((number, message.contains("close-session")));
                let id = message.split('"').nth(3).unwrap().to_owned();
                peer.reply(&id, "<ok/>").await;
            }
            lock(&log).push((number, false));
        })
    });
    let pool = net.pool();
    let r1 = device("r1");
    let lease = pool.exclusive(&r1).await.unwrap();
    lease.request("<a/>", LONG).await.unwrap();
    lease.release();
    pool.read(&r1, "<b/>", LONG).await.unwrap();
    assert_eq!(*lock(&said), [(0, false), (0, false)], "the same channel, still open");
    let lease = pool.exclusive(&r1).await.unwrap();
    lease.request("<c/>", LONG).await.unwrap();
    drop(lease);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(
        lock(&said).get(2..),
        Some(&[(0, false), (0, false)][..]),
        "closed without a word"
    );
}

#[tokio::test(start_paused = true)]
async fn errors_of_the_device() {
    let net = net(|mut peer, _| {
        Box::pin(async move {
            peer.greet(true).await;
            while let Some((id, _)) = peer.request().await {
                peer.reply(&id, "<rpc-error><error-severity>error</error-severity><error-message>permission denied</error-message></rpc-error>")
                    .await;
            }
        })
    });
    let pool = net.pool();
    let r1 = device("r1");
    assert_eq!(
        pool.read(&r1, "<a/>", LONG).await.unwrap_err().code(),
        Code::PermissionDenied
    );
    let lease = pool.exclusive(&r1).await.unwrap();
    assert_eq!(
        lease.request("<a/>", LONG).await.unwrap_err().code(),
        Code::PermissionDenied
    );
    assert_eq!(lease.request_raw("<a/>", LONG).await.unwrap().errors().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn timeouts_say_what_was_waited_for() {
    let net = net(|mut peer, _| {
        Box::pin(async move {
            peer.greet(false).await;
            while peer.request().await.is_some() {}
        })
    });
    let pool = net.pool();
    let r1 = device("r1");
    let short = Duration::from_millis(100);
    assert_eq!(
        pool.read(&r1, "<a/>", short).await.unwrap_err().code(),
        Code::ConnectTimeout
    );
    let mute = Net {
        delay: Duration::ZERO,
        ..net_without_hello()
    }
    .pool();
    assert_eq!(
        mute.read(&r1, "<a/>", short).await.unwrap_err().code(),
        Code::ConnectTimeout
    );
    let second = Duration::from_secs(1);
    let error = pool.read(&r1, "<a/>", second).await.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (Code::Timeout, "device `r1`: no reply within 1 s")
    );
    // The connect went on when the first caller gave up, and the second used it.
    assert_eq!(net.counts().0, 1);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let many = join_all((0..17).map(|_| pool.read(&r1, "<a/>", second))).await;
    let busy = many
        .iter()
        .filter(|r| r.as_ref().unwrap_err().code() == Code::Overloaded)
        .count();
    assert_eq!(busy, 1, "two channels of eight requests each");
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_read_does_not_fail_the_others() {
    let net = net(|mut peer, number| {
        Box::pin(async move {
            peer.greet(false).await;
            while let Some((id, body)) = peer.request().await {
                if body != "<endless/>" {
                    peer.reply(&id, &format!("<output>{number}</output>")).await;
                } else if peer.message().await.is_none() || peer.message().await.is_none() {
                    return;
                }
            }
        })
    });
    let pool = net.pool_with(Options {
        channels: 1,
        ..Options::default()
    });
    let r1 = device("r1");
    let (endless, other) = tokio::join!(pool.read(&r1, "<endless/>", Duration::from_secs(5)), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        pool.read(&r1, "<a/>", LONG).await
    });
    assert_eq!(endless.unwrap_err().code(), Code::Timeout);
    assert_eq!(other.unwrap().cli_text(), "1", "answered on another channel");
}

#[tokio::test(start_paused = true)]
async fn idle_channels_close_and_then_the_connection() {
    let net = echoing();
    let pool = net.pool();
    let r1 = device("r1");
    join_all((0..2).map(|_| text(&pool, &r1, "<a/>"))).await;
    tokio::time::sleep(Duration::from_secs(200)).await;
    text(&pool, &r1, "<a/>").await;
    tokio::time::sleep(Duration::from_secs(150)).await;
    assert_eq!(pool.figures()["r1"].channels, 1);
    assert_eq!(net.goodbyes.load(Ordering::Relaxed), 0);
    tokio::time::sleep(Duration::from_secs(200)).await;
    assert_eq!(pool.figures()["r1"].channels, 0);
    assert_eq!(net.goodbyes.load(Ordering::Relaxed), 1);
    text(&pool, &r1, "<a/>").await;
    assert_eq!(net.counts().0, 2);
}

#[tokio::test(start_paused = true)]
async fn a_changed_device_never_meets_an_old_session() {
    let net = echoing();
    let pool = net.pool();
    let (old, new) = (device("r1"), with_password("other"));
    text(&pool, &old, "<a/>").await;
    text(&pool, &new, "<a/>").await;
    assert_eq!(net.counts(), (2, 2));

    let lease = pool.exclusive(&old).await.unwrap();
    let (read, ()) = tokio::join!(text(&pool, &old, "<a/>"), async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        pool.retain(&only(&new));
    });
    assert_eq!(read, "<a/>", "what is under way ends well");
    assert!(lease.request("<b/>", LONG).await.is_ok());
    assert_eq!(pool.figures()["r1"].channels, 1);
    lease.release();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(
        net.goodbyes.load(Ordering::Relaxed),
        1,
        "the old connection ends with its last user"
    );
    // Tags are no part of a device's identity.
    let tagged = Arc::new(Device {
        public: [("role".to_owned(), "core".into())].into_iter().collect(),
        ..(*new).clone()
    });
    let before = net.counts();
    text(&pool, &tagged, "<a/>").await;
    assert_eq!(net.counts(), before);
}

#[tokio::test(start_paused = true)]
async fn closing_all() {
    let net = echoing();
    let pool = net.pool();
    join_all([text(&pool, &device("r1"), "<a/>"), text(&pool, &device("r2"), "<a/>")]).await;
    pool.close_all().await;
    assert_eq!(net.goodbyes.load(Ordering::Relaxed), 2);
    assert_eq!(pool.figures()["r2"].channels, 0);
    assert_eq!(text(&pool, &device("r1"), "<a/>").await, "<a/>");
}

#[tokio::test(start_paused = true)]
async fn a_problem_of_the_inventory_comes_first() {
    let net = echoing();
    let pool = net.pool();
    let problem = Error::new(Code::InventoryInvalid, "the key file of `r1` is missing").advise("restore it");
    let broken = Arc::new(Device {
        problem: Some(Arc::new(problem)),
        ..(*device("r1")).clone()
    });
    let error = pool.read(&broken, "<a/>", LONG).await.unwrap_err();
    assert_eq!(
        (error.code(), error.advice()),
        (Code::InventoryInvalid, Some("restore it"))
    );
    assert!(pool.exclusive(&broken).await.is_err());
    assert_eq!(net.counts().0, 0);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_died_unnoticed() {
    // The first connection opens channels that say nothing and end.
    let net = net(|mut peer, number| {
        Box::pin(async move {
            if number == 1 {
                return;
            }
            peer.greet(false).await;
            if let Some((id, _)) = peer.request().await {
                peer.reply(&id, &format!("<output>{number}</output>")).await;
            }
        })
    });
    let pool = net.pool();
    let r1 = device("r1");
    assert_eq!(text(&pool, &r1, "<a/>").await, "0");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(text(&pool, &r1, "<a/>").await, "2");
    assert_eq!(net.counts(), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn a_transaction_finds_out_before_it_begins() {
    let net = net(|mut peer, number| {
        Box::pin(async move {
            if number != 1 {
                peer.greet(false).await;
                peer.request().await;
            }
        })
    });
    let pool = net.pool();
    let r1 = device("r1");
    let first = pool.exclusive(&r1).await.unwrap();
    drop(first);
    // The second channel says nothing and ends; nothing was asked of it yet, so another connection is tried.
    assert!(pool.exclusive(&r1).await.is_ok());
    assert_eq!(net.counts(), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn the_known_framing_saves_the_wait_for_the_hello() {
    let net = net(|mut peer, number| {
        Box::pin(async move {
            if number == 0 {
                peer.greet(false).await;
            } else {
                // The request is here before the device has said its hello.
                assert!(!peer.message().await.unwrap().contains("base:1.1"));
                peer.agree(crate::junos::netconf::framing::Framing::EndOfMessage);
                let (id, _) = peer.request().await.unwrap();
                peer.raw("<hello><capabilities><capability>urn:ietf:params:netconf:base:1.0</capability></capabilities></hello>]]>]]>")
                    .await;
                peer.reply(&id, "<output>early</output>").await;
            }
            if let Some((id, _)) = peer.request().await {
                peer.reply(&id, "<output>first</output>").await;
            }
        })
    });
    let pool = net.pool_with(Options {
        pipeline_hello: true,
        ..Options::default()
    });
    let r1 = device("r1");
    assert_eq!(text(&pool, &r1, "<a/>").await, "first");
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(text(&pool, &r1, "<a/>").await, "early");
}

#[tokio::test(start_paused = true)]
async fn a_framing_that_changed_is_found_out() {
    let net = net(|mut peer, number| {
        Box::pin(async move {
            peer.greet(number == 0).await;
            if let Some((id, _)) = peer.request().await {
                peer.reply(&id, &format!("<output>{number}</output>")).await;
            }
        })
    });
    // Afterwards the device speaks base:1.0 only.
    let pool = net.pool_with(Options {
        pipeline_hello: true,
        ..Options::default()
    });
    let r1 = device("r1");
    assert_eq!(text(&pool, &r1, "<a/>").await, "0");
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(text(&pool, &r1, "<a/>").await, "2");
}

#[tokio::test(start_paused = true)]
async fn dropping_the_pool_ends_everything() {
    let ended = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&ended);
    let net = net(move |peer, _| {
        let count = Arc::clone(&count);
        Box::pin(async move {
            let mut peer = peer;
            peer.greet(false).await;
            while let Some((id, _)) = peer.request().await {
                peer.reply(&id, "<ok/>").await;
            }
            count.fetch_add(1, Ordering::Relaxed);
        })
    });
    let pool = net.pool();
    pool.read(&device("r1"), "<a/>", LONG).await.unwrap();
    drop(pool);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(ended.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_transaction_gets_its_turn_among_many_reads() {
    let net = echoing();
    let pool = net.pool_with(Options {
        channels: 2,
        max_channels: 2,
        ..Options::default()
    });
    let r1 = device("r1");
    let done = std::cell::Cell::new(false);
    let reads = join_all((0..4).map(|_| async {
        while !done.get() {
            text(&pool, &r1, "<a/>").await;
        }
    }));
    let transaction = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let lease = pool.exclusive(&r1).await.unwrap();
        lease.request("<b/>", LONG).await.unwrap();
        done.set(true);
    };
    tokio::time::timeout(LONG, async { tokio::join!(reads, transaction) })
        .await
        .unwrap();
}
