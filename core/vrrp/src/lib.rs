//! The Virtual Router Redundancy Protocol, sans-IO: bytes to values and back, and the state machine.
//!
//! What is here: VRRP version 2 (RFC 3768) and 3 (RFC 5798, RFC 9568) for IPv4 and IPv6, gratuitous ARP and
//! unsolicited neighbour advertisements, timers, preemption, announcements, and what real peers make of all
//! that. What is absent: sockets, clocks, threads, files, randomness. Time comes in with each input, as an
//! [`Instant`]; what has to be done goes out as ordered [`Action`]s; when to come back is one deadline.
//!
//! ```text
//!   packets, link states, addresses, commands, the time
//!        |
//!        v
//!   Routers::receive / handle / handle_timeout  -->  Actions (in the order they must be carried out)
//!        |
//!        v
//!   Routers::poll_timeout  -->  the one deadline to sleep until
//! ```
//!
//! States bear keepalived's names (INIT, BACKUP, MASTER, FAULT, STOPPED). RFC 9568 says "Active" for MASTER.
#![no_std]
#![deny(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm
)]

extern crate alloc;

mod action;
mod anomaly;
mod flapping;
mod group;
mod input;
mod notice;
mod params;
mod router;
mod routers;
mod scalar;
mod spacing;
mod stats;
mod time;
mod track;
mod update;
pub mod wire;

pub use action::{Action, Actions};
pub use anomaly::Anomaly;
pub use flapping::{Flap, Flapping};
pub use input::{Input, LinkState, Received, Source, Transport};
pub use notice::{AddressTrouble, Departure, Ending, Hindrance, Notice, StateName, TransitionReason};
pub use params::{
    AnnouncePolicy, Destination, HigherAdverts, InvalidParams, LinkTracking, LowerAdverts, Params,
    Preemption, Refresh, Schedule, SourceCheck, Start, StopMode, TrackWeight, UnicastPeer,
};
pub use router::{Outlook, VirtualRouter, Waiting};
pub use routers::{InterfaceId, Packet, RouterId, Routers, Segment};
pub use scalar::{AdvertInterval, Claim, Family, MacAddress, Priority, Version, Vrid};
pub use spacing::{Spacing, Turn, Waiting as WaitingAnnouncement};
pub use stats::Stats;
pub use time::Instant;
pub use track::{Standing, Track, TrackPolicy, TrackStart, Unknown, Verdict};
pub use update::Update;
