//! Why an instance entered its state.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::rounded::Rounded;
use crate::time::seconds;

/// Why an instance entered its state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// It began to take part.
    Started,
    /// It owns the addresses (priority 255) and asserts itself at once.
    Owner,
    /// It heard no advert.
    NoAdvert {
        /// For how long.
        #[serde(rename = "silent_seconds", with = "seconds")]
        silent: Duration,
    },
    /// The MASTER resigned.
    MasterResigned {
        /// Who it was.
        source: IpAddr,
    },
    /// A MASTER of higher priority advertised.
    HigherPriority {
        /// Who.
        source: IpAddr,
        /// Its priority.
        theirs: u8,
    },
    /// A MASTER of equal priority and higher address advertised.
    HigherAddress {
        /// Who.
        source: IpAddr,
    },
    /// Something makes taking part impossible.
    Hindered(Hindrance),
    /// What made it impossible has ended.
    Recovered,
    /// It was told to stop.
    Stopped,
    /// It handed over on purpose.
    HandedOver,
    /// Another member of its group left.
    GroupLeft,
    /// The configuration has it no longer: this is its last transition.
    Removed,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started => f.write_str("started"),
            Self::Owner => f.write_str("it owns the addresses (priority 255)"),
            Self::NoAdvert { silent } => write!(f, "no advert heard for {}", Rounded(*silent)),
            Self::MasterResigned { source } => write!(f, "{source} resigned"),
            Self::HigherPriority { source, theirs } => {
                write!(f, "{source} advertises the higher priority {theirs}")
            }
            Self::HigherAddress { source } => {
                write!(f, "{source} advertises the same priority and has the higher address")
            }
            Self::Hindered(hindrance) => hindrance.fmt(f),
            Self::Recovered => f.write_str("able to take part again"),
            Self::Stopped => f.write_str("stopped"),
            Self::HandedOver => f.write_str("handed over"),
            Self::GroupLeft => f.write_str("another member of its group left"),
            Self::Removed => f.write_str("removed from the configuration"),
        }
    }
}

/// What makes taking part impossible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "hindrance", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Hindrance {
    /// There is no such interface.
    InterfaceMissing {
        /// Its name.
        interface: String,
    },
    /// The interface is down.
    InterfaceDown {
        /// Its name.
        interface: String,
    },
    /// The interface has no address of the family to send from.
    NoAddress {
        /// Its name.
        interface: String,
        /// `IPv4` or `IPv6`.
        family: String,
    },
    /// The address to send from is tracked, and is not there.
    SourceMissing {
        /// The interface that is to have it.
        interface: String,
        /// The address.
        source: IpAddr,
    },
    /// No socket for adverts could be opened on the interface. Tried again each second.
    NoSocket {
        /// Its name.
        interface: String,
    },
    /// The IPv6 link-local address is not usable yet. Waited for.
    LinkLocalTentative {
        /// The interface.
        interface: String,
    },
    /// A tracked interface is down.
    TrackedInterfaceDown {
        /// Its name.
        interface: String,
    },
    /// A check that must pass fails.
    CheckFailed {
        /// Its name.
        check: String,
        /// What it found; may be empty.
        #[serde(default)]
        text: String,
    },
    /// A check that must pass has not answered yet. Waited for.
    CheckPending {
        /// Its name.
        check: String,
    },
    /// Another member of its sync group cannot take part.
    GroupMember {
        /// That instance.
        instance: String,
    },
    /// Another member of its sync group waits. Waited for.
    GroupMemberWaits {
        /// That instance.
        instance: String,
    },
    /// A virtual address cannot be kept in place.
    AddressUnstable {
        /// Which.
        address: String,
    },
}

impl fmt::Display for Hindrance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InterfaceMissing { interface } => write!(f, "interface {interface} does not exist"),
            Self::InterfaceDown { interface } => write!(f, "interface {interface} down"),
            Self::NoAddress { interface, family } => {
                write!(f, "no {family} address for interface {interface}")
            }
            Self::SourceMissing { interface, source } => {
                write!(f, "the source address {source} is not on interface {interface}")
            }
            Self::NoSocket { interface } => write!(f, "no socket for adverts on interface {interface}"),
            Self::LinkLocalTentative { interface } => {
                write!(f, "waiting for a usable link-local address on {interface}")
            }
            Self::TrackedInterfaceDown { interface } => write!(f, "tracked interface {interface} down"),
            Self::CheckFailed { check, text } if text.is_empty() => write!(f, "check {check} fails"),
            Self::CheckFailed { check, text } => write!(f, "check {check} fails: {text}"),
            Self::CheckPending { check } => write!(f, "waiting for the first answer of check {check}"),
            Self::GroupMember { instance } => write!(f, "{instance} of its group cannot take part"),
            Self::GroupMemberWaits { instance } => write!(f, "{instance} of its group waits"),
            Self::AddressUnstable { address } => {
                write!(f, "{address} does not stay in place: something else removes it; next try in a minute")
            }
        }
    }
}
