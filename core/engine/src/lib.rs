//! The engine: one thread that carries VRRP's actions out and feeds back what the kernel says.
//!
//! ```text
//!   kernel --> Monitor, AdvertSocket --> Engine --> Routers::receive / handle / handle_timeout
//!                                                        |
//!              kernel <-- Requests, sockets <-- Engine <-- Actions, in order; failures come back as inputs
//!                                                 |
//!                                                 v
//!                                                Bus (never waits)
//! ```
//!
//! It sleeps in one place, until a descriptor is ready or the one deadline has come. What is absent: waiting
//! for anybody. No file, name server, plugin or log is touched on this thread.

mod addresses;
mod claims;
mod clock;
mod compose;
mod counting;
mod deeds;
mod delayed_start;
mod describe;
mod engine;
mod explain;
mod explainer;
mod farewell;
mod firewall;
mod groups;
mod host_check;
mod instance;
mod interfaces;
mod kernel;
mod leftovers;
mod link_delay;
mod links;
mod locks;
mod moving;
mod other_fixtures;
mod promoting;
mod reconfiguration;
mod reconfigure;
mod renewal;
mod report;
mod routing;
mod running;
mod scheduling;
mod setup;
mod silence;
mod spacing;
mod standings;
mod stopwatch;
mod tracks;
mod transmit;
mod virtual_link;
mod virtual_links;
mod voice;

pub use counting::Counting;
pub use describe::describe;
pub use engine::Engine;
pub use explainer::Explainer;
pub use host_check::Host;
pub use keepwatch_system::{ask_for_precedence, give_back_code_pages, keep_capabilities_to_ourselves};
pub use reconfiguration::{ReconfigureError, Reconfigurer};
pub use running::Running;
pub use setup::StartError;
pub use tracks::{Finding, Tracks};
