//! Numbers that are shown with the plugin's status and among keepwatch's metrics.

use crate::{Result, host};

/// Adds to a counter, which begins at 0.
///
/// # Errors
/// If the name cannot be one, the number is negative, or there are more names than a plugin may have.
pub fn add(name: &str, by: f64) -> Result<()> {
    host::metric_add(name, by)
}

/// Sets a gauge.
///
/// # Errors
/// If the name cannot be one, or there are more names than a plugin may have.
pub fn set(name: &str, to: f64) -> Result<()> {
    host::metric_set(name, to)
}
