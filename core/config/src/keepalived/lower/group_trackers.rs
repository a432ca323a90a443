//! What a sync group tracks, every member tracks.

use std::collections::HashMap;

use keepwatch_vrrp::{LinkTracking, TrackWeight};

use super::complete::Completed;
use super::reader::Reader;
use super::sync_group::Resolved;
use super::track::Tracked;
use crate::model::{TrackCheck, TrackInterface};
use crate::similar::shown;

/// Adds to each member what its group tracks.
pub(super) fn spread(groups: &mut [Resolved], instances: &mut [Completed], reader: &mut Reader<'_>) {
    let places: HashMap<String, usize> = instances
        .iter()
        .enumerate()
        .map(|(place, completed)| (completed.instance.name.clone(), place))
        .collect();
    for group in groups {
        let members: Vec<usize> =
            group.members.iter().filter_map(|member| places.get(member).copied()).collect();
        let is_owner = |place: &usize| {
            instances.get(*place).is_some_and(|completed| completed.instance.priority.is_owner())
        };
        if members.iter().any(is_owner) {
            clear_weights(&mut group.tracked, reader);
        }
        for place in members {
            if let Some(member) = instances.get_mut(place) {
                add_interfaces(group, member, reader);
                add_checks(group, member, reader);
            }
        }
    }
}

/// An owner has no weights; so its group has none.
fn clear_weights(tracked: &mut Tracked, reader: &mut Reader<'_>) {
    let of_interfaces = tracked.interfaces.iter_mut().map(|at| (&mut at.value.weight, &at.span));
    let of_checks = tracked.checks.iter_mut().map(|checked| (&mut checked.track.weight, &checked.span));
    for (weight, span) in of_interfaces.chain(of_checks) {
        if let TrackWeight::Adjust { reverse, .. } = *weight {
            let message = "a weight does not go with a member of priority 255";
            reader.survived(span, message, "", "ignores the weight: down means FAULT");
            *weight = TrackWeight::Fault { reverse };
        }
    }
}

fn add_interfaces(group: &Resolved, member: &mut Completed, reader: &mut Reader<'_>) {
    let Completed { instance, interfaces_at, .. } = member;
    for at in &group.tracked.interfaces {
        let TrackInterface { interface, weight, .. } = &at.value;
        // Its own one is tracked anyway, without weight.
        if *interface == instance.interface && instance.link_tracking == LinkTracking::Tracked {
            continue;
        }
        let own = instance.track_interfaces.iter_mut().zip(interfaces_at.iter());
        match own.into_iter().find(|(tracked, _)| tracked.interface == *interface) {
            Some((tracked, span)) => {
                let both = Both { what: interface.as_str(), instance: &instance.name, group: &group.name };
                let outcome = settle(&mut tracked.weight, *weight);
                reader.survived(span, both.message(), "", outcome);
            }
            None => {
                instance.track_interfaces.push(at.value.clone());
                interfaces_at.push(at.span.clone());
            }
        }
    }
}

fn add_checks(group: &Resolved, member: &mut Completed, reader: &mut Reader<'_>) {
    let Completed { instance, checks_at, .. } = member;
    for checked in &group.tracked.checks {
        let TrackCheck { check, weight } = &checked.track;
        let own = instance.track_checks.iter_mut().zip(checks_at.iter());
        match own.into_iter().find(|(tracked, _)| tracked.check == *check) {
            Some((tracked, span)) => {
                let both = Both { what: check, instance: &instance.name, group: &group.name };
                let outcome = settle(&mut tracked.weight, *weight);
                reader.survived(span, both.message(), "", outcome);
            }
            None => {
                instance.track_checks.push(checked.track.clone());
                checks_at.push(checked.span.clone());
            }
        }
    }
}

/// What is tracked by a member and its group.
struct Both<'a> {
    what: &'a str,
    instance: &'a str,
    group: &'a str,
}

impl Both<'_> {
    fn message(&self) -> String {
        let (what, instance, group) = (shown(self.what), shown(self.instance), shown(self.group));
        format!("{what} is tracked by {instance} and by its sync group {group}")
    }
}

/// Of the two weights the group's counts, unless the member's is FAULT.
fn settle(own: &mut TrackWeight, of_group: TrackWeight) -> &'static str {
    if matches!(own, TrackWeight::Fault { .. }) {
        return "uses this line, which says FAULT";
    }
    *own = of_group;
    "uses the line of the group"
}
