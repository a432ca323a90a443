//! What is read, but not done in this version: one warning each. A part that is done one day is deleted here.

use std::ops::Range;

use super::complete::Completed;
use super::globals::GlobalDefs;
use super::reader::Reader;
use super::sync_group::Resolved;
use crate::diagnostic::Diagnostic;

pub(super) fn report(
    globals: &GlobalDefs,
    instances: &[Completed],
    groups: &[Resolved],
    reader: &mut Reader<'_>,
) {
    notify_scripts(globals, instances, groups, reader);
    mail(globals, instances, groups, reader);
}

fn notify_scripts(
    globals: &GlobalDefs,
    instances: &[Completed],
    groups: &[Resolved],
    reader: &mut Reader<'_>,
) {
    let of_instances =
        instances.iter().map(|completed| (&completed.instance.name, completed.notify_at.first()));
    let of_groups = groups.iter().map(|group| (&group.name, group.notify.spans.first()));
    let of_fifos = globals.fifos().map(|at| (&at.value, Some(&at.span)));
    let found = of_instances.chain(of_groups).chain(of_fifos);
    let found = found.filter_map(|(name, span)| Some((format!("those of {name}"), span?.clone()))).collect();
    one_warning("notify scripts and FIFOs are read but not served in this version", found, reader);
}

fn mail(globals: &GlobalDefs, instances: &[Completed], groups: &[Resolved], reader: &mut Reader<'_>) {
    let of_instances = instances
        .iter()
        .filter(|completed| completed.instance.mail_alert)
        .map(|completed| (&completed.instance.name, completed.alert_at.as_ref().unwrap_or(&completed.span)));
    let of_groups = groups
        .iter()
        .filter(|group| group.sends_mail(globals))
        .map(|group| (&group.name, group.alert.as_ref().map_or(&group.span, |at| &at.span)));
    let found = of_instances.chain(of_groups).map(|(name, span)| (format!("that of {name}"), span.clone()));
    one_warning("mail is read but not sent in this version", found.collect(), reader);
}

/// One warning at the first place, that names all.
fn one_warning(message: &str, found: Vec<(String, Range<usize>)>, reader: &mut Reader<'_>) {
    let Some((_, span)) = found.first() else { return };
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    reader.report(Diagnostic::warning(span, format!("{message}: {}", names.join(", ")), ""));
}
