//! Verdicts: what a check has found, and what instances can track.

use keepwatch_event::Health;
use rhai::{Dynamic, Engine};

use super::{Result, sentence};
use crate::duration::duration;
use crate::reach::{Reach, invalid, throw};

/// What a script has found.
#[derive(Clone, Debug)]
pub(crate) struct Verdict(pub(crate) keepwatch_host::Verdict);

/// `pass(text)`, `fail(text)`, `unknown(text)`, `set_track(name, verdict, ttl)`.
pub(super) fn register(engine: &mut Engine, reach: &Reach) {
    engine.register_type_with_name::<Verdict>("verdict");
    for (name, health) in [("pass", Health::Pass), ("fail", Health::Fail), ("unknown", Health::Unknown)] {
        let made = move |text: String| Verdict(keepwatch_host::Verdict { health, text });
        engine.register_fn(name, move |text: Dynamic| made(sentence(&text)));
        engine.register_fn(name, move || made(String::new()));
    }
    engine.register_get("health", |verdict: &mut Verdict| verdict.0.health.to_string());
    engine.register_get("text", |verdict: &mut Verdict| verdict.0.text.clone());
    engine.register_fn("to_string", |verdict: &mut Verdict| {
        format!("{}: {}", verdict.0.health, verdict.0.text)
    });
    let host = reach.host.clone();
    engine.register_fn("set_track", move |name: &str, verdict: Dynamic, ttl: Dynamic| -> Result<()> {
        let verdict = health(&verdict)
            .ok_or_else(|| invalid("a verdict is pass(text), fail(text), unknown(text), true or false"))?;
        let ttl = duration(&ttl).map_err(invalid)?;
        host.set_track(name, verdict, ttl).map_err(|error| throw(&error))
    });
}

/// What a script means: a verdict, or whether all is well.
pub(crate) fn health(value: &Dynamic) -> Option<keepwatch_host::Verdict> {
    if let Ok(passes) = value.as_bool() {
        let health = if passes { Health::Pass } else { Health::Fail };
        return Some(keepwatch_host::Verdict { health, text: String::new() });
    }
    value.read_lock::<Verdict>().map(|verdict| verdict.0.clone())
}
