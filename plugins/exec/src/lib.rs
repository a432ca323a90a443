//! Programs as checks, as actions and as notify scripts, run as keepalived runs them: no shell, a user, a time limit.
//!
//! ```text
//!   Command --examine(Policy)--> Ready: a Start, and remarks        or what is wrong with it, all at once
//!   Start --Script--> a check (Probe)      --Program--> an action (Deed)
//!   events --NotifyScripts--> Starts, one after the other for each instance and group, and lines in FIFOs
//! ```

mod account;
mod accounts;
mod check;
mod command;
mod component;
mod examine;
mod group;
mod heard;
mod identity;
mod input;
mod launcher;
mod leftover;
mod notify;
mod policy;
mod program;
mod reading;
mod run;
mod running;
mod script;
mod start;
mod trouble;
mod turns;
mod walk;

pub use account::{Account, Groups};
pub use accounts::Accounts;
pub use check::CommandCheck;
pub use command::Command;
pub use component::{Component, Kind};
pub use examine::{Ready, examine};
pub use input::Input;
pub use launcher::Launcher;
pub use notify::{Deleted, FifoSettings, NotifyScripts, NotifySettings, ScriptSettings, Scripts, Subject};
pub use policy::{Fallback, Policy, Security};
pub use program::Program;
pub use reading::Reading;
pub use script::{Script, Sink, Weight};
pub use start::Start;
pub use trouble::{Trouble, Writers};

/// Where programs find others, and where those without a `/` in their name are looked for.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
