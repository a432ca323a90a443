//! The files in which keepalived tells other programs how it is, line for line: exporters of metrics read them.
//!
//! ```text
//!   configuration, snapshot, counters --> Scene --> data, stats, json --> write --> /tmp/keepalived.*
//! ```
//!
//! The labels and their order are keepalived 2.2.7's. A line whose value keepwatch does not have, such as the numbers of
//! sockets, is left out, so that no line says what is not so. Passwords are never written.

mod data;
mod figures;
mod json;
mod page;
mod place;
mod scene;
mod stats;
mod words;
mod write;

pub use data::data;
pub use figures::Figures;
pub use json::json;
pub use place::{Kind, place};
pub use scene::{Cleared, Scene};
pub use stats::stats;
pub use write::write;
