//! Configuration: text in, one validated model and a list of findings out.
//!
//! What is here: the front-ends (today `keepalived.conf`), the model that both they and the engine know, and
//! diagnostics with the line, a caret and a remedy, and what has changed from one configuration to another ([`Diff`]). What is
//! absent: the host. Nothing here asks whether an interface or a user exists, opens a socket, or knows the time; the only files
//! read are the one named, those it includes and those of passwords.
//!
//! ```text
//!   octets --load--> Source --keepalived--> Findings, and the Config unless one of them is an error
//! ```
#![deny(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]
#![cfg_attr(test, allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used))]

mod announce;
mod convert;
pub mod diagnostic;
mod diff;
mod format;
mod glob;
mod keepalived;
mod lint;
mod load;
pub mod model;
mod name;
pub mod native;
mod params;
mod similar;
mod site;
mod vmac_name;

pub use convert::{Converted, convert};
pub use diagnostic::{Diagnostic, Findings, Label, Severity, Source, Style};
pub use diff::{Deed, Diff, InstanceDiff, Object, OtherDiff};
pub use keepalived::{keepalived_reference, keyword_tables};
pub use keepwatch_vrrp::{StopMode, Unknown};
pub use load::{LoadError, Loaded, load, load_as, load_text, load_text_as};
pub use model::Config;
pub use name::is_name;
pub use similar::{listed, nearest, there_is};
pub use site::{Refused, Site, host_id, load_site, load_site_to_run, set_host_id};
