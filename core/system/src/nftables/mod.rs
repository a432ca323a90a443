//! A table of the kernel's packet filter (nf_tables) that drops packets from and to some of this host's addresses.
//!
//! ```text
//!   table inet NAME
//!     sets    vips            addresses of IPv4
//!             vips6           of IPv6
//!             vips_link_local of IPv6, each with its interface
//!     chains  in              neighbour discovery passes; to an address of a set: dropped
//!             out             the same, from one
//! ```
//!
//! Messages go to the kernel as one transaction: all of them are in force at once, or none. They are few and always of
//! the same kind, and are written here octet by octet: as `nft` writes them, so that `nft list ruleset` reads them.

mod batch;
mod expression;
mod ruleset;
mod socket;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use socket::Nftables;

/// A table, as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropTable {
    /// Its name, 1 to 255 octets. Its family is `inet`.
    pub name: String,
    /// The priority of its chains among those of other tables; lower ones come first.
    pub priority: i32,
    /// Whether each of its rules counts packets and octets.
    pub counters: bool,
}

/// An address whose packets are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dropped {
    /// Of IPv4, on whichever interface.
    V4(Ipv4Addr),
    /// Of IPv6, on whichever interface.
    V6(Ipv6Addr),
    /// Of link-local scope: it is one only together with its interface, by index.
    LinkLocal(Ipv6Addr, u32),
}

impl Dropped {
    /// An address that is, or will be, on the interface with this index.
    #[must_use]
    pub const fn on(interface: u32, address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) if address.is_unicast_link_local() => Self::LinkLocal(address, interface),
            IpAddr::V6(address) => Self::V6(address),
        }
    }
}

/// Whether the kernel says that it has no nf_tables, or not the family `inet`: a module that is not loaded, or not there.
#[must_use]
pub fn is_missing(error: &io::Error) -> bool {
    let missing = [libc::EOPNOTSUPP, libc::EPROTONOSUPPORT, libc::EAFNOSUPPORT, libc::ENOENT, libc::EINVAL];
    error.raw_os_error().is_some_and(|number| missing.contains(&number))
}

#[cfg(test)]
mod tests;
