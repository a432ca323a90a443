//! What computes takes no time from others.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use keepwatch_event::Health;
use keepwatch_host::{Limits, Made, Native, PluginSpec, Probe, Schedule, Verdict, Work};

use crate::site::{PATIENCE, Site};

/// As many as there are threads for plugins.
const COMPUTING: [&str; 2] = ["a", "b"];

/// Asks somebody who answers after a moment, several times.
#[derive(Default)]
struct Talk {
    answered: AtomicU64,
}

impl Probe for Talk {
    fn probe(&self, _: Duration) -> Work<'_, Verdict> {
        Box::pin(async {
            for _ in 0..3 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            self.answered.fetch_add(1, Ordering::SeqCst);
            Verdict { health: Health::Pass, text: "well".to_owned() }
        })
    }
}

/// Plugins that compute until they are let go, and however long that is.
fn computing(site: &Site, how: &str) -> Vec<PluginSpec> {
    let limits = Limits { call: PATIENCE * 60, ..Limits::default() };
    let spec = |name| {
        site.write(&format!("{name}.fake"), &[how, "kind transition"]);
        PluginSpec { limits: limits.clone(), ..site.spec(name) }
    };
    COMPUTING.into_iter().map(spec).collect()
}

#[test]
fn a_built_in_check_is_answered_while_all_threads_of_plugins_compute() {
    let site = Site::new("apart");
    let talk = Arc::<Talk>::default();
    let probe = Arc::clone(&talk) as Arc<dyn Probe>;
    let made = Made::Native(Native { label: "talk".to_owned(), settings: String::new(), probe });
    let schedule = Some(Schedule { interval: Duration::from_millis(5), timeout: PATIENCE });
    let mut declared = computing(&site, "keep the thread");
    declared.push(PluginSpec { made, schedule, ..PluginSpec::plain("talk", "".into()) });
    let _ = site.apply(declared);
    site.publish(1);
    for name in COMPUTING {
        site.wait_until(name, |lines| lines.iter().any(|line| line == "computes"));
    }
    let (before, until) = (talk.answered.load(Ordering::SeqCst), Instant::now() + PATIENCE);
    let mut answered = 0;
    while answered < 10 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(1));
        answered = talk.answered.load(Ordering::SeqCst) - before;
    }
    site.journal.let_go();
    assert!(answered >= 10, "{answered} answers");
    site.stop();
}

#[test]
fn one_that_waits_is_served_between_the_slices_of_those_that_compute() {
    const NAPS: usize = 20;
    let site = Site::new("slices");
    let mut declared = computing(&site, "compute in slices");
    site.write("c.fake", &[&format!("nap {NAPS}")]);
    let _ = site.apply(declared.clone());
    site.publish(1);
    for name in COMPUTING {
        site.wait_until(name, |lines| lines.iter().any(|line| line == "a slice"));
    }
    declared.push(site.spec("c"));
    let _ = site.apply(declared);
    site.publish(2);
    site.wait_until("c", |lines| lines.iter().any(|line| line == "has napped"));
    site.journal.let_go();
    let slices = site.journal.between("c", "naps", "has napped", "a slice");
    // A nap is as long as a slice on each of the two threads at most, and then waits for one or two more.
    assert!(slices < NAPS * 10, "{slices} slices in {NAPS} naps");
    site.stop();
}
