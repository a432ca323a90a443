//! Tells when an instance changes its state too often: a loose cable, two masters, timers too short.
use keepwatch_sdk::prelude::*;

#[derive(Deserialize)]
struct Config {
    /// So many changes ..
    changes: usize,
    /// .. within so many seconds are too many.
    window: f64,
}

/// Counts each instance's failovers for good, and remembers when the last changes were.
#[handler(kinds = ["transition"])]
fn on_event(event: &Event, config: &Config) -> Result<()> {
    let (Some(transition), Some(instance)) = (event.transition(), &event.instance) else { return Ok(()) };
    if transition.initial {
        return Ok(());
    }
    if transition.to == State::Master {
        let key = format!("failovers/{instance}");
        kv::set_json(&key, &(kv::get_json(&key)?.unwrap_or(0_u64) + 1))?;
    }

    let now = event.at.monotonic.as_secs_f64();
    let key = format!("changes/{instance}");
    let mut changes: Vec<f64> = kv::get_json(&key)?.unwrap_or_default();
    changes.retain(|change| (now - config.window..=now).contains(change));
    changes.push(now);
    if changes.len() > config.changes {
        warning!("{instance} has changed its state {} times in {} s", changes.len(), config.window);
        events::emit(
            "flapping",
            Severity::Warning,
            &json!({ "instance": instance, "changes": changes.len() }),
        )?;
        changes.clear();
    }
    kv::set_json(&key, &changes)
}

#[cfg(test)]
mod tests;
