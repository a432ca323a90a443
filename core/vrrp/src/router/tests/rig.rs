//! A router on a bench: feed it inputs at written-down times, read its actions as short lines.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::notice::{Notice, StateName};
use crate::params::{AnnouncePolicy, Params, Schedule, Start, StopMode};
use crate::router::VirtualRouter;
use crate::routers::RouterId;
use crate::scalar::{AdvertInterval, Claim, Family, Priority, Version, Vrid};
use crate::time::Instant;
use crate::wire::{AddressList, Advert, Auth, ChecksumForm};
use crate::{Action, Actions, Input, LinkState, Received, Source, Standing, Update};

pub(super) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(super) fn ms(millis: u64) -> Instant {
    Instant::from_millis(millis)
}

/// Our address is 10.1.1.10; a peer's is 10.1.1.20 unless a test says otherwise.
pub(super) const OURS: &str = "10.1.1.10";
pub(super) const PEER: &str = "10.1.1.20";
/// An address lower than ours.
pub(super) const LOWER_PEER: &str = "10.1.1.5";

/// Version 2, priority 100, 1 s, one address, announced once.
pub(super) fn params() -> Params {
    Params {
        addresses: vec![ip("10.1.1.30")],
        advertised: 1,
        announce: AnnouncePolicy {
            entry: Schedule(vec![(core::time::Duration::ZERO, 1)]),
            on_lower: Schedule(vec![(core::time::Duration::ZERO, 1)]),
            refresh: None,
        },
        ..Params::new(Vrid::new(51).unwrap(), Version::V2, Family::V4, Priority::DEFAULT)
    }
}

/// Yields and stops at once.
pub(super) fn rfc(params: Params) -> Params {
    Params { stop_mode: StopMode::Rfc, ..params }
}

pub(super) fn v3(params: Params) -> Params {
    Params { version: Version::V3, ..params }
}

/// An advert to be received: priority 0 resigns.
#[derive(Clone, Copy)]
pub(super) struct Heard<'a> {
    pub(super) source: &'a str,
    pub(super) priority: u8,
    pub(super) centis: u16,
    pub(super) destination: &'a str,
    pub(super) ttl: u8,
    pub(super) version: Version,
    pub(super) auth: Auth,
    pub(super) addresses: &'a [u8],
    pub(super) checksum: ChecksumForm,
}

pub(super) fn from_peer(priority: u8) -> Heard<'static> {
    Heard {
        source: PEER,
        priority,
        centis: 100,
        destination: "224.0.0.18",
        ttl: 255,
        version: Version::V2,
        auth: Auth::None,
        addresses: &[10, 1, 1, 30],
        checksum: ChecksumForm::MessageOnly,
    }
}

pub(super) fn v3_from_peer(priority: u8) -> Heard<'static> {
    Heard { version: Version::V3, checksum: ChecksumForm::WithPseudoHeader, ..from_peer(priority) }
}

pub(super) struct Rig {
    pub(super) router: VirtualRouter,
    actions: Actions,
}

impl Rig {
    /// Not started; nothing known of the interface.
    pub(super) fn new(params: Params) -> Self {
        params.check().unwrap();
        Self { router: VirtualRouter::new(RouterId(0), params), actions: Actions::new() }
    }

    /// Link up and address there, not started.
    pub(super) fn ready(params: Params) -> Self {
        let family = params.family;
        let mut rig = Self::new(params);
        rig.feed(0, Input::Link(LinkState::Up));
        let source = if family == Family::V4 { ip(OURS) } else { ip("fe80::a") };
        rig.feed(0, Input::Source(Source::Address(source)));
        for tracker in 0..rig.router.params().trackers.len() {
            rig.feed(0, Input::Track { tracker, standing: Standing::Up });
        }
        rig
    }

    /// In BACKUP since 0 ms.
    pub(super) fn backup(params: Params) -> Self {
        let mut rig = Self::ready(params);
        rig.feed(0, Input::Start);
        assert_eq!(rig.state(), StateName::Backup);
        rig
    }

    /// MASTER since 0 ms and serving; `params` should have priority 100.
    pub(super) fn master(params: Params) -> Self {
        let mut rig = Self::ready(Params { start: Start::Asserting, ..params });
        rig.feed(0, Input::Start);
        for address in 0..rig.router.params().addresses.len() {
            rig.feed(0, Input::AddressUsable(address));
        }
        assert!(rig.router.is_serving());
        rig
    }

    /// In FAULT since 0 ms: the link is down.
    pub(super) fn fault(params: Params) -> Self {
        let mut rig = Self::backup(params);
        rig.feed(0, Input::Link(LinkState::Down));
        assert_eq!(rig.state(), StateName::Fault);
        rig
    }

    pub(super) fn stopped(params: Params) -> Self {
        let mut rig = Self::backup(params);
        rig.feed(0, Input::Stop);
        rig
    }

    /// Feeds an input at `at` milliseconds and gives the actions as lines.
    pub(super) fn feed(&mut self, at: u64, input: Input<'_>) -> Vec<String> {
        self.feed_at(ms(at), input)
    }

    pub(super) fn feed_at(&mut self, at: Instant, input: Input<'_>) -> Vec<String> {
        self.router.handle(at, input, &mut self.actions);
        self.actions.drain().map(|(_, action)| line(action)).collect()
    }

    /// Feeds an advert.
    pub(super) fn hear(&mut self, at: u64, heard: Heard<'_>) -> Vec<String> {
        let advert = Advert {
            version: heard.version,
            vrid: Vrid::new(51).unwrap(),
            claim: Claim::from_octet(heard.priority),
            interval: if heard.version == Version::V2 {
                AdvertInterval::from_seconds((heard.centis / 100).try_into().unwrap()).unwrap()
            } else {
                AdvertInterval::from_centis(heard.centis).unwrap()
            },
            addresses: AddressList::new(self.router.params().family, heard.addresses),
            auth: heard.auth,
        };
        let received = Received {
            advert,
            checksum: heard.checksum,
            source: ip(heard.source),
            destination: ip(heard.destination),
            ttl: heard.ttl,
        };
        self.feed(at, Input::Advert(&received))
    }

    /// Gives it other parameters; those addresses and trackers are the same that are equal.
    pub(super) fn update(&mut self, at: u64, params: Params) -> Vec<String> {
        params.check().unwrap();
        let before = self.router.params().clone();
        let addresses = params.addresses.iter();
        let addresses = addresses.map(|new| before.addresses.iter().position(|old| old == new)).collect();
        let trackers = params.trackers.iter();
        let trackers = trackers.map(|new| before.trackers.iter().position(|old| old == new)).collect();
        let update = Update { params, addresses, trackers };
        update.check(&before).unwrap();
        self.router.update(ms(at), update, &mut self.actions);
        self.actions.drain().map(|(_, action)| line(action)).collect()
    }

    pub(super) fn timeout(&mut self, at: u64) -> Vec<String> {
        self.feed(at, Input::Timeout)
    }

    pub(super) fn state(&self) -> StateName {
        self.router.state()
    }

    /// The deadline in nanoseconds.
    pub(super) fn deadline(&self) -> Option<u64> {
        self.router.poll_timeout().map(Instant::as_nanos)
    }
}

fn line(action: Action) -> String {
    match action {
        Action::SendAdvert(claim) => format!("advert {}", claim.octet()),
        Action::AddAddress(address) => format!("add {address}"),
        Action::RemoveAddress(address) => format!("remove {address}"),
        Action::ExpireAddress { address, after } => format!("expire {address} {after:?}"),
        Action::KeepAddress(address) => format!("keep {address}"),
        Action::Announce(address) => format!("announce {address}"),
        Action::Renumber => "renumber".into(),
        Action::Tell(Notice::Transition { from, to, reason, initial, priority }) => {
            let initial = if initial { " initial" } else { "" };
            format!("{from:?} -> {to:?} at {priority}{initial}: {reason:?}")
        }
        Action::Tell(notice) => format!("tell {notice:?}"),
    }
}
