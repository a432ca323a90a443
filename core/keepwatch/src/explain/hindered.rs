//! What keeps an instance from taking part, and what comes after.

use keepwatch_event::{Hindrance, InstanceExplanation, Rounded, State};

use super::priority::turn;
use super::render::{Paragraph, Point, together};
use crate::words::lasting;

pub(super) fn paragraphs(instance: &InstanceExplanation) -> Vec<Paragraph> {
    if instance.state == State::Stopped {
        return vec![Paragraph::sentence("It has stopped for good, and begins anew when keepwatch does.")];
    }
    let mut paragraphs = Vec::new();
    if let Some(left) = instance.starts_in {
        let delays = "vrrp_startup_delay, vrrp_delay_after_boot";
        paragraphs
            .push(Paragraph::sentence(format!("It begins to take part in {} ({delays}).", lasting(left))));
    }
    if !instance.hindrances.is_empty() {
        let head = "It cannot take part until all of this has ended:";
        let points = instance.hindrances.iter().map(|hindrance| point(instance, hindrance)).collect();
        paragraphs.push(Paragraph::new(head, points));
    }
    paragraphs.push(Paragraph::sentence(then(instance)));
    paragraphs.extend(together(instance));
    paragraphs
}

fn point(instance: &InstanceExplanation, hindrance: &Hindrance) -> Point {
    let name = match hindrance {
        Hindrance::CheckFailed { check, .. } => Some(check),
        Hindrance::TrackedInterfaceDown { interface } => Some(interface),
        _ => None,
    };
    let is_it = |name: &String| {
        instance.trackers.iter().find(|tracker| tracker.name == *name && tracker.effect.fault)
    };
    let until = name.and_then(is_it).filter(|tracker| tracker.otherwise.is_some()).map(turn);
    let until = until.map(|turn| format!(" (until {turn})")).unwrap_or_default();
    format!("{hindrance}{until}").into()
}

/// What it is when nothing keeps it from taking part any more.
fn then(instance: &InstanceExplanation) -> String {
    let priority = instance.priority;
    if instance.asserts_itself {
        return format!("Then it becomes MASTER with priority {priority} at once: it owns the addresses.");
    }
    let known = instance.last_heard.map(|heard| {
        let ago = lasting(heard.ago);
        format!(" ({} was last heard with priority {}, {ago} ago)", heard.source, heard.priority)
    });
    format!(
        "Then it is BACKUP with priority {priority}, and becomes MASTER if it hears no MASTER for {}{}.",
        Rounded(instance.timers.master_down),
        known.unwrap_or_default()
    )
}
