//! Health checks that are built in: asked on the host's own threads, so that none starts a process.
//!
//! Each check is a struct with its settings; [`Check`] is any of them, and [`Check::native`] makes it a plugin of the host.
//! Making one does nothing yet: what connects, listens or watches begins at the first question.

mod check;
mod deadline;
mod dial;
mod dns;
mod file;
mod http;
mod interface;
mod io_text;
mod knock;
mod names;
mod neighbour;
mod ping;
mod process;
mod quote;
mod talk;
mod tcp;
mod unit;
mod unix;
mod verdict;

pub use check::Check;
pub use dns::{DnsCheck, Record};
pub use file::{FileCheck, FileMode, InitialNumber, Missing, NumberCheck, Over, ValueError, value};
pub use http::{HttpCheck, TlsSettings, Verify};
pub use interface::InterfaceCheck;
pub use keepwatch_host::HostPort;
pub use neighbour::NeighbourCheck;
pub use ping::PingCheck;
pub use process::{Matching, ProcessCheck};
pub use tcp::TcpCheck;
pub use unit::UnitCheck;
pub use unix::UnixCheck;
