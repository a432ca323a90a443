//! What a plugin may use up.

use std::time::Duration;

/// What a plugin may use up, each call and in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a call may take, waiting included.
    pub call: Duration,
    /// How long a call may compute.
    pub cpu: Duration,
    /// Memory, in octets.
    pub memory: usize,
    /// Events that may wait for it.
    pub queue: usize,
    /// Saved state, in octets.
    pub state: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call: Duration::from_secs(10),
            cpu: Duration::from_secs(1),
            memory: 32 << 20,
            queue: 1024,
            state: 64 << 10,
        }
    }
}
