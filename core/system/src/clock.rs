//! The clocks.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Time since the host booted, suspended time included (`CLOCK_BOOTTIME`): for every deadline.
///
/// On `CLOCK_MONOTONIC` a suspended host would not notice that it slept, and be MASTER beside another one.
#[must_use]
pub fn boot_nanos() -> u64 {
    let now = clock_gettime(ClockId::Boottime);
    let time = Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0));
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
