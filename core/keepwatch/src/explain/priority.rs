//! The sum that a priority is, and what it would be otherwise.

use keepwatch_event::{Health, InstanceExplanation, Tracked, TrackerExplanation, TrackerStanding};

/// The priority of a host that owns the addresses. Nothing changes it.
const OWNER: u8 = 255;

pub(super) const fn is_owner(instance: &InstanceExplanation) -> bool {
    instance.base_priority == OWNER
}

/// The configured priority, what each tracker adds, and what it comes to, a line each.
pub(super) fn sum(instance: &InstanceExplanation) -> Vec<String> {
    let owner = if is_owner(instance) { ": it owns the addresses" } else { "" };
    let configured = format!("priority {:>3}  configured{owner}", instance.base_priority);
    if instance.trackers.is_empty() {
        return vec![format!("{configured}; it tracks nothing that could change it")];
    }
    let added: i32 = instance.trackers.iter().map(|tracker| tracker.effect.adds).sum();
    let bounded = if is_owner(instance) {
        " (an owner's does not change)"
    } else if i32::from(instance.base_priority) + added != i32::from(instance.priority) {
        " (kept within 1 and 254)"
    } else {
        ""
    };
    let rows = instance.trackers.iter().map(row);
    let total = format!("       = {:>3}{bounded}", instance.priority);
    [configured].into_iter().chain(rows).chain([total]).collect()
}

/// `       -  20  check_haproxy fails (weight -20)`
fn row(tracker: &TrackerExplanation) -> String {
    let adds = tracker.effect.adds;
    let sign = if adds < 0 { '-' } else { '+' };
    format!("       {sign} {:>3}  {} ({})", adds.unsigned_abs(), stands(tracker), weight(tracker))
}

fn stands(tracker: &TrackerExplanation) -> String {
    let name = &tracker.name;
    if tracker.health == Some(Health::Unknown)
        && let Some(counts) = counts_as(tracker.standing)
    {
        return format!("{name} cannot tell, and counts as {counts}");
    }
    match (tracker.what, tracker.standing) {
        (_, TrackerStanding::Value(value)) => format!("{name} is {value}"),
        (Tracked::Interface, TrackerStanding::Up) => format!("{name} is up"),
        (Tracked::Interface, TrackerStanding::Down) => format!("{name} is down"),
        (Tracked::Interface, _) => format!("{name} is not known yet"),
        (_, TrackerStanding::Up) => format!("{name} passes"),
        (_, TrackerStanding::Down) => format!("{name} fails"),
        (_, _) => format!("{name} has not answered yet"),
    }
}

/// What something counts as of which nobody can tell how it is.
fn counts_as(standing: TrackerStanding) -> Option<String> {
    match standing {
        TrackerStanding::Up => Some("passing".to_owned()),
        TrackerStanding::Down => Some("failing".to_owned()),
        TrackerStanding::Value(value) => Some(value.to_string()),
        _ => None,
    }
}

/// `weight -20`, `weight 0: FAULT when it fails`
fn weight(tracker: &TrackerExplanation) -> String {
    let weight = tracker.weight;
    let reverse = if tracker.reverse { " reverse" } else { "" };
    if weight != 0 {
        let each = if is_number(tracker) { " for each 1" } else { "" };
        return format!("weight {weight}{reverse}{each}");
    }
    let when = match (tracker.what, tracker.standing, tracker.reverse) {
        (_, TrackerStanding::Value(_), false) => "is not 0",
        (_, TrackerStanding::Value(_), true) => "is 0",
        (Tracked::Interface, _, false) => "is down",
        (Tracked::Interface, _, true) => "is up",
        (_, _, false) => "fails",
        (_, _, true) => "passes",
    };
    format!("weight 0{reverse}: FAULT when it {when}")
}

/// What a number that is tracked does to the priority, if it does.
pub(super) fn number(tracker: &TrackerExplanation) -> Option<String> {
    let counts = is_number(tracker) && tracker.weight != 0;
    counts.then(|| format!("{} becomes another number (weight {} for each 1)", tracker.name, tracker.weight))
}

const fn is_number(tracker: &TrackerExplanation) -> bool {
    matches!(tracker.standing, TrackerStanding::Value(_))
}

/// What makes a tracker forbid taking part, if it does not.
pub(super) fn danger(tracker: &TrackerExplanation) -> Option<String> {
    if tracker.effect.fault {
        return None;
    }
    let name = &tracker.name;
    match (is_number(tracker) && tracker.weight == 0, tracker.reverse) {
        (true, false) => Some(format!("{name} becomes another number than 0")),
        (true, true) => Some(format!("{name} becomes 0")),
        (false, _) => tracker.otherwise.filter(|otherwise| otherwise.fault).map(|_| turn(tracker)),
    }
}

/// What makes a tracker stand the other way round: `check_haproxy fails 3 times in a row`.
pub(super) fn turn(tracker: &TrackerExplanation) -> String {
    let name = &tracker.name;
    let comes_up = match tracker.standing {
        TrackerStanding::Down => true,
        TrackerStanding::Pending => gain(tracker) > 0 && !tracker.reverse,
        _ => false,
    };
    let what = match (tracker.what, comes_up) {
        (Tracked::Interface, true) => "comes up",
        (Tracked::Interface, false) => "goes down",
        (_, true) => "passes",
        (_, false) => "fails",
    };
    match tracker.verdicts_to_change {
        Some(count @ 2..) => format!("{name} {what} {count} times in a row"),
        _ => format!("{name} {what}"),
    }
}

/// How much more a tracker would add if it stood the other way round.
pub(super) fn gain(tracker: &TrackerExplanation) -> i32 {
    tracker.otherwise.map_or(0, |otherwise| otherwise.adds - tracker.effect.adds)
}

/// The priority if these trackers stood the other way round.
pub(super) fn priority_if(instance: &InstanceExplanation, turned: &[&TrackerExplanation]) -> u8 {
    if is_owner(instance) {
        return OWNER;
    }
    let added: i32 = instance.trackers.iter().map(|tracker| tracker.effect.adds).sum();
    let gained: i32 = turned.iter().map(|tracker| gain(tracker)).sum();
    let priority = (i32::from(instance.base_priority) + added + gained).clamp(1, 254);
    u8::try_from(priority).unwrap_or(OWNER - 1)
}
