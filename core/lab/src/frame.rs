//! Frames of interest.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use keepwatch_vrrp::wire::{
    Advert, ArpPacket, Auth, ChecksumForm, ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6, Ethernet,
    NeighbourAdvert, VRRP_PROTOCOL, parse_ip,
};
use keepwatch_vrrp::{Claim, MacAddress, Version};

/// A frame of interest.
#[derive(Clone, Debug)]
pub enum Frame {
    /// A VRRP advert.
    Advert(SeenAdvert),
    /// A gratuitous ARP or an unsolicited neighbour advertisement.
    Announcement {
        /// When it was heard.
        at: SystemTime,
        /// The address announced.
        address: IpAddr,
        /// Where it is said to be.
        mac: MacAddress,
    },
}

/// A VRRP advert heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenAdvert {
    /// When it was heard.
    pub at: SystemTime,
    /// The frame's source address.
    pub mac: MacAddress,
    /// Its sender.
    pub source: IpAddr,
    /// Where it went.
    pub destination: IpAddr,
    /// 2 or 3.
    pub version: u8,
    /// The virtual router.
    pub vrid: u8,
    /// 0 for a resignation.
    pub priority: u8,
    /// Its TTL or hop limit on arrival.
    pub ttl: u8,
    /// What its checksum covers.
    pub checksum: ChecksumForm,
    /// Whether it carries a password.
    pub simple_auth: bool,
    /// The sender's interval.
    pub interval: Duration,
}

impl SeenAdvert {
    /// As tcpdump prints it, a little shorter: `VRRPv2, vrid 51, prio 101, authtype simple, intvl 1s`.
    #[must_use]
    pub fn describe(&self) -> String {
        let Self { version, vrid, priority, .. } = self;
        let centis = self.interval.as_millis() / 10;
        let rest = match version {
            2 => format!(
                "authtype {}, intvl {}s",
                if self.simple_auth { "simple" } else { "none" },
                self.interval.as_secs()
            ),
            _ => format!("intvl {centis}cs"),
        };
        format!("VRRPv{version}, vrid {vrid}, prio {priority}, {rest}")
    }
}

impl Frame {
    /// What a frame is, if it is of interest.
    pub(crate) fn read(ethernet: &Ethernet, payload: &[u8], at: SystemTime) -> Option<Self> {
        match ethernet.ethertype {
            ETHERTYPE_ARP => {
                let arp = ArpPacket::parse(payload).filter(ArpPacket::is_gratuitous)?;
                Some(Self::Announcement { at, address: arp.sender.into(), mac: arp.sender_mac })
            }
            ETHERTYPE_IPV4 | ETHERTYPE_IPV6 => {
                if let Some(NeighbourAdvert { target, mac: Some(mac) }) = NeighbourAdvert::parse(payload) {
                    return Some(Self::Announcement { at, address: target.into(), mac });
                }
                let ip = parse_ip(payload).ok().filter(|ip| ip.protocol == VRRP_PROTOCOL)?;
                let (advert, checksum) = Advert::parse(ip.payload, ip.source, ip.destination).ok()?;
                Some(Self::Advert(SeenAdvert {
                    at,
                    mac: ethernet.source,
                    source: ip.source,
                    destination: ip.destination,
                    version: match advert.version {
                        Version::V2 => 2,
                        Version::V3 => 3,
                    },
                    vrid: advert.vrid.get(),
                    priority: match advert.claim {
                        Claim::Resigns => 0,
                        Claim::Holds(priority) => priority.get(),
                    },
                    ttl: ip.ttl,
                    checksum,
                    simple_auth: matches!(advert.auth, Auth::Simple(_)),
                    interval: advert.interval.duration(),
                }))
            }
            _ => None,
        }
    }
}
