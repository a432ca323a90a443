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
    checks(instances, groups, reader);
    sync_groups(groups, reader);
    notify_scripts(globals, instances, groups, reader);
    mail(globals, instances, groups, reader);
}

fn checks(instances: &[Completed], groups: &[Resolved], reader: &mut Reader<'_>) {
    let mut found = Vec::new();
    for completed in instances {
        let names = completed.instance.track_checks.iter().map(|tracked| tracked.check.as_str());
        found.extend(as_if_passed(&completed.instance.name, names, completed.scripts_at.first()));
    }
    for group in groups {
        let names = group.tracked.scripts.iter().map(|at| at.value.check.as_str());
        found.extend(as_if_passed(&group.name, names, group.tracked.scripts.first().map(|at| &at.span)));
    }
    let who = if found.len() == 1 { "it stays" } else { "they stay" };
    let note = format!("{who} MASTER when the check would fail");
    one_warning("checks are read but not run in this version", found, Some(note), reader);
}

fn as_if_passed<'a>(
    who: &str,
    scripts: impl Iterator<Item = &'a str>,
    span: Option<&Range<usize>>,
) -> Option<(String, Range<usize>)> {
    let names: Vec<&str> = scripts.collect();
    Some((format!("{who} behaves as if {} always succeeded", names.join(" and ")), span?.clone()))
}

fn sync_groups(groups: &[Resolved], reader: &mut Reader<'_>) {
    let found = groups.iter().map(|group| {
        (
            format!("{} lets {} fail and recover one by one", group.name, group.members.join(" and ")),
            group.span.clone(),
        )
    });
    one_warning(
        "the members of a sync group only leave together in this version",
        found.collect(),
        None,
        reader,
    );
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
    one_warning("notify scripts and FIFOs are read but not served in this version", found, None, reader);
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
    one_warning("mail is read but not sent in this version", found.collect(), None, reader);
}

/// One warning at the first place, that names all; `note` says what follows from it.
fn one_warning(
    message: &str,
    found: Vec<(String, Range<usize>)>,
    note: Option<String>,
    reader: &mut Reader<'_>,
) {
    let Some((_, span)) = found.first() else { return };
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    let mut finding = Diagnostic::warning(span, format!("{message}: {}", names.join(", ")), "");
    finding.notes.extend(note);
    reader.report(finding);
}
