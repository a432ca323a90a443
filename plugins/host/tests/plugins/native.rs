//! Checks and actions that are built in.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use keepwatch_event::{EventKind, Health};
use keepwatch_host::{
    Action, Deed, Grant, Grants, HostError, Limits, Made, Native, NativeDeed, Plan, PluginSpec, Probe, Ran,
    Schedule, Verdict, Work,
};
use tokio::sync::Notify;

use crate::site::{PATIENCE, Site, seqs};

/// Passes, then fails, in turn.
#[derive(Default)]
struct Turns {
    asked: AtomicU64,
    changed: Notify,
}

impl Probe for Turns {
    fn probe(&self, _: Duration) -> Work<'_, Verdict> {
        let health = if self.asked.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
            Health::Pass
        } else {
            Health::Fail
        };
        Box::pin(async move { Verdict { health, text: "a turn".to_owned() } })
    }

    fn changed(&self) -> Work<'_, ()> {
        Box::pin(self.changed.notified())
    }
}

fn spec(probe: &Arc<Turns>, settings: &str) -> PluginSpec {
    let probe = Arc::clone(probe) as Arc<dyn Probe>;
    let native = Native { label: "turns".to_owned(), settings: settings.to_owned(), probe };
    let schedule = Schedule { interval: Duration::from_secs(3600), timeout: Duration::from_secs(5) };
    PluginSpec {
        made: Made::Native(native),
        schedule: Some(schedule),
        ..PluginSpec::plain("turns", "".into())
    }
}

#[test]
fn a_built_in_check_is_asked_when_there_may_be_another_answer() {
    let mut site = Site::new("native");
    let probe = Arc::<Turns>::default();
    let applied = site.apply(vec![spec(&probe, "1")]);
    assert_eq!(applied.loaded, ["turns"]);
    let is = |wanted: Health| move |kind: &EventKind| matches!(kind, EventKind::HealthChanged { to, .. } if *to == wanted);
    // The first question comes at once, the next in half an hour at the soonest.
    site.wait_for(is(Health::Pass));
    probe.changed.notify_one();
    site.wait_for(is(Health::Fail));
    assert_eq!(probe.asked.load(Ordering::SeqCst), 2);

    let again = Arc::<Turns>::default();
    assert_eq!(site.apply(vec![spec(&again, "1")]).unchanged, 1, "the same settings");
    assert_eq!(site.apply(vec![spec(&again, "2")]).reloaded, ["turns"]);
    again.changed.notify_one();
    site.wait_for(is(Health::Pass));
    assert_eq!(probe.asked.load(Ordering::SeqCst), 2, "it has been replaced");
    site.stop();
}

/// Where there is a plugin that never begins, before all others.
#[test]
fn nobody_waits_for_a_plugin_that_begins() {
    let mut site = Site::new("begins");
    site.write("slow.fake", &["hang init"]);
    site.write("quick.fake", &[]);
    let limits = Limits { call: Duration::from_secs(3600), ..Limits::default() };
    let slow = PluginSpec { limits, ..site.spec("slow") };
    let declared = vec![slow, site.spec("quick"), spec(&Arc::default(), "1")];
    site.plugins.begin(Plan { declared, ..Plan::default() }).recv().unwrap();
    site.wait_for(|kind| matches!(kind, EventKind::HealthChanged { to: Health::Pass, .. }));
    site.publish(1);
    site.wait_until("quick", |lines| !seqs(lines).is_empty());
    assert_eq!(site.journal.of("slow"), ["hangs"], "it has not begun");
    site.stop();
}

/// Is busy until it is told otherwise.
#[derive(Default)]
struct Busy {
    asked: AtomicU64,
    within: Mutex<Vec<Duration>>,
    is_free: AtomicBool,
}

impl Probe for Busy {
    fn probe(&self, within: Duration) -> Work<'_, Verdict> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.within.lock().unwrap().push(within);
        Box::pin(async { Verdict { health: Health::Pass, text: "free".to_owned() } })
    }

    fn busy(&self) -> Option<Work<'_, ()>> {
        (!self.is_free.load(Ordering::SeqCst)).then(|| Box::pin(std::future::pending()) as Work<'_, ()>)
    }
}

#[test]
fn a_built_in_check_that_is_busy_is_not_asked_and_nothing_is_found() {
    let mut site = Site::new("busy");
    let probe = Arc::<Busy>::default();
    let asked = Arc::clone(&probe) as Arc<dyn Probe>;
    let native = Native { label: "busy".to_owned(), settings: String::new(), probe: asked };
    let timeout = Duration::from_millis(20);
    let schedule = Some(Schedule { interval: timeout, timeout });
    let plain = PluginSpec::plain("busy", "".into());
    let _ = site.apply(vec![PluginSpec { made: Made::Native(native), schedule, ..plain }]);
    let skipped = || site.plugins.reports().remove(0).counts.skipped;
    let until = Instant::now() + PATIENCE;
    while skipped() < 3 {
        assert!(Instant::now() < until, "it is not skipped");
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(probe.asked.load(Ordering::SeqCst), 0);
    probe.is_free.store(true, Ordering::SeqCst);
    let event = site.wait_for(|kind| matches!(kind, EventKind::HealthChanged { .. }));
    assert!(matches!(event.kind, EventKind::HealthChanged { to: Health::Pass, .. }), "{event:?}");
    assert_eq!(probe.within.lock().unwrap()[0], timeout, "it has its whole time");

    // What it has said itself holds on while it is busy; what another one may have said before it, no longer than it did.
    probe.is_free.store(false, Ordering::SeqCst);
    let prolonged = || site.prolonged.lock().unwrap().clone();
    let (not_at_all, again) = (("busy".to_owned(), Duration::ZERO), ("busy".to_owned(), timeout * 4));
    while !prolonged().contains(&again) {
        assert!(Instant::now() < until, "it is not skipped");
        std::thread::sleep(Duration::from_millis(1));
    }
    let firsts = prolonged().iter().take_while(|skipped| **skipped == not_at_all).count();
    assert!(firsts >= 3, "{:?}", prolonged());
    assert!(prolonged().iter().skip(firsts).all(|skipped| *skipped == again));
    site.stop();
}

/// A check whose interval changes while what it has begun has not ended: it asks what it asked before.
#[test]
fn an_answer_holds_on_when_a_built_in_check_gets_another_rhythm_only() {
    let mut site = Site::new("rhythm");
    let timeout = Duration::from_millis(20);
    let apply = |site: &Site, probe: &Arc<Busy>, settings: &str, millis: u64| {
        let probe = Arc::clone(probe) as Arc<dyn Probe>;
        let native = Native { label: "busy".to_owned(), settings: settings.to_owned(), probe };
        let schedule = Some(Schedule { interval: Duration::from_millis(millis), timeout });
        let plain = PluginSpec::plain("busy", "".into());
        let applied = site.apply(vec![PluginSpec { made: Made::Native(native), schedule, ..plain }]);
        assert_eq!(applied.loaded.len() + applied.reloaded.len(), 1, "{applied:?}");
    };
    let skipped = |site: &Site, more: u64| {
        let count = || site.plugins.reports().remove(0).counts.skipped;
        let (before, until) = (count(), Instant::now() + PATIENCE);
        while count() < before + more {
            assert!(Instant::now() < until, "it is not skipped");
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    let probe = Arc::<Busy>::default();
    probe.is_free.store(true, Ordering::SeqCst);
    apply(&site, &probe, "1", 20);
    site.wait_for(|kind| matches!(kind, EventKind::HealthChanged { to: Health::Pass, .. }));
    probe.is_free.store(false, Ordering::SeqCst);
    let held = |site: &Site| {
        let all = std::mem::take(&mut *site.prolonged.lock().unwrap());
        all.into_iter().map(|(_, holds)| holds).collect::<Vec<_>>()
    };
    skipped(&site, 1);

    // It may have been told once more of the old rhythm; twice in the new one, which begins with the reload itself.
    let rhythm = |millis| (Duration::from_millis(millis) + timeout) * 2;
    let _ = held(&site);
    apply(&site, &Arc::default(), "1", 30);
    skipped(&site, 3);
    let (seen, zero) = (held(&site), Duration::ZERO);
    assert!(!seen.contains(&zero), "{seen:?}");
    assert!(seen.iter().filter(|holds| **holds == rhythm(30)).count() >= 3, "{seen:?}");
    // Another question, another answer.
    apply(&site, &Arc::default(), "2", 30);
    skipped(&site, 3);
    assert!(held(&site).ends_with(&[zero, zero]));
    // Nobody has answered that one yet, whatever its rhythm.
    apply(&site, &Arc::default(), "2", 40);
    skipped(&site, 3);
    assert!(held(&site).iter().all(|holds| *holds == zero));
    site.stop();
}

/// Never answers, and counts the questions that it was asked and those that were dropped.
#[derive(Default)]
struct Hanging {
    asked: AtomicU64,
    dropped: Arc<AtomicU64>,
}

struct CountsItsEnd(Arc<AtomicU64>);

impl Drop for CountsItsEnd {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Probe for Hanging {
    fn probe(&self, _: Duration) -> Work<'_, Verdict> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let question = CountsItsEnd(Arc::clone(&self.dropped));
        Box::pin(async move {
            let _question = question;
            std::future::pending().await
        })
    }
}

#[test]
fn nobody_waits_for_the_answer_of_a_built_in_check_that_is_replaced_or_ended() {
    let mut site = Site::new("hanging");
    let hanging = Arc::<Hanging>::default();
    let schedule = Some(Schedule { interval: PATIENCE * 60, timeout: PATIENCE * 60 });
    let probe = |settings: &str, probe: Arc<dyn Probe>| {
        let native = Native { label: "probe".to_owned(), settings: settings.to_owned(), probe };
        let plain = PluginSpec::plain("probe", "".into());
        vec![PluginSpec { made: Made::Native(native), schedule, ..plain }]
    };
    let wait = |what: &str, holds: &dyn Fn() -> bool| {
        let until = Instant::now() + PATIENCE;
        while !holds() {
            assert!(Instant::now() < until, "{what}");
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    let asked = |times| move |hanging: &Hanging| hanging.asked.load(Ordering::SeqCst) == times;
    let dropped = |times| move |hanging: &Hanging| hanging.dropped.load(Ordering::SeqCst) == times;
    let _ = site.apply(probe("1", Arc::clone(&hanging) as Arc<dyn Probe>));
    wait("it is asked", &|| asked(1)(&hanging));

    let declared = probe("2", Arc::<Turns>::default());
    site.plugins.begin(Plan { declared, ..Plan::default() }).recv().unwrap();
    // At once, though the interval is long.
    site.wait_for(|kind| matches!(kind, EventKind::HealthChanged { to: Health::Pass, .. }));
    assert!(dropped(1)(&hanging));

    let hour = Some(Schedule { interval: PATIENCE * 61, timeout: PATIENCE * 60 });
    let again = probe("3", Arc::clone(&hanging) as Arc<dyn Probe>).remove(0);
    let _ = site.apply(vec![PluginSpec { schedule: hour, ..again }]);
    wait("it is asked", &|| asked(2)(&hanging));
    site.plugins.stop_natives("the test ends");
    wait("the question is dropped", &|| dropped(2)(&hanging));
    site.stop();
}

struct Refuses;

impl Deed for Refuses {
    fn run(&self, _: Duration) -> Work<'_, Result<Ran, HostError>> {
        Box::pin(async {
            // What it starts would have that of its thread.
            let niceness = rustix::process::getpriority_process(None).unwrap();
            Ok(Ran { exit_code: Some(1), output: format!("line 3: no, at {niceness}") })
        })
    }
}

#[test]
fn a_built_in_action_says_what_came_of_it() {
    let site = Site::new("native-deed");
    site.write("a.fake", &["run"]);
    let (label, settings, deed) = ("refuses".to_owned(), String::new(), Arc::new(Refuses));
    let deed = NativeDeed { label, settings, deed };
    let action = Action { name: "act".to_owned(), deed, timeout: Duration::from_secs(5) };
    let grants = Grants::new(vec![Grant::Run("act".to_owned())]);
    let _ = site.apply_with(vec![PluginSpec { grants, ..site.spec("a") }], vec![action]);
    site.publish(1);
    let lines = site.wait_until("a", |lines| lines.iter().any(|line| line.contains("exit_code")));
    let own = rustix::process::getpriority_process(None).unwrap();
    let expected = format!("line 3: no, at {own}\"");
    assert!(lines.iter().any(|line| line.contains(&expected)), "{lines:?}");
    site.stop();
}

struct Hangs;

impl Deed for Hangs {
    fn run(&self, within: Duration) -> Work<'_, Result<Ran, HostError>> {
        Box::pin(async move {
            tokio::time::sleep(within + Duration::from_millis(10)).await;
            Err(HostError::timeout("cleaned up"))
        })
    }
}

#[test]
fn an_action_whose_time_is_over_may_clean_up_and_needs_a_grant() {
    let mut site = Site::new("late-deed");
    site.write("a.fake", &["run"]);
    let (label, settings, deed) = ("hangs".to_owned(), String::new(), Arc::new(Hangs));
    let deed = NativeDeed { label, settings, deed };
    let action = Action { name: "act".to_owned(), deed, timeout: Duration::from_millis(20) };
    let _ = site.apply_with(vec![site.spec("a")], vec![action.clone()]);
    site.publish(1);
    let lines = site.wait_until("a", |lines| lines.iter().any(|line| line.starts_with("ran")));
    assert!(lines.iter().any(|line| line.contains("Denied") && line.contains("run:act")), "{lines:?}");

    let grants = Grants::new(vec![Grant::Run("act".to_owned())]);
    let _ = site.apply_with(vec![PluginSpec { grants, ..site.spec("a") }], vec![action]);
    site.publish(2);
    let event = site.wait_for(|kind| matches!(kind, EventKind::ActionRan { .. }));
    let text = event.kind.to_string();
    assert!(text.starts_with("action act, run for a, ended after "), "{text}");
    assert!(text.ends_with(": cleaned up"), "{text}");
    site.stop();
}
