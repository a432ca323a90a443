//! Addresses on interfaces.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use rtnetlink::packet_route::AddressFamily;
use rtnetlink::packet_route::address::{
    AddressAttribute, AddressFlags, AddressMessage, AddressProtocol, AddressScope, CacheInfo,
};

/// Marks addresses as ours (`IFA_PROTO`, Linux 5.18): what a killed run left can be told from anybody else's.
/// The number is free in iproute2's `rt_addrprotos`.
pub const ADDRESS_PROTOCOL: u8 = 107;

/// An address as the kernel describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Index of its interface.
    pub interface: u32,
    /// The address.
    pub address: IpAddr,
    /// Prefix length.
    pub prefix_len: u8,
    /// The other end's address, if it is a point-to-point address.
    pub peer: Option<IpAddr>,
    /// Who put it there (`IFA_PROTO`); 0 for nobody in particular.
    pub protocol: u8,
    flags: AddressFlags,
    scope: AddressScope,
}

/// What the kernel finds an address on an interface by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressKey {
    /// The address.
    pub address: IpAddr,
    /// Its prefix length, or that of the other end.
    pub prefix_len: u8,
    /// The other end's address, if it is a point-to-point address.
    pub peer: Option<IpAddr>,
}

/// What the kernel may say about an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressFlag {
    /// Duplicate address detection is still running: not usable.
    Tentative,
    /// Duplicate address detection found another holder: not usable.
    DadFailed,
    /// A second address of one subnet: goes with the first.
    Secondary,
}

impl Address {
    /// Whether the kernel says this about it.
    #[must_use]
    pub const fn has(&self, flag: AddressFlag) -> bool {
        self.flags.contains(match flag {
            AddressFlag::Tentative => AddressFlags::Tentative,
            AddressFlag::DadFailed => AddressFlags::Dadfailed,
            AddressFlag::Secondary => AddressFlags::Secondary,
        })
    }

    /// What it is removed by.
    #[must_use]
    pub const fn key(&self) -> AddressKey {
        AddressKey { address: self.address, prefix_len: self.prefix_len, peer: self.peer }
    }

    /// Whether both are of one network of this prefix length.
    #[must_use]
    pub fn shares_prefix(&self, other: IpAddr, prefix_len: u8) -> bool {
        let differing = match (self.address, other) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                u128::from(u32::from(ours) ^ u32::from(theirs)).leading_zeros().saturating_sub(96)
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => (u128::from(ours) ^ u128::from(theirs)).leading_zeros(),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
        };
        self.prefix_len == prefix_len && differing >= u32::from(prefix_len)
    }

    /// As `ip addr` prints it: `inet 10.1.1.30/32 scope global`.
    #[must_use]
    pub fn describe(&self) -> String {
        let family = if self.address.is_ipv4() { "inet" } else { "inet6" };
        let scope = match self.scope {
            AddressScope::Universe => "global".to_owned(),
            AddressScope::Site => "site".to_owned(),
            AddressScope::Link => "link".to_owned(),
            AddressScope::Host => "host".to_owned(),
            AddressScope::Nowhere => "nowhere".to_owned(),
            AddressScope::Other(number) => number.to_string(),
            _ => "unknown".to_owned(),
        };
        format!("{family} {}/{} scope {scope}", self.address, self.prefix_len)
    }

    pub(super) fn from_message(message: &AddressMessage) -> Option<Self> {
        let mut flags = AddressFlags::from_bits_retain(message.header.flags.bits().into());
        let (mut address, mut local, mut protocol) = (None, None, 0);
        for attribute in &message.attributes {
            match attribute {
                AddressAttribute::Address(value) => address = Some(*value),
                AddressAttribute::Local(value) => local = Some(*value),
                AddressAttribute::Flags(value) => flags = *value,
                AddressAttribute::Protocol(value) => protocol = u8::from(*value),
                _ => {}
            }
        }
        Some(Self {
            interface: message.header.index,
            // For a point-to-point address IFA_ADDRESS is the other end's.
            address: local.or(address)?,
            prefix_len: message.header.prefix_len,
            peer: local.and(address).filter(|address| Some(*address) != local),
            protocol,
            flags,
            scope: message.header.scope,
        })
    }
}

/// An address to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAddress {
    /// The address.
    pub address: IpAddr,
    /// Prefix length.
    pub prefix_len: u8,
    /// The other end of a point-to-point address, with its prefix length.
    pub peer: Option<(IpAddr, u8)>,
    /// Scope number (`RT_SCOPE_*`); IPv4 only.
    pub scope: u8,
    /// Label; IPv4 only.
    pub label: Option<String>,
    /// Broadcast address; IPv4 only.
    pub broadcast: Option<Ipv4Addr>,
    /// Whether duplicate address detection runs; IPv6 only.
    pub duplicate_detection: bool,
    /// Whether no route is added for the prefix.
    pub no_prefix_route: bool,
    /// Mobile IPv6 home address.
    pub home: bool,
    /// Template for temporary addresses; IPv6 only.
    pub manage_temporary: bool,
    /// How long it may be chosen as a source.
    pub preferred: PreferredLifetime,
}

/// How long an address may be chosen as a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PreferredLifetime {
    /// Without end.
    Forever,
    /// For this long, in whole seconds.
    For(Duration),
}

const FOREVER: u32 = u32::MAX;

/// How long an address stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressLifetime {
    /// Until it is removed.
    Forever,
    /// For this long, in whole seconds, rounded up; then the kernel removes it.
    For(Duration),
}

/// Whose the route for an address's prefix is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrefixRoute {
    /// This address's alone: it may expire with it.
    Own,
    /// Also another address's: it stays as it is.
    Shared,
}

impl NewAddress {
    /// What it is found by once it is in place.
    #[must_use]
    pub fn key(&self) -> AddressKey {
        let (peer, prefix_len) = self.peer.unzip();
        AddressKey { address: self.address, prefix_len: prefix_len.unwrap_or(self.prefix_len), peer }
    }

    /// The message that gives this address, in place already, another lifetime. The kernel passes an IPv6 address's
    /// lifetime on to the route for its prefix, which others may need, unless it says that it has none.
    pub(super) fn to_lifetime_message(
        &self,
        interface: u32,
        lifetime: AddressLifetime,
        route: PrefixRoute,
    ) -> AddressMessage {
        let mut changed = self.clone();
        changed.no_prefix_route |= self.address.is_ipv6() && route == PrefixRoute::Shared;
        let mut message = changed.to_message(interface);
        message.attributes.retain(|attribute| !matches!(attribute, AddressAttribute::CacheInfo(_)));
        let valid = match lifetime {
            AddressLifetime::Forever => FOREVER,
            AddressLifetime::For(duration) => {
                u32::try_from(duration.as_millis().div_ceil(1_000)).unwrap_or(FOREVER).max(1)
            }
        };
        let preferred = match self.preferred {
            PreferredLifetime::Forever => valid,
            PreferredLifetime::For(preferred) => {
                u32::try_from(preferred.as_secs()).unwrap_or(FOREVER).min(valid)
            }
        };
        let mut lifetimes = CacheInfo::default();
        lifetimes.ifa_valid = valid;
        lifetimes.ifa_preferred = preferred;
        message.attributes.push(AddressAttribute::CacheInfo(lifetimes));
        message
    }

    pub(super) fn to_message(&self, interface: u32) -> AddressMessage {
        let mut message = AddressMessage::default();
        message.header.index = interface;
        message.header.prefix_len = self.peer.map_or(self.prefix_len, |(_, prefix_len)| prefix_len);
        let attributes = &mut message.attributes;
        attributes.push(AddressAttribute::Local(self.address));
        attributes.push(AddressAttribute::Address(self.peer.map_or(self.address, |(peer, _)| peer)));
        attributes.push(AddressAttribute::Protocol(AddressProtocol::from(ADDRESS_PROTOCOL)));

        let mut flags = AddressFlags::empty();
        flags.set(AddressFlags::Noprefixroute, self.no_prefix_route);
        match self.address {
            IpAddr::V4(_) => {
                message.header.family = AddressFamily::Inet;
                message.header.scope = AddressScope::from(self.scope);
                attributes.extend(self.label.clone().map(AddressAttribute::Label));
                attributes.extend(self.broadcast.map(AddressAttribute::Broadcast));
            }
            IpAddr::V6(_) => {
                message.header.family = AddressFamily::Inet6;
                // Detection would make the address unusable for a second, and for good while the old MASTER
                // still has it.
                flags.set(AddressFlags::Nodad, !self.duplicate_detection);
                flags.set(AddressFlags::Homeaddress, self.home);
                flags.set(AddressFlags::Managetempaddr, self.manage_temporary);
            }
        }
        attributes.push(AddressAttribute::Flags(flags));
        if let PreferredLifetime::For(preferred) = self.preferred {
            let mut lifetimes = CacheInfo::default();
            lifetimes.ifa_preferred = u32::try_from(preferred.as_secs()).unwrap_or(FOREVER);
            lifetimes.ifa_valid = FOREVER;
            attributes.push(AddressAttribute::CacheInfo(lifetimes));
        }
        message
    }
}
