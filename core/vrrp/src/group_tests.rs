//! Members are MASTER together, or none is.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::wire::{AddressList, Advert, Auth, ChecksumForm};
use crate::{
    Action, Actions, AdvertInterval, Claim, Family, Input, InterfaceId, LinkState, Notice, Packet, Params,
    Priority, RouterId, Routers, Segment, Source, Standing, Start, StateName, StopMode, TrackWeight, Version,
    Vrid,
};

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Two routers of a group, on two interfaces, priority 100.
struct Rig {
    routers: Routers,
    actions: Actions,
}

fn params(start: Start) -> Params {
    let vrid = Vrid::new(51).unwrap();
    let base = Params::new(vrid, Version::V3, Family::V4, Priority::new(100).unwrap());
    Params { start, addresses: vec![ip("10.1.1.30")], advertised: 1, ..base }
}

impl Rig {
    fn new(params: [Params; 2]) -> Self {
        let (mut routers, actions) = (Routers::new(), Actions::new());
        let ids: Vec<RouterId> = params
            .into_iter()
            .enumerate()
            .map(|(number, params)| routers.add(InterfaceId(u32::try_from(number).unwrap()), params).unwrap())
            .collect();
        routers.group(&ids);
        Self { routers, actions }
    }

    /// Both listening since 0 ms.
    fn backup() -> Self {
        let mut rig = Self::new([params(Start::Listening), params(Start::Listening)]);
        for member in 0..2 {
            rig.ready(member);
            rig.feed(0, member, Input::Start);
        }
        assert_eq!(rig.states(), "Backup Backup");
        rig
    }

    /// Both serving since 0 ms.
    fn master(mode: StopMode) -> Self {
        let params = || Params { stop_mode: mode, ..params(Start::Asserting) };
        let mut rig = Self::new([params(), params()]);
        for member in 0..2 {
            rig.ready(member);
            rig.feed(0, member, Input::Start);
        }
        rig.usable();
        assert_eq!(rig.states(), "Master Master");
        rig
    }

    fn ready(&mut self, member: usize) {
        self.feed(0, member, Input::Link(LinkState::Up));
        self.feed(0, member, Input::Source(Source::Address(ip("10.1.1.10"))));
    }

    fn usable(&mut self) {
        for member in 0..2 {
            self.feed(0, member, Input::AddressUsable(0));
        }
    }

    fn feed(&mut self, at: u64, member: usize, input: Input<'_>) -> Vec<String> {
        self.routers.handle(crate::Instant::from_millis(at), RouterId(member), input, &mut self.actions);
        self.done()
    }

    fn timeout(&mut self, at: u64) -> Vec<String> {
        self.routers.handle_timeout(crate::Instant::from_millis(at), &mut self.actions);
        self.done()
    }

    /// A member hears an advert of this priority.
    fn hear(&mut self, at: u64, member: u32, claim: Claim) -> Vec<String> {
        self.receive(at, member, claim);
        self.done()
    }

    fn receive(&mut self, at: u64, member: u32, claim: Claim) {
        let list = [10, 1, 1, 30];
        let advert = Advert {
            version: Version::V3,
            vrid: Vrid::new(51).unwrap(),
            claim,
            interval: AdvertInterval::DEFAULT,
            addresses: AddressList::new(Family::V4, &list),
            auth: Auth::None,
        };
        let (source, destination) = (ip("10.1.1.20"), ip("224.0.0.18"));
        let mut payload = Vec::new();
        advert.emit(&mut payload, source, destination, ChecksumForm::WithPseudoHeader);
        let packet = Packet { source, destination, ttl: 255, payload: &payload };
        let segment = Segment { interface: InterfaceId(member), family: Family::V4 };
        self.routers.receive(crate::Instant::from_millis(at), segment, &packet, &mut self.actions);
    }

    /// The members that announce when one hears an advert of this priority.
    fn announcing(&mut self, at: u64, member: u32, claim: Claim) -> Vec<usize> {
        self.receive(at, member, claim);
        let announcing =
            |(id, action): (RouterId, Action)| matches!(action, Action::Announce(_)).then_some(id.0);
        self.actions.drain().filter_map(announcing).collect()
    }

    /// Resignations and removals, as `0 resigns`.
    fn done(&mut self) -> Vec<String> {
        let word = |action: &Action| match action {
            Action::SendAdvert(Claim::Resigns) => Some("resigns"),
            Action::RemoveAddress(_) => Some("removes"),
            Action::AddAddress(_) => Some("adds"),
            Action::SendAdvert(_)
            | Action::ExpireAddress { .. }
            | Action::KeepAddress(_)
            | Action::Announce(_)
            | Action::Renumber
            | Action::Tell(_) => None,
        };
        let actions = self.actions.drain();
        actions.filter_map(|(id, action)| word(&action).map(|word| format!("{} {word}", id.0))).collect()
    }

    fn states(&self) -> String {
        let states: Vec<String> =
            self.routers.iter().map(|(.., router)| format!("{:?}", router.state())).collect();
        states.join(" ")
    }

    fn hindrances(&self) -> String {
        let all: Vec<String> =
            self.routers.iter().map(|(.., router)| format!("{:?}", router.hindrance())).collect();
        all.join(" ")
    }
}

fn holds(priority: u8) -> Claim {
    Claim::Holds(Priority::new(priority).unwrap())
}

#[test]
fn it_becomes_master_when_all_would() {
    let mut rig = Rig::backup();
    // The second one hears a MASTER; the first does not.
    rig.hear(3_000, 1, holds(200));
    assert!(rig.timeout(3_610).is_empty());
    assert_eq!(rig.states(), "Backup Backup");
    // That MASTER is still there when the first one's time is over again.
    rig.hear(6_000, 1, holds(200));
    assert!(rig.timeout(7_300).is_empty());
    assert_eq!(rig.states(), "Backup Backup");
    // It has gone: 6 s + 3.609375 s.
    assert_eq!(rig.timeout(9_610), ["0 adds", "1 adds"]);
    assert_eq!(rig.states(), "Master Master");
}

#[test]
fn one_that_hears_a_master_again_is_not_willing_any_more() {
    let mut rig = Rig::backup();
    rig.hear(3_000, 1, holds(200));
    rig.timeout(3_610);
    rig.hear(4_000, 0, holds(200));
    assert!(rig.timeout(6_610).is_empty(), "only the second would");
    assert_eq!(rig.states(), "Backup Backup");
}

#[test]
fn a_resignation_of_one_takes_nothing_over_alone() {
    let mut rig = Rig::backup();
    for member in 0..2 {
        rig.hear(100, member, holds(200));
    }
    rig.hear(500, 0, Claim::Resigns);
    assert!(rig.timeout(1_200).is_empty());
    rig.hear(1_300, 1, Claim::Resigns);
    // 156/256 s
    assert_eq!(rig.timeout(1_910), ["0 adds", "1 adds"]);
}

#[test]
fn owners_assert_themselves_together() {
    let mut rig = Rig::new([params(Start::Asserting), params(Start::Asserting)]);
    rig.ready(0);
    assert!(rig.feed(0, 0, Input::Start).is_empty());
    assert_eq!(rig.states(), "Backup Init");
    rig.ready(1);
    assert_eq!(rig.feed(0, 1, Input::Start), ["0 adds", "1 adds"]);

    // keepalived: BACKUP unless all are owners.
    let mut rig = Rig::new([params(Start::Asserting), params(Start::Listening)]);
    for member in 0..2 {
        rig.ready(member);
        rig.feed(0, member, Input::Start);
    }
    assert_eq!(rig.states(), "Backup Backup");
}

#[test]
fn one_fault_is_the_fault_of_all() {
    let mut rig = Rig::master(StopMode::Lossless);
    let done = rig.feed(5, 0, Input::Link(LinkState::Down));
    assert_eq!(done, ["0 resigns", "0 resigns", "0 removes", "1 resigns", "1 resigns", "1 removes"]);
    assert_eq!(rig.states(), "Fault Fault");
    assert_eq!(rig.hindrances(), "Some(LinkDown) Some(Mate(RouterId(0)))");
    // Another one on top, and back in turn.
    rig.feed(6, 1, Input::Source(Source::None));
    assert_eq!(rig.hindrances(), "Some(LinkDown) Some(NoSource)");
    rig.feed(7, 0, Input::Link(LinkState::Up));
    assert_eq!(rig.hindrances(), "Some(Mate(RouterId(1))) Some(NoSource)");
    rig.feed(8, 1, Input::Source(Source::Address(ip("10.1.1.10"))));
    assert_eq!(rig.states(), "Master Master", "owners");
}

#[test]
fn what_one_waits_for_all_wait_for() {
    let tracked =
        Params { trackers: vec![TrackWeight::Fault { reverse: false }], ..params(Start::Listening) };
    let mut rig = Rig::new([params(Start::Listening), tracked]);
    for member in 0..2 {
        rig.ready(member);
        rig.feed(0, member, Input::Start);
    }
    assert_eq!(rig.states(), "Init Init");
    assert_eq!(rig.hindrances(), "Some(MateWaits(RouterId(1))) Some(TrackerPending(0))");
    rig.feed(5, 1, Input::Track { tracker: 0, standing: Standing::Down });
    assert_eq!(rig.states(), "Fault Fault");
    rig.feed(6, 1, Input::Track { tracker: 0, standing: Standing::Up });
    assert_eq!(rig.states(), "Backup Backup");
}

/// keepalived sends no priority zero for them: the host that was heard serves them already, or will.
/// The lower host was MASTER for the whole group, and gives all of it up when it hears one of us.
#[test]
fn a_lower_advert_makes_all_announce() {
    let mut rig = Rig::master(StopMode::Lossless);
    rig.done();
    assert_eq!(rig.announcing(500, 0, holds(50)), [0, 1]);
    // It is heard there, too: announced once more, but not by those that have just done it for themselves.
    assert_eq!(rig.announcing(501, 1, holds(50)), [1]);
    assert_eq!(rig.announcing(502, 0, holds(50)), []);
    assert_eq!(rig.announcing(1_500, 0, holds(50)), [0]);
    assert_eq!(rig.announcing(1_600, 0, Claim::Resigns), []);
}

#[test]
fn one_that_falls_back_takes_the_others_along() {
    let mut rig = Rig::master(StopMode::Rfc);
    assert_eq!(rig.hear(5, 0, holds(200)), ["0 removes", "1 removes"]);
    assert_eq!(rig.states(), "Backup Backup");
}

impl Rig {
    /// Groups of members, by their numbers.
    fn regroup(&mut self, at: u64, groups: &[&[usize]]) -> Vec<String> {
        let ids = |members: &&[usize]| members.iter().copied().map(RouterId).collect();
        let groups: Vec<Vec<RouterId>> = groups.iter().map(ids).collect();
        self.routers.regroup(crate::Instant::from_millis(at), &groups, &mut self.actions);
        self.done()
    }
}

#[test]
fn those_that_leave_a_group_go_on_by_themselves() {
    let mut rig = Rig::backup();
    rig.hear(3_000, 1, Claim::Holds(Priority::new(200).unwrap()));
    rig.timeout(3_700);
    assert_eq!(rig.states(), "Backup Backup", "one would, the other follows");
    assert!(rig.regroup(3_701, &[&[0, 1]]).is_empty(), "the same group");
    rig.regroup(3_702, &[]);
    assert_eq!(rig.timeout(3_702), ["0 adds"], "it has waited for the other one only");
}

#[test]
fn a_fault_of_one_that_leaves_a_group_is_no_fault_of_the_others() {
    let mut rig = Rig::backup();
    rig.feed(10, 0, Input::Link(LinkState::Down));
    assert_eq!(rig.states(), "Fault Fault");
    rig.regroup(20, &[&[1]]);
    assert_eq!(rig.states(), "Fault Backup");
    rig.regroup(30, &[&[0, 1]]);
    assert_eq!(rig.states(), "Fault Fault");
}

/// keepalived, too, says of each that it stops, and nothing else.
#[test]
fn the_end_of_a_fault_releases_nobody_who_stops_as_well() {
    for faulty in [0, 1] {
        for input in [Input::Stop, Input::StopNow] {
            let mut rig = Rig::backup();
            rig.feed(10, faulty, Input::Link(LinkState::Down));
            assert_eq!(rig.states(), "Fault Fault");
            rig.routers.stop_all(crate::Instant::from_millis(20), input, &mut rig.actions);
            let entered: Vec<StateName> = rig
                .actions
                .drain()
                .filter_map(|(_, action)| {
                    if let Action::Tell(Notice::Transition { to, .. }) = action { Some(to) } else { None }
                })
                .collect();
            assert_eq!(entered, [StateName::Stopped; 2], "{faulty}");
        }
    }
}

/// MASTER together, or none: whoever follows another host has the new members leave to it.
#[test]
fn masters_that_join_one_that_follows_leave() {
    let mut rig = Rig::new([params(Start::Asserting), params(Start::Listening)]);
    rig.regroup(0, &[]);
    for member in 0..2 {
        rig.ready(member);
        rig.feed(0, member, Input::Start);
    }
    rig.feed(0, 0, Input::AddressUsable(0));
    rig.hear(10, 1, Claim::Holds(Priority::new(200).unwrap()));
    assert_eq!(rig.states(), "Master Backup");
    assert_eq!(rig.regroup(20, &[&[0, 1]]), ["0 resigns", "0 resigns"]);
}

/// As a member that a reload begins anew: it has heard nobody yet when it comes back.
#[test]
fn a_master_leaves_when_its_new_mate_hears_another_one() {
    let mut rig = Rig::backup();
    rig.regroup(1, &[]);
    rig.feed(2, 1, Input::Link(LinkState::Down));
    rig.timeout(3_700);
    rig.feed(3_700, 0, Input::AddressUsable(0));
    rig.feed(3_800, 1, Input::Link(LinkState::Up));
    rig.regroup(3_900, &[&[0, 1]]);
    assert_eq!(rig.states(), "Master Backup");
    let done = rig.hear(4_000, 1, Claim::Holds(Priority::new(200).unwrap()));
    assert!(done.iter().any(|done| done == "0 resigns"), "{done:?}");
}
