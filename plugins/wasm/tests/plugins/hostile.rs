//! Guests that compute for ever, sleep, crash, and take what they can get.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use keepwatch_host::{CheckRequest, Failure, Limits, Plugin, Program};
use serde_json::{Value, json};

use crate::support::{HANDLER, LEAKING, Setup, failover, limits, program, snapshot};

/// A second to compute and ten to wait, which no call here should need.
const LONG: Duration = Duration::from_secs(10);
/// Enough for whatever is honest, on a busy machine as well.
const CPU: Duration = Duration::from_millis(100);

async fn started(program: &dyn Program, setup: &Setup) -> Box<dyn Plugin> {
    let mut plugin = program.start(setup.host()).await.unwrap();
    plugin.init(None).await.unwrap();
    plugin
}

/// What comes of an event, and that a plugin is not called again after its end.
async fn failure(config: Value, limits: Limits) -> (Failure, Setup) {
    let program = program(HANDLER).await;
    let setup = Setup::new(config).limits(limits);
    let mut plugin = started(&*program, &setup).await;
    let failure = plugin.handle(&failover(1)).await.unwrap_err();
    if failure.is_fatal() {
        let seen = setup.recorder.kv("seen");
        assert!(matches!(plugin.handle(&failover(2)).await, Err(Failure::Crashed(_))));
        assert_eq!(setup.recorder.kv("seen"), seen, "called after its end");
    }
    (failure, setup)
}

/// Counts how often it gets to run.
async fn bystander(count: &AtomicU32) {
    loop {
        tokio::time::sleep(Duration::from_millis(5)).await;
        count.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn one_that_computes_for_ever_is_stopped_and_others_run_meanwhile() {
    let program = program(HANDLER).await;
    let setup = Setup::new(json!({ "do": "loop" })).limits(limits(LONG, CPU * 3));
    let mut plugin = started(&*program, &setup).await;
    let count = AtomicU32::new(0);
    let event = failover(1);
    let failure = tokio::select! {
        biased;
        failure = plugin.handle(&event) => failure.unwrap_err(),
        () = bystander(&count) => unreachable!(),
    };
    assert_eq!(failure, Failure::Cpu(CPU * 3));
    assert_eq!(failure.to_string(), "computed for longer than 300 ms");
    // It is interrupted every 10 ms for whoever else wants to run.
    assert!(count.load(Ordering::Relaxed) >= 10, "{count:?}");
}

#[tokio::test]
async fn one_that_computes_is_late_if_its_time_is_up_first() {
    let within = Duration::from_millis(200);
    let (failure, _) = failure(json!({ "do": "loop" }), limits(within, LONG)).await;
    assert!(matches!(failure, Failure::Deadline(limit) if limit <= within), "{failure:?}");
}

#[tokio::test]
async fn one_that_sleeps_is_late_and_others_run_meanwhile() {
    let program = program(HANDLER).await;
    let within = Duration::from_millis(300);
    let setup = Setup::new(json!({ "do": "sleep", "milliseconds": 60_000 })).limits(limits(within, CPU));
    let mut plugin = started(&*program, &setup).await;
    let (count, event, begun) = (AtomicU32::new(0), failover(1), Instant::now());
    let failure = tokio::select! {
        failure = plugin.handle(&event) => failure.map(drop),
        () = bystander(&count) => unreachable!(),
    };
    // The host cuts its sleep to what the call may still take: either may be first.
    assert!(matches!(failure, Err(Failure::Deadline(_)) | Ok(())), "{failure:?}");
    assert!(begun.elapsed() >= within && begun.elapsed() < LONG);
    assert!(count.load(Ordering::Relaxed) >= 10, "{count:?}");
}

#[tokio::test]
async fn waiting_in_the_host_is_not_computing() {
    let within = Duration::from_millis(600);
    let cpu = Duration::from_millis(200);
    let (failure, _) = failure(json!({ "do": "doze" }), limits(within, cpu)).await;
    assert!(matches!(failure, Failure::Deadline(_)), "{failure:?}");
}

#[tokio::test]
async fn a_crash_is_told_in_plain_words() {
    let limits = limits(LONG, LONG);
    let (trapped, _) = failure(json!({ "do": "trap" }), limits.clone()).await;
    assert_eq!(
        trapped.to_string(),
        "crashed: it gave up (a panic or an abort; what it logged last says more)"
    );
    let (panicked, setup) = failure(json!({ "do": "panic" }), limits.clone()).await;
    assert_eq!(panicked, trapped);
    let lines = setup.recorder.lines();
    assert!(lines.last().is_some_and(|line| line.contains("on purpose")), "{lines:?}");
    let (recursed, _) = failure(json!({ "do": "recurse" }), limits).await;
    assert_eq!(
        recursed.to_string(),
        "crashed: it touched memory that it does not have (so does a recursion without end)"
    );
}

#[tokio::test]
async fn memory_has_a_limit() {
    let limits = Limits { memory: 8 << 20, ..limits(LONG, LONG) };
    let (failure, _) = failure(json!({ "do": "grow" }), limits).await;
    let Failure::Memory(text) = failure else { panic!("{failure:?}") };
    assert!(text.ends_with("instead of 8 MiB"), "{text}");
}

#[tokio::test]
async fn one_that_needs_more_memory_than_allowed_does_not_start() {
    let program = program(HANDLER).await;
    let setup = Setup::new(json!({})).limits(Limits { memory: 64 << 10, ..Limits::default() });
    let failure = program.start(setup.host()).await.map(drop).unwrap_err();
    assert!(matches!(failure, Failure::Memory(_)), "{failure:?}");
}

#[tokio::test]
async fn a_storm_of_lines_is_counted_instead_of_written() {
    let program = program(HANDLER).await;
    let setup = Setup::new(json!({ "do": "log", "count": 20_000, "bytes": 100 })).limits(limits(LONG, LONG));
    let mut plugin = started(&*program, &setup).await;
    plugin.handle(&failover(1)).await.unwrap();
    let lines = setup.recorder.lines().len();
    assert!((200..1_000).contains(&lines), "{lines}");
}

#[tokio::test]
async fn what_is_handed_over_at_once_has_a_limit() {
    let limits = limits(LONG, LONG);
    let (failure, _) = failure(json!({ "do": "log", "count": 1, "bytes": 5 << 20 }), limits.clone()).await;
    assert_eq!(failure.to_string(), "crashed: it handed more than 4 MiB over at once");
    let (failure, _) = self::failure(json!({ "do": "fill-kv", "count": 1, "bytes": 2 << 20 }), limits).await;
    assert!(
        matches!(&failure, Failure::Reported(text) if text.contains("1048576 are allowed")),
        "{failure:?}"
    );
}

#[tokio::test]
async fn handles_that_are_not_given_back_have_a_limit() {
    let program = program(LEAKING).await;
    let setup = Setup::new(json!({})).limits(limits(LONG, LONG));
    let request = CheckRequest { name: "leak".to_owned(), within: LONG };
    // Each instance has its own: what one took does not harm the next.
    for _ in 0..2 {
        let mut plugin = started(&*program, &setup).await;
        plugin.sync(&snapshot()).await.unwrap();
        let Err(Failure::Crashed(why)) = plugin.check(&request).await else { panic!("not stopped") };
        assert_eq!(why, "it made more than 1000 handles without giving any back");
        assert!(matches!(plugin.check(&request).await, Err(Failure::Crashed(_))));
    }
}

#[tokio::test]
async fn a_state_that_is_too_large_is_not_kept() {
    let program = program(HANDLER).await;
    let setup = Setup::new(json!({ "save_bytes": 100_000 }));
    let mut plugin = started(&*program, &setup).await;
    let failure = plugin.save().await.unwrap_err();
    let text = "it has 100002 octets, 65536 are allowed";
    assert_eq!(failure, Failure::Reported(text.to_owned()));
    plugin.stop("reload").await.unwrap();
}

#[tokio::test]
async fn a_poisonous_event_kills_an_instance_and_a_new_one_goes_on() {
    let program = program(HANDLER).await;
    let setup = Setup::new(json!({ "do": "trap", "event": "run-7" }));
    let mut plugin = started(&*program, &setup).await;
    plugin.handle(&failover(6)).await.unwrap();
    for _ in 0..2 {
        assert!(matches!(plugin.handle(&failover(7)).await, Err(Failure::Crashed(_))));
        plugin = started(&*program, &setup).await;
        plugin.sync(&snapshot()).await.unwrap();
    }
    plugin.handle(&failover(8)).await.unwrap();
    assert_eq!(setup.recorder.kv("last").as_deref(), Some("run-8"));
}

#[tokio::test]
async fn a_crash_in_any_call_is_a_failure() {
    let program = program(HANDLER).await;
    for at in ["init", "sync", "save", "stop"] {
        let setup = Setup::new(json!({ "do": "panic", "at": at }));
        let mut plugin = program.start(setup.host()).await.unwrap();
        let mut ended = vec![plugin.init(None).await];
        ended.push(plugin.sync(&snapshot()).await);
        ended.push(plugin.save().await.map(drop));
        ended.push(plugin.stop("end").await);
        let first = ended.iter().position(Result::is_err).unwrap();
        assert_eq!(["init", "sync", "save", "stop"][first], at);
        assert!(ended[first..].iter().all(|ended| matches!(ended, Err(Failure::Crashed(_)))), "{ended:?}");
    }
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_any_more_is_the_end_of_its_instance() {
    let program = program(HANDLER).await;
    for config in [json!({ "do": "loop" }), json!({ "do": "sleep", "milliseconds": 60_000 })] {
        let setup = Setup::new(config).limits(limits(LONG, LONG));
        let mut plugin = started(&*program, &setup).await;
        let event = failover(1);
        let dropped = tokio::time::timeout(Duration::from_millis(50), plugin.handle(&event)).await;
        assert!(dropped.is_err());
        let Err(Failure::Crashed(text)) = plugin.handle(&event).await else { panic!("called again") };
        assert_eq!(text, "an earlier call did not end; it is not called again");
    }
}

#[tokio::test]
async fn fifty_that_compute_at_once_are_all_stopped() {
    let program = program(HANDLER).await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let program = Arc::clone(&program);
        calls.spawn(async move {
            let limits = limits(Duration::from_secs(60), Duration::from_millis(30));
            let setup = Setup::new(json!({ "do": "loop" })).limits(limits);
            let mut plugin = started(&*program, &setup).await;
            plugin.handle(&failover(1)).await.unwrap_err()
        });
    }
    while let Some(failure) = calls.join_next().await {
        assert_eq!(failure.unwrap(), Failure::Cpu(Duration::from_millis(30)));
    }
}
