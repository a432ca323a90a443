//! What becomes of letters that are taken, put off, refused.

use std::future::pending;
use std::time::Duration;

use keepwatch_event::{EventKind, State};
use keepwatch_notify::{NotFound, Outcome, Scope};

use crate::support::{Inbox, PATIENCE, Site, gone, hang, later, refused, wait};

const STOP: Duration = Duration::from_secs(5);

#[test]
fn each_destination_hears_all_of_it_in_order() {
    let (one, two) = (Inbox::new("one"), Inbox::new("two"));
    let site = Site::with(None, &[&one, &two]);
    for (instance, to) in [("VI_1", State::Master), ("VI_2", State::Master), ("VI_1", State::Fault)] {
        site.transition(instance, to);
    }
    site.bus.flush(PATIENCE);
    site.notifier.stop(PATIENCE, pending());
    for inbox in [one, two] {
        let lines = inbox.lines();
        assert_eq!(lines.len(), 3);
        let of_first: Vec<&String> = lines.iter().filter(|line| line.starts_with("VI_1")).collect();
        assert!(of_first[0].contains("MASTER") && of_first[1].contains("FAULT"), "{lines:?}");
    }
}

#[test]
fn what_is_put_off_comes_again_as_the_same_message() {
    let inbox = Inbox::new("one").answering([later(Scope::Destination), later(Scope::Parcel)]);
    let mut site = Site::with(None, &[&inbox]);
    site.transition("VI_1", State::Master);
    let got = inbox.wait(1);
    assert_eq!(got[0].attempt, 3);
    let attempts = inbox.attempts();
    assert!(attempts.iter().all(|(tried, _)| (&tried.id, &tried.lines) == (&got[0].id, &got[0].lines)));
    let EventKind::DeliveryFailed { destination, error, attempt, retry_after, .. } =
        site.heard("delivery_failed")
    else {
        panic!()
    };
    assert_eq!((destination.as_str(), error.as_str(), attempt), ("one", "451 later", 1));
    assert_eq!(retry_after, Duration::from_millis(200));
    let EventKind::DeliverySucceeded { attempt, letters, .. } = site.heard("delivery_succeeded") else {
        panic!()
    };
    assert_eq!((attempt, letters), (3, 1));
    site.notifier.stop(STOP, pending());
}

#[test]
fn what_is_refused_is_given_up_and_told_and_can_be_tried_again() {
    let inbox = Inbox::new("one").answering([refused()]);
    let mut site = Site::with(None, &[&inbox]);
    site.transition("VI_1", State::Master);
    let EventKind::DeliveryGivenUp { letter, reason, .. } = site.heard("delivery_given_up") else { panic!() };
    assert_eq!(reason, "550 no");
    let report = site.report("one");
    assert_eq!((report.dead.len(), report.given_up, report.waiting.len()), (1, 1, 0));
    assert_eq!(report.dead[0].entry.letter.id, letter);
    let summary = site.notifier.summary();
    assert_eq!((summary[0].name.as_str(), summary[0].dead, summary[0].waiting), ("one", 1, 0));
    assert_eq!(summary[0].refusal.as_deref(), Some("550 no"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(site.notifier.retry("one", vec![letter])), Ok(1));
    assert_eq!(inbox.wait(1).len(), 1);
    let unknown = NotFound::Destination("none".to_owned());
    assert_eq!(runtime.block_on(site.notifier.retry("none", Vec::new())), Err(unknown));
    site.notifier.stop(STOP, pending());
}

#[test]
fn a_letter_that_is_not_there_is_said_so_and_nothing_else_is_touched() {
    let inbox = Inbox::new("one").answering([refused(), later(Scope::Destination)]);
    let mut site = Site::with(None, &[&inbox]);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    site.transition("VI_1", State::Master);
    site.heard("delivery_given_up");
    let id = site.report("one").dead[0].entry.letter.id.clone();
    let wrong = || vec!["h9".to_owned()];
    let not_there = Err(NotFound::Letter("h9".to_owned()));
    assert_eq!(runtime.block_on(site.notifier.retry("one", wrong())), not_there);
    assert_eq!(runtime.block_on(site.notifier.purge("one", wrong())), not_there);
    let report = site.report("one");
    assert_eq!((report.dead.len(), report.waiting.len(), inbox.attempts().len()), (1, 0, 1));
    let beginning = || vec![id[..id.len() - 1].to_owned()];
    assert_eq!(runtime.block_on(site.notifier.purge("one", beginning())), Ok(1));
    assert_eq!(site.report("one").dead.len(), 0);
    site.notifier.stop(STOP, pending());
}

/// Looks are a minute apart where nothing else happens; the test waits for that long.
#[test]
fn what_is_too_old_is_given_up_when_it_is() {
    let mut inbox = Inbox::new("one").answering([Outcome::Later {
        why: "451 later".into(),
        after: Some(Duration::from_secs(3_600)),
        scope: Scope::Destination,
    }]);
    inbox.ttl = Duration::from_millis(300);
    let mut site = Site::with(None, &[&inbox]);
    site.transition("VI_1", State::Master);
    let EventKind::DeliveryGivenUp { reason, .. } = site.heard("delivery_given_up") else { panic!() };
    assert_eq!(reason, "it could not be delivered in 0 s; at last: 451 later");
    site.notifier.stop(STOP, pending());
}

#[test]
fn one_that_is_gone_is_left_alone_until_its_configuration_changes() {
    let mut inbox = Inbox::new("one").answering([gone()]);
    let mut site = Site::with(None, &[&inbox]);
    site.transition("VI_1", State::Master);
    site.heard("destination_disabled");
    site.transition("VI_2", State::Master);
    wait("the letter to wait", || site.report("one").waiting.len() == 1);
    assert_eq!(site.report("one").gone.as_deref(), Some("410 gone"));
    let summary = site.notifier.summary();
    assert_eq!((summary[0].gone.as_deref(), summary[0].waiting), (Some("410 gone"), 1));
    inbox.group_wait = Duration::from_millis(1);
    site.notifier.apply(vec![inbox.destination()]);
    assert!(inbox.wait(1)[0].lines[0].starts_with("VI_2"));
    site.notifier.stop(STOP, pending());
}

#[test]
fn one_that_never_answers_is_broken_off_and_holds_nobody_up() {
    let mut slow = Inbox::new("slow").answering([hang()]);
    slow.timeout = Duration::from_millis(300);
    let quick = Inbox::new("quick");
    let mut site = Site::with(None, &[&slow, &quick]);
    site.transition("VI_1", State::Master);
    quick.wait(1);
    let EventKind::DeliveryFailed { error, .. } = site.heard("delivery_failed") else { panic!() };
    assert!(error.contains("no answer"), "{error}");
    assert_eq!(slow.wait(1)[0].attempt, 2);
    site.notifier.stop(STOP, pending());
}

/// The end is told at any moment while events become letters: many times, as there is no other way to hit each.
#[test]
fn what_was_published_before_the_end_is_told_before_it() {
    for round in 0..500_u32 {
        let inbox = Inbox::new("one");
        let site = Site::with(None, &[&inbox]);
        site.report("one");
        for _ in 0..round % 5 {
            site.transition("VI_2", State::Init);
        }
        site.transition("VI_1", State::Stopped);
        site.bus.flush(PATIENCE);
        site.notifier.stop(PATIENCE, pending());
        let lines = inbox.lines();
        assert!(lines.iter().any(|line| line.starts_with("VI_1")), "round {round}: {lines:?}");
    }
}

#[test]
fn what_waits_for_company_goes_at_once_when_the_daemon_ends() {
    let mut inbox = Inbox::new("one");
    inbox.group_wait = Duration::from_secs(3_600);
    let site = Site::with(None, &[&inbox]);
    site.transition("VI_1", State::Master);
    site.transition("VI_1", State::Stopped);
    site.bus.flush(PATIENCE);
    site.notifier.stop(PATIENCE, pending());
    let got = inbox.taken();
    assert_eq!((got.len(), got[0].lines.len()), (1, 2));
}
