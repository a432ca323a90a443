//! Keywords of which only the value is served that asks for what keepwatch does anyway.

use super::super::parser::Statement;
use super::reader::Reader;
use crate::diagnostic::Diagnostic;

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
