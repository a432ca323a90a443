//! What may happen to a virtual router.

use core::net::IpAddr;

use crate::scalar::MacAddress;
use crate::track::Standing;
use crate::wire::{Advert, ChecksumForm, Claimed};

/// Something that happened, from outside.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Begin to take part.
    Start,
    /// Stop taking part for good: as the stop mode says, so a MASTER may keep its addresses until its successor has
    /// taken over.
    Stop,
    /// Stop taking part for good, at once.
    StopNow,
    /// Hand mastership over to a backup and become one. Nothing happens unless serving as MASTER; if nobody takes
    /// over, mastership goes on.
    HandOver,
    /// The deadline of [`crate::VirtualRouter::poll_timeout`] may have passed.
    Timeout,
    /// An advertisement for this VRID arrived on this interface.
    Advert(&'a Received<'a>),
    /// The link is this way now.
    Link(LinkState),
    /// The address to send adverts from.
    Source(Source),
    /// Whether adverts can be sent and received at all.
    Transport(Transport),
    /// The hardware address changed, or the bond failed over: neighbours and switches must learn anew.
    HardwareChanged,
    /// How a tracker, by index, stands.
    Track {
        /// Index into `Params::trackers`.
        tracker: usize,
        /// Up or down, as far as that is known.
        standing: Standing,
    },
    /// An address, by index, is in place and answers (IPv6: its local route exists).
    AddressUsable(usize),
    /// An address that had been added has gone, by somebody else's doing.
    AddressLost(usize),
    /// An address could not be added.
    AddressFailed(usize),
    /// The kernel found an address in use elsewhere and marked it `dadfailed`.
    AddressDuplicate(usize),
    /// Another host claims an address. To be given while MASTER; of no interest otherwise.
    AddressClaimed {
        /// Index into `Params::addresses`.
        address: usize,
        /// The hardware address claimed with it: none of this host's.
        mac: MacAddress,
        /// In which way.
        how: Claimed,
    },
}

/// An advertisement with what its carrier says of it.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// The advertisement.
    pub advert: Advert<'a>,
    /// The form of its checksum.
    pub checksum: ChecksumForm,
    /// Who sent it.
    pub source: IpAddr,
    /// Where it was sent to.
    pub destination: IpAddr,
    /// TTL or hop limit on arrival.
    pub ttl: u8,
}

/// The address that a router sends its adverts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// This one: the interface's own, or the configured one.
    Address(IpAddr),
    /// None yet: the link-local address is still tentative.
    Tentative,
    /// None.
    None,
}

impl Source {
    /// The address, if there is one.
    #[must_use]
    pub const fn address(self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(address),
            Self::Tentative | Self::None => None,
        }
    }
}

/// The means to send and receive adverts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A socket is open.
    Ready,
    /// None could be opened.
    Unavailable,
}

/// A network interface as VRRP sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// Up, with carrier.
    Up,
    /// Down, or without carrier.
    Down,
    /// There is no such interface.
    Missing,
}
