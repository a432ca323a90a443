//! Weights that move the priority otherwise than was meant.

use std::ops::Range;

use keepwatch_vrrp::{Preemption, Standing, TrackWeight};

use crate::diagnostic::Diagnostic;
use crate::model::{Instance, Meant};
use crate::similar::shown;

/// Something that is tracked, and where the file says so.
pub(crate) struct Weighed<'a> {
    pub(crate) name: &'a str,
    pub(crate) weight: TrackWeight,
    pub(crate) counts: Counts,
    /// `None`: another file says it, and what is to be said of it alone has been said there.
    pub(crate) span: Option<&'a Range<usize>>,
}

/// What a weight is multiplied by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counts {
    /// Nothing: it counts or it does not.
    Once,
    /// By the number in a file, which nobody knows beforehand.
    ByNumber,
}

/// Priorities of a pair are seldom further apart. Who takes more off will not wonder why nothing happens.
const GAP: i32 = 50;

/// What is to be said of the weights of an instance, of which `weighed` are all. `nopreempt_at` is where `nopreempt`
/// stands, if in this file.
pub(crate) fn weights(
    instance: &Instance,
    weighed: &[Weighed<'_>],
    nopreempt_at: Option<&Range<usize>>,
) -> Vec<Diagnostic> {
    let moving: Vec<&Weighed<'_>> =
        weighed.iter().filter(|weighed| matches!(weighed.weight, TrackWeight::Adjust { .. })).collect();
    let said_here = || moving.iter().filter_map(|weighed| Some((*weighed, weighed.span?)));
    let Some((_, first)) = said_here().next() else { return Vec::new() };
    if instance.priority.is_owner() {
        return said_here().map(|(weighed, span)| ignored(instance, weighed, span)).collect();
    }
    let mut findings = Vec::new();
    if instance.meant == Meant::Master {
        findings.extend(small(instance, &moving));
    }
    if instance.preemption == Preemption::Never {
        findings.push(never_outbid(instance, nopreempt_at.unwrap_or(first)));
    }
    findings.extend(clamped(instance, &moving));
    findings
}

fn ignored(instance: &Instance, weighed: &Weighed<'_>, span: &Range<usize>) -> Diagnostic {
    let (name, instance) = (shown(weighed.name), shown(&instance.name));
    let message = format!("the weight of {name} is ignored: {instance} has priority 255");
    Diagnostic::warning(span, message, "")
        .note("a router with priority 255 owns its addresses, and its priority never moves")
        .help("give it a priority of 254 or less, or leave the weight out: then down means FAULT")
}

/// Nobody knows the other routers' priorities here; but from which on no weight ever makes them take over can be said.
fn small(instance: &Instance, moving: &[&Weighed<'_>]) -> Option<Diagnostic> {
    if moving.iter().any(|weighed| weighed.counts == Counts::ByNumber) {
        return None;
    }
    let falls: Vec<Fall<'_>> = moving.iter().filter_map(|weighed| fall(weighed)).collect();
    let by: i32 = falls.iter().map(|fall| fall.by).sum();
    let place = falls.iter().find_map(|fall| fall.span)?;
    if by >= GAP {
        return None;
    }
    let gains: i32 = moving.iter().map(|weighed| weighed.weight.adjustment(Standing::Up)).sum();
    let well = (i32::from(instance.priority.get()) + gains).clamp(1, 254);
    let left = (well - by).max(1);
    let names: Vec<String> = falls.iter().map(|fall| shown(fall.name)).collect();
    let (names, who) = (names.join(" and "), shown(&instance.name));
    let verb = if falls.len() == 1 { "moves" } else { "move" };
    let message = format!(
        "{names} down {verb} the priority of {who} from {well} to {left}: a peer that has {left} or less never takes over"
    );
    let label = if falls.len() == 1 { "" } else { "together" };
    let help = "weigh more than the priorities of the routers are apart, or leave the weight out: then down means FAULT";
    Some(Diagnostic::remark(place, message, label).note("the weights of the peer count, too").help(help))
}

/// What the priority falls by when something goes down.
struct Fall<'a> {
    name: &'a str,
    by: i32,
    span: Option<&'a Range<usize>>,
}

fn fall<'a>(weighed: &Weighed<'a>) -> Option<Fall<'a>> {
    let weight = weighed.weight;
    let by = weight.adjustment(Standing::Up) - weight.adjustment(Standing::Down);
    (by > 0).then_some(Fall { name: weighed.name, by, span: weighed.span })
}

fn never_outbid(instance: &Instance, span: &Range<usize>) -> Diagnostic {
    let name = shown(&instance.name);
    let message =
        format!("`nopreempt` and weights: {name} does not take over when the MASTER's priority falls");
    Diagnostic::warning(span, message, "")
        .note("a backup with nopreempt takes over only when it hears no MASTER at all")
        .help("leave `nopreempt` out, or the weights: then down means FAULT, and a MASTER in FAULT is silent")
}

/// A weight from here on is meant to move the priority as far as it goes.
const ALL_THE_WAY: u16 = 253;

/// The priority stops at 1 and at 254, however much is taken off or added.
fn clamped(instance: &Instance, moving: &[&Weighed<'_>]) -> Option<Diagnostic> {
    let priority = i32::from(instance.priority.get());
    let (mut least, mut most) = (priority, priority);
    let mut place = None;
    for Weighed { weight, counts, span, .. } in moving {
        let TrackWeight::Adjust { weight: by, .. } = weight else { continue };
        if *counts == Counts::ByNumber || by.unsigned_abs() >= ALL_THE_WAY {
            continue;
        }
        let (up, down) = (weight.adjustment(Standing::Up), weight.adjustment(Standing::Down));
        least += up.min(down);
        most += up.max(down);
        place = place.or(*span);
    }
    let span = place?;
    let (sum, end) = match (least, most) {
        (..1, _) => (least, 1),
        (_, 255..) => (most, 254),
        _ => return None,
    };
    let message =
        format!("the weights of {} can move its priority {priority} to {sum}", shown(&instance.name));
    let finding = Diagnostic::remark(span, message, format!("it stops at {end}"));
    Some(finding.note("where routers stop at the same priority, the one with the higher address serves"))
}
