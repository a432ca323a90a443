//! How much the server does for its clients.

use std::time::Duration;

use crate::rights::Standing;

/// How much the server does for its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// How many of them are kept for root and the daemon's own user, so that nobody else can lock them out.
    pub kept: usize,
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
            kept: 8,
            request_bytes: 64 * 1024,
            request_time: Duration::from_secs(5),
            write_time: Duration::from_secs(30),
            events: 4096,
            farewell: Duration::from_millis(500),
        }
    }
}

impl Limits {
    /// How many connections there may be with one of this standing among them as the last to come.
    pub(crate) const fn connections_for(&self, standing: Standing) -> usize {
        match standing {
            Standing::Master => self.connections,
            Standing::Guest => self.connections.saturating_sub(self.kept),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_places_are_kept_for_root() {
        for (connections, kept, guests) in [(64, 8, 56), (1, 8, 0), (8, 0, 8)] {
            let limits = Limits { connections, kept, ..Limits::default() };
            assert_eq!(limits.connections_for(Standing::Master), connections);
            assert_eq!(limits.connections_for(Standing::Guest), guests);
        }
    }
}
