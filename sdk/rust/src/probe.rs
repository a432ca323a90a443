//! Connections to ask whether somebody answers. Grants: `tcp:HOST:PORT`, `unix:/PATH`.

use std::time::Duration;

use crate::{Result, host};

/// What to do once connected. The default is nothing: that a connection stands is answer enough.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Question {
    /// Sent after connecting.
    pub send: Vec<u8>,
    /// Read until this many octets, the end, or the time-out; nothing is read if 0.
    pub receive: u32,
    /// At most, in whole milliseconds; the deadline of the call holds in any case.
    pub timeout: Option<Duration>,
}

impl Question {
    /// Sends this after connecting and reads up to so many octets of the answer.
    pub fn new(send: impl Into<Vec<u8>>, receive: u32) -> Self {
        Self { send: send.into(), receive, timeout: None }
    }

    /// Waits no longer than this, in whole milliseconds.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// What the other side sent.
    pub received: Vec<u8>,
    /// From the first packet until the connection stood.
    pub connected_after: Duration,
}

impl Answer {
    pub(crate) fn new(received: Vec<u8>, connected_after: Duration) -> Self {
        Self { received, connected_after }
    }
}

/// Connects to `HOST:PORT`.
///
/// # Errors
/// If there is no grant, or no connection in time.
pub fn tcp(address: &str, question: &Question) -> Result<Answer> {
    host::tcp(address, question)
}

/// Connects to a Unix socket.
///
/// # Errors
/// As [`tcp`].
pub fn unix(path: &str, question: &Question) -> Result<Answer> {
    host::unix(path, question)
}
