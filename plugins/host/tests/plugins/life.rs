//! Starting, failing, starting anew, stopping.

use std::time::{Duration, Instant};

use keepwatch_event::{EventKind, Health};
use keepwatch_host::{Applied, Limits, PluginSpec, Schedule};

use crate::site::{PATIENCE, Site, seqs};

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_snapshot_then_all_events_in_order_then_the_end() {
    let site = Site::new("order");
    site.write("a.fake", &[]);
    let applied = site.apply(vec![site.spec("a")]);
    assert_eq!(applied, Applied { loaded: names(&["a"]), ..Applied::default() });
    for term in 1..=500 {
        site.publish(term);
    }
    site.bus.flush(Duration::from_secs(60));
    let lines = site.stop().of("a");
    assert_eq!(lines[..2], ["init 0", "sync 0"]);
    assert_eq!(lines.last().unwrap(), "stop the test is over");
    // Number 1 is the event that tells that it was loaded, or comes after the first transition.
    assert_eq!(seqs(&lines).len(), 500, "what waits is handled before the end");
    assert!(seqs(&lines).is_sorted());
}

#[test]
fn one_that_starts_late_hears_only_what_is_later_than_its_snapshot() {
    let site = Site::new("late");
    site.publish(1);
    site.publish(2);
    site.bus.flush(Duration::from_secs(60));
    site.write("a.fake", &[]);
    let _ = site.apply(vec![site.spec("a")]);
    site.publish(3);
    let lines = site.wait_until("a", |lines| !seqs(lines).is_empty());
    assert_eq!(lines[1], "sync 2");
    assert!(seqs(&lines).iter().all(|seq| *seq > 2));
    site.stop();
}

#[test]
fn what_makes_it_fail_twice_is_kept_from_it_and_others_do_not_notice() {
    let mut site = Site::new("poison");
    site.write("a.fake", &["crash on 3"]);
    site.write("b.fake", &[]);
    let _ = site.apply(vec![site.spec("a"), site.spec("b")]);
    for term in 1..=5 {
        site.publish(term);
    }
    let letter = site.wait_for(|kind| matches!(kind, EventKind::DeadLettered { .. }));
    let EventKind::DeadLettered { plugin, reason, .. } = &letter.kind else { unreachable!() };
    assert_eq!((plugin.as_str(), reason.as_str()), ("a", "twice crashed: fell over"));
    assert!(
        letter.kind.to_string().ends_with(" from now on: it twice crashed: fell over"),
        "{}",
        letter.kind
    );
    site.wait_for(|kind| matches!(kind, EventKind::PluginRestarted { .. }));
    let lines = site.wait_until("a", |lines| seqs(lines).len() == 6);
    let syncs = lines.iter().filter(|line| line.starts_with("sync")).count();
    assert_eq!(syncs, 3, "a snapshot after each start");
    let sorted = seqs(&lines);
    assert_eq!(sorted[2], sorted[3], "tried twice");
    assert!(sorted.is_sorted(), "the rest in order: {lines:?}");
    assert_eq!(seqs(&site.wait_until("b", |lines| seqs(lines).len() == 5)).len(), 5);
    let report = site.plugins.reports().into_iter().find(|report| &*report.spec.name == "a").unwrap();
    assert_eq!((report.counts.failures, report.counts.restarts, report.counts.dead_letters), (2, 2, 1));
    site.stop();
}

#[test]
fn a_panic_is_a_failure_and_an_error_is_none() {
    let mut site = Site::new("panic");
    site.write("a.fake", &["panic on 1", "error on 2"]);
    let _ = site.apply(vec![site.spec("a")]);
    site.publish(1);
    site.publish(2);
    site.publish(3);
    let failed = site.wait_for(|kind| matches!(kind, EventKind::PluginFailed { .. }));
    assert!(failed.kind.to_string().contains("on purpose"), "{}", failed.kind);
    let error = site.wait_for(|kind| matches!(kind, EventKind::PluginError { .. }));
    assert_eq!(error.kind.to_string(), "plugin a reports: no");
    site.wait_until("a", |lines| seqs(lines).len() == 4);
    site.stop();
}

#[test]
fn one_that_hangs_is_ended_and_goes_on() {
    let mut site = Site::new("hang");
    site.write("a.fake", &["hang on 1"]);
    let limits = Limits { call: Duration::from_millis(50), ..Limits::default() };
    let _ = site.apply(vec![PluginSpec { limits, ..site.spec("a") }]);
    site.publish(1);
    site.publish(2);
    let failed = site.wait_for(|kind| matches!(kind, EventKind::PluginFailed { .. }));
    assert!(failed.kind.to_string().contains("did not answer within"), "{}", failed.kind);
    site.wait_for(|kind| matches!(kind, EventKind::DeadLettered { .. }));
    site.wait_until("a", |lines| seqs(lines).len() == 3);
    site.stop();
}

#[test]
fn one_that_fails_too_often_is_left_alone() {
    let mut site = Site::new("breaker");
    site.write("a.fake", &["crash"]);
    let _ = site.apply(vec![site.spec("a")]);
    for term in 1..=10 {
        site.publish(term);
    }
    site.wait_for(|kind| matches!(kind, EventKind::PluginDisabled { .. }));
    let handled = seqs(&site.journal.of("a")).len();
    site.publish(11);
    site.bus.flush(Duration::from_secs(60));
    assert_eq!(seqs(&site.journal.of("a")).len(), handled);
    site.stop();
}

#[test]
fn an_event_that_is_wanted_again_comes_again_before_the_next() {
    let site = Site::new("retry");
    site.write("a.fake", &["retry on 1"]);
    let _ = site.apply(vec![site.spec("a")]);
    site.publish(1);
    site.publish(2);
    let lines = site.wait_until("a", |lines| seqs(lines).len() == 5);
    let seqs = seqs(&lines);
    assert_eq!(seqs[..4], [seqs[0]; 4]);
    assert!(seqs[4] > seqs[0]);
    site.stop();
}

/// As after a second Ctrl-C.
#[test]
fn nobody_is_waited_for_when_it_is_to_be_at_once() {
    const HOUR: Duration = Duration::from_secs(60 * 60);
    let site = Site::new("at-once");
    site.write("a.fake", &["hang on 1"]);
    let limits = Limits { call: HOUR, ..Limits::default() };
    let _ = site.apply(vec![PluginSpec { limits, ..site.spec("a") }]);
    site.publish(1);
    site.bus.flush(PATIENCE);
    let began = Instant::now();
    let lines = site.stop_unless(HOUR, std::future::ready(())).of("a");
    assert!(began.elapsed() < PATIENCE, "the hour was waited for, or part of it");
    assert!(!lines.iter().any(|line| line.starts_with("stop")), "{lines:?}");
}

#[test]
fn a_slow_one_hears_how_things_are_in_the_end() {
    let site = Site::new("slow");
    site.write("a.fake", &["slow 1"]);
    let limits = Limits { queue: 10, ..Limits::default() };
    let _ = site.apply(vec![PluginSpec { limits, ..site.spec("a") }]);
    for term in 1..=10_000 {
        site.publish(term);
    }
    let mut last = 0;
    let mut events = site.bus.subscribe("end", keepwatch_bus::Delivery::State, 10);
    site.publish(10_001);
    while let Some(event) = events.recv() {
        if event.term == 10_001 {
            last = event.seq;
            break;
        }
    }
    let lines = site.wait_until("a", |lines| seqs(lines).contains(&last));
    assert!(seqs(&lines).is_sorted());
    assert!(seqs(&lines).len() < 10_000);
    site.stop();
}

#[test]
fn nobody_hears_of_plugins_who_did_not_ask() {
    let mut site = Site::new("loops");
    site.write("a.fake", &["error on 1"]);
    site.write("b.fake", &["kind plugin_error"]);
    let _ = site.apply(vec![site.spec("a"), site.spec("b")]);
    site.publish(1);
    site.wait_for(|kind| matches!(kind, EventKind::PluginError { .. }));
    site.wait_until("b", |lines| seqs(lines).len() == 1);
    assert_eq!(seqs(&site.journal.of("a")).len(), 1);
    site.stop();
}

#[test]
fn two_that_answer_each_others_errors_are_told_of_now_and_then() {
    let mut site = Site::new("errors");
    for name in ["a", "b"] {
        site.write(&format!("{name}.fake"), &["error", "kind plugin_error", "kind transition"]);
    }
    let limits = Limits { queue: 1 << 16, ..Limits::default() };
    let spec = |name: &str| PluginSpec { limits: limits.clone(), ..site.spec(name) };
    let _ = site.apply(vec![spec("a"), spec("b")]);
    const MANY: u64 = 1_000;
    for term in 1..=MANY {
        site.publish(term);
    }
    let errors = |site: &Site| site.plugins.reports().iter().map(|report| report.counts.errors).sum::<u64>();
    let until = Instant::now() + PATIENCE;
    while errors(&site) < 2 * MANY {
        assert!(Instant::now() < until, "{} errors", errors(&site));
        std::thread::sleep(Duration::from_millis(1));
    }
    site.bus.flush(PATIENCE);
    let mut told = 0;
    while let Some(event) = site.events.try_next() {
        told += u64::from(matches!(event.kind, EventKind::PluginError { .. }));
    }
    assert!((2..MANY).contains(&told), "{told} told, all are counted");
    // How many were not told is told with the next that is.
    let counted =
        |kind: &EventKind| matches!(kind, EventKind::PluginError { error, .. } if error.contains("too many"));
    while !std::iter::from_fn(|| site.events.try_next()).any(|event| counted(&event.kind)) {
        assert!(Instant::now() < until, "nobody says how many");
        std::thread::sleep(Duration::from_millis(10));
        site.publish(MANY + 1);
    }
    site.stop();
}

#[test]
fn a_check_says_how_things_are() {
    let mut site = Site::new("checks");
    for (name, word) in [("good", "check pass"), ("bad", "check fail"), ("ill", "check crash")] {
        site.write(&format!("{name}.fake"), &[word]);
    }
    let schedule = Schedule { interval: Duration::from_millis(5), timeout: Duration::from_secs(1) };
    let spec = |name: &str| PluginSpec { schedule: Some(schedule), ..site.spec(name) };
    let (good, bad, ill) = (spec("good"), spec("bad"), spec("ill"));
    let _ = site.apply(vec![good, bad, ill]);
    let mut found = std::collections::BTreeMap::new();
    while found.len() < 2 {
        let event = site.wait_for(|kind| matches!(kind, EventKind::HealthChanged { .. }));
        if let EventKind::HealthChanged { track, to, .. } = &event.kind {
            found.insert(track.clone(), *to);
        }
    }
    assert_eq!(
        found.into_iter().collect::<Vec<_>>(),
        [("bad".to_owned(), Health::Fail), ("good".to_owned(), Health::Pass)]
    );
    site.wait_for(|kind| matches!(kind, EventKind::PluginDisabled { plugin, .. } if plugin == "ill"));
    site.stop();
}

#[test]
fn a_file_that_is_a_plugin_and_a_check_hears_each_event_once() {
    let mut site = Site::new("both");
    site.write("it.fake", &["check pass", "both", "kind transition"]);
    let schedule = Schedule { interval: Duration::from_millis(5), timeout: Duration::from_secs(1) };
    let handler = site.spec("it");
    let checker = PluginSpec { name: "asked".into(), schedule: Some(schedule), ..handler.clone() };
    let _ = site.apply(vec![handler, checker]);
    for count in 1..=2 {
        site.publish(count);
        // One after the other: of two that wait, the later one stands for both.
        site.wait_until("it", |lines| seqs(lines).len() as u64 == count);
    }
    site.wait_for(|kind| matches!(kind, EventKind::HealthChanged { track, .. } if track == "asked"));
    let journal = site.stop();
    assert!(seqs(&journal.of("asked")).is_empty(), "{:?}", journal.of("asked"));
}

/// A line that somebody else wrote, a web page that is logged or a database that is asked, must not look like one of ours.
#[test]
fn what_a_plugin_says_stays_on_its_line() {
    const FORGED: &str = "well\\n2026-11-28T23:59:59.000000Z  INFO (VI_1) Entering FAULT STATE";
    let mut site = Site::new("lines");
    site.write("a.fake", &[&format!("log {FORGED}"), &format!("crash saying {FORGED}")]);
    site.write("c.fake", &[&format!("check say {FORGED}")]);
    let schedule = Schedule { interval: Duration::from_secs(3600), timeout: Duration::from_secs(1) };
    let _ = site.apply(vec![site.spec("a"), PluginSpec { schedule: Some(schedule), ..site.spec("c") }]);
    site.publish(1);
    let said = "well / 2026-11-28T23:59:59.000000Z  INFO (VI_1) Entering FAULT STATE";
    let mut found = std::collections::BTreeSet::new();
    while found.len() < 4 {
        let event = site.wait_for(|kind| kind.to_string().contains("FAULT STATE"));
        assert!(event.kind.to_string().contains(said), "{}", event.kind);
        found.insert(event.kind.name().to_owned());
    }
    let expected = ["dead_lettered", "health_changed", "plugin_failed", "plugin_log"];
    assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
    site.stop();
}
