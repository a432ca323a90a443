//! `garp_group`, `vrrp_garp_interval` and `vrrp_gna_interval`: the least time between announcements.

use std::ops::Range;
use std::time::Duration;

use super::super::keywords::Level;
use super::super::parser::Statement;
use super::super::token::Word;
use super::complete::Completed;
use super::reader::Reader;
use super::{At, track};
use crate::diagnostic::Diagnostic;
use crate::model::{InterfaceName, Intervals, Spacing, SpacingGroup};
use crate::similar::shown;

/// What a `garp_group` says, and where it names its interfaces.
pub(super) struct Group {
    intervals: Intervals,
    interfaces: Vec<At<InterfaceName>>,
}

/// Such a time. keepalived says of one of a second that it is very large.
pub(super) fn interval(statement: &Statement<'_>, reader: &mut Reader<'_>) -> Option<Duration> {
    let interval = reader.seconds(statement, Duration::ZERO..=Spacing::MOST, 6, "ignores the line")?;
    if interval >= Spacing::LONG {
        let message = format!("announcements are {} s apart", interval.as_secs_f64());
        let label =
            "neighbours of the last address hear of a take-over this much later for each one before it";
        reader.report(Diagnostic::remark(&statement.line.span, message, label));
    }
    Some(interval)
}

/// Reads one `garp_group`.
pub(super) fn read(block: &Statement<'_>, groups: &mut Vec<Group>, reader: &mut Reader<'_>) {
    let mut intervals = [None, None];
    let mut interfaces: Vec<At<InterfaceName>> = Vec::new();
    for statement in block.entries() {
        if !reader.accepts(Level::GarpGroup, statement) {
            continue;
        }
        let [garp, gna] = &mut intervals;
        match statement.keyword() {
            "garp_interval" => *garp = interval(statement, reader).or(*garp),
            "gna_interval" => *gna = interval(statement, reader).or(*gna),
            "interface" => {
                if let Some(word) = reader.value(statement) {
                    interfaces.extend(interface(word, reader));
                }
            }
            _ => {
                for word in reader.words(statement) {
                    interfaces.extend(interface(word, reader));
                }
            }
        }
    }
    let span = &block.line.keyword.span;
    let [garp, gna] = intervals;
    if garp.is_none() && gna.is_none() {
        let message = "this garp_group has neither `garp_interval` nor `gna_interval`";
        return reader.survived(span, message, "", "leaves it out");
    }
    if interfaces.is_empty() {
        let note = "it changes nothing, as under keepalived";
        return reader.report(Diagnostic::warning(span, "this garp_group has no interface", "").note(note));
    }
    let zero = Duration::ZERO;
    let intervals = Intervals { garp: garp.unwrap_or(zero), gna: gna.unwrap_or(zero) };
    let is_in = |name: &InterfaceName| groups.iter().any(|group| has(&group.interfaces, name));
    let mut own: Vec<At<InterfaceName>> = Vec::new();
    for at in interfaces {
        if is_in(&at.value) || has(&own, &at.value) {
            let message = format!("{} is in a garp_group already", shown(at.value.as_str()));
            reader.survived(&at.span, message, "", "uses the first one");
            continue;
        }
        own.push(at);
    }
    if !own.is_empty() {
        groups.push(Group { intervals, interfaces: own });
    }
}

fn has(interfaces: &[At<InterfaceName>], name: &InterfaceName) -> bool {
    interfaces.iter().any(|known| known.value == *name)
}

fn interface(word: &Word<'_>, reader: &mut Reader<'_>) -> Option<At<InterfaceName>> {
    let span: Range<usize> = word.span.clone();
    track::interface_name(word, reader).map(|value| At { value, span })
}

/// All groups. What leaves by an interface of an instance's own leaves by the one below.
pub(super) fn complete(
    groups: Vec<Group>,
    instances: &[Completed],
    reader: &mut Reader<'_>,
) -> Vec<SpacingGroup> {
    let is_own = |name: &InterfaceName| {
        let mut own = instances.iter().filter_map(|completed| completed.instance.own_interface.as_ref());
        own.any(|own| own.name() == name)
    };
    let mut complete = Vec::new();
    for Group { intervals, interfaces } in groups {
        let (own, interfaces): (Vec<_>, Vec<_>) = interfaces.into_iter().partition(|at| is_own(&at.value));
        for At { value, span } in own {
            let message = format!("{} is the virtual interface of an instance", shown(value.as_str()));
            reader.survived(&span, message, "name the one below it", "ignores it");
        }
        if !interfaces.is_empty() {
            let interfaces = interfaces.into_iter().map(|at| at.value).collect();
            complete.push(SpacingGroup { interfaces, intervals });
        }
    }
    complete
}
