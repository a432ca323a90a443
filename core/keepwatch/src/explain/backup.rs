//! What makes a BACKUP MASTER (RFC 9568 §6.4.2).

use std::net::IpAddr;

use keepwatch_event::{
    BackupExplanation, InstanceExplanation, LastHeard, Preemption, Rounded, TrackerExplanation,
};

use super::priority::{gain, number, priority_if, turn};
use super::render::{Paragraph, Point, dangers, together};
use crate::words::{interval, lasting};

/// How a BACKUP stands towards others.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Hearing {
    /// It follows that MASTER.
    Follows(LastHeard),
    /// It hears that MASTER, whose priority is lower, and does not wait for it.
    Discards(LastHeard),
    /// That MASTER has resigned.
    Resigned(IpAddr),
    /// It hears no MASTER.
    Nobody,
}

fn hearing(instance: &InstanceExplanation, backup: &BackupExplanation) -> Hearing {
    if let Some(source) = backup.resigned {
        return Hearing::Resigned(source);
    }
    let Some(heard) = instance.last_heard else { return Hearing::Nobody };
    let preempts = match instance.preemption {
        Preemption::Immediate => true,
        Preemption::After { left, .. } => left.is_some_and(|left| left.is_zero()),
        _ => false,
    };
    if heard.priority < instance.priority && preempts && !backup.has_handed_over {
        // What was heard before that is no longer of interest.
        let is_recent = heard.ago < instance.timers.master_down;
        return if is_recent { Hearing::Discards(heard) } else { Hearing::Nobody };
    }
    if backup.follows == Some(heard.source) { Hearing::Follows(heard) } else { Hearing::Nobody }
}

/// Whom it hears, as the end of a sentence.
pub(super) fn hears(instance: &InstanceExplanation) -> String {
    let hearing = instance.backup.as_ref().map_or(Hearing::Nobody, |backup| hearing(instance, backup));
    match hearing {
        Hearing::Follows(LastHeard { source, priority, .. }) => {
            format!("it hears {source} as MASTER with priority {priority}")
        }
        Hearing::Discards(LastHeard { source, priority, .. }) => {
            format!("it no longer follows {source}, whose priority {priority} is lower")
        }
        Hearing::Resigned(source) => format!("{source} has resigned"),
        Hearing::Nobody => "it hears no MASTER".to_owned(),
    }
}

pub(super) fn paragraphs(instance: &InstanceExplanation) -> Vec<Paragraph> {
    let Some(backup) = &instance.backup else { return Vec::new() };
    let mut paragraphs = match hearing(instance, backup) {
        Hearing::Follows(heard) => following(instance, backup, &heard),
        Hearing::Discards(_) | Hearing::Resigned(_) | Hearing::Nobody => vec![waiting(instance, backup)],
    };
    paragraphs.extend(together(instance));
    paragraphs.push(Paragraph::new("It goes to FAULT, and cannot take over, when", dangers(instance)));
    paragraphs
}

/// Nobody keeps it from taking over but the rest of its group.
fn waiting(instance: &InstanceExplanation, backup: &BackupExplanation) -> Paragraph {
    if backup.waits_for_group {
        return Paragraph::sentence("It becomes MASTER as soon as the rest of its group has come as far.");
    }
    let left = Rounded(backup.takes_over_in);
    let unless = match instance.preemption {
        _ if backup.has_handed_over => {
            "an advert comes (of whatever priority: it has handed over)".to_owned()
        }
        Preemption::Never => "an advert comes (nopreempt: of whatever priority)".to_owned(),
        Preemption::After { delay, left } if left.is_none_or(|left| !left.is_zero()) => {
            format!("an advert comes (preempt_delay {}: of whatever priority at first)", interval(delay))
        }
        _ => format!("an advert with priority {} or more comes", instance.priority),
    };
    Paragraph::sentence(format!("It becomes MASTER in {left}, unless {unless}."))
}

/// What ends its following a MASTER.
fn following(
    instance: &InstanceExplanation,
    backup: &BackupExplanation,
    heard: &LastHeard,
) -> Vec<Paragraph> {
    let LastHeard { source, .. } = heard;
    let timers = &instance.timers;
    let mut points: Vec<Point> = vec![
        format!("{source} sends priority 0: {} later (the skew time)", Rounded(timers.skew)).into(),
        format!(
            "nothing is heard of {source} for {} (the master-down time; {} of it left)",
            Rounded(timers.master_down),
            Rounded(backup.takes_over_in)
        )
        .into(),
    ];
    let never = match instance.preemption {
        _ if backup.has_handed_over => Some("it has handed mastership over"),
        Preemption::Never => Some("nopreempt"),
        _ => None,
    };
    if let Some(why) = never {
        let head = format!("While {source} is heard, its own priority changes nothing: {why}.");
        return vec![becomes(points), Paragraph::sentence(head)];
    }
    points.push(preempting(instance, heard));
    vec![becomes(points)]
}

fn becomes(points: Vec<Point>) -> Paragraph {
    Paragraph::new("It becomes MASTER when", points)
}

/// That it takes over with a higher priority, and what could make it one.
fn preempting(instance: &InstanceExplanation, heard: &LastHeard) -> Point {
    let LastHeard { source, priority: theirs, .. } = heard;
    let then = match instance.preemption {
        Preemption::After { delay, left: None } => {
            format!(
                "has been so for {} (preempt_delay), and the master-down time has run out",
                interval(delay)
            )
        }
        Preemption::After { delay, left: Some(left) } => format!(
            "has been so for {} (preempt_delay; {} of it left), and the master-down time has run out",
            interval(delay),
            lasting(left)
        ),
        _ => "the master-down time has run out since".to_owned(),
    };
    if instance.priority > *theirs {
        let text = format!(
            "the priority of {source}, {theirs}, stays below its own, {}; it {then}",
            instance.priority
        );
        return text.into();
    }
    let text = format!(
        "its own priority, {}, rises above {theirs}, or that of {source} falls below {}; and {then}",
        instance.priority, instance.priority
    );
    Point { text, more: raising(instance, *theirs) }
}

/// What could raise its priority, and whether that is enough.
fn raising(instance: &InstanceExplanation, theirs: u8) -> Vec<String> {
    let raising: Vec<&TrackerExplanation> =
        instance.trackers.iter().filter(|tracker| gain(tracker) > 0).collect();
    let verdict = |priority: u8| if priority > theirs { "enough" } else { "not enough" };
    let line = |what: &str, turned: &[&TrackerExplanation]| {
        let priority = priority_if(instance, turned);
        format!("{what}: {priority}, {}", verdict(priority))
    };
    let mut lines: Vec<String> = raising.iter().map(|tracker| line(&turn(tracker), &[tracker])).collect();
    let numbers: Vec<String> = instance.trackers.iter().filter_map(number).collect();
    match raising.len() {
        0 if !numbers.is_empty() => {}
        0 => {
            lines.push(format!("nothing that it tracks can raise it now; {} is the most", instance.priority))
        }
        1 => {}
        _ => lines.push(line("all of that", &raising)),
    }
    lines.extend(numbers);
    lines
}
