//! Announcements that wait, by the virtual clock.

use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;

use super::{Spacing, Turn};
use crate::{Instant, RouterId};

const EVERY: Duration = Duration::from_millis(10);
const ONLY: (char, Duration) = ('a', EVERY);

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

/// Router 1's first address, and so on.
fn own(number: u8) -> (RouterId, IpAddr) {
    (RouterId(usize::from(number)), Ipv4Addr::new(10, 1, 1, number).into())
}

/// Asks for as many rounds of these, as a burst does, and sends what may be.
fn ask(spacing: &mut Spacing<char>, now: u64, lane: (char, Duration), numbers: &[u8], rounds: u8) -> Vec<u8> {
    let mut sent = Vec::new();
    for _ in 0..rounds {
        for &number in numbers {
            if spacing.ask(at(now), lane, own(number), rounds) == Turn::Now {
                spacing.sent(at(now), lane.0);
                sent.push(number);
            }
        }
    }
    sent
}

/// Sends what waits, whenever its turn comes: milliseconds, and whose.
fn run(spacing: &mut Spacing<char>, until: u64) -> Vec<(u64, usize)> {
    let mut sent = Vec::new();
    while let Some(due) = spacing.poll_timeout().filter(|due| *due <= at(until)) {
        let (lane, waiting) = spacing.take(due).unwrap();
        spacing.sent_waiting(due, lane, waiting);
        sent.push((due.as_nanos() / 1_000_000, waiting.router.0));
    }
    sent
}

#[test]
fn what_comes_too_soon_waits_for_its_turn() {
    let mut spacing = Spacing::default();
    assert_eq!(ask(&mut spacing, 100, ONLY, &[1, 2, 3], 1), [1]);
    assert_eq!(spacing.poll_timeout(), Some(at(110)));
    assert_eq!(spacing.take(at(109)), None);
    assert_eq!(run(&mut spacing, 999), [(110, 2), (120, 3)]);
    assert_eq!(spacing.poll_timeout(), None);
    // Not yet, then at once.
    assert_eq!(ask(&mut spacing, 129, ONLY, &[1], 1), []);
    assert_eq!(run(&mut spacing, 999), [(130, 1)]);
    assert_eq!(ask(&mut spacing, 140, ONLY, &[1], 1), [1]);
}

#[test]
fn nobody_overtakes_those_that_wait() {
    let mut spacing = Spacing::default();
    assert_eq!(ask(&mut spacing, 0, ONLY, &[1, 2], 1), [1]);
    // Late: the turn of the second one has come long ago, and it has not been taken yet.
    assert_eq!(ask(&mut spacing, 50, ONLY, &[3], 1), []);
    assert_eq!(run(&mut spacing, 999), [(10, 2), (20, 3)]);
}

#[test]
fn every_address_has_its_first_announcement_before_any_has_its_second() {
    let mut spacing = Spacing::default();
    assert_eq!(ask(&mut spacing, 0, ONLY, &[1, 2], 3), [1]);
    let all = [(10, 2), (20, 1), (30, 2), (40, 1), (50, 2)];
    assert_eq!(run(&mut spacing, 999), all);

    // The third one becomes MASTER while the others repeat theirs.
    let mut spacing = Spacing::default();
    ask(&mut spacing, 0, ONLY, &[1, 2], 3);
    assert_eq!(run(&mut spacing, 20), [(10, 2), (20, 1)]);
    assert_eq!(ask(&mut spacing, 21, ONLY, &[3], 2), []);
    assert_eq!(run(&mut spacing, 999), [(30, 2), (40, 1), (50, 3), (60, 2), (70, 3)]);
}

#[test]
fn what_is_due_again_while_it_waits_waits_no_more_often_than_a_burst_has_it() {
    let mut spacing = Spacing::default();
    assert_eq!(ask(&mut spacing, 0, ONLY, &[1], 1), [1]);
    for now in 1..9 {
        assert_eq!(ask(&mut spacing, now, ONLY, &[1], 1), []);
    }
    assert_eq!(run(&mut spacing, 999), [(10, 1)]);
    // One is sent at once, two wait; another burst adds one.
    assert_eq!(ask(&mut spacing, 100, ONLY, &[1], 3), [1]);
    assert_eq!(ask(&mut spacing, 101, ONLY, &[1], 3), []);
    assert_eq!(run(&mut spacing, 999), [(110, 1), (120, 1), (130, 1)]);
}

#[test]
fn lanes_do_not_wait_for_each_other() {
    let mut spacing = Spacing::default();
    let other = ('b', EVERY * 3);
    assert_eq!(ask(&mut spacing, 0, ONLY, &[1, 2], 1), [1]);
    assert_eq!(ask(&mut spacing, 5, other, &[3, 4], 1), [3]);
    assert_eq!(ask(&mut spacing, 5, ('c', Duration::ZERO), &[5, 6, 5], 1), [5, 6, 5]);
    assert_eq!(run(&mut spacing, 999), [(10, 2), (35, 4)]);
}

#[test]
fn what_is_let_go_takes_no_time() {
    let mut spacing = Spacing::default();
    ask(&mut spacing, 0, ONLY, &[1, 2, 3], 1);
    let taken = spacing.take(at(10)).map(|(_, waiting)| waiting.router);
    assert_eq!(taken, Some(RouterId(2)));
    // Its router has left: the next one goes instead.
    assert_eq!(run(&mut spacing, 999), [(10, 3)]);
}

#[test]
fn another_time_counts_from_the_last_one_sent() {
    let again = |every: Duration| {
        let mut spacing = Spacing::default();
        ask(&mut spacing, 100, ONLY, &[1, 2, 3], 2);
        assert_eq!(run(&mut spacing, 110), [(110, 2)]);
        for waiting in spacing.take_all() {
            spacing.put(('a', every), waiting);
        }
        run(&mut spacing, 999)
    };
    let sent = |first: u64, every: u64| {
        let turns = (0..).map(move |turn| first + turn * every);
        turns.zip([3, 1, 2, 3]).collect::<Vec<_>>()
    };
    assert_eq!(again(EVERY), sent(120, 10), "the same");
    assert_eq!(again(EVERY * 2), sent(130, 20));
    assert_eq!(again(Duration::ZERO), sent(110, 0), "at once");
    let mut spacing = Spacing::<char>::default();
    assert_eq!(spacing.take_all(), vec![]);
}
