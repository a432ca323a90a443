//! What is kept of a run: every transition told, and every advert sent.

use std::fmt;

use keepwatch_vrrp::{Claim, Instant, RouterId, StateName};

use crate::host::HostId;
use crate::trace::Seconds;

/// A transition that a router told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// When.
    pub at: Instant,
    /// Whose host.
    pub host: HostId,
    /// Whose.
    pub router: RouterId,
    /// The state left.
    pub from: StateName,
    /// The state entered.
    pub to: StateName,
}

/// `3.605468750 a Backup -> Master`
impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {:?} -> {:?}", Seconds(self.at), self.host, self.from, self.to)
    }
}

/// An advert that left a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// When.
    pub at: Instant,
    /// Whose host.
    pub host: HostId,
    /// Whose.
    pub router: RouterId,
    /// What it says.
    pub claim: Claim,
}
