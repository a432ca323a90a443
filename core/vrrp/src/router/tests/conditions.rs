//! Link, source address and trackers in every state.

use alloc::vec;

use super::rig::*;
use crate::notice::StateName;
use crate::params::{LinkTracking, Params, Start, TrackWeight};
use crate::scalar::{Family, Priority};
use crate::{Destination, Input, LinkState, Source, Standing, Transport};

fn v6() -> Params {
    Params {
        family: Family::V6,
        destination: Destination::Multicast { group: ip("ff02::12") },
        addresses: vec![ip("fe80::30")],
        ..v3(params())
    }
}

fn tracking(weights: &[TrackWeight]) -> Params {
    Params { trackers: weights.to_vec(), ..params() }
}

#[test]
fn backup_link_down_is_fault_and_up_is_backup_with_a_whole_master_down_time() {
    let mut rig = Rig::backup(params());
    assert_eq!(rig.feed(1_000, Input::Link(LinkState::Down)), ["Backup -> Fault at 100: Hindered(LinkDown)"]);
    assert_eq!(rig.feed(2_000, Input::Link(LinkState::Up)), ["Fault -> Backup at 100: Recovered"]);
    assert_eq!(rig.deadline(), Some(5_609_375_000));
}

#[test]
fn master_link_down_resigns_and_removes() {
    let mut rig = Rig::master(params());
    assert_eq!(
        rig.feed(1_000, Input::Link(LinkState::Down)),
        ["advert 0", "advert 0", "remove 0", "Master -> Fault at 100: Hindered(LinkDown)"]
    );
    assert_eq!(rig.deadline(), None);
}

#[test]
fn master_interface_gone_and_back() {
    let mut rig = Rig::master(params());
    rig.feed(1_000, Input::Link(LinkState::Missing));
    assert_eq!(rig.state(), StateName::Fault);
    assert!(rig.feed(2_000, Input::Link(LinkState::Down)).is_empty());
    assert_eq!(rig.router.hindrance(), Some(crate::Hindrance::LinkDown));
    rig.feed(3_000, Input::Link(LinkState::Up));
    // The owner of these params asserts itself again at once.
    assert_eq!(rig.state(), StateName::Master);
}

#[test]
fn owner_recovers_to_master() {
    let mut rig =
        Rig::fault(Params { start: Start::Asserting, priority: Priority::OWNER, ..v3(params()) }.backup());
    assert_eq!(rig.feed(1_000, Input::Link(LinkState::Up)), ["Fault -> Backup at 255: Recovered"]);
}

trait AsBackup {
    fn backup(self) -> Params;
}

impl AsBackup for Params {
    fn backup(self) -> Params {
        Self { start: Start::Listening, ..self }
    }
}

#[test]
fn dont_track_primary_ignores_the_link_but_not_its_absence() {
    let mut rig = Rig::master(Params { link_tracking: LinkTracking::Ignored, ..params() });
    assert!(rig.feed(1, Input::Link(LinkState::Down)).is_empty());
    assert_eq!(rig.state(), StateName::Master);
    // Back up: switches may have forgotten us.
    assert_eq!(rig.feed(2, Input::Link(LinkState::Up)), ["announce 0", "tell Announcing"]);
    rig.feed(3, Input::Link(LinkState::Missing));
    assert_eq!(rig.state(), StateName::Fault);
}

#[test]
fn ipv4_address_lost_is_fault_and_back_is_backup() {
    let mut rig = Rig::backup(params());
    assert_eq!(rig.feed(1, Input::Source(Source::None)), ["Backup -> Fault at 100: Hindered(NoSource)"]);
    assert_eq!(rig.feed(2, Input::Source(Source::Address(ip(OURS)))), ["Fault -> Backup at 100: Recovered"]);
}

#[test]
fn ipv6_link_local_is_waited_for_in_init() {
    let mut rig = Rig::new(v6());
    rig.feed(0, Input::Link(LinkState::Up));
    rig.feed(0, Input::Source(Source::Tentative));
    assert_eq!(rig.feed(0, Input::Start), ["Init -> Init at 100 initial: Hindered(SourceTentative)"]);
    assert_eq!(rig.state(), StateName::Init);
    assert_eq!(
        rig.feed(900, Input::Source(Source::Address(ip("fe80::a")))),
        ["Init -> Backup at 100: Recovered"]
    );
    assert_eq!(rig.deadline(), Some(4_509_375_000));
}

#[test]
fn ipv6_link_flap_waits_for_the_new_link_local() {
    let mut rig = Rig::backup(v6());
    assert_eq!(rig.feed(1, Input::Link(LinkState::Down)).len(), 1);
    rig.feed(1, Input::Source(Source::Tentative));
    assert_eq!(rig.feed(2, Input::Link(LinkState::Up)), ["Fault -> Init at 100: Hindered(SourceTentative)"]);
    assert_eq!(
        rig.feed(3, Input::Source(Source::Address(ip("fe80::a")))),
        ["Init -> Backup at 100: Recovered"]
    );
}

#[test]
fn init_awaiting_link_down_is_fault() {
    let mut rig = Rig::new(v6());
    rig.feed(0, Input::Link(LinkState::Up));
    rig.feed(0, Input::Source(Source::Tentative));
    rig.feed(0, Input::Start);
    assert_eq!(rig.feed(5, Input::Link(LinkState::Down)), ["Init -> Fault at 100: Hindered(LinkDown)"]);
}

#[test]
fn master_ipv6_that_loses_its_link_local_resigns() {
    let mut rig = Rig::master(v6());
    let actions = rig.feed(5, Input::Source(Source::Tentative));
    assert_eq!(actions.get(..3).unwrap(), ["advert 0", "advert 0", "remove 0"]);
    assert_eq!(rig.state(), StateName::Init);
}

#[test]
fn ipv6_without_any_link_local_address_is_a_fault() {
    let mut rig = Rig::backup(v6());
    assert_eq!(rig.feed(5, Input::Source(Source::None)), ["Backup -> Fault at 100: Hindered(NoSource)"]);
}

/// Deaf and mute, a router must not take part.
#[test]
fn without_a_socket_it_is_a_fault() {
    let mut rig = Rig::master(params());
    let actions = rig.feed(5, Input::Transport(Transport::Unavailable));
    assert_eq!(actions.last().unwrap(), "Master -> Fault at 100: Hindered(NoTransport)");
    rig.feed(6, Input::Transport(Transport::Ready));
    assert_eq!(rig.state(), StateName::Master);
}

#[test]
fn another_source_address_changes_nothing_but_the_source() {
    let mut rig = Rig::master(params());
    assert!(rig.feed(5, Input::Source(Source::Address(ip("10.1.1.11")))).is_empty());
    assert_eq!(rig.router.source(), Some(ip("10.1.1.11")));
}

#[test]
fn tracker_without_weight_is_fault_while_down() {
    let mut rig = Rig::backup(tracking(&[TrackWeight::Fault { reverse: false }]));
    assert_eq!(
        rig.feed(1, Input::Track { tracker: 0, standing: Standing::Down }),
        ["Backup -> Fault at 100: Hindered(Tracker(0))"]
    );
    assert_eq!(
        rig.feed(2, Input::Track { tracker: 0, standing: Standing::Up }),
        ["Fault -> Backup at 100: Recovered"]
    );
}

#[test]
fn weights_move_the_priority_and_the_running_timer() {
    let down = |tracker| Input::Track { tracker, standing: Standing::Down };
    let mut rig = Rig::backup(tracking(&[
        TrackWeight::Adjust { weight: -50, reverse: false },
        TrackWeight::Adjust { weight: 20, reverse: false },
    ]));
    // Both are up: +20.
    assert_eq!(rig.router.priority().get(), 120);
    // 3 s + 136/256 s
    assert_eq!(rig.deadline(), Some(3_531_250_000));
    assert_eq!(rig.feed(1_000, down(0)), ["tell PriorityChanged { from: Priority(120), to: Priority(70) }"]);
    // The timer moves by 50/256 s.
    assert_eq!(rig.deadline(), Some(3_726_562_500));
    rig.feed(1_000, down(1));
    assert_eq!(rig.router.priority().get(), 50);
    assert!(rig.feed(1_000, down(1)).is_empty(), "no change, nothing told");
    assert!(rig.feed(1_000, down(7)).is_empty(), "no such tracker");
}

#[test]
fn master_advertises_the_new_priority_next_time() {
    let mut rig = Rig::master(tracking(&[TrackWeight::Adjust { weight: -50, reverse: false }]));
    rig.feed(500, Input::Track { tracker: 0, standing: Standing::Down });
    assert_eq!(rig.timeout(1_000), ["advert 50"]);
}

#[test]
fn what_weights_add_and_when_they_forbid() {
    use Standing::{Down, Pending, Up, Value};
    let adjust = |weight, reverse| TrackWeight::Adjust { weight, reverse };
    let rows = [
        (adjust(10, false), Up, 10),
        (adjust(10, false), Down, 0),
        (adjust(-10, false), Up, 0),
        (adjust(-10, false), Down, -10),
        (adjust(10, true), Up, -10),
        (adjust(10, true), Down, 0),
        (adjust(-10, true), Up, 0),
        (adjust(-10, true), Down, 10),
        (adjust(10, false), Pending, 0),
        (adjust(-10, false), Pending, 0),
        (adjust(2, false), Value(-30), -60),
        (adjust(2, true), Value(-30), 60),
        (adjust(1, false), Value(1_000), 253),
        (adjust(253, false), Value(i32::MAX), 253),
        (TrackWeight::Fault { reverse: false }, Value(7), 0),
    ];
    for (weight, standing, added) in rows {
        assert_eq!(weight.adjustment(standing), added, "{weight:?} {standing:?}");
    }
    let (fault, reverse) = (TrackWeight::Fault { reverse: false }, TrackWeight::Fault { reverse: true });
    let rows = [
        (fault, Down, true),
        (fault, Up, false),
        (fault, Pending, false),
        (fault, Value(0), false),
        (fault, Value(-1), true),
        (reverse, Up, true),
        (reverse, Down, false),
        (reverse, Value(0), true),
        (reverse, Value(1), false),
        (adjust(-100, false), Down, false),
        (adjust(1, false), Value(-253), false),
        (adjust(1, false), Value(-254), true),
        (adjust(-1, false), Value(300), true),
    ];
    for (weight, standing, faults) in rows {
        assert_eq!(weight.faults(standing), faults, "{weight:?} {standing:?}");
    }
}

/// keepalived: an instance waits until its scripts have run, and weights count from then on.
#[test]
fn what_is_not_known_yet_is_waited_for() {
    let weights = [TrackWeight::Fault { reverse: false }, TrackWeight::Adjust { weight: 20, reverse: false }];
    for (first, entered) in [
        (Standing::Up, "Init -> Backup at 100: Recovered"),
        (Standing::Down, "Init -> Fault at 100: Hindered(Tracker(0))"),
    ] {
        let mut rig = Rig::new(tracking(&weights));
        for input in [Input::Link(LinkState::Up), Input::Source(Source::Address(ip(OURS)))] {
            rig.feed(0, input);
        }
        assert_eq!(rig.feed(0, Input::Start), ["Init -> Init at 100 initial: Hindered(TrackerPending(0))"]);
        assert_eq!(rig.feed(5, Input::Track { tracker: 0, standing: first }), [entered]);
        let raised = rig.feed(9, Input::Track { tracker: 1, standing: Standing::Up });
        assert_eq!(raised, ["tell PriorityChanged { from: Priority(100), to: Priority(120) }"]);
    }
}

#[test]
fn link_up_again_in_backup_and_init_is_quiet() {
    let mut rig = Rig::backup(params());
    assert!(rig.feed(1, Input::Link(LinkState::Up)).is_empty());
    let mut rig = Rig::ready(params());
    assert!(rig.feed(1, Input::Link(LinkState::Down)).is_empty());
    assert!(rig.feed(2, Input::Link(LinkState::Up)).is_empty());
}

/// The difference of the skew times moves the timer, and does not hide that it passed long ago.
#[test]
fn a_change_of_priority_does_not_hide_a_stall() {
    let mut rig = Rig::backup(tracking(&[TrackWeight::Adjust { weight: -50, reverse: false }]));
    rig.feed(60_000, Input::Track { tracker: 0, standing: Standing::Down });
    assert!(rig.timeout(60_000).first().unwrap().starts_with("tell Stalled"));
}

#[test]
fn a_resignation_leaves_with_the_last_address() {
    let mut rig = Rig::master(params());
    let actions = rig.feed(5, Input::Source(Source::None));
    assert_eq!(actions.get(..2).unwrap(), ["advert 0", "advert 0"]);
    assert_eq!(rig.router.source(), Some(ip(OURS)));
}

#[test]
fn nothing_is_told_of_a_stopped_router() {
    let mut rig = Rig::backup(tracking(&[TrackWeight::Adjust { weight: -50, reverse: false }]));
    rig.feed(1, Input::Stop);
    assert!(rig.feed(2, Input::Track { tracker: 0, standing: Standing::Down }).is_empty());
}
