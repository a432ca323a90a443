//! What can be wrong with an advert that could be read.

use core::net::IpAddr;

use crate::scalar::{AdvertInterval, MacAddress, Priority, Version, Vrid};
use crate::wire::Malformed;

/// Something about a received advert that an administrator should know. Told once per reason and sender until
/// the router's state changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anomaly {
    /// It cannot be read. Dropped.
    Malformed(Malformed),
    /// It passed a router: its TTL is not 255 (RFC 9568 §7.1). Dropped.
    Ttl {
        /// The TTL or hop limit.
        ttl: u8,
    },
    /// It speaks the other protocol version. Dropped.
    Version {
        /// The sender's.
        theirs: Version,
    },
    /// Its authentication type is not ours. Dropped.
    AuthType {
        /// The sender's type number.
        theirs: u8,
    },
    /// Its password is not ours. Dropped.
    AuthFailed,
    /// Version 2, and its interval is not ours (RFC 3768 §7.1: "MUST discard"). Dropped.
    IntervalRefused {
        /// The sender's.
        theirs: AdvertInterval,
    },
    /// Version 3, and its interval is not ours: learned (RFC 9568 §6.4.2).
    IntervalLearned {
        /// The sender's.
        theirs: AdvertInterval,
    },
    /// Multicast where unicast is configured, or the other way round, or to another group. Dropped.
    Destination,
    /// From a host that is not a unicast peer. Dropped or not, by configuration.
    UnknownPeer {
        /// Whether it was dropped.
        dropped: bool,
    },
    /// It lists other addresses, though some of ours. Accepted: so it is during a rolling change.
    AddressList,
    /// It lists none of our addresses: another virtual router with our VRID. Ignored for the election.
    DuplicateVrid {
        /// The first of its addresses.
        theirs: Option<IpAddr>,
    },
    /// It lists one of our addresses under another VRID. Ignored.
    OtherVrid {
        /// The sender's.
        theirs: Vrid,
        /// The address.
        address: IpAddr,
    },
    /// Its checksum has the other form: with or without pseudo-header. Accepted.
    ChecksumForm,
    /// Its sender has our own address. Ignored.
    OwnAddress,
    /// Another MASTER goes on though it should have heard us.
    DualMaster {
        /// Its priority.
        theirs: Priority,
        /// Adverts heard from it while MASTER ourselves.
        adverts: u32,
        /// Its hardware address, if it was heard claiming one of the addresses.
        mac: Option<MacAddress>,
    },
}

impl Anomaly {
    /// Whether two anomalies are the same thing with other figures: told once.
    #[must_use]
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        core::mem::discriminant(self) == core::mem::discriminant(other)
    }
}

/// Anomalies already told: at most this many are remembered.
const REMEMBERED: usize = 16;

/// Which anomalies have been told since the last change of state.
#[derive(Debug, Default)]
pub(crate) struct Told(alloc::vec::Vec<(Anomaly, IpAddr)>);

impl Told {
    /// Whether this one is new; it is remembered. When too many are remembered all further ones are old, so
    /// that a stranger cannot flood the log.
    pub(crate) fn is_new(&mut self, anomaly: Anomaly, source: IpAddr) -> bool {
        // That two hosts serve must not be lost among a stranger's noise.
        let is_grave = matches!(anomaly, Anomaly::DualMaster { .. });
        let at_most = if is_grave { 2 * REMEMBERED } else { REMEMBERED };
        if self.0.len() >= at_most
            || self.0.iter().any(|(told, from)| told.is_like(&anomaly) && *from == source)
        {
            return false;
        }
        self.0.push((anomaly, source));
        true
    }

    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }
}
