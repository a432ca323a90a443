//! Scripts that do not end by themselves.

use std::sync::Arc;
use std::time::{Duration, Instant};

use keepwatch_event::Health::{Fail, Pass};
use keepwatch_exec::{Reading, Script, Start};
use keepwatch_host::{Probe, Verdict};

use crate::place::{PATIENCE, Place, alive, wait_until};

const SHORT: Duration = Duration::from_millis(300);

/// Asks with a short time limit until it has run far enough for this to hold.
fn ask_until(place: &Place, script: &Script, holds: impl Fn() -> bool) -> Verdict {
    let until = Instant::now() + PATIENCE;
    loop {
        let verdict = place.ask(script, SHORT);
        if holds() {
            return verdict;
        }
        assert!(Instant::now() < until, "{verdict:?}");
    }
}

#[test]
fn one_that_hangs_fails_at_its_time_limit() {
    let place = Place::new("hangs");
    let ended = place.folder.join("ended");
    // It hears that it is to end, and somebody reads on.
    let start = place.sh(&format!(
        "trap 'echo ending; touch {}; exit 0' TERM; echo waiting; while :; do sleep 0.01; done",
        ended.display()
    ));
    let script = place.script(start, Reading::Status);
    let verdict = ask_until(&place, &script, || !place.lines().is_empty());
    let text = "did not end within 300 ms and was stopped";
    assert_eq!((verdict.health, verdict.text.as_str()), (Fail, text));
    assert_eq!(place.lines(), ["waiting"], "what it has said until then is told");
    wait_until("it was asked to end", || ended.exists());
}

#[test]
fn one_that_does_not_want_to_end_is_killed_with_its_children_and_not_run_meanwhile() {
    let place = Place::new("stubborn");
    let at = |name: &str| place.folder.join(name);
    let (ready, enough, mark) = (at("ready"), at("enough"), at("child").display().to_string());
    let start = place.sh(&format!(
        "test -e {1} && exit 0; trap '' TERM; sh -c 'sleep 3600; : {mark}' & touch {0}; \
         while :; do sleep 3600; done",
        ready.display(),
        enough.display()
    ));
    let script = place.script(start, Reading::Status);
    let verdict = ask_until(&place, &script, || ready.exists());
    assert_eq!(verdict.text, "did not end within 300 ms and was stopped");
    std::fs::write(enough, "").unwrap();
    let before = script.skipped();
    let verdict = place.ask(&script, PATIENCE);
    assert_eq!((verdict.health, verdict.text.as_str()), (Fail, "its last run is still being stopped"));
    assert_eq!(script.skipped(), before + 1);
    wait_until("it is run again", || place.ask(&script, PATIENCE).health == Pass);
    assert_eq!(alive(&mark), 0, "nothing of the first run is left");
}

#[test]
fn one_that_nobody_waits_for_any_more_is_stopped() {
    let place = Place::new("dropped");
    let (began, mark) = (place.folder.join("began"), place.folder.join("mark"));
    let start = Start::shell(&format!("touch {}; sleep 3600 # {}", began.display(), mark.display()) as &str);
    let script = place.script(start, Reading::Status);
    let asked = Arc::clone(&script);
    let asking = place.asker.spawn(async move { asked.probe(PATIENCE).await });
    wait_until("it has begun", || began.exists());
    assert!(alive(&mark.display().to_string()) > 0);
    asking.abort();
    wait_until("it is gone", || alive(&mark.display().to_string()) == 0);
}

#[test]
fn at_the_end_of_the_launcher_all_are_killed() {
    let place = Place::new("end");
    let (began, mark) = (place.folder.join("began"), place.folder.join("mark"));
    let text = format!("trap '' TERM; touch {}; sleep 3600 # {}", began.display(), mark.display());
    let script = place.script(Start::shell(&text), Reading::Status);
    let asking = place.asker.spawn(async move { script.probe(PATIENCE).await });
    wait_until("it has begun", || began.exists());
    asking.abort();
    wait_until("nobody else holds the launcher", || asking.is_finished());
    let launcher = place.launcher.clone();
    let mark = mark.display().to_string();
    drop(place);
    launcher.stop(PATIENCE);
    wait_until("it is gone", || alive(&mark) == 0);
}
