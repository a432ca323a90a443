//! What a virtual router is told once: its configuration, checked.

use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use crate::scalar::{AdvertInterval, Family, Priority, Version, Vrid};
use crate::track::Standing;
use crate::wire::{ALL_VRRP_ROUTERS_V4, ALL_VRRP_ROUTERS_V6, Auth, ChecksumForm};

/// The parameters of one virtual router (RFC 9568 §6.1, and keepalived's additions).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Params {
    /// The virtual router identifier.
    pub vrid: Vrid,
    /// The protocol version spoken. Adverts of the other are refused.
    pub version: Version,
    /// The family of the router: of its adverts, not of every address (keepalived's
    /// `virtual_ipaddress_excluded` may be of the other).
    pub family: Family,
    /// Base priority.
    pub priority: Priority,
    /// Time between adverts while MASTER.
    pub interval: AdvertInterval,
    /// Intervals without an advert before a backup takes over; 3 by RFC 9568 §6.1.
    pub missed_adverts: u8,
    /// Where to begin.
    pub start: Start,
    /// Whether and when a backup takes over from a MASTER of lower priority.
    pub preemption: Preemption,
    /// Version 2 authentication.
    pub auth: Auth,
    /// The checksum form to send over IPv4 in version 3.
    pub checksum: ChecksumForm,
    /// Where adverts go and may come from.
    pub destination: Destination,
    /// What a MASTER does about an advert of lower priority.
    pub lower_adverts: LowerAdverts,
    /// What a MASTER does about an advert of higher priority, before it becomes BACKUP.
    pub higher_adverts: HigherAdverts,
    /// How a MASTER leaves on purpose.
    pub stop_mode: StopMode,
    /// What the state of the router's own link means.
    pub link_tracking: LinkTracking,
    /// Every address the router holds while MASTER.
    pub addresses: Vec<IpAddr>,
    /// How many of `addresses`, from the first, are listed in adverts.
    pub advertised: usize,
    /// When addresses are announced by gratuitous ARP or neighbour advertisement.
    pub announce: AnnouncePolicy,
    /// What moves the priority or forbids taking part, by index.
    pub trackers: Vec<TrackWeight>,
}

/// Why parameters cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidParams {
    /// IPv6 with version 2.
    #[error("VRRP version 2 has no IPv6")]
    VersionFamily,
    /// An advertised address of the other family.
    #[error("address {0} is not of the router's family")]
    AddressFamily(IpAddr),
    /// More than 255 advertised addresses: the count is one octet.
    #[error("{0} addresses are too many for one advert, which can list 255")]
    TooManyAddresses(usize),
    /// `advertised` exceeds the addresses there are.
    #[error("more addresses are to be advertised than there are")]
    Advertised,
    /// Unicast without a peer: nobody would ever be told.
    #[error("unicast needs at least one peer")]
    NoPeer,
    /// A count of missed adverts of zero.
    #[error("at least one advert must be missed before a take-over")]
    MissedAdverts,
    /// A refresh of announcements without a period.
    #[error("the refresh of announcements needs a period")]
    Refresh,
    /// Another VRID, version or family for a router that runs.
    #[error("a router that runs cannot get another VRID, version or family")]
    Identity,
    /// Numbers of addresses or trackers that a router did not have.
    #[error("an address or a tracker is named that there was not")]
    Numbers,
    /// Authentication with version 3, which has none.
    #[error("VRRP version 3 has no authentication")]
    Auth,
}

impl Params {
    /// A virtual router with the protocol's defaults: interval 1 s, three adverts missed, preempting, multicast, no
    /// address, no authentication.
    #[must_use]
    pub fn new(vrid: Vrid, version: Version, family: Family, priority: Priority) -> Self {
        let group = match family {
            Family::V4 => ALL_VRRP_ROUTERS_V4.into(),
            Family::V6 => ALL_VRRP_ROUTERS_V6.into(),
        };
        Self {
            vrid,
            version,
            family,
            priority,
            interval: AdvertInterval::DEFAULT,
            missed_adverts: 3,
            start: Start::Listening,
            preemption: Preemption::Immediate,
            auth: Auth::None,
            checksum: ChecksumForm::WithPseudoHeader,
            destination: Destination::Multicast { group },
            lower_adverts: LowerAdverts::Answer,
            higher_adverts: HigherAdverts::Yield,
            stop_mode: StopMode::default(),
            link_tracking: LinkTracking::Tracked,
            addresses: Vec::new(),
            advertised: 0,
            announce: AnnouncePolicy::default(),
            trackers: Vec::new(),
        }
    }

    /// Checks what the types alone cannot rule out.
    ///
    /// # Errors
    ///
    /// The first contradiction found.
    pub fn check(&self) -> Result<(), InvalidParams> {
        if self.version == Version::V2 && self.family == Family::V6 {
            return Err(InvalidParams::VersionFamily);
        }
        if self.version == Version::V3 && self.auth != Auth::None {
            return Err(InvalidParams::Auth);
        }
        if self.missed_adverts == 0 {
            return Err(InvalidParams::MissedAdverts);
        }
        if self.announce.refresh.is_some_and(|refresh| refresh.every.is_zero()) {
            return Err(InvalidParams::Refresh);
        }
        let advertised = self.addresses.get(..self.advertised).ok_or(InvalidParams::Advertised)?;
        if let Some(&address) = advertised.iter().find(|&&address| Family::of(address) != self.family) {
            return Err(InvalidParams::AddressFamily(address));
        }
        if advertised.len() > 255 {
            return Err(InvalidParams::TooManyAddresses(advertised.len()));
        }
        match &self.destination {
            Destination::Unicast { peers, .. } if peers.is_empty() => Err(InvalidParams::NoPeer),
            Destination::Unicast { .. } | Destination::Multicast { .. } => Ok(()),
        }
    }

    /// The addresses that adverts list.
    #[must_use]
    pub fn advertised_addresses(&self) -> &[IpAddr] {
        self.addresses.get(..self.advertised).unwrap_or(&self.addresses)
    }
}

/// The state a router begins in when nothing stands in its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Listen for a whole master-down time first. So does keepalived with `state MASTER` below priority 255.
    Listening,
    /// Become MASTER at once: an address owner (RFC 9568 §6.4.1: "If the Priority = 255, i.e., the router
    /// owns the IPvX address(es) ... Transition to the {Active} state").
    Asserting,
}

/// What a backup does about a MASTER of lower priority (RFC 9568 §6.1, `Preempt_Mode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preemption {
    /// Takes over as soon as its master-down time has passed without an advert that it accepts.
    Immediate,
    /// Takes over only when no MASTER is heard. keepalived's `nopreempt`.
    Never,
    /// Like `Immediate`, but accepts lower adverts for this long first. keepalived's `preempt_delay`.
    After(Duration),
}

/// What a MASTER does about an advert of lower priority than its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LowerAdverts {
    /// Sends an advert at once and announces its addresses again (RFC 9568 §6.4.3; keepalived's default).
    Answer,
    /// Sends no advert (RFC 3768 §6.4.3; keepalived's `vrrp_lower_prio_no_advert`), and announces its addresses again.
    Ignore,
}

/// What a MASTER does about an advert of higher priority, before it becomes BACKUP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HigherAdverts {
    /// Nothing (both RFCs, keepalived's default).
    Yield,
    /// Sends one more advert. keepalived's `vrrp_higher_prio_send_advert`.
    AnswerAndYield,
}

/// How a MASTER gives its addresses up when it stops, hands over, or yields to a higher priority.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StopMode {
    /// It resigns and keeps answering for each address until its successor has announced that one.
    #[default]
    Lossless,
    /// It removes the addresses and then resigns, or yields at once (RFC 9568 §6.4.3): for services that must never
    /// have two holders.
    Rfc,
    /// It removes the addresses and says nothing: backups wait for the whole master-down time.
    Silent,
}

/// What the state of a router's own link means to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkTracking {
    /// Down means FAULT.
    Tracked,
    /// Down means nothing. keepalived's `dont_track_primary`.
    Ignored,
}

/// Where adverts go to and may come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A multicast group.
    Multicast {
        /// The group joined and sent to.
        group: IpAddr,
    },
    /// Named peers.
    Unicast {
        /// Who is sent to.
        peers: Vec<UnicastPeer>,
        /// The TTL sent with.
        ttl: u8,
        /// What an advert from anybody else is worth.
        source_check: SourceCheck,
    },
}

/// A unicast peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnicastPeer {
    /// Its address.
    pub address: IpAddr,
    /// The least TTL accepted from it.
    pub min_ttl: u8,
    /// The greatest TTL accepted from it.
    pub max_ttl: u8,
}

/// Whether unicast adverts are accepted from hosts that are not listed as peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceCheck {
    /// Only from peers.
    Peers,
    /// From anybody, with an anomaly each. keepalived's default.
    Anybody,
}

/// When a MASTER announces its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnouncePolicy {
    /// On becoming MASTER.
    pub entry: Schedule,
    /// After an advert of lower priority: its sender may have drawn the neighbours to itself.
    pub on_lower: Schedule,
    /// Again and again after the entry schedule; `None` for never.
    pub refresh: Option<Refresh>,
}

impl AnnouncePolicy {
    /// Rounds that are due at one moment, at most.
    #[must_use]
    pub fn most_rounds(&self) -> u8 {
        let of = |schedule: &Schedule| schedule.0.iter().map(|(_, rounds)| *rounds).max();
        let refresh = self.refresh.map(|refresh| refresh.rounds);
        [of(&self.entry), of(&self.on_lower), refresh].into_iter().flatten().max().unwrap_or(1)
    }
}

/// A periodic announcement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// The period.
    pub every: Duration,
    /// Rounds each time.
    pub rounds: u8,
}

/// Moments, counted from the event, at which every address is announced, with the number of rounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule(pub Vec<(Duration, u8)>);

impl Schedule {
    /// At 0, 5, 20, 100, 500 ms, 2 s and 5 s, one round each: a late frame of the old MASTER cannot keep the
    /// neighbours for long, whenever it comes.
    #[must_use]
    pub fn spread() -> Self {
        Self([0, 5, 20, 100, 500, 2_000, 5_000].map(|ms| (Duration::from_millis(ms), 1)).into())
    }

    /// keepalived's two bursts: `rounds` at once, and `rounds` again after `delay` unless that is zero.
    #[must_use]
    pub fn bursts(rounds: u8, delay: Duration) -> Self {
        let first = (Duration::ZERO, rounds.max(1));
        if delay.is_zero() { Self([first].into()) } else { Self([first, (delay, rounds.max(1))].into()) }
    }
}

impl Default for AnnouncePolicy {
    fn default() -> Self {
        Self { entry: Schedule::spread(), on_lower: Schedule::spread(), refresh: None }
    }
}

/// What a tracker's verdict does to its router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackWeight {
    /// Down means FAULT; with `reverse` up does.
    Fault {
        /// Whether the verdict counts the other way round.
        reverse: bool,
    },
    /// A positive weight is added to the priority while up, a negative one while down; `reverse` turns the
    /// sign of what is added.
    Adjust {
        /// -254 to 254, not 0.
        weight: i16,
        /// Whether the sign is turned.
        reverse: bool,
    },
}

/// A number this low, times its weight, is FAULT (keepalived's `track_file`); what it adds is bounded by the same.
const FAULTY: i32 = -254;
const MOST_ADDED: i32 = 253;

impl TrackWeight {
    /// Whether a tracker that stands so forbids taking part.
    #[must_use]
    pub fn faults(self, standing: Standing) -> bool {
        match (self, standing) {
            (_, Standing::Pending) => false,
            (Self::Fault { reverse }, Standing::Up) => reverse,
            (Self::Fault { reverse }, Standing::Down) => !reverse,
            (Self::Fault { reverse }, Standing::Value(value)) => (value == 0) == reverse,
            (Self::Adjust { .. }, Standing::Value(_)) => self.adjustment(standing) <= FAULTY,
            (Self::Adjust { .. }, Standing::Up | Standing::Down) => false,
        }
    }

    /// How a tracker stands, as far as its router may assume before it is known: well.
    #[must_use]
    pub fn assumed(self) -> Standing {
        match self {
            Self::Fault { reverse } => Standing::from(!reverse),
            Self::Adjust { .. } => Standing::Pending,
        }
    }

    /// Whether taking part has to wait until it is known how the tracker stands.
    #[must_use]
    pub fn awaits(self, standing: Standing) -> bool {
        matches!((self, standing), (Self::Fault { .. }, Standing::Pending))
    }

    /// What a tracker that stands so adds to the priority.
    #[must_use]
    pub fn adjustment(self, standing: Standing) -> i32 {
        let Self::Adjust { weight, reverse } = self else { return 0 };
        let weight = i32::from(weight);
        let sum = match standing {
            Standing::Pending => 0,
            Standing::Up => weight.max(0),
            Standing::Down => weight.min(0),
            Standing::Value(value) => value.saturating_mul(weight),
        };
        let sum = if reverse { sum.saturating_neg() } else { sum };
        sum.clamp(FAULTY, MOST_ADDED)
    }
}
