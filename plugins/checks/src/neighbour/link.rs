//! An interface as its neighbours see it.

use std::fmt;
use std::io;
use std::net::Ipv4Addr;

use nix::ifaddrs::getifaddrs;
use nix::sys::socket::LinkAddr;

/// A hardware address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mac(pub(super) [u8; 6]);

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// An interface of this host.
#[derive(Clone, Debug)]
pub(super) struct Link {
    /// Its address as packet sockets take it; it has the interface's number.
    pub(super) address: LinkAddr,
    /// Its hardware address, if it has one.
    pub(super) mac: Option<Mac>,
    /// Its IPv4 addresses with their masks.
    networks: Vec<(Ipv4Addr, Ipv4Addr)>,
}

impl Link {
    /// The interface with this name.
    pub(super) fn find(name: &str) -> io::Result<Option<Self>> {
        let (mut found, mut networks) = (None, Vec::new());
        for entry in getifaddrs()? {
            // An address with a label of its own goes by that: `eth0:1`.
            if entry.interface_name.split(':').next() != Some(name) {
                continue;
            }
            let Some(address) = entry.address else { continue };
            if let Some(link) = address.as_link_addr() {
                found = Some(*link);
            }
            let v4 = |address: nix::sys::socket::SockaddrStorage| {
                address.as_sockaddr_in().map(nix::sys::socket::SockaddrIn::ip)
            };
            if let (Some(own), Some(mask)) = (v4(address), entry.netmask.and_then(v4)) {
                networks.push((own, mask));
            }
        }
        let Some(address) = found else { return Ok(None) };
        let mac = address.addr().map(Mac).filter(|mac| mac.0 != [0; 6]);
        Ok(Some(Self { address, mac, networks }))
    }

    pub(super) fn number(&self) -> u32 {
        u32::try_from(self.address.ifindex()).unwrap_or(0)
    }

    /// The address to ask from: one in the other's network, so that it answers; else any; without any, none (RFC 5227 2.1.1).
    pub(super) fn source_for(&self, other: Ipv4Addr) -> Ipv4Addr {
        let near = self.networks.iter().find(|(own, mask)| *own & *mask == other & *mask);
        near.or_else(|| self.networks.first()).map_or(Ipv4Addr::UNSPECIFIED, |(own, _)| *own)
    }
}
