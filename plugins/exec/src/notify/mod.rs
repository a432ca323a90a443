//! Notify scripts and FIFOs, as keepalived has them, but one after the other, with an end, and nothing lost in silence.
//!
//! ```text
//!   the bus --Dispatcher--> Occasion --+--> a Lane for each instance and group: its scripts, one after the other
//!                                      `--> each Fifo: a line, and perhaps a program that reads it
//! ```
//!
//! An occasion's scripts are queued before its line is written, but no line waits for a script to end: a reader hears all
//! instances in the order in which things happened.

mod dispatcher;
mod fifo;
mod lane;
mod lines;
mod occasion;
mod pipe;
mod reader;
mod runner;
mod scripts;
mod settings;
mod surroundings;

pub use scripts::NotifyScripts;
pub use settings::{Deleted, FifoSettings, NotifySettings, ScriptSettings, Scripts, Subject};
