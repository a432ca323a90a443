//! Tests without keepwatch and without WebAssembly: a made-up host, made-up and recorded events.
//!
//! ```
//! use keepwatch_sdk::prelude::*;
//! use keepwatch_sdk::testing::{Host, transition};
//!
//! #[handler]
//! fn on_event(event: &Event) -> Result<()> {
//!     if event.transition().is_some_and(|transition| transition.to == State::Master) {
//!         run("haproxy-reload")?;
//!     }
//!     Ok(())
//! }
//!
//! let host = Host::new().action("haproxy-reload", 0, "");
//! let mut plugin = host.start::<on_event>(keepwatch_sdk::json!({}))?;
//! plugin.handle(&transition("VI_1", State::Backup, State::Master))?;
//! assert_eq!(host.ran(), ["haproxy-reload"]);
//! # Ok::<(), keepwatch_sdk::Error>(())
//! ```
//!
//! The host belongs to the thread, and `cargo test` gives each test a thread of its own.

mod events;
mod fake;
pub(crate) mod host;
mod recording;
mod running;
mod time;

pub use events::{event, snapshot, transition};
pub use fake::{Emitted, Host, Notified, Said, Tracked};
pub use recording::read_events;
pub use running::{Replayed, Running};

use std::path::Path;

use serde_json::Value;

use crate::{Plugin, Result, Verdict};

/// Starts a checker with these settings and a made-up host as the test has left it, and checks once.
///
/// # Errors
/// If the settings are refused, or those of the checker.
pub fn check<P: Plugin>(config: Value) -> Result<Verdict> {
    Host::of_this_thread().start::<P>(config)?.check()
}

/// Starts a handler with these settings and a made-up host as the test has left it, and replays a recording: JSON lines,
/// as `keepwatch events --json` prints and `keepwatch events record` writes them. See [`Running::replay_file`].
///
/// # Errors
/// If the settings are refused, or the file cannot be read. What the handler makes of each event is in the answer.
pub fn replay<P: Plugin>(config: Value, path: impl AsRef<Path>) -> Result<Vec<Replayed>> {
    Host::of_this_thread().start::<P>(config)?.replay_file(path)
}
