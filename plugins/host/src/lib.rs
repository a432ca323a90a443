//! Where plugins live: one trait for all runtimes, grants, budgets, queues, and the functions they may call.
//!
//! ```text
//!   file --Runtime::compile--> Program --start(Host)--> Plugin <--one call at a time-- its actor <-- bus
//!                                                         |
//!                                                         +--> Host: grants and limits --> Effects: what is done
//! ```

mod actor;
mod aside;
mod beat;
mod context;
mod effects;
mod entry;
mod error;
mod failure;
mod files;
mod folders;
mod grant;
mod guard;
mod hearing;
mod hooks;
mod host;
mod limits;
mod live;
mod load;
mod loader;
mod manifest;
mod message;
mod metrics;
mod native;
mod needs;
mod permit;
mod plugin;
mod plugins;
mod postage;
mod priority;
mod rate;
mod refusal;
mod restart;
mod spec;
mod store;
mod threads;
mod verdicts;
mod watch;

pub use aside::Aside;
pub use effects::{Answer, Effects, HttpRequest, HttpResponse, MetricChange, Question, Ran};
pub use error::{ErrorKind, HostError};
pub use failure::Failure;
pub use files::read as read_file;
pub use folders::{Folders, quiet};
pub use grant::{Facility, Grant, Grants, HostPort, Origin, Scheme};
pub use guard::{guarded as call, handled as handle};
pub use host::{Host, LINE, one_line, origin, printable};
pub use keepwatch_config::{diagnostic, nearest};
pub use limits::Limits;
pub use live::{Action, Deed, NativeDeed, live_effects};
pub use manifest::{Manifest, Need, Roles, Setting, SettingKind, Wanted};
pub use message::{Content, Message, Messenger};
pub use metrics::Counts;
pub use native::{Native, Probe};
pub use needs::{WrongSetting, check as check_needs, check_role, check_settings, wrong_settings};
pub use permit::Permit;
pub use plugin::{CheckRequest, Outcome, Plugin, Program, Runtime, Source, Verdict, Work};
pub use plugins::{Applied, Options, Plugins, Report};
pub use priority::step_back;
pub use rate::Rate;
pub use refusal::Refusal;
pub use spec::{Made, Plan, PluginSpec, Schedule};
pub use store::{Complain, Store};
pub use verdicts::{Nobody, Verdicts};
