//! Any check, and how it becomes a plugin of the host.

use std::sync::Arc;

use keepwatch_host::{Native, Probe};

use crate::dns::{DnsCheck, DnsProbe};
use crate::file::{FileCheck, FileProbe, NumberCheck, NumberProbe};
use crate::http::{HttpCheck, HttpProbe};
use crate::interface::{InterfaceCheck, InterfaceProbe};
use crate::neighbour::{NeighbourCheck, NeighbourProbe};
use crate::ping::{PingCheck, PingProbe};
use crate::process::{ProcessCheck, ProcessProbe};
use crate::tcp::{TcpCheck, TcpProbe};
use crate::unit::{UnitCheck, UnitProbe};
use crate::unix::{UnixCheck, UnixProbe};

/// A check with its settings.
#[derive(Clone, Debug, PartialEq)]
pub enum Check {
    /// Somebody listens at a TCP port.
    Tcp(TcpCheck),
    /// A web server answers as it should.
    Http(HttpCheck),
    /// Somebody listens at a Unix socket.
    Unix(UnixCheck),
    /// A name server knows a name.
    Dns(DnsCheck),
    /// A host answers pings.
    Ping(PingCheck),
    /// A network interface is up.
    Interface(InterfaceCheck),
    /// A file has the right number, or is there.
    File(FileCheck),
    /// What number stands in a file.
    Number(NumberCheck),
    /// The right number of processes run.
    Process(ProcessCheck),
    /// A host on the same network answers.
    Neighbour(NeighbourCheck),
    /// A systemd unit is active.
    Unit(UnitCheck),
}

impl Check {
    /// The check as the host runs it. Does nothing yet.
    #[must_use]
    pub fn native(&self) -> Native {
        let probe: Arc<dyn Probe> = match self {
            Self::Tcp(check) => Arc::new(TcpProbe::new(check)),
            Self::Http(check) => Arc::new(HttpProbe::new(check)),
            Self::Unix(check) => Arc::new(UnixProbe(check.clone())),
            Self::Dns(check) => Arc::new(DnsProbe(check.clone())),
            Self::Ping(check) => Arc::new(PingProbe::new(check)),
            Self::Interface(check) => Arc::new(InterfaceProbe::new(check)),
            Self::File(check) => Arc::new(FileProbe::new(check)),
            Self::Number(check) => Arc::new(NumberProbe::new(check)),
            Self::Process(check) => Arc::new(ProcessProbe::new(check)),
            Self::Neighbour(check) => Arc::new(NeighbourProbe::new(check)),
            Self::Unit(check) => Arc::new(UnitProbe::new(check)),
        };
        Native { label: self.label(), settings: format!("{self:?}"), probe }
    }

    /// The same for a check that comes, or takes the place of another one, after the daemon's start: it does not do what is
    /// done at the start only.
    #[must_use]
    pub fn native_after_start(&self) -> Native {
        let Self::Number(check) = self else { return self.native() };
        // By its settings it is the one from the start, if nothing else has changed.
        Native { settings: format!("{self:?}"), ..Self::Number(check.after_start()).native() }
    }

    /// What it is, for people: `tcp 127.0.0.1:80`. Never with what may be a secret.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Tcp(check) => format!("tcp {}", check.to),
            Self::Http(check) => check.label(),
            Self::Unix(check) => format!("unix {}", check.path.display()),
            Self::Dns(check) => format!("dns {} {} {}", check.server, check.name, check.record),
            Self::Ping(check) => format!("ping {}", check.host),
            Self::Interface(check) => format!("interface {}", check.name),
            Self::File(check) => format!("file {}", check.path.display()),
            Self::Number(check) => format!("number in {}", check.path.display()),
            Self::Process(check) => format!("process {}", check.command),
            Self::Neighbour(check) => format!("neighbour {} on {}", check.address, check.interface),
            Self::Unit(check) => format!("unit {}", check.name),
        }
    }
}
