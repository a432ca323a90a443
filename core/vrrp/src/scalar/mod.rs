//! The small values of the protocol, each valid by construction.

mod advert_interval;
mod mac_address;
mod priority;
mod vrid;

pub use advert_interval::AdvertInterval;
pub use mac_address::MacAddress;
pub use priority::{Claim, Priority};
pub use vrid::Vrid;

/// The protocol version a virtual router speaks. IPv6 is always version 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// VRRP version 2, RFC 3768.
    V2,
    /// VRRP version 3, RFC 5798 and RFC 9568.
    V3,
}

impl Version {
    /// The number in the packet's first four bits.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::V2 => 2,
            Self::V3 => 3,
        }
    }
}

/// The address family of a virtual router: IPv4 and IPv6 are two routers even under one VRID (RFC 9568 §1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// The family of `address`.
    #[must_use]
    pub const fn of(address: core::net::IpAddr) -> Self {
        match address {
            core::net::IpAddr::V4(_) => Self::V4,
            core::net::IpAddr::V6(_) => Self::V6,
        }
    }

    /// Octets of one address.
    #[must_use]
    pub const fn address_len(self) -> usize {
        match self {
            Self::V4 => 4,
            Self::V6 => 16,
        }
    }
}
