//! What makes a MASTER stop being it (RFC 9568 §6.4.3).

use keepwatch_event::{InstanceExplanation, LastHeard, TrackerExplanation};

use super::priority::{gain, is_owner, priority_if, turn};
use super::render::{Paragraph, Point, dangers, together};
use crate::words::lasting;

pub(super) fn paragraphs(instance: &InstanceExplanation) -> Vec<Paragraph> {
    if instance.leaving {
        let text =
            "It has resigned or is outbid, and keeps its addresses until its successor has announced them.";
        return vec![Paragraph::sentence(text)];
    }
    let Lowering { stops, stays } = lowering(instance);
    let mut points = vec![outbid(instance).into()];
    points.extend(stops.into_iter().map(Point::from));
    let then = if instance.resigns {
        "it sends priority 0, and a backup takes over after its own skew time"
    } else {
        "it says nothing, and a backup takes over after its own master-down time"
    };
    points.push(format!("keepwatch is stopped (`systemctl stop keepwatch`): {then}").into());
    let mut paragraphs = vec![Paragraph::new("It stops being MASTER when", points)];
    paragraphs.push(Paragraph::new("It goes to FAULT, and is MASTER no more, when", dangers(instance)));
    if !stays.is_empty() {
        let points = stays.into_iter().map(Point::from).collect();
        paragraphs.push(Paragraph::new("It stays MASTER when only", points));
    }
    paragraphs.extend(together(instance));
    paragraphs
}

/// Whose advert it yields to.
fn outbid(instance: &InstanceExplanation) -> String {
    let ours = instance.priority;
    let above = match instance.source {
        Some(source) => format!("an address above {source}"),
        None => "a higher address".to_owned(),
    };
    let heard = match instance.last_heard {
        Some(LastHeard { source, priority, ago }) => {
            format!(" ({source} was last heard with priority {priority}, {} ago)", lasting(ago))
        }
        None => " (no other MASTER has been heard since keepwatch began)".to_owned(),
    };
    if is_owner(instance) {
        return format!("another host advertises priority {ours}, too, from {above}{heard}");
    }
    format!("another host advertises a priority above {ours}, or {ours} from {above}{heard}")
}

/// What lowers its priority: far enough, as far as is known, or not.
#[derive(Default)]
struct Lowering {
    stops: Vec<String>,
    stays: Vec<String>,
}

fn lowering(instance: &InstanceExplanation) -> Lowering {
    let mut lowering = Lowering::default();
    if is_owner(instance) {
        return lowering;
    }
    let lower: Vec<&TrackerExplanation> =
        instance.trackers.iter().filter(|tracker| gain(tracker) < 0).collect();
    let Some(LastHeard { source, priority: theirs, .. }) = instance.last_heard else {
        let unknown = lower.iter().map(|tracker| {
            let priority = priority_if(instance, &[tracker]);
            format!("{}: its priority becomes {priority}, and a backup with a higher one takes over unless it has nopreempt", turn(tracker))
        });
        lowering.stops = unknown.collect();
        return lowering;
    };
    let below = |what: &str, priority: u8| {
        format!(
            "{what}: its priority becomes {priority}, below {theirs}: {source} takes over unless it has nopreempt"
        )
    };
    let mut not_far_enough = Vec::new();
    for tracker in lower {
        let (what, priority) = (turn(tracker), priority_if(instance, &[tracker]));
        if priority < theirs {
            lowering.stops.push(below(&what, priority));
        } else {
            lowering
                .stays
                .push(format!("{what}: its priority becomes {priority}, not below the {theirs} of {source}"));
            not_far_enough.push(tracker);
        }
    }
    let together = priority_if(instance, &not_far_enough);
    if not_far_enough.len() > 1 && together < theirs {
        let all: Vec<String> = not_far_enough.into_iter().map(turn).collect();
        lowering.stops.push(below(&all.join(" and "), together));
    }
    lowering
}
