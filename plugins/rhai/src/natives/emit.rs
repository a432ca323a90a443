//! Events of the plugin's own.

use keepwatch_event::Severity;
use keepwatch_host::Host;
use rhai::{Dynamic, Engine, Map};
use serde_json::Value;

use super::Result;
use crate::reach::{Reach, invalid, throw};
use crate::values::to_json;

/// `emit(name)`, `emit(name, data)`, `emit(name, severity, data)`.
pub(super) fn register(engine: &mut Engine, reach: &Reach) {
    let host = reach.host.clone();
    engine.register_fn("emit", move |name: &str| told(&host, name, "info", &Dynamic::UNIT));
    let host = reach.host.clone();
    engine.register_fn("emit", move |name: &str, data: Map| told(&host, name, "info", &data.into()));
    let host = reach.host.clone();
    engine.register_fn("emit", move |name: &str, severity: &str, data: Map| {
        told(&host, name, severity, &data.into())
    });
}

fn told(host: &Host, name: &str, severity: &str, data: &Dynamic) -> Result<()> {
    let severity = match severity {
        "info" => Severity::Info,
        "warning" => Severity::Warning,
        "error" => Severity::Error,
        _ => return Err(invalid("a severity is \"info\", \"warning\" or \"error\"")),
    };
    let data = if data.is_unit() { Ok(Value::Null) } else { to_json(data) };
    let data = data.map_err(|why| invalid(format!("this cannot be told: {why}")))?;
    host.emit(name, severity, data).map_err(|error| throw(&error))
}
