//! Wire formats: octets to values and back.
//!
//! Parsing never panics, whatever comes in, and allocates nothing: each refusal is one [`Malformed`] reason.
//! Emitting appends to a buffer of the caller.

mod advert;
mod arp;
mod checksum;
mod ethernet;
mod ip;
mod malformed;
mod ndp;
mod neighbour_claim;

#[cfg(test)]
mod announcement_tests;

pub use advert::{AddressList, Advert, Auth, ChecksumForm, VRRP_PROTOCOL};
pub use arp::{ArpPacket, gratuitous_arp};
pub use ethernet::{ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6, Ethernet, multicast_mac};
pub use ip::{
    ALL_VRRP_ROUTERS_V4, ALL_VRRP_ROUTERS_V6, INTERNETWORK_CONTROL, IpPacket, IpSend, complete_ip, emit_ip,
    parse_ip,
};
pub use malformed::Malformed;
pub use ndp::{NeighbourAdvert, NeighbourSolicitation, RouterFlag, unsolicited_neighbour_advert};
pub use neighbour_claim::{Claimed, NeighbourClaim};
