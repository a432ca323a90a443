//! The host's clocks. (`std::time::SystemTime::now` does not work in a plugin.)

use std::time::Duration;

use crate::{Timestamp, host, millis};

/// Now.
pub fn now() -> Timestamp {
    host::now()
}

/// Waits, in whole milliseconds. The time counts against the deadline of the call, so keep it short; to come back to
/// an event later return [`Outcome::RetryAfter`](crate::Outcome::RetryAfter).
pub fn sleep(duration: Duration) {
    host::sleep(millis(duration));
}
