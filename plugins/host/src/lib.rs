//! Where plugins live: one trait for all runtimes, grants, budgets, queues, and the functions they may call.
//!
//! ```text
//!   file --Runtime::compile--> Program --start(Host)--> Plugin <--one call at a time-- its actor <-- bus
//!                                                         |
//!                                                         +--> Host: grants and limits --> Effects: what is done
//! ```

mod effects;
mod error;
mod failure;
mod grant;
mod host;
mod limits;
mod manifest;
mod plugin;
mod rate;
mod refusal;

pub use effects::{Answer, Effects, HttpRequest, HttpResponse, MetricChange, Question, Ran};
pub use error::{ErrorKind, HostError};
pub use failure::Failure;
pub use grant::{Facility, Grant, Grants, HostPort, Origin, Scheme};
pub use host::{Host, origin};
pub use keepwatch_config::diagnostic;
pub use limits::Limits;
pub use manifest::{Manifest, Need, Roles, Setting, SettingKind, Wanted};
pub use plugin::{CheckRequest, Outcome, Plugin, Program, Runtime, Source, Verdict, Work};
pub use refusal::Refusal;
