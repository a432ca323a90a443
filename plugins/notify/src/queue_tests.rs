//! Tests of what waits and in which order it goes.

use std::time::{Duration, SystemTime};

use keepwatch_event::{EventKind, Severity, State, Steady};

use super::*;
use crate::letter::Content;
use crate::sample;

const WAIT: Grouping = Grouping::Together(Duration::from_secs(2));

fn at(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000) + Duration::from_millis(millis)
}

fn letter(id: &str, instance: &str, severity: Severity) -> Letter {
    let mut event = sample::transition().letters[0].event().unwrap().clone();
    event.id = id.to_owned();
    event.instance = Some(instance.into());
    event.severity = severity;
    event.at.wall = at(0);
    Letter::of_event(&event)
}

fn info(id: &str, instance: &str) -> Letter {
    letter(id, instance, Severity::Info)
}

fn ids(next: &Next) -> Vec<&str> {
    let Next::Message(message) = next else { panic!("{next:?}") };
    message.letters.iter().map(|letter| letter.id.as_str()).collect()
}

fn message(next: Next) -> Message {
    let Next::Message(message) = next else { panic!("{next:?}") };
    message
}

fn delivered() -> Outcome {
    Outcome::Delivered { said: "250 ok".into() }
}

fn later(scope: Scope) -> Outcome {
    Outcome::Later { why: "451 later".into(), after: None, scope }
}

#[test]
fn letters_about_one_instance_go_together_after_a_while() {
    let mut queue = Queue::default();
    queue.put(1, info("a1", "A"), at(0));
    queue.put(2, info("b1", "B"), at(500));
    queue.put(3, info("a2", "A"), at(1_000));
    assert_eq!(queue.next(WAIT, at(1_999)), Next::At(at(2_000)));
    let first = queue.next(WAIT, at(2_000));
    assert_eq!(ids(&first), ["a1", "a2"]);
    queue.settle("a1", &delivered(), 1.0, at(2_001));
    assert_eq!(queue.next(WAIT, at(2_002)), Next::At(at(2_500)));
    assert_eq!(ids(&queue.next(WAIT, at(2_500))), ["b1"]);
    queue.settle("b1", &delivered(), 1.0, at(2_501));
    assert_eq!(queue.next(WAIT, at(9_000)), Next::Nothing);
}

#[test]
fn so_do_those_about_one_sync_group() {
    let mut queue = Queue::default();
    let letter = |id: &str, kind: EventKind| {
        let mut event = sample::transition().letters[0].event().unwrap().clone();
        (event.id, event.instance, event.kind) = (id.to_owned(), None, kind);
        Letter::of_event(&event)
    };
    let changed = |group: &str| EventKind::GroupChanged {
        group: group.to_owned(),
        from: State::Init,
        to: State::Fault,
    };
    let settled =
        EventKind::UnsteadyStopped(Steady { group: Some("G".to_owned()), state: State::Master, untold: 3 });
    let letters = [
        letter("g1", changed("G")),
        letter("h1", changed("H")),
        letter("none", EventKind::Resynchronised),
        letter("g2", settled),
    ];
    for (number, letter) in (1..).zip(letters) {
        queue.put(number, letter, at(0));
    }
    for expected in [&["g1", "g2"][..], &["h1"], &["none"]] {
        let next = queue.next(WAIT, at(2_000));
        assert_eq!(ids(&next), expected);
        queue.settle(expected[0], &later(Scope::Parcel), 1.0, at(2_000));
    }
}

#[test]
fn or_each_alone() {
    let mut queue = Queue::default();
    queue.put(1, info("a1", "A"), at(0));
    queue.put(2, info("a2", "A"), at(1));
    for id in ["a1", "a2"] {
        assert_eq!(ids(&queue.next(Grouping::Each, at(2))), [id]);
        queue.settle(id, &delivered(), 1.0, at(2));
    }
}

#[test]
fn what_was_tried_is_the_same_message_at_each_attempt() {
    let mut queue = Queue::default();
    queue.put(1, info("a1", "A"), at(0));
    let first = message(queue.next(WAIT, at(2_000)));
    assert_eq!((first.id.as_str(), first.attempt), ("a1", 1));
    // Meanwhile more comes: it goes later, as another one.
    queue.put(2, info("a2", "A"), at(2_100));
    assert_eq!(
        queue.settle("a1", &later(Scope::Parcel), 1.0, at(3_000)),
        Settled::Again(Duration::from_secs(2))
    );
    assert_eq!(queue.next(WAIT, at(4_999)), Next::At(at(5_000)), "not past the one before it");
    let again = message(queue.next(WAIT, at(5_000)));
    assert_eq!((again.id.as_str(), again.attempt, again.letters), ("a1", 2, first.letters));
    queue.settle("a1", &delivered(), 1.0, at(5_001));
    let next = message(queue.next(WAIT, at(5_002)));
    assert_eq!((next.id.as_str(), next.attempt), ("a2", 1));
}

#[test]
fn after_a_restart_too() {
    let mut queue = Queue::default();
    queue.put(1, info("a1", "A"), at(0));
    queue.put(2, info("a2", "A"), at(1));
    let first = message(queue.next(WAIT, at(2_000)));
    queue.put(3, info("a3", "A"), at(2_001));
    let waiting = queue.waiting().cloned().collect();
    let mut restored = Queue::restored(waiting, Vec::new(), []);
    let mut meanwhile = Queue::default();
    meanwhile.put(4, info("a4", "A"), at(60_000));
    meanwhile.join(std::mem::take(&mut restored));
    let again = message(meanwhile.next(WAIT, at(60_001)));
    assert_eq!((again.id, again.letters), (first.id, first.letters));
    assert_eq!(again.attempt, 2);
    meanwhile.settle("a1", &delivered(), 1.0, at(60_002));
    assert_eq!(ids(&meanwhile.next(WAIT, at(62_003))), ["a3", "a4"]);
}

#[test]
fn a_parcel_that_is_not_taken_holds_up_its_own_instance_only() {
    let mut queue = Queue::default();
    queue.put(1, info("a1", "A"), at(0));
    queue.put(2, info("b1", "B"), at(0));
    assert_eq!(ids(&queue.next(WAIT, at(2_000))), ["a1"]);
    queue.settle("a1", &later(Scope::Parcel), 1.0, at(2_000));
    assert_eq!(ids(&queue.next(WAIT, at(2_000))), ["b1"]);
}

#[test]
fn a_destination_that_is_away_is_left_alone_for_longer_and_longer() {
    let mut queue = Queue::default();
    queue.put(1, info("a1", "A"), at(0));
    queue.put(2, info("b1", "B"), at(0));
    assert_eq!(queue.next_attempt(), None, "nothing has failed");
    let mut now = at(2_000);
    for pause in [2, 4, 8, 16] {
        let id = message(queue.next(WAIT, now)).id;
        assert_eq!(id, "a1");
        let pause = Duration::from_secs(pause);
        assert_eq!(queue.settle(&id, &later(Scope::Destination), 1.0, now), Settled::Again(pause));
        assert_eq!(queue.next(WAIT, now), Next::At(now + pause), "nothing else is tried, either");
        now += pause;
    }
    assert_eq!(queue.next_attempt(), Some(now));
    queue.hurry(now - Duration::from_secs(10));
    assert_eq!(queue.next_attempt(), Some(now - Duration::from_secs(10)));
    assert_eq!(ids(&queue.next(WAIT, now - Duration::from_secs(9))), ["a1"], "at once, when told to");
}

#[test]
fn a_clock_that_is_set_back_delays_nothing_for_long() {
    let mut queue = Queue::default();
    queue.put(1, info("a1", "A"), at(0));
    queue.next(WAIT, at(2_000));
    queue.settle("a1", &later(Scope::Destination), 1.0, at(2_000));
    let year = Duration::from_secs(365 * 24 * 60 * 60);
    let past = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    assert!(at(0) < SystemTime::UNIX_EPOCH + year);
    assert_eq!(ids(&queue.next(WAIT, past)), ["a1"]);
}

#[test]
fn one_id_is_one_letter() {
    let mut queue = Queue::default();
    assert_eq!(queue.put(1, info("a1", "A"), at(0)), Put::Taken);
    assert_eq!(queue.put(2, info("a1", "A"), at(1)), Put::Known);
    queue.next(WAIT, at(2_000));
    queue.settle("a1", &delivered(), 1.0, at(2_000));
    assert_eq!(queue.put(3, info("a1", "A"), at(3_000)), Put::Known, "also when it has gone");
    let sent: Vec<(String, SystemTime)> = queue.sent.clone().into_iter().collect();
    let mut restored = Queue::restored(Vec::new(), Vec::new(), sent);
    assert_eq!(restored.put(4, info("a1", "A"), at(4_000)), Put::Known, "also after a restart");
}

#[test]
fn an_id_can_come_again_when_it_was_thrown_away_and_is_not_doubled_when_it_was_given_up() {
    let mut queue = Queue::default();
    queue.put(1, info("a1", "A"), at(0));
    assert_eq!(queue.purge(&["a1".into()]), 1);
    assert_eq!(queue.put(2, info("a1", "A"), at(0)), Put::Taken);
    queue.next(WAIT, at(2_000));
    queue.settle("a1", &Outcome::Refused { why: "550".into() }, 1.0, at(2_000));
    assert_eq!(queue.put(3, info("a1", "A"), at(3_000)), Put::Taken);
    assert_eq!((queue.revive(&[], at(3_000)), queue.waiting().len(), queue.dead().len()), (1, 1, 0));
    // What was on disk is older, and goes first.
    let mut meanwhile = Queue::default();
    meanwhile.put(9, info("a1", "A"), at(4_000));
    meanwhile.take_changes();
    meanwhile.join(queue);
    assert_eq!(meanwhile.waiting().map(|entry| entry.number).collect::<Vec<_>>(), [3]);
    assert_eq!(meanwhile.take_changes(), [Change::NoLongerWaits(9)]);
}

#[test]
fn what_is_refused_is_kept_for_people_and_can_be_tried_again() {
    let mut queue = Queue::default();
    queue.put(1, info("a1", "A"), at(0));
    queue.put(2, info("b1", "B"), at(0));
    queue.next(WAIT, at(2_000));
    let refused = Outcome::Refused { why: "550 no such user".into() };
    let Settled::GivenUp(dead) = queue.settle("a1", &refused, 1.0, at(2_000)) else { panic!() };
    assert_eq!((dead[0].entry.letter.id.as_str(), dead[0].reason.as_str()), ("a1", "550 no such user"));
    assert_eq!((queue.waiting().len(), queue.dead().len()), (1, 1));
    assert_eq!(queue.revive(&[], at(3_000)), 1);
    assert_eq!(ids(&queue.next(WAIT, at(3_000))), ["a1"]);
    assert_eq!(queue.purge(&["b1".into()]), 1);
    assert_eq!(queue.purge(&[]), 1);
}

#[test]
fn what_is_too_old_is_given_up_with_what_went_wrong() {
    let mut queue = Queue::default();
    queue.put(1, info("a1", "A"), at(0));
    queue.next(WAIT, at(2_000));
    queue.settle("a1", &later(Scope::Destination), 1.0, at(2_000));
    let day = Duration::from_secs(24 * 60 * 60);
    assert_eq!(queue.expire(day, at(0) + day), []);
    let dead = queue.expire(day, at(1) + day);
    assert_eq!(dead[0].reason, "it could not be delivered in 24 h 0 min; at last: 451 later");
}

/// It is at its old place, but begins anew.
#[test]
fn what_people_have_tried_again_keeps_nothing_else_from_getting_too_old() {
    let mut queue = Queue::default();
    queue.put(1, info("a1", "A"), at(0));
    queue.next(WAIT, at(2_000));
    queue.settle("a1", &Outcome::Refused { why: "550".into() }, 1.0, at(2_000));
    queue.put(2, info("a2", "A"), at(3_000));
    assert_eq!(queue.revive(&[], at(9_000)), 1);
    let ttl = Duration::from_secs(12);
    assert_eq!(queue.next_expiry(ttl), Some(at(15_000)));
    assert_eq!(queue.expire(ttl, at(15_000)), []);
    let dead = queue.expire(ttl, at(15_001));
    assert_eq!(dead.iter().map(|dead| dead.entry.letter.id.as_str()).collect::<Vec<_>>(), ["a2"]);
    assert_eq!(queue.next_expiry(ttl), Some(at(21_000)));
}

#[test]
fn of_a_storm_the_first_and_the_last_are_told_and_counted() {
    let mut queue = Queue::default();
    for number in 1..=1_000_u64 {
        queue.put(number, info(&format!("a{number}"), "A"), at(number));
    }
    assert_eq!(queue.waiting().len(), IN_MESSAGE);
    let message = message(queue.next(WAIT, at(3_000)));
    assert_eq!((message.letters.len(), message.omitted), (200, 800));
    assert_eq!(message.letters.first().unwrap().id, "a1");
    assert_eq!(message.letters.last().unwrap().id, "a1000");
}

#[test]
fn the_least_grave_is_given_up_when_there_is_too_much() {
    let mut queue = Queue::default();
    for number in 0..CAPACITY as u64 {
        let severity = if number == 77 { Severity::Info } else { Severity::Error };
        queue.put(number, letter(&format!("x{number}"), &format!("I{number}"), severity), at(0));
    }
    let Put::For(dead) = queue.put(99_999, info("new", "N"), at(1)) else { panic!() };
    assert_eq!(dead.entry.letter.id, "x77");
    assert_eq!(queue.waiting().len(), CAPACITY);
}

#[test]
fn letters_are_meant_by_the_beginnings_of_their_ids_waiting_or_dead() {
    let mut queue = Queue::default();
    queue.put(1, info("a1", "A"), at(0));
    queue.put(2, info("b1", "B"), at(0));
    queue.next(WAIT, at(2_000));
    queue.settle("a1", &Outcome::Refused { why: "550".into() }, 1.0, at(2_000));
    let meant =
        |given: &[&str]| queue.meant(&given.iter().map(|given| (*given).to_owned()).collect::<Vec<_>>());
    assert_eq!(meant(&["a", "b1"]), Ok(vec!["a1".to_owned(), "b1".to_owned()]));
    assert_eq!(meant(&[]), Ok(Vec::new()), "all");
    assert_eq!(meant(&["a1", "c"]), Err(NotFound::Letter("c".to_owned())));
}

#[test]
fn a_plugins_words_go_alone_and_at_once() {
    let mut queue = Queue::default();
    let text = |text: &str| Content::Text { plugin: "p".into(), text: text.into() };
    let event = info("a1", "A").event().unwrap().clone();
    let one = Letter::of_plugin(text("one"), Some(&event), at(0));
    let same = Letter::of_plugin(text("one"), Some(&event), at(1));
    let other = Letter::of_plugin(text("other"), Some(&event), at(1));
    assert_eq!(queue.put(1, one, at(0)), Put::Taken);
    assert_eq!(queue.put(2, same, at(1)), Put::Known, "said twice about one event");
    assert_eq!(queue.put(3, other, at(1)), Put::Taken);
    let first = message(queue.next(WAIT, at(1)));
    assert_eq!(first.letters.len(), 1);
}

#[test]
fn ids_are_what_servers_take() {
    let mut queue = Queue::default();
    queue.put(1, info("a b\r\nX: y", "A"), at(0));
    let id = message(queue.next(WAIT, at(2_000))).id;
    assert!(id.starts_with("abXy-") && id.len() == "abXy-".len() + 16, "{id}");
}

#[test]
fn the_disk_hears_of_each_change() {
    let mut queue = Queue::default();
    queue.put(1, info("a1", "A"), at(0));
    assert!(matches!(queue.take_changes()[..], [Change::Waits(_)]));
    queue.next(WAIT, at(2_000));
    assert!(
        matches!(&queue.take_changes()[..], [Change::Waits(entry)] if entry.message.as_deref() == Some("a1"))
    );
    queue.settle("a1", &delivered(), 1.0, at(2_000));
    assert!(
        matches!(&queue.take_changes()[..], [Change::NoLongerWaits(1), Change::Sent(id, _)] if id == "a1")
    );
}

#[test]
fn letters_have_a_line() {
    let mut custom = info("a1", "A").event().unwrap().clone();
    custom.kind = EventKind::PluginError { plugin: "p".into(), error: "one\ntwo".into() };
    assert_eq!(Letter::of_event(&custom).line(), "A: plugin p reports: one");
}

#[test]
fn who_has_got_it_already_is_known_at_each_attempt() {
    let partly = |whom: &str| Outcome::Partly { served: vec![whom.to_owned()], why: "451 later".into() };
    let mut queue = Queue::default();
    queue.put(1, info("a1", "A"), at(0));
    queue.put(2, info("b1", "B"), at(0));
    assert_eq!(message(queue.next(Grouping::Each, at(0))).served, [] as [String; 0]);
    queue.take_changes();
    let Settled::Again(pause) = queue.settle("a1", &partly("a@example.com"), 1.0, at(0)) else { panic!() };
    let [Change::Waits(entry)] = &queue.take_changes()[..] else { panic!() };
    assert_eq!(entry.served, ["a@example.com"], "on disk, too");
    assert_eq!(ids(&queue.next(Grouping::Each, at(0))), ["b1"], "others go on");
    queue.settle("b1", &delivered(), 1.0, at(0));
    let mut queue = Queue::restored(vec![entry.clone()], Vec::new(), []);
    assert_eq!(message(queue.next(Grouping::Each, at(0) + pause)).served, ["a@example.com"]);
    queue.settle("a1", &partly("b@example.com"), 1.0, at(0) + pause);
    queue.expire(Duration::ZERO, at(0) + pause);
    assert_eq!(queue.revive(&[], at(900_000)), 1);
    assert_eq!(message(queue.next(Grouping::Each, at(900_000))).served, ["a@example.com", "b@example.com"]);
}

/// A spool of an earlier version knows of nobody who has got it.
#[test]
fn letters_of_an_earlier_version_are_read() {
    let mut queue = Queue::default();
    queue.put(1, info("a1", "A"), at(0));
    let entry = queue.waiting().next().unwrap();
    let text = serde_json::to_string(entry).unwrap();
    assert!(!text.contains("served"), "{text}");
    assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), *entry);
}
