//! `[action.NAME]`

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use toml::de::DeTable;

use super::haproxy;
use super::keys::{EXEC, HAPROXY};
use super::reader::{Reader, optional};
use crate::model::{ActionKind, ActionTable, Place};
use crate::similar::shown;

/// How long an action may run unless it says otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) fn read(
    reader: &mut Reader<'_>,
    name: &str,
    table: &DeTable<'_>,
    folder: &Path,
    span: &Range<usize>,
) -> Option<ActionTable> {
    let timeout = optional(table, "timeout", |value| reader.duration(value)).unwrap_or(TIMEOUT);
    let does = match (table.get_key_value("exec"), table.get("haproxy")) {
        (Some((key, _)), Some(_)) => {
            let message = format!("action {} does something else already", shown(name));
            reader.error(&key.span(), message, "write an action of its own for this");
            None
        }
        (None, Some(value)) => {
            reader.only(table, &[HAPROXY], "[action]");
            haproxy::action(reader, value, table, folder)
        }
        (Some((_, value)), None) => {
            reader.only(table, &[EXEC], "[action]");
            let user = optional(table, "user", |value| reader.text(value));
            reader.program(value).map(|exec| ActionKind::Exec { exec, user })
        }
        (None, None) => {
            reader.only(table, &[EXEC, HAPROXY], "[action]");
            let label = "add exec = [\"/PATH/TO/PROGRAM\", \"ARGUMENT\"]";
            reader.error(span, format!("action {} runs nothing", shown(name)), label);
            None
        }
    };
    Some(ActionTable { name: name.to_owned(), does: does?, timeout, place: Place::native(span.clone()) })
}
