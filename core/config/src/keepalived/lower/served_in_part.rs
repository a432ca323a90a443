//! Keywords of which only the value is served that asks for what keepwatch does anyway.

use super::super::number;
use super::super::parser::Statement;
use super::reader::Reader;
use crate::diagnostic::Diagnostic;

/// `vrrp_garp_interval` and `vrrp_gna_interval`: zero, as in the shipped sample, means nothing.
pub(super) fn spacing(statement: &Statement<'_>, reader: &mut Reader<'_>) {
    let Some(word) = reader.value(statement) else { return };
    if number::decimal(&word.text, 6).is_some_and(|number| number.value == 0) {
        return;
    }
    let message = format!("`{}` is not supported by this version", statement.keyword());
    let note =
        "keepalived would leave this time between announcements; keepwatch spreads them over time anyway";
    reader.report(Diagnostic::warning(&statement.line.keyword.span, message, "").note(note));
}

/// `owner_ignore_adverts` and `vrrp_owner_ignore_adverts`: off means off, for which keepalived's code has on in an instance with
/// priority 255.
pub(super) fn owner(statement: &Statement<'_>, reader: &mut Reader<'_>) {
    if reader.switch(statement) != Some(true) {
        return;
    }
    let message = format!("`{}` is not supported by this version", statement.keyword());
    let note = "keepalived would ignore adverts while it has priority 255; keepwatch weighs them as always";
    reader.report(Diagnostic::warning(&statement.line.keyword.span, message, "").note(note));
}
