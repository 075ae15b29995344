//! The limits under races, in order, and with callers that go away.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

fn limits(in_flight: usize, per_caller: usize, per_device: usize) -> Arc<Limits> {
    let options = LimitOptions {
        in_flight,
        per_caller,
        per_device,
        per_second: 0,
        burst: 0,
    };
    Arc::new(Limits::new(options, Arc::default()))
}

fn caller(name: &str) -> Arc<Principal> {
    Arc::new(Principal::local(name))
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Nobody is on the way or waits, and nothing is kept of those who were.
fn assert_empty(limits: &Limits) {
    let state = limits.inner.state();
    assert!(state.callers.is_empty() && state.devices.is_empty() && state.queue.is_empty());
    assert!(
        state.callers.capacity() <= 64 && state.devices.capacity() <= 64,
        "memory stays"
    );
    assert!(state.queue.capacity() <= 64, "memory stays");
    drop(state);
    assert_eq!(limits.in_flight(), 0);
    assert_eq!(limits.inner.figures.in_flight().get(), 0);
}

/// Somebody who waits already when this returns.
async fn waiting(limits: &Arc<Limits>, caller: &Arc<Principal>) -> tokio::task::JoinHandle<Result<Place, Full>> {
    let before = limits.inner.state().queue.len();
    let (limits, caller) = (limits.clone(), caller.clone());
    let task = {
        let limits = limits.clone();
        tokio::spawn(async move { limits.enter(&caller, &[]).await })
    };
    while limits.inner.state().queue.len() == before {
        tokio::task::yield_now().await;
    }
    task
}

#[tokio::test(start_paused = true)]
async fn a_place_is_given_back() {
    let limits = limits(0, 0, 1);
    let anna = caller("anna");
    let place = limits.enter(&anna, &names(&["mx"])).await.unwrap();
    assert_eq!(
        limits.enter(&anna, &names(&["mx"])).await.err(),
        Some(Full::Device("mx".into()))
    );
    assert!(limits.enter(&anna, &names(&["ex"])).await.is_ok());
    drop(place);
    assert!(limits.enter(&anna, &names(&["mx"])).await.is_ok());
    assert_empty(&limits);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_race_exceeds_a_limit() {
    const TASKS: usize = 400;
    let limits = limits(7, 3, 2);
    let on_their_way: Arc<[AtomicUsize; 6]> = Arc::default();
    let tasks = (0..TASKS).map(|task| {
        let (limits, counts) = (limits.clone(), on_their_way.clone());
        tokio::spawn(async move {
            let (of_caller, of_device) = (1 + task % 3, 4 + task % 2);
            let (caller, device) = (caller(&format!("c{of_caller}")), names(&[&format!("d{of_device}")]));
            let mut times = 0;
            while times < 5 {
                let Ok(place) = limits.enter(&caller, &device).await else {
                    tokio::task::yield_now().await;
                    continue;
                };
                times += 1;
                for (at, limit) in [(0, 7), (of_caller, 3), (of_device, 2)] {
                    assert!(counts[at].fetch_add(1, Ordering::SeqCst) < limit);
                }
                tokio::task::yield_now().await;
                for at in [0, of_caller, of_device] {
                    counts[at].fetch_sub(1, Ordering::SeqCst);
                }
                drop(place);
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    assert_empty(&limits);
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_served_in_order_and_holds_up_nobody_else() {
    let limits = limits(2, 1, 0);
    let (anna, bert, carl) = (caller("anna"), caller("bert"), caller("carl"));
    let held = limits.enter(&anna, &[]).await.unwrap();
    let first = waiting(&limits, &anna).await;
    // Anna's second call waits for her first, and Bert's comes in meanwhile.
    let other = limits.enter(&bert, &[]).await.unwrap();
    let second = waiting(&limits, &carl).await;
    let third = waiting(&limits, &anna).await;
    drop(held);
    let first = first.await.unwrap().unwrap();
    assert!(!second.is_finished() && !third.is_finished());
    drop(other);
    let second = second.await.unwrap().unwrap();
    drop(first);
    assert!(third.await.unwrap().is_ok());
    drop(second);
    assert_empty(&limits);
}

#[tokio::test(start_paused = true)]
async fn patience_ends_in_the_limit_that_is_reached() {
    let limits = limits(2, 1, 0);
    let (anna, bert, carl) = (caller("anna"), caller("bert"), caller("carl"));
    let _held = [limits.enter(&anna, &[]).await.unwrap()];
    let began = tokio::time::Instant::now();
    assert_eq!(limits.enter(&anna, &[]).await.err(), Some(Full::Caller));
    assert_eq!(began.elapsed(), PATIENCE);
    let _other = limits.enter(&bert, &[]).await.unwrap();
    assert_eq!(limits.enter(&carl, &[]).await.err(), Some(Full::Global));
    assert!(limits.inner.state().queue.is_empty());
    let error = limits.refusal(&Full::Global, &carl);
    assert_eq!(error.code(), Code::Overloaded);
    assert!(
        error.message().starts_with("2 calls of the server are on their way"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_device_that_fills_up_meanwhile_refuses_who_waits() {
    let limits = limits(2, 0, 1);
    let anna = caller("anna");
    let held = limits.enter(&anna, &[]).await.unwrap();
    let mut other = limits.enter(&anna, &[]).await.unwrap();
    let wanted = names(&["mx"]);
    let mut late = Box::pin(limits.enter(&anna, &wanted));
    assert!(futures::poll!(&mut late).is_pending());
    other.add_devices(&wanted).unwrap();
    drop(held);
    assert_eq!(late.await.err(), Some(Full::Device("mx".into())));
    drop(other);
    assert_empty(&limits);
}

#[tokio::test(start_paused = true)]
async fn each_device_counts_once_for_a_call() {
    let limits = limits(0, 0, 0);
    let anna = caller("anna");
    let mut place = limits.enter(&anna, &names(&["mx", "ex", "mx"])).await.unwrap();
    place.add_devices(&names(&["srx", "ex", "srx"])).unwrap();
    place.add_devices(&names(&["mx"])).unwrap();
    let counts = limits.inner.state().devices.clone();
    assert!(
        counts.len() == 3 && counts.values().all(|count| *count == 1),
        "{counts:?}"
    );
    drop(place);
    assert_empty(&limits);
}

#[tokio::test(start_paused = true)]
async fn a_place_with_a_full_device_stays_as_it_was() {
    let limits = limits(0, 0, 1);
    let anna = caller("anna");
    let _mx = limits.enter(&anna, &names(&["mx"])).await.unwrap();
    let mut place = limits.enter(&anna, &[]).await.unwrap();
    assert_eq!(place.add_devices(&names(&["ex", "mx"])), Err(Full::Device("mx".into())));
    assert!(!limits.inner.state().devices.contains_key("ex"));
}

#[tokio::test(start_paused = true)]
async fn who_is_gone_leaves_nothing_behind() {
    let limits = limits(1, 0, 0);
    let anna = caller("anna");
    let held = limits.enter(&anna, &[]).await.unwrap();
    let gone = waiting(&limits, &anna).await;
    gone.abort();
    assert!(gone.await.err().unwrap().is_cancelled());
    assert!(limits.inner.state().queue.is_empty());
    // A place that is on its way to one who goes in the same moment comes back.
    let mut late = Box::pin(limits.enter(&anna, &[]));
    assert!(futures::poll!(&mut late).is_pending());
    drop(held);
    assert_eq!(limits.in_flight(), 1, "handed over");
    drop(late);
    assert_empty(&limits);
}

#[tokio::test(start_paused = true)]
async fn a_caller_has_its_own_limits() {
    let limits = limits(0, 1, 0);
    let mut anna = Principal::local("anna");
    anna.limits.in_flight = Some(2);
    let _two = [
        limits.enter(&anna, &[]).await.unwrap(),
        limits.enter(&anna, &[]).await.unwrap(),
    ];
    assert_eq!(limits.enter(&anna, &[]).await.err(), Some(Full::Caller));
    anna.limits.in_flight = Some(0);
    assert!(limits.enter(&anna, &[]).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn memory_of_many_callers_comes_back() {
    let limits = limits(0, 0, 0);
    let mut places = Vec::new();
    for number in 0..5000 {
        let caller = caller(&format!("c{number}"));
        places.push(limits.enter(&caller, &names(&[&format!("d{number}")])).await.unwrap());
    }
    assert_eq!(limits.in_flight(), 5000);
    drop(places);
    assert_empty(&limits);
}

#[tokio::test(start_paused = true)]
async fn the_queue_has_an_end_and_leaves_room_for_others() {
    let limits = limits(1, 0, 0);
    let (anna, bert) = (caller("anna"), caller("bert"));
    let held = limits.enter(&anna, &[]).await.unwrap();
    let mut queue: Vec<_> = (0..256).map(|_| Box::pin(limits.enter(&anna, &[]))).collect();
    for waiter in &mut queue {
        assert!(futures::poll!(waiter).is_pending());
    }
    assert_eq!(limits.enter(&anna, &[]).await.err(), Some(Full::Global));
    let mut other = Box::pin(limits.enter(&bert, &[]));
    assert!(futures::poll!(&mut other).is_pending());
    drop((queue, other, held));
    assert_empty(&limits);
}

#[tokio::test(start_paused = true)]
async fn a_rate_is_a_burst_and_then_an_average() {
    let options = LimitOptions {
        per_second: 2,
        burst: 3,
        ..LimitOptions::default()
    };
    let figures = Arc::<Figures>::default();
    let limits = Limits::new(options, figures.clone());
    let (anna, bert) = (caller("anna"), caller("bert"));
    for _ in 0..3 {
        assert_eq!(limits.rate(&anna), Ok(()));
    }
    assert_eq!(limits.rate(&anna), Err(Duration::from_millis(500)));
    assert_eq!(limits.rate(&bert), Ok(()));
    tokio::time::advance(Duration::from_millis(500)).await;
    assert_eq!(limits.rate(&anna), Ok(()));
    assert!(limits.rate(&anna).is_err());
    assert_eq!(limits.rates.buckets(), 2);
    // Full again, and a bucket of its own for a caller with its own rate.
    tokio::time::advance(Duration::from_secs(2)).await;
    let mut carl = Principal::local("carl");
    carl.limits.per_second = Some(1);
    carl.limits.burst = Some(1);
    assert_eq!(limits.rate(&carl), Ok(()));
    assert_eq!(limits.rate(&carl), Err(Duration::from_secs(1)));
    assert_eq!(limits.rates.buckets(), 1);
    carl.limits.per_second = Some(0);
    assert_eq!(limits.rate(&carl), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_device_out_of_reach_is_neither_counted_nor_told_of() {
    let limits = limits(0, 0, 1);
    let mut anna = Principal::local("anna");
    anna.devices = crate::tools::Allowed::names(["edge"]);
    let _core = limits.enter(&caller("bert"), &names(&["core"])).await.unwrap();
    let _place = limits.enter(&anna, &names(&["core", "edge", "other"])).await.unwrap();
    let counts = limits.inner.state().devices.clone();
    assert_eq!((counts.len(), counts["core"], counts["edge"]), (2, 1, 1));
}
