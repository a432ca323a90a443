//! Other parameters while a router runs: it ends where one ends that began with them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use keepwatch_vrrp::wire::{AddressList, Advert, Auth, ChecksumForm};
use keepwatch_vrrp::{
    Action, Actions, AdvertInterval, AnnouncePolicy, Claim, Family, Input, Instant, InterfaceId, LinkState,
    LowerAdverts, Packet, Params, Preemption, Priority, RouterId, Routers, Schedule, Segment, Source,
    Standing, StateName, StopMode, TrackWeight, Update, Version, Vrid,
};
use proptest::prelude::*;

const ROUTER: RouterId = RouterId(0);
const INTERFACE: InterfaceId = InterfaceId(0);

/// What there is to track, and how it stands.
type World = BTreeMap<u8, bool>;

/// Parameters, with which of the things in the world each tracker is.
#[derive(Clone, Debug)]
struct Setting {
    params: Params,
    tracked: Vec<u8>,
}

fn setting(version: Version) -> impl Strategy<Value = Setting> {
    let intervals = match version {
        Version::V2 => vec![100, 200],
        Version::V3 => vec![100, 10, 30],
    };
    let addresses = prop::sample::subsequence(vec![30_u8, 31, 32, 33, 34], 0..=4).prop_shuffle();
    let trackers = prop::sample::subsequence(vec![0_u8, 1, 2], 0..=3).prop_shuffle();
    let weight = prop::sample::select(vec![
        TrackWeight::Fault { reverse: false },
        TrackWeight::Adjust { weight: -60, reverse: false },
        TrackWeight::Adjust { weight: 20, reverse: true },
    ]);
    (
        prop::sample::select(vec![50_u8, 100, 150, 254]),
        prop::sample::select(intervals),
        prop::sample::select(vec![3_u8, 5]),
        prop::sample::select(vec![Preemption::Immediate, Preemption::After(Duration::from_secs(2))]),
        (addresses, any::<prop::sample::Index>()),
        (trackers, prop::collection::vec(weight, 3)),
        prop::sample::select(vec![Schedule::spread(), Schedule::bursts(5, Duration::from_secs(5))]),
        any::<bool>(),
        prop::option::of(Just(*b"secret\0\0")),
    )
        .prop_map(
            move |(
                priority,
                centis,
                missed_adverts,
                preemption,
                addresses,
                trackers,
                entry,
                lower,
                password,
            )| {
                let (addresses, advertised) = addresses;
                let (tracked, weights) = trackers;
                let interval = AdvertInterval::from_centis(centis).unwrap();
                let new = Params::new(
                    Vrid::new(51).unwrap(),
                    version,
                    Family::V4,
                    Priority::new(priority).unwrap(),
                );
                let params = Params {
                    interval,
                    missed_adverts,
                    preemption,
                    advertised: advertised.index(addresses.len() + 1),
                    addresses: addresses.into_iter().map(|last| IpAddr::from([10, 1, 1, last])).collect(),
                    trackers: weights.into_iter().take(tracked.len()).collect(),
                    announce: AnnouncePolicy { entry, ..AnnouncePolicy::default() },
                    lower_adverts: if lower { LowerAdverts::Answer } else { LowerAdverts::Ignore },
                    auth: match (version, password) {
                        (Version::V2, Some(password)) => Auth::Simple(password),
                        (Version::V2 | Version::V3, _) => Auth::None,
                    },
                    stop_mode: StopMode::Lossless,
                    ..new
                };
                Setting { params, tracked }
            },
        )
}

/// A router with a kernel that does at once what it is told to.
struct Host {
    routers: Routers,
    setting: Setting,
    next: Option<Setting>,
    held: BTreeSet<IpAddr>,
    world: World,
    now: Instant,
    /// What was done, but for events.
    done: Vec<Action>,
    claim: Option<Claim>,
}

impl Host {
    fn start(setting: Setting, world: World, now: Instant) -> Self {
        let mut routers = Routers::new();
        routers.add(INTERFACE, setting.params.clone()).unwrap();
        let (held, done) = (BTreeSet::new(), Vec::new());
        let mut host = Self { routers, setting, next: None, held, world, now, done, claim: None };
        host.give(Input::Link(LinkState::Up));
        host.give(Input::Source(Source::Address(IpAddr::from([10, 1, 1, 10]))));
        host.feed();
        host.give(Input::Start);
        host
    }

    fn give(&mut self, input: Input<'_>) {
        let mut actions = Actions::new();
        self.routers.handle(self.now, ROUTER, input, &mut actions);
        self.perform(actions);
    }

    fn feed(&mut self) {
        for (tracker, thing) in self.setting.tracked.clone().into_iter().enumerate() {
            let standing = Standing::from(self.world[&thing]);
            self.give(Input::Track { tracker, standing });
        }
    }

    fn perform(&mut self, mut actions: Actions) {
        while !actions.is_empty() {
            let batch: Vec<_> = actions.drain().collect();
            for (_, action) in batch {
                if !matches!(action, Action::Tell(_)) {
                    self.done.push(action);
                }
                match action {
                    Action::AddAddress(address) => {
                        assert!(self.held.insert(self.setting.params.addresses[address]), "it is there");
                        let usable = Input::AddressUsable(address);
                        self.routers.handle(self.now, ROUTER, usable, &mut actions);
                    }
                    Action::RemoveAddress(address) => {
                        self.held.remove(&self.setting.params.addresses[address]);
                    }
                    Action::SendAdvert(claim) => self.claim = Some(claim),
                    Action::Renumber => self.setting = self.next.take().expect("it was told to"),
                    Action::ExpireAddress { .. }
                    | Action::KeepAddress(_)
                    | Action::Announce(_)
                    | Action::Tell(_) => {}
                }
            }
        }
    }

    fn reload(&mut self, setting: Setting) {
        let position = |new: &IpAddr| self.setting.params.addresses.iter().position(|old| old == new);
        let addresses = setting.params.addresses.iter().map(position).collect();
        let old: Vec<_> = self.setting.tracked.iter().zip(&self.setting.params.trackers).collect();
        let new = setting.tracked.iter().zip(&setting.params.trackers);
        let trackers = new.map(|new| old.iter().position(|old| old.0 == new.0)).collect();
        let update = Update { params: setting.params.clone(), addresses, trackers };
        self.next = Some(setting);
        let mut actions = Actions::new();
        self.routers.update(self.now, ROUTER, update, &mut actions).unwrap();
        self.perform(actions);
        self.feed();
    }

    /// Lets time pass, with a peer that advertises as its configuration says, if there is one.
    fn run(&mut self, time: Duration, peer: Option<(u8, &Params)>) {
        let until = self.now + time;
        let mut advert_at = self.now + Duration::from_millis(3);
        loop {
            let deadline = self.routers.poll_timeout();
            let hears = peer.map(|_| advert_at);
            let Some(at) = [deadline, hears].into_iter().flatten().min().filter(|at| *at <= until) else {
                break;
            };
            self.now = self.now.max(at);
            if let Some((priority, params)) = peer
                && hears == Some(at)
            {
                advert_at = advert_at + params.interval.duration();
                self.hear(priority, params);
                continue;
            }
            let mut actions = Actions::new();
            self.routers.handle_timeout(self.now, &mut actions);
            self.perform(actions);
        }
        self.now = until;
    }

    fn hear(&mut self, priority: u8, params: &Params) {
        let (source, group) = (IpAddr::from([10, 1, 1, 20]), IpAddr::from([224, 0, 0, 18]));
        let mut list = Vec::new();
        for address in params.advertised_addresses() {
            if let IpAddr::V4(address) = address {
                list.extend_from_slice(&address.octets());
            }
        }
        let advert = Advert {
            version: params.version,
            vrid: params.vrid,
            claim: Claim::from_octet(priority),
            interval: params.interval,
            addresses: AddressList::new(Family::V4, &list),
            auth: params.auth,
        };
        let mut payload = Vec::new();
        advert.emit(&mut payload, source, group, ChecksumForm::WithPseudoHeader);
        let packet = Packet { source, destination: group, ttl: 255, payload: &payload };
        let segment = Segment { interface: INTERFACE, family: Family::V4 };
        let mut actions = Actions::new();
        self.routers.receive(self.now, segment, &packet, &mut actions);
        self.perform(actions);
    }

    /// Where it has come to.
    fn end(&self) -> (StateName, u8, BTreeSet<IpAddr>, Option<Claim>) {
        let router = self.routers.get(ROUTER).unwrap();
        let claim = self.claim.filter(|_| router.state() == StateName::Master);
        (router.state(), router.priority().get(), self.held.clone(), claim)
    }
}

fn settings(count: usize) -> impl Strategy<Value = Vec<Setting>> {
    prop::sample::select(vec![Version::V2, Version::V3])
        .prop_flat_map(move |version| prop::collection::vec(setting(version), count))
}

fn world() -> impl Strategy<Value = World> {
    prop::collection::vec(prop::bool::weighted(0.8), 3).prop_map(|all| (0..).zip(all).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// One that was reloaded some times, each time at any moment, ends as one does that was started with the last of them.
    #[test]
    fn reloads_end_as_a_fresh_start(
        settings in settings(4),
        world in world(),
        pauses in prop::collection::vec(0_u64..6_000, 4),
        peer in prop::option::of(prop::sample::select(vec![1_u8, 99, 200, 253])),
    ) {
        let last = settings.last().unwrap().clone();
        let mut host = Host::start(settings[0].clone(), world.clone(), Instant::from_millis(1));
        for (setting, pause) in settings.iter().skip(1).zip(&pauses) {
            // The peer is reloaded first.
            host.run(Duration::from_millis(*pause), peer.map(|priority| (priority, &setting.params)));
            host.reload(setting.clone());
            let holds: BTreeSet<IpAddr> = setting.params.addresses.iter().copied().collect();
            prop_assert!(host.held.is_subset(&holds), "it holds what it does not have");
        }
        let mut fresh = Host::start(last.clone(), world, host.now);
        for host in [&mut host, &mut fresh] {
            host.run(Duration::from_secs(60), peer.map(|priority| (priority, &last.params)));
        }
        prop_assert_eq!(host.end(), fresh.end());
    }

    /// The same parameters once more: no packet, no address, no other deadline.
    #[test]
    fn the_same_again_does_nothing(
        settings in settings(1),
        world in world(),
        pause in 0_u64..9_000,
        peer in prop::option::of(prop::sample::select(vec![1_u8, 200])),
    ) {
        let setting = &settings[0];
        let mut host = Host::start(setting.clone(), world, Instant::from_millis(1));
        host.run(Duration::from_millis(pause), peer.map(|priority| (priority, &setting.params)));
        let (deadline, end) = (host.routers.poll_timeout(), host.end());
        host.done.clear();
        host.reload(setting.clone());
        prop_assert_eq!(&host.done, &[Action::Renumber]);
        prop_assert_eq!((host.routers.poll_timeout(), host.end()), (deadline, end));
    }
}
