//! What is wrong, in words.

use std::sync::Arc;

use keepwatch_control::Status;
use keepwatch_event::{
    Health, Hindrance, InstanceStatus, PluginState, PluginStatus, Reason, Severity, State, Timestamp,
    TrackStatus, Trouble, grouped,
};

use super::destinations;
use crate::words::{address, clock, lasting, since};

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) severity: Severity,
    /// Perhaps on several lines.
    pub(super) text: String,
}

/// The priority of a host that owns the addresses: they are neither added nor removed, so they are not "held".
const OWNER: u8 = 255;

/// All that is wrong, the gravest first.
pub(super) fn wrong(status: &Status) -> Vec<Wrong> {
    let (snapshot, now) = (&status.snapshot, status.at);
    let mut found = Vec::new();
    for instance in &snapshot.instances {
        found.extend(fault(instance, &snapshot.tracks, now));
        found.extend(missing(instance));
        found.extend(instance.troubles.iter().map(|trouble| told(Some(&instance.name), trouble, now)));
    }
    found.extend(snapshot.tracks.iter().filter(|track| track.health != Health::Pass).map(|track| {
        let what = if track.health == Health::Fail { "fails" } else { "cannot tell" };
        let for_long = lasting(since(track.since, now));
        let text = format!("check {} {what} for {for_long}: {}", track.name, track.text);
        Wrong { severity: Severity::Error, text }
    }));
    found.extend(snapshot.tracks.iter().filter(|track| track.flapping).map(|track| {
        let text = format!("check {} changes again and again", track.name);
        Wrong { severity: Severity::Warning, text }
    }));
    found.extend(snapshot.troubles.iter().map(|trouble| told(None, trouble, now)));
    found.extend(snapshot.plugins.iter().filter_map(|plugin| ill(plugin, now)));
    found.extend(status.destinations.iter().flat_map(|summary| destinations::wrong(summary, now.wall)));
    if let Some(waits) = &status.config.waits {
        let text = format!("{}: {waits}", status.config.path);
        found.push(Wrong { severity: Severity::Warning, text });
    }
    if let Some(rejected) = &status.config.rejected {
        let (path, at) = (&status.config.path, clock(rejected.at.wall, now.wall));
        let text = format!(
            "{path} was not taken over at {at}, what was in force goes on: {}",
            indented(&rejected.reason)
        );
        found.push(Wrong { severity: Severity::Warning, text });
    }
    found.sort_by_key(|wrong| std::cmp::Reverse(wrong.severity));
    found
}

fn fault(instance: &InstanceStatus, tracks: &[Arc<TrackStatus>], now: Timestamp) -> Option<Wrong> {
    if instance.state != State::Fault {
        return None;
    }
    let name = &instance.name;
    let for_long =
        instance.since.map(|then| format!(" for {}", lasting(since(then, now)))).unwrap_or_default();
    let reason = reason(instance, tracks).map(|reason| format!(": {reason}")).unwrap_or_default();
    Some(Wrong { severity: Severity::Error, text: format!("{name} is in FAULT{for_long}{reason}") })
}

/// Why an instance is in its state. A check that it waited for when it entered it may have answered, and others not.
pub(super) fn reason(instance: &InstanceStatus, tracks: &[Arc<TrackStatus>]) -> Option<String> {
    let reason = instance.reason.as_ref()?;
    match reason {
        Reason::Hindered(Hindrance::CheckPending { check })
            if tracks.iter().any(|track| track.name == *check) =>
        {
            Some(format!("what it still waits for, `keepwatch explain {}` says", instance.name))
        }
        reason => Some(reason.to_string()),
    }
}

/// The addresses that a MASTER should hold and does not.
pub(super) fn absent(instance: &InstanceStatus) -> Vec<&str> {
    if instance.state != State::Master || instance.leaving || instance.base_priority == OWNER {
        return Vec::new();
    }
    instance.addresses.iter().filter(|address| !instance.held.contains(address)).map(String::as_str).collect()
}

fn missing(instance: &InstanceStatus) -> Option<Wrong> {
    let absent = absent(instance);
    let name = &instance.name;
    let text = match absent.as_slice() {
        [] => return None,
        [alone] => format!("{name} is MASTER, but {} is not on this host", address(alone)),
        all => format!("{name} is MASTER, but {} of its addresses are not on this host", all.len()),
    };
    Some(Wrong { severity: Severity::Error, text })
}

/// `VI_1: advert from 10.1.1.20: ... (31 times since 14:02:11 UTC, last 3.0 s ago)`
fn told(instance: Option<&str>, trouble: &Trouble, now: Timestamp) -> Wrong {
    let last = lasting(since(trouble.last, now));
    let when = if trouble.times == 1 {
        format!("{last} ago")
    } else {
        let first = clock(trouble.first.wall, now.wall);
        format!("{} times since {first}, last {last} ago", grouped(trouble.times))
    };
    let whose = instance.map(|instance| format!("{instance}: ")).unwrap_or_default();
    Wrong { severity: trouble.severity, text: format!("{whose}{} ({when})", indented(&trouble.text)) }
}

fn ill(plugin: &PluginStatus, now: Timestamp) -> Option<Wrong> {
    let (name, for_long) = (&plugin.name, lasting(since(plugin.since, now)));
    let why = plugin.trouble.as_ref().map(|why| format!(": {}", indented(why))).unwrap_or_default();
    let (severity, text) = match plugin.state {
        PluginState::Refused => (Severity::Error, format!("plugin {name} is not loaded{why}")),
        PluginState::Disabled => {
            (Severity::Error, format!("plugin {name} is left alone for {for_long}{why}"))
        }
        PluginState::Restarting => {
            (Severity::Warning, format!("plugin {name} is about to be started anew{why}"))
        }
        _ if why.is_empty() => return None,
        _ => (Severity::Warning, format!("plugin {name} runs, but had trouble{why}")),
    };
    Some(Wrong { severity, text })
}

/// Lines after the first stand under it.
pub(super) fn indented(text: &str) -> String {
    text.trim_end().replace('\n', "\n  ")
}
