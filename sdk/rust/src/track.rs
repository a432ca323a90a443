//! Health that instances can track. Grant: `track:NAME`.

use std::time::Duration;

use crate::{Result, Verdict, host, millis};

/// Reports health under a name. It holds for `ttl`, in whole milliseconds; then it is `unknown`, unless it was set again.
///
/// # Errors
/// If there is no grant for the name.
pub fn set(name: &str, verdict: &Verdict, ttl: Duration) -> Result<()> {
    host::track_set(name, verdict, millis(ttl))
}
