//! How much the server does for its clients.

use std::time::Duration;

/// How much the server does for its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// The longest request, in bytes.
    pub request_bytes: usize,
    /// How long a request may take to come, counted from the connection or the answer before.
    pub request_time: Duration,
    /// How long a client may leave an answer unread before its connection is closed.
    pub write_time: Duration,
    /// Events that may wait for a client before it misses some.
    pub events: usize,
    /// How long a client may take to hear the last events after the server was told to stop.
    pub farewell: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 64,
            request_bytes: 64 * 1024,
            request_time: Duration::from_secs(5),
            write_time: Duration::from_secs(30),
            events: 4096,
            farewell: Duration::from_millis(500),
        }
    }
}
