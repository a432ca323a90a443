//! Events of the plugin's own. Others hear them as events of kind `custom`.

use serde::Serialize;

use crate::{Context, Result, Severity, host};

/// Tells all who listen that something happened. `name` is the plugin's own word for it; `data` is what there is to
/// say, something that becomes a JSON object: a struct, a map, `json!({..})`.
///
/// # Errors
/// If `data` is no object, or if the plugin emits more than it may.
pub fn emit(name: &str, severity: Severity, data: &impl Serialize) -> Result<()> {
    let data = serde_json::to_string(data).context(format_args!("cannot emit {name}"))?;
    host::emit(name, severity, &data)
}
