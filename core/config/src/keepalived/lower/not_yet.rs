//! What is read, but not done in this version: one warning each. A part that is done one day is deleted here.

use std::ops::Range;

use super::complete::Completed;
use super::reader::Reader;
use crate::diagnostic::Diagnostic;

/// No reload takes an instance away.
pub(super) fn notify_deleted(instances: &[Completed], reader: &mut Reader<'_>) {
    let found = instances.iter().filter_map(|completed| {
        Some((format!("that of {}", completed.instance.name), completed.deleted_at.clone()?))
    });
    let message =
        "`notify_deleted` is read but not run in this version, where only a restart takes an instance away";
    one_warning(message, found.collect(), reader);
}

/// One warning at the first place, that names all.
fn one_warning(message: &str, found: Vec<(String, Range<usize>)>, reader: &mut Reader<'_>) {
    let Some((_, span)) = found.first() else { return };
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    reader.report(Diagnostic::warning(span, format!("{message}: {}", names.join(", ")), ""));
}
