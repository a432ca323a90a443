//! The explanation as text.

use keepwatch_event::{Explanation, InstanceExplanation, Reason, Rounded, State, Timers};

use super::{backup, hindered, master, priority};
use crate::terminal::Paint;
use crate::words::{interval, lasting};

/// Some sentences: one that leads in, and what it leads to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Paragraph {
    pub(super) head: String,
    pub(super) points: Vec<Point>,
}

/// One of several things.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) text: String,
    /// What there is to say about it.
    pub(super) more: Vec<String>,
}

impl Paragraph {
    pub(super) fn new(head: impl Into<String>, points: Vec<Point>) -> Self {
        Self { head: head.into(), points }
    }

    pub(super) fn sentence(text: impl Into<String>) -> Self {
        Self::new(text, Vec::new())
    }
}

impl From<String> for Point {
    fn from(text: String) -> Self {
        Self { text, more: Vec::new() }
    }
}

/// The whole explanation; each line has its end.
pub(super) fn render(explanation: &Explanation, paint: Paint) -> String {
    if explanation.instances.is_empty() {
        return "The configuration has no instance.\n".to_owned();
    }
    let blocks: Vec<String> = explanation.instances.iter().map(|instance| block(instance, paint)).collect();
    blocks.join("\n")
}

fn block(instance: &InstanceExplanation, paint: Paint) -> String {
    let mut text = format!("{}\n\n", standing(instance, paint));
    for line in priority::sum(instance).into_iter().chain([timers(instance)]) {
        text.push_str(&format!("  {line}\n"));
    }
    let paragraphs = match instance.state {
        State::Backup => backup::paragraphs(instance),
        State::Master => master::paragraphs(instance),
        State::Init | State::Fault | State::Stopped => hindered::paragraphs(instance),
    };
    for Paragraph { head, points } in paragraphs {
        text.push_str(&format!("\n  {head}\n"));
        for Point { text: point, more } in points {
            text.push_str(&format!("    - {point}\n"));
            text.extend(more.iter().map(|line| format!("        {line}\n")));
        }
    }
    text
}

/// `VI_1 is BACKUP on eth0, VRID 51, for 3 min 12 s: it hears 10.1.1.20 as MASTER with priority 101.`
fn standing(instance: &InstanceExplanation, paint: Paint) -> String {
    let InstanceExplanation { name, interface, virtual_router_id, state, .. } = instance;
    let word = match state {
        State::Master => paint.good("MASTER"),
        State::Fault => format!("in {}", paint.error("FAULT")),
        State::Init => format!("in {}", paint.bold("INIT")),
        State::Backup | State::Stopped => paint.bold(&state.to_string()),
    };
    let leaving = if instance.leaving { ", leaving" } else { "" };
    let long = instance.state_for.map(|long| format!(", for {}", lasting(long))).unwrap_or_default();
    let why = match state {
        State::Backup => Some(backup::hears(instance)),
        State::Init | State::Master | State::Fault | State::Stopped => {
            reason(instance).map(|reason| reason.to_string())
        }
    };
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    format!("{} is {word}{leaving} on {interface}, VRID {virtual_router_id}{long}{why}.", paint.bold(name))
}

/// Why it is in its state. What kept it from taking part when it entered it may have ended, and something else have come.
fn reason(instance: &InstanceExplanation) -> Option<Reason> {
    match (&instance.reason, instance.hindrances.first()) {
        (Some(Reason::Hindered(then)), Some(now)) if !instance.hindrances.contains(then) => {
            Some(Reason::Hindered(now.clone()))
        }
        (reason, _) => reason.clone(),
    }
}

/// The timers with their formulas (RFC 3768 §6.1, RFC 9568 §6.1).
fn timers(instance: &InstanceExplanation) -> String {
    let Timers { advert_interval, master_advert_interval, down_timer_adverts, skew, master_down } =
        instance.timers;
    let theirs = if advert_interval == master_advert_interval {
        String::new()
    } else {
        format!(", those of the MASTER every {}", interval(master_advert_interval))
    };
    let unit = if instance.version == 2 { "a second" } else { "the interval" };
    format!(
        "timers: adverts every {}{theirs}; skew time {}, (256 - {}) / 256 of {unit}; master-down time {}, \
         {down_timer_adverts} x {} and the skew time",
        interval(advert_interval),
        Rounded(skew),
        instance.priority,
        Rounded(master_down),
        interval(master_advert_interval),
    )
}

/// What makes taking part impossible when it happens, a phrase each.
pub(super) fn dangers(instance: &InstanceExplanation) -> Vec<Point> {
    let interface = &instance.interface;
    let own = if instance.tracks_interface { "goes down" } else { "is deleted" };
    let source = if instance.tracks_source { " or loses the address that adverts come from" } else { "" };
    let own = format!("{interface} {own}{source}");
    let trackers = instance.trackers.iter().filter_map(priority::danger);
    let others = instance.group.iter().filter(|group| !group.others.is_empty());
    let others = others.map(|group| format!("{} cannot take part", members(group)));
    trackers.chain([own]).chain(others).map(Point::from).collect()
}

/// `VI_2 or VI_3 of its group G`
fn members(group: &keepwatch_event::GroupExplanation) -> String {
    let names: Vec<&str> = group.others.iter().map(|member| member.instance.as_str()).collect();
    format!("{} of its group {}", names.join(" or "), group.name)
}

/// That a group is MASTER as a whole, and how its other members stand.
pub(super) fn together(instance: &InstanceExplanation) -> Option<Paragraph> {
    let group = instance.group.as_ref().filter(|group| !group.others.is_empty())?;
    let others: Vec<String> =
        group.others.iter().map(|member| format!("{} ({})", member.instance, member.state)).collect();
    let text =
        format!("Its group {} is MASTER as a whole or not at all: with {}.", group.name, others.join(", "));
    Some(Paragraph::sentence(text))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
