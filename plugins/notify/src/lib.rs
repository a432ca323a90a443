//! Who hears of what, and that nothing is lost on the way.
//!
//! ```text
//!   bus --> routes --> a queue for each destination --> its courier --> Transport: mail, webhook
//!                        |                                 ^
//!                        +--> spool on disk ---------------+ after a restart
//! ```

mod instant;
mod letter;
mod parcel;
pub mod sample;
mod template;
mod transport;

pub use letter::{Content, Letter};
pub use parcel::{Attempt, Line, Parcel, View};
pub use template::{Escape, Template};
pub use transport::{Dialogue, Outcome, Scope, Transport, Unheard, Work};
