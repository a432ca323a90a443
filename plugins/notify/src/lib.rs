//! Who hears of what, and that nothing is lost on the way.
//!
//! ```text
//!   bus --> Desk: routes, silences, steadiness --> a queue for each destination --> its courier --> Transport
//!   plugins ----^                                        |  ^
//!                                                        v  | after a restart
//!                                                       spool, on disk
//! ```
//!
//! A [`Notifier`] has a thread of its own and another one for the disk: nothing here can hold the engine up, nor a plugin.

mod about;
mod backoff;
mod courier;
mod desk;
mod destination;
mod entry;
mod gone;
mod ids;
mod instant;
mod letter;
mod mailbox;
mod notifier;
mod parcel;
mod queue;
mod report;
mod route;
pub mod sample;
mod secret;
mod silence;
mod spool;
mod steady;
mod template;
mod transport;
mod waiting;

pub use destination::{Destination, Grouping};
pub use entry::{Dead, Entry};
pub use ids::meant;
pub use letter::{Content, Letter};
pub use notifier::{NotFound, NotTaken, Notifier, Options};
pub use parcel::{Attempt, Line, Parcel, View};
pub use report::{DestinationReport, DestinationSummary, SilenceReport};
pub use route::{Alerts, On, Route, TOPICS, Topic, topic};
pub use secret::{Secret, VEIL, veil};
pub use silence::Silence;
pub use spool::{Disk, Watch};
pub use template::{Escape, Template};
pub use transport::{Dialogue, Medium, Outcome, Scope, Transport, Unheard, Work};
