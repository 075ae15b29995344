//! The server goes down, or a caller goes away.

use super::*;

#[tokio::test(start_paused = true)]
async fn going_down_ends_reads_and_waits_for_writes() {
    let slow = Tool::new(
        "slow",
        Effect::Read,
        "Slow",
        "Never ends.",
        |_: Context, _: Args| async {
            std::future::pending::<()>().await;
            said("")
        },
    );
    let path = path(vec![writer(), slow], false);
    let (written, read, ()) = tokio::join!(
        path.call(call("writer", json!({}))),
        path.call(call("slow", json!({}))),
        async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            path.drain().await;
        }
    );
    assert_eq!(written.text, "undone");
    assert_eq!(code(&read), Code::ShuttingDown);
    assert_eq!(code(&path.call(call("slow", json!({}))).await), Code::ShuttingDown);
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_caller_has_gone_comes_to_its_end() {
    let ended = Arc::new(AtomicBool::new(false));
    let flag = ended.clone();
    let tool = Tool::new(
        "writer",
        Effect::Write,
        "Writer",
        "Writes.",
        move |_: Context, _: Args| {
            let flag = flag.clone();
            async move {
                tokio::time::sleep(Duration::from_secs(30)).await;
                flag.store(true, Ordering::SeqCst);
                said("written")
            }
        },
    );
    let path = path(vec![tool], false);
    assert!(
        tokio::time::timeout(Duration::from_secs(1), path.call(call("writer", json!({}))))
            .await
            .is_err()
    );
    assert_eq!(path.in_flight(), 1, "its place lasts as long as it runs");
    path.drain().await;
    assert_eq!(path.in_flight(), 0);
    assert!(ended.load(Ordering::SeqCst));
}

#[tokio::test(start_paused = true)]
async fn going_down_within_a_grace_lets_reads_end() {
    let slow = |name, seconds| {
        let run = move |_: Context, _: Args| async move {
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            said("read")
        };
        Tool::new(name, Effect::Read, "Slow", "Is slow.", run)
    };
    let path = path(vec![slow("slow", 5), slow("slower", 50)], false);
    let (slow, slower, late, took) = tokio::join!(
        path.call(call("slow", json!({}))),
        path.call(call("slower", json!({}))),
        async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            assert!(path.is_refusing());
            path.call(call("slow", json!({}))).await
        },
        async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            assert!(!path.is_refusing());
            let began = Instant::now();
            path.drain_within(Duration::from_secs(10)).await;
            began.elapsed()
        }
    );
    assert_eq!(slow.text, "read");
    assert_eq!(code(&slower), Code::ShuttingDown);
    assert_eq!(code(&late), Code::ShuttingDown);
    assert_eq!(took, Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn going_down_does_not_wait_for_the_whole_grace() {
    let path = path(vec![echo()], false);
    let began = Instant::now();
    path.drain_within(Duration::from_secs(60)).await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    path.idle().await;
}
