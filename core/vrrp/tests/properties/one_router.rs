//! Any sequence of inputs to one router, with time that only goes forward.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use keepwatch_vrrp::wire::{AddressList, Advert, Auth, ChecksumForm, Claimed};
use keepwatch_vrrp::{
    Action, Actions, AdvertInterval, AnnouncePolicy, Claim, Family, HigherAdverts, Input, Instant,
    InterfaceId, LinkState, LinkTracking, LowerAdverts, MacAddress, Notice, Params, Preemption, Priority,
    Received, Refresh, RouterId, Routers, Schedule, Source, Start, StateName, StopMode, TrackWeight,
    Transport, Version, Vrid,
};
use proptest::prelude::*;

/// One of [`Input`], without what it borrows.
#[derive(Clone, Copy, Debug)]
enum Step {
    Start,
    Stop,
    StopNow,
    HandOver,
    Timeout,
    /// Time passes up to the deadline, and it is kept.
    Wait,
    Advert {
        host: u8,
        priority: u8,
        centis: u16,
        common: bool,
    },
    Link(LinkState),
    Source(Source),
    Transport(Transport),
    HardwareChanged,
    Track {
        tracker: usize,
        up: bool,
    },
    AddressUsable(usize),
    AddressLost(usize),
    AddressFailed(usize),
    AddressDuplicate(usize),
    AddressClaimed(usize, Claimed),
}

/// After how long, and what.
fn steps() -> impl Strategy<Value = Vec<(Duration, Step)>> {
    let pause = prop_oneof![
        6 => Just(Duration::ZERO),
        4 => (0..100_u64).prop_map(Duration::from_millis),
        3 => (0..4_000_u64).prop_map(Duration::from_millis),
        1 => (0..100_u64).prop_map(Duration::from_secs),
    ];
    prop::collection::vec((pause, step()), 1..120)
}

fn step() -> impl Strategy<Value = Step> {
    // One more than there are: an index out of range is an input too.
    let address = 0..4_usize;
    prop_oneof![
        2 => Just(Step::Start),
        1 => Just(Step::Stop),
        1 => Just(Step::StopNow),
        10 => Just(Step::Timeout),
        40 => Just(Step::Wait),
        15 => advert(),
        3 => prop_oneof![4 => Just(LinkState::Up), 1 => Just(LinkState::Down), 1 => Just(LinkState::Missing)]
            .prop_map(Step::Link),
        3 => prop_oneof![
            4 => (2..3_u8).prop_map(|host| Source::Address(address_of(host))),
            1 => Just(Source::Tentative),
            1 => Just(Source::None),
        ].prop_map(Step::Source),
        1 => prop_oneof![3 => Just(Transport::Ready), 1 => Just(Transport::Unavailable)]
            .prop_map(Step::Transport),
        2 => Just(Step::HardwareChanged),
        4 => (0..4_usize, prop::bool::weighted(0.7)).prop_map(|(tracker, up)| Step::Track { tracker, up }),
        20 => address.clone().prop_map(Step::AddressUsable),
        4 => address.clone().prop_map(Step::AddressLost),
        3 => address.clone().prop_map(Step::AddressFailed),
        2 => address.clone().prop_map(Step::AddressDuplicate),
        10 => (address, claimed()).prop_map(|(address, how)| Step::AddressClaimed(address, how)),
        3 => Just(Step::HandOver),
    ]
}

fn claimed() -> impl Strategy<Value = Claimed> {
    prop_oneof![4 => Just(Claimed::Announced), 1 => Just(Claimed::Used), 1 => Just(Claimed::Probed)]
}

/// From one of three hosts, one of which has our address.
fn advert() -> impl Strategy<Value = Step> {
    let priority = prop_oneof![Just(0), Just(100), any::<u8>()];
    let centis = prop_oneof![Just(100), 1..400_u16];
    (1..4_u8, priority, centis, any::<bool>()).prop_map(|(host, priority, centis, common)| Step::Advert {
        host,
        priority,
        centis,
        common,
    })
}

fn address_of(host: u8) -> IpAddr {
    IpAddr::from([10, 1, 1, 10 + host])
}

fn params() -> impl Strategy<Value = Params> {
    let version = prop_oneof![Just((Version::V2, 100)), Just((Version::V3, 100)), Just((Version::V3, 1))];
    let preemption = prop_oneof![
        2 => Just(Preemption::Immediate),
        1 => Just(Preemption::Never),
        1 => Just(Preemption::After(Duration::from_secs(2))),
    ];
    let schedule = prop_oneof![
        Just(Schedule::spread()),
        Just(Schedule::bursts(5, Duration::from_secs(5))),
        Just(Schedule(Vec::new())),
    ];
    let refresh = prop_oneof![Just(None), Just(Some(Refresh { every: Duration::from_secs(1), rounds: 2 }))];
    let stop_mode =
        prop_oneof![3 => Just(StopMode::Lossless), 1 => Just(StopMode::Rfc), 1 => Just(StopMode::Silent)];
    let flags = any::<[bool; 4]>();
    (version, prop_oneof![Just(100), 1..=255_u8], preemption, 0..=3_u8, schedule, refresh, stop_mode, flags)
        .prop_map(
            |((version, centis), priority, preemption, addresses, schedule, refresh, stop_mode, flags)| {
                Params {
                    interval: AdvertInterval::from_centis(centis).unwrap(),
                    start: if flags[0] { Start::Asserting } else { Start::Listening },
                    preemption,
                    lower_adverts: if flags[1] { LowerAdverts::Ignore } else { LowerAdverts::Answer },
                    higher_adverts: if flags[2] {
                        HigherAdverts::AnswerAndYield
                    } else {
                        HigherAdverts::Yield
                    },
                    stop_mode,
                    link_tracking: if flags[3] { LinkTracking::Ignored } else { LinkTracking::Tracked },
                    addresses: (0..addresses).map(|number| IpAddr::from([10, 1, 1, 30 + number])).collect(),
                    advertised: usize::from(addresses),
                    announce: AnnouncePolicy { entry: schedule.clone(), on_lower: schedule, refresh },
                    trackers: vec![
                        TrackWeight::Adjust { weight: -50, reverse: false },
                        TrackWeight::Adjust { weight: 20, reverse: true },
                        TrackWeight::Fault { reverse: false },
                    ],
                    ..Params::new(
                        Vrid::new(51).unwrap(),
                        version,
                        Family::V4,
                        Priority::new(priority).unwrap(),
                    )
                }
            },
        )
}

/// A router, and what may be concluded from its actions alone.
struct Watched {
    routers: Routers,
    id: RouterId,
    actions: Actions,
    now: Instant,
    /// Addresses added and not removed since.
    held: BTreeSet<usize>,
    told: Option<StateName>,
}

impl Watched {
    fn new(params: Params) -> Self {
        let mut routers = Routers::new();
        let id = routers.add(InterfaceId(1), params).unwrap();
        let (actions, now) = (Actions::new(), Instant::ZERO);
        let mut watched = Self { routers, id, actions, now, held: BTreeSet::new(), told: None };
        for step in [Step::Link(LinkState::Up), Step::Source(Source::Address(address_of(2))), Step::Start] {
            watched.take(step).unwrap();
        }
        watched
    }

    fn state(&self) -> StateName {
        self.routers.get(self.id).unwrap().state()
    }

    fn is_serving(&self) -> bool {
        self.routers.get(self.id).unwrap().is_serving()
    }

    fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        if let Step::Wait = step {
            let Some(due) = self.routers.poll_timeout() else { return Ok(()) };
            self.now = self.now.max(due);
        }
        let (before, served) = (self.state(), self.is_serving());
        self.give(step);
        let (after, serves) = (self.state(), self.is_serving());
        if let Step::Timeout | Step::Wait = step {
            let next = self.routers.poll_timeout();
            prop_assert!(next.is_none_or(|at| at > self.now), "{next:?} has passed at {:?}", self.now);
        }
        let actions: Vec<Action> = self.actions.drain().map(|(_, action)| action).collect();
        if before == StateName::Stopped {
            prop_assert!(actions.is_empty() && after == StateName::Stopped, "{actions:?} after the end");
        }
        let mut resignations = 0;
        for action in actions {
            match action {
                Action::SendAdvert(Claim::Holds(_)) => {
                    prop_assert!(served || serves, "advertises in {before:?} -> {after:?}");
                }
                Action::SendAdvert(Claim::Resigns) => resignations += 1,
                Action::AddAddress(address) => {
                    self.held.insert(address);
                }
                Action::RemoveAddress(address) => {
                    self.held.remove(&address);
                }
                Action::ExpireAddress { .. } | Action::KeepAddress(_) => {
                    prop_assert!(before == StateName::Master, "expires in {before:?}");
                }
                Action::Announce(_) => {
                    prop_assert!(served || serves, "announces in {before:?} -> {after:?}");
                }
                Action::Tell(Notice::Transition { from, to, initial, .. }) => {
                    prop_assert_eq!(from, self.told.unwrap_or(StateName::Init));
                    prop_assert_eq!(initial, self.told.is_none());
                    prop_assert!(from != to || initial);
                    self.told = Some(to);
                }
                // Nobody gives it other parameters here.
                Action::Renumber | Action::Tell(_) => {}
            }
        }
        prop_assert!(resignations == 0 || resignations == 2, "{resignations} resignations");
        if resignations > 0 {
            prop_assert!(before == StateName::Master && !serves, "{before:?} -> {after:?}");
        }
        if after != StateName::Master {
            prop_assert!(self.held.is_empty(), "{:?} left in {after:?}", self.held);
            prop_assert!(self.told.is_none_or(|told| told == after), "told {:?} in {after:?}", self.told);
        }
        if serves {
            prop_assert_eq!(self.told, Some(StateName::Master));
        }
        Ok(())
    }

    fn give(&mut self, step: Step) {
        let input = match step {
            Step::Start => Input::Start,
            Step::Stop => Input::Stop,
            Step::StopNow => Input::StopNow,
            Step::HandOver => Input::HandOver,
            Step::Timeout | Step::Wait => return self.routers.handle_timeout(self.now, &mut self.actions),
            Step::Advert { host, priority, centis, common } => {
                return self.hear(host, priority, centis, common);
            }
            Step::Link(link) => Input::Link(link),
            Step::Source(source) => Input::Source(source),
            Step::Transport(transport) => Input::Transport(transport),
            Step::HardwareChanged => Input::HardwareChanged,
            Step::Track { tracker, up } => Input::Track { tracker, standing: up.into() },
            Step::AddressUsable(address) => Input::AddressUsable(address),
            Step::AddressLost(address) => Input::AddressLost(address),
            Step::AddressFailed(address) => Input::AddressFailed(address),
            Step::AddressDuplicate(address) => Input::AddressDuplicate(address),
            Step::AddressClaimed(address, how) => {
                Input::AddressClaimed { address, mac: MacAddress([2, 0, 0, 0, 0, 3]), how }
            }
        };
        self.routers.handle(self.now, self.id, input, &mut self.actions);
    }

    fn hear(&mut self, host: u8, priority: u8, centis: u16, common: bool) {
        let params = self.routers.get(self.id).unwrap().params();
        let interval = match params.version {
            Version::V2 => AdvertInterval::DEFAULT,
            Version::V3 => AdvertInterval::from_centis(centis).unwrap(),
        };
        let list = if common { [10, 1, 1, 30] } else { [10, 9, 9, 9] };
        let received = Received {
            advert: Advert {
                version: params.version,
                vrid: params.vrid,
                claim: Claim::from_octet(priority),
                interval,
                addresses: AddressList::new(Family::V4, &list),
                auth: Auth::None,
            },
            checksum: ChecksumForm::MessageOnly,
            source: address_of(host),
            destination: IpAddr::from([224, 0, 0, 18]),
            ttl: 255,
        };
        self.routers.handle(self.now, self.id, Input::Advert(&received), &mut self.actions);
    }
}

proptest! {
    #[test]
    fn any_sequence_of_inputs(params in params(), steps in steps()) {
        let mut watched = Watched::new(params);
        for (pause, step) in steps {
            watched.now = watched.now + pause;
            watched.take(step)?;
        }
        watched.take(Step::Stop)?;
        watched.take(Step::StopNow)?;
        prop_assert_eq!(watched.state(), StateName::Stopped);
        prop_assert!(watched.held.is_empty());
        prop_assert_eq!(watched.routers.poll_timeout(), None);
    }

    /// A router that is given every deadline and nothing else becomes MASTER and stays it.
    #[test]
    fn left_alone_it_is_master_in_the_end(params in params(), steps in steps()) {
        let mut watched = Watched::new(params);
        for (pause, step) in steps {
            watched.now = watched.now + pause;
            if !matches!(step, Step::Stop | Step::StopNow) {
                watched.take(step)?;
            }
        }
        for step in [Step::Link(LinkState::Up), Step::Source(Source::Address(address_of(2)))] {
            watched.take(step)?;
        }
        watched.take(Step::Transport(Transport::Ready))?;
        for tracker in 0..3 {
            watched.take(Step::Track { tracker, up: true })?;
        }
        // Minutes of FAULT, or of a MASTER that was heard to advertise every 41 s, and then a take-over.
        let until = watched.now + Duration::from_secs(600);
        while let Some(due) = watched.routers.poll_timeout().filter(|&due| due <= until) {
            watched.take(Step::Wait)?;
            if watched.state() == StateName::Master {
                for address in watched.held.clone() {
                    watched.take(Step::AddressUsable(address))?;
                }
                if watched.is_serving() {
                    break;
                }
            }
            prop_assert!(watched.now >= due);
        }
        prop_assert!(watched.is_serving(), "{:?}", watched.state());
    }
}
