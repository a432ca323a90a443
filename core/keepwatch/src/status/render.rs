//! The status as text.

use std::path::Path;

use keepwatch_control::Status;
use keepwatch_event::{Health, InstanceStatus, Peer, Severity, State, Timestamp, TrackStatus, grouped};

use super::wrong::{Wrong, absent, reason};
use super::{destinations, plugins};
use crate::terminal::Paint;
use crate::words::{address, clock, interval, lasting, since};

/// Addresses that are named; of more only the number is said.
const NAMED: usize = 8;

/// The whole status; each line has its end.
pub(super) fn render(status: &Status, wrong: &[Wrong], paint: Paint) -> String {
    let mut blocks = vec![header(status, paint)];
    if !wrong.is_empty() {
        let lines: Vec<String> = wrong.iter().map(|wrong| painted(wrong, paint)).collect();
        blocks.push(lines.join("\n"));
    }
    let instances = &status.snapshot.instances;
    let width = instances.iter().map(|instance| instance.name.chars().count()).max().unwrap_or(0) + 3;
    blocks.extend(instances.iter().map(|instance| block(instance, status, width, paint)));
    if instances.is_empty() {
        blocks.push("The configuration has no instance.".to_owned());
    }
    let tracks: Vec<String> =
        status.snapshot.tracks.iter().map(|found| track(found, status.at, paint)).collect();
    let plugins = plugins::lines(status, paint);
    let destinations = destinations::lines(status, paint);
    blocks.extend(
        [tracks, plugins, destinations]
            .into_iter()
            .filter(|lines| !lines.is_empty())
            .map(|lines| lines.join("\n")),
    );
    if wrong.is_empty() {
        blocks.push(paint.good("Nothing is wrong."));
    }
    blocks.join("\n\n") + "\n"
}

fn painted(wrong: &Wrong, paint: Paint) -> String {
    match wrong.severity {
        Severity::Error => paint.error(&wrong.text),
        Severity::Warning | Severity::Info => paint.warning(&wrong.text),
    }
}

/// `h1.example.com   keepwatch 0.1.0, up 3 h 12 min   keepalived.conf, loaded 11:04:12 UTC (1f0c9ab2)`
fn header(status: &Status, paint: Paint) -> String {
    let path = Path::new(&status.config.path);
    let file = path.file_name().map_or_else(|| status.config.path.clone(), |name| name.display().to_string());
    // Enough of it to tell two texts apart.
    let hash = status.config.hash.get(..8).map_or_else(String::new, |hash| format!(" ({hash})"));
    format!(
        "{}   keepwatch {}, up {}   {file}, loaded {}{hash}",
        paint.bold(&status.node),
        status.version,
        lasting(status.uptime),
        clock(status.config.loaded.wall, status.at.wall)
    )
}

/// An instance: its name, and beside it what is known of it.
fn block(instance: &InstanceStatus, status: &Status, width: usize, paint: Paint) -> String {
    let now = status.at;
    let mut lines = vec![standing(instance, status, paint), protocol(instance)];
    lines.extend(addresses(instance, now, paint));
    lines.extend(instance.peer.as_ref().map(|peer| heard(peer, instance.state, now)));
    let name = format!("{}{}", paint.bold(&instance.name), " ".repeat(width - instance.name.chars().count()));
    name + lines.join(&format!("\n{}", " ".repeat(width))).as_str()
}

/// `MASTER for 3 h 12 min (no advert heard for 3.61 s)`
fn standing(instance: &InstanceStatus, status: &Status, paint: Paint) -> String {
    let name = instance.state.to_string();
    let state = match instance.state {
        State::Master => paint.good(&name),
        State::Fault => paint.error(&name),
        State::Init | State::Backup | State::Stopped => paint.bold(&name),
    };
    let leaving = if instance.leaving { ", leaving" } else { "" };
    match (instance.since, reason(instance, &status.snapshot.tracks)) {
        (Some(then), Some(reason)) => {
            format!("{state} for {}{leaving} ({reason})", lasting(since(then, status.at)))
        }
        _ => format!("{state}, about to take part"),
    }
}

/// `eth0, VRID 51, VRRPv2 every 1 s, priority 101`
fn protocol(instance: &InstanceStatus) -> String {
    let InstanceStatus { interface, virtual_router_id, version, priority, base_priority, .. } = instance;
    let configured =
        if priority == base_priority { String::new() } else { format!(" (configured: {base_priority})") };
    let every = interval(instance.advert_interval);
    format!(
        "{interface}, VRID {virtual_router_id}, VRRPv{version} every {every}, priority {priority}{configured}"
    )
}

/// Where the addresses are, as far as this host knows.
fn addresses(instance: &InstanceStatus, now: Timestamp, paint: Paint) -> Vec<String> {
    let all: Vec<&str> = instance.addresses.iter().map(String::as_str).collect();
    if all.is_empty() {
        return vec!["no addresses".to_owned()];
    }
    if instance.state != State::Master {
        return vec![format!("{} not on this host", named(&all))];
    }
    let announced = instance
        .announced
        .map_or_else(String::new, |then| format!(", last announced {} ago", lasting(since(then, now))));
    let absent = absent(instance);
    let present: Vec<&str> = all.into_iter().filter(|address| !absent.contains(address)).collect();
    let mut lines = Vec::new();
    if !present.is_empty() {
        lines.push(format!("{} present{announced}", named(&present)));
    }
    if !absent.is_empty() {
        lines.push(paint.error(&format!("{} missing", named(&absent))));
    }
    lines
}

/// Addresses, but not hundreds of them.
fn named(addresses: &[&str]) -> String {
    let addresses: Vec<&str> = addresses.iter().map(|with_length| address(with_length)).collect();
    match addresses.get(..NAMED) {
        Some(first) if addresses.len() > NAMED => {
            format!("{} and {} more", first.join(", "), addresses.len() - NAMED)
        }
        _ => addresses.join(", "),
    }
}

fn heard(peer: &Peer, state: State, now: Timestamp) -> String {
    let Peer { source, priority, .. } = peer;
    let long = lasting(since(peer.since, now));
    match (peer.heard, state) {
        (true, State::Master) => {
            format!("also hears {source} as MASTER with priority {priority}, for {long}")
        }
        (true, _) => format!("hears {source} as MASTER with priority {priority}, for {long}"),
        (false, _) => format!("last heard {source} with priority {priority}, {long} ago"),
    }
}

/// `check haproxy: passes for 3 h 12 min (3 ms), 2 skipped`
fn track(track: &TrackStatus, now: Timestamp, paint: Paint) -> String {
    let health = match track.health {
        Health::Pass => paint.good("passes"),
        Health::Fail => paint.error("fails"),
        Health::Unknown => paint.warning("cannot tell"),
    };
    let text = if track.text.is_empty() { String::new() } else { format!(" ({})", track.text) };
    let long = lasting(since(track.since, now));
    let skipped =
        if track.skipped > 0 { format!(", {} skipped", grouped(track.skipped)) } else { String::new() };
    format!("check {}: {health} for {long}{text}{skipped}", paint.bold(&track.name))
}

#[cfg(test)]
mod tests;
