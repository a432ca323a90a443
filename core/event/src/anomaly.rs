//! What is wrong or odd about an advert.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::counted::counted;
use crate::rounded::Rounded;
use crate::time::seconds;

/// What is wrong or odd about an advert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "anomaly", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Anomaly {
    /// It cannot be read; dropped.
    Malformed {
        /// Why.
        why: String,
    },
    /// It passed a router; dropped.
    Ttl {
        /// Its TTL or hop limit.
        ttl: u8,
    },
    /// It is of another VRRP version; dropped.
    Version {
        /// Theirs.
        theirs: u8,
        /// Ours.
        ours: u8,
    },
    /// Its authentication type is not ours; dropped.
    AuthType {
        /// Theirs: 0 none, 1 PASS, 2 AH.
        theirs: u8,
    },
    /// Its password is not ours; dropped.
    AuthFailed,
    /// Its interval is not ours; dropped (version 2).
    IntervalRefused {
        /// Theirs.
        #[serde(rename = "theirs_seconds", with = "seconds")]
        theirs: Duration,
        /// Ours.
        #[serde(rename = "ours_seconds", with = "seconds")]
        ours: Duration,
    },
    /// Its interval is not ours; learned (version 3).
    IntervalLearned {
        /// Theirs.
        #[serde(rename = "theirs_seconds", with = "seconds")]
        theirs: Duration,
        /// Ours.
        #[serde(rename = "ours_seconds", with = "seconds")]
        ours: Duration,
    },
    /// Unicast where multicast is configured, or the other way round, or multicast to another group; dropped.
    Destination,
    /// Its sender is no configured peer.
    UnknownPeer {
        /// Whether it was dropped.
        dropped: bool,
    },
    /// Its address list is not ours, though they overlap; accepted.
    AddressList,
    /// None of its addresses is ours: another virtual router uses our VRID; ignored.
    DuplicateVrid {
        /// The VRID.
        vrid: u8,
        /// The first of its addresses.
        theirs: Option<IpAddr>,
    },
    /// It lists an address of ours under another VRID; ignored.
    OtherVrid {
        /// Theirs.
        theirs: u8,
        /// Ours.
        ours: u8,
        /// The address.
        address: IpAddr,
    },
    /// Its checksum has the other form, with or without pseudo-header; accepted.
    ChecksumForm,
    /// Its sender has our own address; ignored.
    OwnAddress,
    /// Another MASTER goes on although we are MASTER with the better claim: it probably does not hear us.
    DualMaster {
        /// Its priority.
        theirs: u8,
        /// Adverts heard from it since we are MASTER.
        adverts: u32,
        /// Its hardware address, if it was heard claiming an address of ours.
        #[serde(default)]
        mac: Option<String>,
    },
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { why } => write!(f, "dropped: {why}"),
            Self::Ttl { ttl } => write!(f, "dropped: TTL {ttl}, so it did not come from this network"),
            Self::Version { theirs, ours } => {
                write!(f, "dropped: it is VRRP version {theirs}, here version {ours} is configured")
            }
            Self::AuthType { theirs } => {
                let theirs = match theirs {
                    0 => "no authentication",
                    1 => "auth_type PASS",
                    _ => "another auth_type",
                };
                write!(f, "dropped: it has {theirs}, which is not what is configured here")
            }
            Self::AuthFailed => f.write_str("dropped: its password is not ours"),
            Self::IntervalRefused { theirs, ours } => {
                write!(f, "dropped: its interval is {}, ours {}", Rounded(*theirs), Rounded(*ours))
            }
            Self::IntervalLearned { theirs, ours } => {
                write!(f, "its interval is {}, ours {}; following it", Rounded(*theirs), Rounded(*ours))
            }
            Self::Destination => {
                f.write_str("dropped: one side is configured for unicast and the other for multicast, or for another group")
            }
            Self::UnknownPeer { dropped: true } => f.write_str("dropped: it is no unicast_peer"),
            Self::UnknownPeer { dropped: false } => f.write_str("it is no unicast_peer; accepted"),
            Self::AddressList => f.write_str("it lists other addresses than ours, though some are the same"),
            Self::DuplicateVrid { vrid, theirs } => {
                let theirs = theirs.map(|address| format!(" but {address}")).unwrap_or_default();
                write!(
                    f,
                    "ignored: it lists none of our addresses{theirs}: either one of the lists is wrong, or another \
                     virtual router uses VRID {vrid} too and needs another virtual_router_id"
                )
            }
            Self::OtherVrid { theirs, ours, address } => write!(
                f,
                "ignored: it lists our {address} under VRID {theirs}, ours is {ours}, so both hosts may hold it; give \
                 both the same virtual_router_id"
            ),
            Self::ChecksumForm => {
                f.write_str("its checksum has the other form (see v3_checksum_as_v2); accepted")
            }
            Self::OwnAddress => f.write_str("ignored: its sender has our own address"),
            Self::DualMaster { theirs, adverts, mac } => {
                let mac = mac.as_ref().map(|mac| format!("at {mac}, ")).unwrap_or_default();
                write!(
                    f,
                    "it also claims to be MASTER ({mac}priority {theirs}, {}): it probably does not \
                     hear us; look for a filter for IP protocol 112 here, there or on the way",
                    counted(u64::from(*adverts), "advert")
                )
            }
        }
    }
}
