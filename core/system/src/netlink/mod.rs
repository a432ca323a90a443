//! Links, macvlans, ipvlans and addresses, by rtnetlink's messages over sockets of our own.
//!
//! Asking and listening are two sockets: the kernel stamps a notification with the port of whoever caused it,
//! and on one socket it would be taken for an answer. Both are synchronous: the kernel has answered when
//! `sendmsg` returns, so no request ever waits.

mod address;
mod ipvlan;
mod leftover;
mod link;
mod macvlan;
mod monitor;
mod requests;
mod route;

pub use address::{
    ADDRESS_PROTOCOL, Address, AddressFlag, AddressKey, AddressLifetime, NewAddress, PreferredLifetime,
    PrefixRoute,
};
pub use ipvlan::{IpvlanReach, NewIpvlan};
pub use leftover::Leftovers;
pub use link::{Link, LinkEvent, LinkKind};
pub use macvlan::{Egress, NewMacvlan, is_no_device};
pub use monitor::{Change, Monitor};
pub use requests::Requests;
pub use route::{Beside, NewHop, NewRoute, NewRule};
