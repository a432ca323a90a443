//! From a server's name to its answer: one connection, one request.

mod dial;
mod exchange;
mod tls;

use std::fmt;
use std::time::Duration;

use keepwatch_event::Rounded;
use tokio::time::Instant;

pub(crate) use dial::{Stream, open};
pub(crate) use exchange::{Reply, talk};

/// When there must be an end. Shown as the time that there was.
#[derive(Clone, Copy)]
pub(crate) struct Deadline {
    pub(crate) until: Instant,
    within: Duration,
}

impl Deadline {
    /// The end of a time that begins now.
    pub(crate) fn new(within: Duration) -> Self {
        Self { until: Instant::now() + within, within }
    }
}

impl fmt::Display for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Rounded(self.within).fmt(f)
    }
}
