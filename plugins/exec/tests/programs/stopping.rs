//! Scripts that do not end by themselves.

use std::sync::Arc;
use std::time::{Duration, Instant};

use keepwatch_event::Health::{Fail, Pass, Unknown};
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
    let stopped = script.busy().unwrap();
    assert!(alive(&mark) > 0, "that takes a while");
    place.asker.block_on(stopped);
    assert_eq!(alive(&mark), 0, "nothing of the first run is left");
    assert_eq!(place.ask(&script, PATIENCE).health, Pass);
    assert!(script.busy().is_none());
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
fn at_the_end_all_are_killed_and_nothing_is_started_any_more() {
    let place = Place::new("end");
    let (began, mark) = (place.folder.join("began"), place.folder.join("mark").display().to_string());
    let text = format!("trap '' TERM; touch {}; sleep 3600; touch {mark}", began.display());
    let script = place.script(Start::shell(&text), Reading::Status);
    let asked = Arc::clone(&script);
    let asking = place.asker.spawn(async move { asked.probe(PATIENCE).await });
    wait_until("it has begun", || began.exists());
    place.launcher.stop(SHORT);
    let ending = Verdict { health: Unknown, text: "keepwatch is ending".to_owned() };
    assert_eq!(place.asker.block_on(asking).unwrap(), ending);
    wait_until("it is gone", || alive(&mark) == 0);
    assert_eq!(place.ask(&script, PATIENCE), ending);
}

#[test]
fn at_the_end_those_that_are_not_wanted_any_more_have_their_time() {
    let place = Place::new("order");
    let at = |name: &str| place.folder.join(name);
    let (began, ended) = (at("began"), at("ended"));
    let start = place.sh(&format!(
        "trap 'sleep 0.1; touch {}; exit' TERM; touch {}; while :; do sleep 0.01; done",
        ended.display(),
        began.display()
    ));
    let script = place.script(start, Reading::Status);
    let asking = place.asker.spawn(async move { script.probe(PATIENCE).await });
    wait_until("it has begun", || began.exists());
    asking.abort();
    place.launcher.stop(PATIENCE);
    assert!(ended.exists(), "it was killed instead");
}

#[test]
fn without_its_launcher_nothing_runs_on() {
    let place = Place::new("orphan");
    let (began, mark) = (place.folder.join("began"), place.folder.join("mark").display().to_string());
    let text = format!("trap '' TERM; touch {}; sleep 3600; touch {mark}", began.display());
    let script = place.script(Start::shell(&text), Reading::Status);
    let asking = place.asker.spawn(async move { script.probe(PATIENCE).await });
    wait_until("it has begun", || began.exists());
    asking.abort();
    drop(place);
    wait_until("it is gone", || alive(&mark) == 0);
}
