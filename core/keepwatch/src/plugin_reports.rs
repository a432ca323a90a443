//! What the control socket says of plugins: what the host has counted, and what events have told.

use std::time::SystemTime;

use keepwatch_config::nearest;
use keepwatch_control::{CallTimes, DeadLetter, PluginReport};
use keepwatch_event::{PluginState, PluginStatus, Snapshot, Timestamp};
use keepwatch_host::{Counts, HostError, Report, Roles};

/// All plugins by name: those that should run, and those that only events have told of.
pub(crate) fn all(reports: &[Report], snapshot: &Snapshot, now: Timestamp) -> Vec<PluginReport> {
    let told =
        |name: &str| snapshot.plugins.iter().find(|plugin| plugin.name == name).map(|plugin| &**plugin);
    let mut all: Vec<PluginReport> =
        reports.iter().map(|report| one(report, told(&report.spec.name), now)).collect();
    for plugin in &snapshot.plugins {
        if all.iter().all(|known| known.name != plugin.name) {
            all.push(heard_of(plugin));
        }
    }
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

/// What events have told.
fn heard_of(plugin: &PluginStatus) -> PluginReport {
    PluginReport {
        path: plugin.path.clone(),
        last_error: plugin.trouble.clone(),
        ..PluginReport::new(plugin.name.clone(), plugin.state, plugin.since)
    }
}

fn one(report: &Report, told: Option<&PluginStatus>, now: Timestamp) -> PluginReport {
    let Report { spec, roles, counts, queue } = report;
    // Before the first event it is about to be loaded.
    let heard =
        told.map_or_else(|| PluginReport::new(spec.name.to_string(), PluginState::Restarting, now), heard_of);
    PluginReport {
        path: spec.made.to_string(),
        role: role(*roles).to_owned(),
        calls: counts.calls,
        errors: counts.errors,
        failures: counts.failures,
        restarts: counts.restarts,
        retries: counts.retries,
        skipped: counts.skipped,
        dead_letters: counts.dead_letters,
        messages: counts.messages,
        messages_refused: counts.messages_refused,
        waiting: queue.waiting.try_into().unwrap_or(u64::MAX),
        conflated: queue.conflated,
        dropped: queue.dropped,
        memory_bytes: counts.memory.and_then(|octets| octets.try_into().ok()),
        last_success: counts.last_success.map(|wall| stamped(wall, now)),
        call_times: times(counts),
        metrics: counts.own.clone(),
        grants: spec.grants.iter().map(ToString::to_string).collect(),
        ..heard
    }
}

const fn role(roles: Option<Roles>) -> &'static str {
    match roles {
        Some(Roles { checker: true, .. }) => "checker",
        Some(Roles { handler: true, .. }) => "handler",
        _ => "",
    }
}

/// A time of the wall clock on both clocks, as far as the wall clock was not set since.
fn stamped(wall: SystemTime, now: Timestamp) -> Timestamp {
    let ago = now.wall.duration_since(wall).unwrap_or_default();
    Timestamp { wall, monotonic: now.monotonic.saturating_sub(ago) }
}

fn times(counts: &Counts) -> Option<CallTimes> {
    Some(CallTimes { p50: counts.quantile(0.5)?, p99: counts.quantile(0.99)?, max: counts.longest })
}

/// That there is no plugin of this name, and which was meant.
pub(crate) fn stranger(wanted: &str, names: &[String]) -> String {
    let help = match nearest(wanted, names.iter().map(String::as_str)) {
        Some(meant) => format!("; did you mean `{meant}`?"),
        None if names.is_empty() => "; there is none at all".to_owned(),
        None => format!("; there are: {}", names.join(", ")),
    };
    format!(
        "there is no plugin `{}`, nor an event that was kept from one of this name{help}",
        wanted.escape_debug()
    )
}

/// What was read of the events that are kept from a plugin.
pub(crate) fn dead_letters(read: Result<Vec<String>, HostError>) -> Result<Vec<DeadLetter>, String> {
    let letters = read.map_err(|error| error.to_string())?;
    // One of a later version is not shown: whoever wrote it can.
    Ok(letters.iter().filter_map(|letter| serde_json::from_str(letter).ok()).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use keepwatch_bus::Reading;
    use keepwatch_host::PluginSpec;

    use super::*;

    fn at(seconds: u64) -> Timestamp {
        let since = Duration::from_secs(seconds);
        Timestamp { wall: SystemTime::UNIX_EPOCH + since, monotonic: since }
    }

    #[test]
    fn who_is_not_there_is_told_who_is() {
        let names = ["chat".to_owned(), "haproxy".to_owned()];
        let begin = "there is no plugin `caht`, nor an event that was kept from one of this name";
        assert_eq!(stranger("caht", &names), format!("{begin}; did you mean `chat`?"));
        assert!(stranger("x\ty", &names).ends_with("name; there are: chat, haproxy"));
        assert!(stranger("x\ty", &[]).starts_with("there is no plugin `x\\ty`, "));
    }

    #[test]
    fn counts_and_events_come_together() {
        let told = |name: &str, state, trouble: Option<&str>| {
            let (name, path, trouble) = (name.to_owned(), "p".to_owned(), trouble.map(str::to_owned));
            Arc::new(PluginStatus { name, path, state, since: at(3), trouble })
        };
        let mut snapshot = Snapshot::new("h1", at(0), Vec::new());
        snapshot.plugins =
            vec![told("chat", PluginState::Running, None), told("gone", PluginState::Refused, Some("no"))];
        let mut counts = Counts::default();
        (counts.calls, counts.last_success, counts.memory) = (7, Some(at(8).wall), Some(65_536));
        (counts.messages, counts.messages_refused) = (5, 4);
        let spec = PluginSpec::plain("chat", "hooks.d/chat.rhai".into());
        let roles = Some(Roles { handler: true, checker: false });
        let queue = Reading { waiting: 3, conflated: 2, dropped: 1 };
        let chat = Report { spec, roles, counts, queue };
        let new = Report {
            spec: PluginSpec::plain("new", "new.wasm".into()),
            roles: None,
            counts: Counts::default(),
            queue: Reading::default(),
        };
        let expected = [
            PluginReport {
                path: "hooks.d/chat.rhai".into(),
                role: "handler".into(),
                calls: 7,
                last_success: Some(at(8)),
                messages: 5,
                messages_refused: 4,
                waiting: 3,
                conflated: 2,
                dropped: 1,
                memory_bytes: Some(65_536),
                ..PluginReport::new("chat".into(), PluginState::Running, at(3))
            },
            PluginReport {
                path: "p".into(),
                last_error: Some("no".into()),
                ..PluginReport::new("gone".into(), PluginState::Refused, at(3))
            },
            PluginReport {
                path: "new.wasm".into(),
                ..PluginReport::new("new".into(), PluginState::Restarting, at(10))
            },
        ];
        assert_eq!(all(&[chat, new], &snapshot, at(10)), expected);
    }
}
