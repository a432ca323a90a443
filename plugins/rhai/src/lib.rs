//! Rhai scripts as plugins: compiled with findings, run on few threads, within their limits.
//!
//! ```text
//!   .rhai --scan, survey, review--> findings
//!     |
//!     +--parse--> Script: handlers, needs, settings, imports --start--> RhaiPlugin --calls--> crew: Instance
//!                                                                                               |
//!                                                    Host, within the call's time <-- natives --+
//! ```
//!
//! A script's functions are found by their names: `on_master(event)` and its like, `check(config)`. They see their own
//! variables; `config`, the settings; `saved`, what `save()` of the former version returned; the script's constants;
//! and, if keepwatch calls them, `this`: a map that is kept from call to call, begins as the script's variables, and
//! goes to the next version unless the script has a `fn save()`.
//!
//! Rhai is built without capturing closures (`no_closure`): values that are shared could form cycles, which are never
//! freed, and chains without end, whose dropping overflows the stack of the whole daemon.

mod budget;
mod compile;
mod crew;
mod crews;
mod duration;
mod engine;
mod handler;
mod instance;
mod known;
mod modules;
mod natives;
mod needs;
mod occurrence;
mod place;
mod plugin;
mod program;
mod reach;
mod report;
mod review;
mod runtime;
mod scan;
mod script;
mod settings;
mod state;
mod survey;
mod values;
mod words;

pub use runtime::RhaiRuntime;
