//! The bus: events from whoever has something to tell to whoever listens.
//!
//! ```text
//!   publish --> intake --> pump, a thread: folds the snapshot --> each subscriber's own backlog --> next, recv
//! ```
//!
//! [`Bus::publish`] numbers an event, puts it into the intake and wakes the pump: what it costs does not depend on who
//! listens, and the only lock it takes is held for a few hundred nanoseconds, never by a subscriber. The pump hands
//! each event to each subscriber's bounded backlog, which decides what a subscriber that does not keep up misses
//! ([`Delivery`]). A subscriber gets a snapshot first, and then the events after it.

mod backlog;
mod bus;
mod intake;
mod pump;
mod subscription;

pub use backlog::Delivery;
pub use bus::{Bus, Draft};
pub use subscription::Subscription;
