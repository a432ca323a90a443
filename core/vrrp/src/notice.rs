//! What a virtual router tells the outside.

use core::net::IpAddr;
use core::time::Duration;

use crate::anomaly::Anomaly;
use crate::routers::RouterId;
use crate::scalar::{MacAddress, Priority};

/// A state's name, without what belongs to the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StateName {
    /// Not started, or waiting for something that comes by itself.
    Init,
    /// Standing by.
    Backup,
    /// Holding the addresses. RFC 9568's "Active".
    Master,
    /// Unable to take part.
    Fault,
    /// Stopped on purpose.
    Stopped,
}

/// Something worth telling. Reported, never answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The state changed, or (`from` INIT at the start) was first entered.
    Transition {
        /// The state left.
        from: StateName,
        /// The state entered.
        to: StateName,
        /// Why.
        reason: TransitionReason,
        /// Whether it is the first one after the start.
        initial: bool,
        /// The effective priority.
        priority: Priority,
    },
    /// The effective priority changed.
    PriorityChanged {
        /// Before.
        from: Priority,
        /// Now.
        to: Priority,
    },
    /// Something about an advert is not as it should be.
    AdvertAnomaly {
        /// What.
        anomaly: Anomaly,
        /// Whose advert.
        source: IpAddr,
        /// Whether a MASTER's advert was dropped while MASTER ourselves: both hold the addresses.
        both_master: bool,
    },
    /// A MASTER is heard that was not heard before.
    PeerSeen {
        /// Its address.
        source: IpAddr,
        /// Its priority.
        priority: Priority,
    },
    /// The MASTER heard so far fell silent.
    PeerLost {
        /// Its address.
        source: IpAddr,
        /// Since when it had not been heard.
        silent: Duration,
    },
    /// The MASTER heard resigned by priority zero.
    PeerResigned {
        /// Its address.
        source: IpAddr,
    },
    /// A backup discards adverts of lower priority: it is about to take over.
    LowerDiscarded {
        /// Whose.
        source: IpAddr,
        /// Their priority.
        theirs: Priority,
    },
    /// A MASTER answered an advert of lower priority with one of its own.
    Reasserted {
        /// Whose advert.
        source: IpAddr,
        /// Its priority.
        theirs: Priority,
        /// Ours.
        ours: Priority,
    },
    /// The addresses are announced, for the first time since MASTER or anew.
    Announcing,
    /// An address is in trouble, or out of it again.
    Address {
        /// Which, by index.
        address: usize,
        /// What about it.
        trouble: AddressTrouble,
    },
    /// A MASTER begins to leave: it has resigned, or was outbid, and keeps its addresses until its successor has them.
    Leaving {
        /// What for.
        departure: Departure,
        /// Why: the reason of the transition that follows.
        reason: TransitionReason,
        /// The effective priority.
        priority: Priority,
        /// How long it waits for a successor.
        patience: Duration,
    },
    /// A MASTER that was leaving has given its last address up.
    Left {
        /// What for.
        departure: Departure,
        /// How it ended.
        ending: Ending,
        /// From the beginning until the last address was given up.
        took: Duration,
    },
    /// A hand-over was asked for, and nobody took over: MASTER as before.
    HandoverRefused {
        /// How long it was tried.
        waited: Duration,
    },
    /// Another host claims an address of this MASTER; answered by an announcement.
    Contested {
        /// Which, by index.
        address: usize,
        /// The other's hardware address.
        mac: MacAddress,
    },
    /// Another host goes on claiming the addresses, and none of its adverts is heard: they do not reach us.
    Deaf {
        /// The other's hardware address.
        mac: MacAddress,
        /// The MASTER that fell silent before we took over: probably the same.
        source: Option<IpAddr>,
    },
    /// The program did not run for this long past a deadline: a paused machine, or a starved process.
    Stalled {
        /// How late it came.
        late: Duration,
    },
}

/// What happened to a virtual address outside the normal course.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressTrouble {
    /// Somebody else deleted it; it will be put back.
    RemovedExternally,
    /// It went while the program slept; it comes back if nobody else has taken over.
    Lapsed,
    /// It is back in place.
    PutBack,
    /// It could not be added; it will be tried again.
    AddFailed,
    /// Duplicate address detection failed for it; it will be replaced.
    Duplicate,
    /// It was added but did not become usable in time; announced all the same.
    NotUsable,
}

/// Why a state was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransitionReason {
    /// The router began to take part, or what had hindered it ended.
    Started,
    /// The address owner asserts itself without waiting.
    Owner,
    /// No advert was heard for the master-down time.
    MasterDown {
        /// How long nothing acceptable was heard.
        silent: Duration,
    },
    /// The MASTER resigned with priority zero.
    MasterResigned {
        /// Who it was.
        source: IpAddr,
    },
    /// A MASTER with a higher priority advertised.
    HigherPriority {
        /// Whose advert.
        source: IpAddr,
        /// Its priority.
        theirs: Priority,
    },
    /// A MASTER with our priority and a higher address advertised.
    HigherAddress {
        /// Whose advert.
        source: IpAddr,
    },
    /// Something makes taking part impossible.
    Hindered(Hindrance),
    /// What made it impossible has ended.
    Recovered,
    /// Told to stop.
    Stopped,
    /// Handed over on purpose.
    HandedOver,
    /// Left because another member of its group did.
    GroupLeft,
}

/// How a MASTER's leaving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Somebody took over.
    TakenOver {
        /// Whose adverts were heard; `None` if only announcements were.
        successor: Option<IpAddr>,
        /// From the beginning until the first sign of a successor.
        after: Duration,
    },
    /// Nobody took over in time.
    NobodyCame,
    /// It was ended before anybody could take over.
    CutShort,
}

/// Why a MASTER leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departure {
    /// It was told to stop.
    Stop,
    /// It was told to hand over.
    HandOver,
    /// A higher priority advertises.
    Yield,
    /// Another member of its group leaves.
    Group,
}

/// What keeps a router from taking part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hindrance {
    /// There is no such interface.
    InterfaceMissing,
    /// The interface is down or has no carrier.
    LinkDown,
    /// Adverts can be neither sent nor received.
    NoTransport,
    /// The interface has no address to send from.
    NoSource,
    /// The link-local address is still tentative. Not a fault: waited for.
    SourceTentative,
    /// A tracker without weight is down, by index.
    Tracker(usize),
    /// It is not known yet how a tracker without weight stands, by index. Not a fault: waited for.
    TrackerPending(usize),
    /// Another member of its group cannot take part.
    Mate(RouterId),
    /// Another member of its group waits. Not a fault: waited for.
    MateWaits(RouterId),
    /// An address, by index, was taken away three times in a minute, or could not be put in place.
    AddressUnstable(usize),
}

impl Hindrance {
    /// Whether it goes away by itself in a healthy host: then the router waits in INIT instead of FAULT.
    #[must_use]
    pub const fn is_awaited(self) -> bool {
        matches!(self, Self::SourceTentative | Self::TrackerPending(_) | Self::MateWaits(_))
    }
}
