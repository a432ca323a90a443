//! What may happen to a virtual router.

use core::net::IpAddr;

use crate::wire::{Advert, ChecksumForm};

/// Something that happened, from outside.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// Begin to take part.
    Start,
    /// Stop taking part for good.
    Stop,
    /// The deadline of [`crate::VirtualRouter::poll_timeout`] may have passed.
    Timeout,
    /// An advertisement for this VRID arrived on this interface.
    Advert(&'a Received<'a>),
    /// The link is this way now.
    Link(LinkState),
    /// The address to send adverts from: the interface's own, or the configured one if it is there. For IPv6
    /// a link-local address that is no longer tentative.
    Source(Option<IpAddr>),
    /// The hardware address changed, or the bond failed over: neighbours and switches must learn anew.
    HardwareChanged,
    /// A tracker, by index, is up or down.
    Track {
        /// Index into `Params::trackers`.
        tracker: usize,
        /// Its verdict.
        up: bool,
    },
    /// An address, by index, is in place and answers (IPv6: its local route exists).
    AddressUsable(usize),
    /// An address that had been added has gone, by somebody else's doing.
    AddressLost(usize),
    /// An address could not be added.
    AddressFailed(usize),
    /// The kernel found an address in use elsewhere and marked it `dadfailed`.
    AddressDuplicate(usize),
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
