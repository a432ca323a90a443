//! The plugin's own store. A value is kept as JSON: what was put in comes out. What another version of the plugin has
//! put in otherwise comes out as text, or as a blob.

use rhai::{Array, Dynamic, Engine};

use super::{Result, received};
use crate::reach::{Reach, invalid};
use crate::values::{to_dynamic, to_json};

/// `kv_get(key)`, `kv_set(key, value)`, `kv_delete(key)`, `kv_keys(prefix)`.
pub(super) fn register(engine: &mut Engine, reach: &Reach) {
    let store = reach.clone();
    engine.register_fn("kv_get", move |key: &str| -> Result<Dynamic> {
        let value = store.wait(store.host.kv_get(key))?;
        Ok(value.map_or(Dynamic::UNIT, |value| match serde_json::from_slice(&value) {
            Ok(value) => to_dynamic(value),
            Err(_) => received(value),
        }))
    });
    let store = reach.clone();
    engine.register_fn("kv_set", move |key: &str, value: Dynamic| -> Result<()> {
        let value = to_json(&value).map_err(|why| invalid(format!("this cannot be stored: {why}")))?;
        store.wait(store.host.kv_set(key, value.to_string().as_bytes()))
    });
    let store = reach.clone();
    engine.register_fn("kv_delete", move |key: &str| store.wait(store.host.kv_delete(key)));
    let keys = |reach: &Reach, prefix: &str| -> Result<Array> {
        let keys = reach.wait(reach.host.kv_keys(prefix))?;
        Ok(keys.into_iter().map(Into::into).collect())
    };
    let store = reach.clone();
    engine.register_fn("kv_keys", move |prefix: &str| keys(&store, prefix));
    let store = reach.clone();
    engine.register_fn("kv_keys", move || keys(&store, ""));
}
