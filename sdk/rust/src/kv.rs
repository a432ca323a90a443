//! A small store of the plugin's own. It survives restarts of the plugin and of keepwatch, and crashes.
//!
//! Each function fails if the store cannot be read or written, or if more is stored than a plugin may.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Context, Result, host};

/// What is stored under the key.
///
/// # Errors
/// See the [module](self).
pub fn get(key: &str) -> Result<Option<Vec<u8>>> {
    host::kv_get(key)
}

/// Stores a value, text or octets.
///
/// # Errors
/// See the [module](self).
pub fn set(key: &str, value: impl AsRef<[u8]>) -> Result<()> {
    host::kv_set(key, value.as_ref())
}

/// What was stored with [`set_json`] under the key.
///
/// # Errors
/// Also if the value is of another shape.
pub fn get_json<T: DeserializeOwned>(key: &str) -> Result<Option<T>> {
    let Some(value) = get(key)? else { return Ok(None) };
    serde_json::from_slice(&value).map(Some).context(format_args!("cannot read what is stored as {key}"))
}

/// Stores a value as JSON.
///
/// # Errors
/// Also if the value has no JSON, such as a map whose keys are no text.
pub fn set_json(key: &str, value: &impl Serialize) -> Result<()> {
    set(key, serde_json::to_vec(value).context(format_args!("cannot store {key}"))?)
}

/// Takes a key away. Whether there was one.
///
/// # Errors
/// See the [module](self).
pub fn delete(key: &str) -> Result<bool> {
    host::kv_delete(key)
}

/// The keys that begin so, in order; all for `""`.
///
/// # Errors
/// See the [module](self).
pub fn keys(prefix: &str) -> Result<Vec<String>> {
    host::kv_keys(prefix)
}
