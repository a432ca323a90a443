//! A destination: who is told, of what, and how.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::route::Route;
use crate::transport::Transport;

/// Whether events about one instance go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// Each goes alone, as with keepalived.
    Each,
    /// The first waits so long for others, and they go as one message.
    Together(Duration),
}

/// A destination.
#[derive(Clone)]
pub struct Destination {
    /// Its name; unique. What waits for it is found by it again.
    pub name: Arc<str>,
    /// Which events it hears.
    pub route: Route,
    /// The way to it.
    pub transport: Arc<dyn Transport>,
    /// Whether events about the same instance go together.
    pub grouping: Grouping,
    /// How long it is tried to deliver something.
    pub ttl: Duration,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// How often it is told again that an instance is still in FAULT, if it is.
    pub remind: Option<Duration>,
}

impl PartialEq for Destination {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.route == other.route
            && self.transport.settings() == other.transport.settings()
            && (self.grouping, self.ttl, self.timeout) == (other.grouping, other.ttl, other.timeout)
            && self.remind == other.remind
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Destination")
            .field("name", &self.name)
            .field("route", &self.route)
            .field("transport", &self.transport.label())
            .finish_non_exhaustive()
    }
}
