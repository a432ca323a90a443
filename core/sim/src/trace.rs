//! What happened, kept as values and written down only when somebody asks.

use std::collections::VecDeque;
use std::fmt;
use std::net::IpAddr;

use keepwatch_vrrp::{Action, Instant, RouterId};

use crate::faults::Fault;
use crate::host::HostId;

/// Lines kept; a failure is understood from the last few dozen.
const KEPT: usize = 120;

/// The last things that happened.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    lines: VecDeque<Line>,
    /// Whether all lines are kept.
    pub(crate) is_whole: bool,
}

#[derive(Clone, Debug)]
struct Line {
    at: Instant,
    what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    /// Done to the simulation from outside.
    Fault(Fault),
    /// Everything was put right.
    Healed,
    /// A host read an advert.
    Heard { host: HostId, from: HostId },
    /// A host read an announcement.
    Noticed { host: HostId, from: HostId, address: IpAddr },
    /// The lifetime of an address ended.
    Expired { host: HostId, router: RouterId, address: usize },
    /// A host carries an action out.
    Deed { host: HostId, router: RouterId, action: Action },
    /// A host sent an announcement that had to wait.
    Announced { host: HostId, address: IpAddr },
    /// A host woke up after a sleep.
    Woke { host: HostId },
    /// A host had no address to send from, or its link was down.
    Unsent { host: HostId },
}

impl Trace {
    pub(crate) fn add(&mut self, at: Instant, what: What) {
        if self.lines.len() >= KEPT && !self.is_whole {
            self.lines.pop_front();
        }
        self.lines.push_back(Line { at, what });
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Line { at, what } in &self.lines {
            write!(f, "{} ", Seconds(*at))?;
            match what {
                What::Fault(fault) => writeln!(f, "    *** {fault:?}")?,
                What::Healed => writeln!(f, "    *** everything is put right")?,
                What::Heard { host, from } => writeln!(f, "{host} hears {from}")?,
                What::Noticed { host, from, address } => {
                    writeln!(f, "{host} sees {from} announce {address}")?
                }
                What::Expired { host, router, address } => {
                    writeln!(f, "{host} [{}] address {address} expires", router.0)?;
                }
                What::Deed { host, router, action } => writeln!(f, "{host} [{}] {action:?}", router.0)?,
                What::Announced { host, address } => writeln!(f, "{host} announces {address}, which waited")?,
                What::Woke { host } => writeln!(f, "{host} wakes up")?,
                What::Unsent { host } => writeln!(f, "{host} cannot send")?,
            }
        }
        Ok(())
    }
}

/// A moment as seconds with all nine digits.
pub(crate) struct Seconds(pub(crate) Instant);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        write!(f, "{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
    }
}
