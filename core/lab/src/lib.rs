//! A LAN on one machine: hosts, a client and a switch, each a network namespace; what goes over the wire, and
//! what a client gets answered.
//!
//! The namespaces have no names and are held by descriptors: they vanish with the process, on every path, and
//! any number of LANs can exist side by side. Nothing leaves them. The demo and the end-to-end tests share
//! this crate.

mod capture;
mod enclosure;
mod lan;
mod links;
mod namespace;
mod prober;
mod process;

pub use capture::{Capture, Frame, SeenAdvert};
pub use enclosure::{EncloseError, Enclosed, enclose, has_own_user_namespace, outer_process_id, release};
pub use lan::{Host, Lan};
pub use namespace::Namespace;
pub use prober::{Outage, Prober, Probes};
pub use process::Daemon;
