//! Headers of an HTTP request.

use super::reader::{Entry, Reader};
use crate::model::Written;
use crate::similar::shown;

/// `{ NAME = "VALUE" }`
pub(super) fn open(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<Vec<(String, String)>> {
    Some(read(reader, value)?.into_iter().map(|(name, value)| (name, value.text)).collect())
}

/// The same, and where each value stands.
pub(super) fn read(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<Vec<(String, Written)>> {
    let table = reader.table(value, "a table: { X-Site = \"north\" }")?;
    let mut headers = Vec::new();
    for (name, value) in table {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if name.get_ref().is_empty() || !name.get_ref().chars().all(is_token) {
            reader.error(&name.span(), format!("{} is no name of a header", shown(name.get_ref())), "");
            continue;
        }
        let Some(text) = reader.text(value) else { continue };
        if text.chars().any(char::is_control) {
            reader.error(&value.span(), "a header's value is one line, without control characters", "");
            continue;
        }
        headers.push((name.get_ref().to_string(), Written { text, span: value.span() }));
    }
    Some(headers)
}
