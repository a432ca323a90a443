//! The control socket: what can be asked of a running daemon, and how.
//!
//! Lines of JSON over a Unix socket. A client sends `{"version":1,"request":"status"}`; the daemon answers with one
//! line, or for `events` with a line for each event until the client goes. Every line but an event's has one key that
//! says what it is; an event's line is the event, as [`keepwatch_event::Event`] serialises:
//!
//! ```text
//!   > {"version":1,"request":"events","instances":["VI_1"]}
//!   < {"snapshot":{"seq":41,...}}
//!   < {"id":"h1-...-42","seq":42,...,"kind":"transition","from":"BACKUP","to":"MASTER",...}
//!   < {"missed":{"events":3}}
//!   < {"end":{"because":"stopped"}}
//! ```
//!
//! Both sides ignore fields and lines they do not know. What a version of the protocol has said it goes on saying.
//!
//! The [`Server`] reads snapshots and subscribes to the bus, and what it asks the engine it asks once at a time, so that
//! nothing a client does can hold the engine up. The [`Client`] blocks, for the command line.

mod answer;
mod backend;
mod bind;
mod client;
mod connection;
mod events_request;
mod explain_request;
mod limits;
mod lines;
mod plugin_report;
mod refusal;
mod reload;
mod request;
mod rights;
mod server;
mod spool;
mod status;
mod stream;

pub use answer::{Answer, Because, End, Missed};
pub use backend::{Answering, Backend, Reloading};
pub use bind::BindError;
pub use client::{Client, ClientError, Line, Stopper};
pub use events_request::{Beginning, EventsRequest};
pub use explain_request::ExplainRequest;
pub use limits::Limits;
pub use plugin_report::{CallTimes, DeadLetter, PluginName, PluginReport};
pub use refusal::{Code, Refusal, Versions};
pub use reload::{PlannedChange, ReloadReport, ReloadRequest};
pub use request::{OLDEST, REQUESTS, Request, VERSION};
pub use server::Server;
pub use spool::{
    DestinationStatus, DestinationSummary, Done, LetterStatus, Letters, SilenceName, SilenceStatus, written,
};
pub use status::{ConfigStatus, Rejection, Status};
