//! The bus: events from whoever has something to tell to whoever listens.
//!
//! ```text
//!   publish --> an intake --> pump, a thread: folds the snapshot --> each subscriber's own backlog --> next, recv
//! ```
//!
//! [`Bus::publish`] puts an event into an intake and wakes the pump: what it costs does not depend on who listens, and
//! the only lock it takes is held for a few hundred nanoseconds, by the pump and by those who publish there. The
//! engine has an intake of its own, so that it never waits for a plugin's thread that lost the processor just then.
//! The pump numbers each event and hands it to each subscriber's bounded backlog, which decides what a subscriber that does not keep up misses
//! ([`Delivery`]). A subscriber gets a snapshot first, and then the events after it.

mod backlog;
mod bus;
mod intake;
mod pump;
mod source;
mod subscription;

pub use backlog::Delivery;
pub use bus::{Bus, Draft};
pub use subscription::{Gauge, Reading, Subscription};
