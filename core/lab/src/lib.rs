//! A LAN on one machine: hosts, a client and a switch, each a network namespace; what goes over the wire, and
//! what a client gets answered.
//!
//! The namespaces have no names and are held by descriptors: they vanish with the process, on every path, and
//! any number of LANs can exist side by side. Nothing leaves them. The demo and the end-to-end tests share
//! this crate.

mod accepting;
mod capture;
mod dump;
mod echo;
mod enclosure;
mod fdb;
mod filters;
mod frame;
mod hog;
mod host;
mod lan;
mod links;
mod mail_server;
mod namespace;
mod network;
mod prober;
mod probes;
mod process;
mod switch;
mod taken_mail;
mod tcp_client;
mod tcp_report;
mod tcp_server;
mod tcp_stream;
mod tool;
mod urgency;
mod web_client;
mod web_report;
mod web_server;

pub use accepting::Accepting;
pub use capture::Capture;
pub use enclosure::{EncloseError, Enclosed, enclose, has_own_user_namespace, outer_process_id, release};
pub use filters::Direction;
pub use frame::{Frame, SeenAdvert};
pub use hog::Hog;
pub use host::Host;
pub use lan::Lan;
pub use mail_server::{MailServer, MailStep};
pub use namespace::Namespace;
pub use prober::Prober;
pub use probes::{Outage, Probes};
pub use process::Daemon;
pub use switch::Querier;
pub use taken_mail::TakenMail;
pub use tcp_client::TcpClient;
pub use tcp_report::{Attempt, Ending, Greeting, KeptConnection, TcpReport};
pub use tcp_server::TcpServer;
pub use web_client::WebClient;
pub use web_report::{WebAnswer, WebReport, WebRequest};
pub use web_server::WebServer;
