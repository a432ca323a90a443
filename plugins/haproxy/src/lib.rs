//! HAProxy by its sockets: how it is, reloading it, taking servers out of service and back.
//!
//! ```text
//!   Check  --show info, show stat-->  Verdict
//!   Reload --haproxy -c, then master socket | SIGUSR2 | systemctl, then show proc-->  Ran
//!   Turn   --set server b/s state ...-->  Ran
//! ```
//!
//! HAProxy has two kinds of sockets: that of a worker (`stats socket` in its configuration) and that of the master
//! process (`haproxy -W -S`), which hands commands on to workers. [`Socket`] is either.

mod address;
mod check;
mod configuration;
mod csv;
mod deadline;
mod generation;
mod info;
mod judge;
mod master;
mod procs;
mod program;
mod reload;
mod reply;
mod server;
mod socket;
mod stat;
mod trouble;
mod turn;
mod unreadable;
mod via;
mod worker;

pub use address::{Address, BadAddress};
pub use check::{Backend, Check};
pub use configuration::Configuration;
pub use info::{Info, Phase};
pub use procs::Procs;
pub use reload::Reload;
pub use server::{BadServer, Server};
pub use socket::ask;
pub use stat::{Kind, Row, Stat};
pub use trouble::{Cause, Trouble};
pub use turn::{Then, To, Turn};
pub use unreadable::Unreadable;
pub use via::Via;
pub use worker::Socket;
