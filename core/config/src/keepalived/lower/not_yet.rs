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
    notify_deleted(instances, reader);
    mail(globals, instances, groups, reader);
}

/// No reload takes an instance away.
fn notify_deleted(instances: &[Completed], reader: &mut Reader<'_>) {
    let found = instances.iter().filter_map(|completed| {
        Some((format!("that of {}", completed.instance.name), completed.deleted_at.clone()?))
    });
    let message =
        "`notify_deleted` is read but not run in this version, where only a restart takes an instance away";
    one_warning(message, found.collect(), reader);
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
