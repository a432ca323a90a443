//! New versions of plugins that are at work.

use std::time::Duration;

use keepwatch_event::EventKind;
use keepwatch_host::{Grant, Grants, Limits, Plan, PluginSpec, Schedule};

use crate::site::{PATIENCE, Site, seqs};

#[test]
fn a_hundred_reloads_under_load_lose_nothing_and_double_nothing() {
    let site = Site::new("reloads");
    site.write("a.fake", &["version 0"]);
    // On a busy machine it may not be run for long: what its queue does not hold is lost rightly, and counted elsewhere.
    let limits = Limits { queue: 1 << 20, ..site.spec("a").limits };
    let spec = || PluginSpec { limits: limits.clone(), ..site.spec("a") };
    let _ = site.apply(vec![spec()]);
    let stop = std::sync::atomic::AtomicBool::new(false);
    let published = std::thread::scope(|scope| {
        let publisher = scope.spawn(|| {
            let mut term = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                // A burst that no queue conflates, then a breath.
                for _ in 0..20 {
                    term += 1;
                    site.publish(term);
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            term
        });
        for version in 1..=100 {
            site.write("a.fake", &[&format!("version {version}")]);
            assert_eq!(site.apply(vec![spec()]).reloaded, ["a"]);
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        publisher.join().unwrap()
    });
    site.bus.flush(Duration::from_secs(60));
    let lines = site.stop().of("a");
    let seqs = seqs(&lines);
    assert!(seqs.is_sorted_by(|a, b| a < b), "in order, none twice");
    assert_eq!(seqs.len() as u64, published, "none lost");
    assert_eq!(lines.iter().filter(|line| line.starts_with("stop")).count(), 101);
    // Each version begins with the count of the one before, and with a snapshot of what that one had handled.
    let mut handled: u64 = 0;
    let mut last = 0;
    for line in &lines {
        if let Some(state) = line.strip_prefix("init ") {
            assert_eq!(state.parse::<u64>().unwrap(), handled);
        } else if let Some(snapshot) = line.strip_prefix("sync ") {
            assert!(snapshot.parse::<u64>().unwrap() >= last);
        } else if let Some(seq) = line.strip_prefix("event ") {
            handled += 1;
            last = seq.parse().unwrap();
        }
    }
}

#[test]
fn a_state_that_is_not_handed_on_is_told() {
    let mut site = Site::new("state");
    let limits = Limits { call: Duration::from_millis(100), ..Limits::default() };
    let spec = |site: &Site| PluginSpec { limits: limits.clone(), ..site.spec("a") };
    for (words, why) in [
        ("save so much: 70000", "it has 70000 octets, 65536 are allowed"),
        ("save error", "cannot say"),
        ("save crash", "`save` crashed: fell over"),
        ("save hang", "`save` did not answer within 100 ms"),
    ] {
        site.write("a.fake", &[words]);
        let _ = site.apply(vec![spec(&site)]);
        let errors = site.counts("a").errors;
        site.write("a.fake", &["kind plugin_error"]);
        assert_eq!(site.apply(vec![spec(&site)]).reloaded, ["a"]);
        let event = site.wait_for(|kind| matches!(kind, EventKind::PluginError { .. }));
        let text = event.kind.to_string();
        let expected = format!("plugin a reports: its state was not handed on to the new version: {why}");
        assert_eq!(text, expected);
        assert_eq!(site.counts("a").errors, errors + 1);
    }
    assert_eq!(site.counts("a").failures, 2, "it crashed and it hung");
    site.write("a.fake", &["a good one hands its state on"]);
    let _ = site.apply(vec![spec(&site)]);
    site.wait_for(|kind| matches!(kind, EventKind::PluginReloaded { .. }));
    site.bus.flush(PATIENCE);
    let mut told = std::iter::from_fn(|| site.events.try_next());
    assert!(!told.any(|event| matches!(event.kind, EventKind::PluginError { .. })));
    site.stop();
}

#[test]
fn a_bad_version_leaves_the_old_one_at_work_and_says_why() {
    let mut site = Site::new("bad");
    let path = site.write("a.fake", &[]);
    let _ = site.apply(vec![site.spec("a")]);
    std::fs::write(&path, "half a fi").unwrap();
    let applied = site.apply(vec![site.spec("a")]);
    assert_eq!(applied.refused.len(), 1);
    assert!(applied.refused[0].1.contains("has no end"), "{applied:?}");
    let event = site.wait_for(|kind| matches!(kind, EventKind::PluginRefused { .. }));
    assert!(matches!(&event.kind, EventKind::PluginRefused { kept: true, .. }));
    assert_eq!(site.apply(vec![site.spec("a")]).refused, applied.refused, "said again to whoever asks again");

    site.write("a.fake", &["refuse"]);
    let applied = site.apply(vec![site.spec("a")]);
    assert!(applied.refused[0].1.contains("cannot begin"), "{applied:?}");

    std::fs::remove_file(&path).unwrap();
    let applied = site.apply(vec![site.spec("a")]);
    assert!(applied.refused[0].1.contains("cannot be read"), "{applied:?}");

    site.publish(1);
    let lines = site.wait_until("a", |lines| seqs(lines).len() == 1);
    assert!(!lines.iter().any(|line| line.starts_with("stop")), "{lines:?}");
    site.write("a.fake", &["better"]);
    assert_eq!(site.apply(vec![site.spec("a")]).reloaded, ["a"]);
    site.stop();
}

#[test]
fn what_became_of_each_is_told_in_the_order_of_the_plan() {
    let site = Site::new("report");
    site.write("a.fake", &["pause init"]);
    site.write("b.fake", &[]);
    let applied = site.apply(vec![site.spec("a"), site.spec("b")]);
    // The first one began when the second had.
    assert_eq!(applied.loaded, ["a", "b"]);
    site.stop();
}

#[test]
fn what_has_not_changed_is_not_touched() {
    let site = Site::new("same");
    let path = site.write("a.fake", &[]);
    site.write("b.fake", &["refuse"]);
    let specs = || vec![site.spec("a"), site.spec("b")];
    let first = site.apply(specs());
    assert_eq!((first.loaded.len(), first.refused.len()), (1, 1));
    let again = site.apply(specs());
    assert_eq!((again.unchanged, again.refused.len()), (1, 1), "what does not run is tried and told again");
    // The same content in another file.
    let text = std::fs::read(&path).unwrap();
    std::fs::write(site.folder.join("new"), text).unwrap();
    std::fs::rename(site.folder.join("new"), &path).unwrap();
    assert_eq!(site.apply(specs()).unchanged, 1);
    assert_eq!(site.journal.of("a").len(), 2);
    site.stop();
}

#[test]
fn other_settings_are_another_version_and_what_is_gone_is_ended() {
    let mut site = Site::new("settings");
    site.write("a.fake", &[]);
    let _ = site.apply(vec![site.spec("a")]);
    let config = serde_json::Map::from_iter([("x".to_owned(), serde_json::json!(1))]);
    let other = PluginSpec { config, ..site.spec("a") };
    assert_eq!(site.apply(vec![other]).reloaded, ["a"]);
    assert_eq!(site.apply(Vec::new()).unloaded, ["a"]);
    site.wait_for(|kind| matches!(kind, EventKind::PluginUnloaded { .. }));
    assert_eq!(site.journal.of("a").last().unwrap(), "stop taken away");
    assert!(site.plugins.reports().is_empty());
    site.stop();
}

#[test]
fn another_queue_and_another_role_are_taken_over() {
    let site = Site::new("queue");
    site.write("a.fake", &["slow 20"]);
    let queue = |queue| Limits { queue, ..Limits::default() };
    let _ = site.apply(vec![PluginSpec { limits: queue(2), ..site.spec("a") }]);
    assert_eq!(site.apply(vec![PluginSpec { limits: queue(1_000), ..site.spec("a") }]).reloaded, ["a"]);
    for term in 1..=20 {
        site.publish(term);
    }
    site.wait_until("a", |lines| seqs(lines).len() == 20);
    let reading = || site.plugins.reports()[0].queue;
    assert_eq!(reading().conflated, 0, "there was room for all");

    // A check hears nothing; a plugin again, it has a queue that can be read.
    let schedule = Schedule { interval: Duration::from_secs(3600), timeout: Duration::from_secs(60) };
    site.write("a.fake", &["check pass", "both", "slow 20"]);
    let _ = site.apply(vec![PluginSpec { schedule: Some(schedule), ..site.spec("a") }]);
    let _ = site.apply(vec![PluginSpec { limits: queue(1), ..site.spec("a") }]);
    for term in 21..=40 {
        site.publish(term);
    }
    site.bus.flush(PATIENCE);
    assert!(reading().waiting > 0 || reading().conflated > 0, "{:?}", reading());
    site.stop();
}

#[test]
fn a_reload_under_way_ends_when_keepwatch_stops() {
    let site = Site::new("stops");
    site.write("a.fake", &["hang init"]);
    let limits = Limits { call: Duration::from_secs(3600), ..Limits::default() };
    let declared = vec![PluginSpec { limits, ..site.spec("a") }];
    std::thread::scope(|scope| {
        let reload = scope.spawn(|| site.plugins.apply(Plan { declared, ..Plan::default() }));
        site.wait_until("a", |lines| lines == ["hangs"]);
        site.plugins.stop("the test is over", Duration::ZERO, std::future::ready(()));
        assert_eq!(reload.join().unwrap(), None);
    });
    assert_eq!(site.plugins.apply(Plan::default()), None, "there are none any more");
    site.stop();
}

#[test]
fn one_that_could_not_begin_begins_when_it_can() {
    let site = Site::new("later");
    site.write("a.fake", &["refuse"]);
    assert_eq!(site.apply(vec![site.spec("a")]).refused.len(), 1);
    site.write("a.fake", &[]);
    assert_eq!(site.apply(vec![site.spec("a")]).loaded, ["a"]);
    site.stop();
}

#[test]
fn a_withdrawn_grant_is_withdrawn_even_if_the_new_version_is_refused() {
    let mut site = Site::new("withdrawn");
    let path = site.write("a.fake", &[]);
    let grants = Grants::new(vec![Grant::Run("act".to_owned())]);
    let _ = site.apply(vec![PluginSpec { grants, ..site.spec("a") }]);
    std::fs::write(&path, "half a fi").unwrap();
    assert_eq!(site.apply(vec![site.spec("a")]).refused.len(), 1);
    let event = site.wait_for(|kind| matches!(kind, EventKind::PluginRefused { .. }));
    assert!(matches!(&event.kind, EventKind::PluginRefused { kept: false, .. }));
    site.wait_until("a", |lines| lines.last().is_some_and(|line| line == "stop a grant was withdrawn"));
    site.stop();
}

#[test]
fn nobody_waits_for_the_answer_of_a_check_that_hangs() {
    let mut site = Site::new("hanging-check");
    site.write("a.fake", &["check hang"]);
    site.write("b.fake", &["check pass"]);
    // An answer is not to be had while the test waits for anything.
    let schedule = Some(Schedule { interval: PATIENCE * 60, timeout: PATIENCE * 60 });
    let (a, b) = (PluginSpec { schedule, ..site.spec("a") }, PluginSpec { schedule, ..site.spec("b") });
    let asked =
        |times| move |lines: &[String]| lines.iter().filter(|line| *line == "is asked").count() == times;
    let _ = site.apply(vec![a.clone()]);
    site.wait_until("a", asked(1));

    site.write("a.fake", &["check hang", "version 2"]);
    let applied = site.apply(vec![a, b.clone()]);
    assert_eq!((applied.reloaded, applied.loaded), (vec!["a".to_owned()], vec!["b".to_owned()]));
    let lines = site.wait_until("a", asked(2));
    let begun: Vec<&String> = lines.iter().filter(|line| line.starts_with("init")).collect();
    assert_eq!(begun, ["init 0", "init 0"], "what was broken off knows nothing, and is not called again");
    let passes = |kind: &EventKind| matches!(kind, EventKind::HealthChanged { track, .. } if track == "b");
    site.wait_for(passes);

    assert_eq!(site.apply(vec![b]).unloaded, ["a"]);
    site.stop();
}
