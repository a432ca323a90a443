//! `track_file` of a check: the number in a file.

use toml::de::DeTable;

use super::keys::INIT_FILE;
use super::kinds::absolute;
use super::reader::{Entry, Reader, optional};
use crate::diagnostic::Diagnostic;
use crate::model::{InitFile, Overwrite, TrackFile};
use crate::similar::shown;

/// What a number counts unless something else is said.
pub(super) const WEIGHT: i16 = 1;

/// Keys of every check that say when it is up: a number is neither up nor down.
const OF_VERDICTS: [&str; 4] = ["rise", "fall", "init_fail", "unknown"];

pub(super) fn read(reader: &mut Reader<'_>, value: Entry<'_, '_>, table: &DeTable<'_>) -> Option<TrackFile> {
    for (key, _) in OF_VERDICTS.iter().filter_map(|key| table.get_key_value(*key)) {
        let message = format!("a number has no {}: it is neither up nor down", shown(key.get_ref()));
        let finding = Diagnostic::error(&key.span(), message, "remove this");
        reader.findings.push(
            finding.help("to see whether the number is 0, write file = \"/PATH\" instead of `track_file`"),
        );
    }
    let init = optional(table, "init_file", |value| init_file(reader, value));
    Some(TrackFile { path: absolute(reader, value)?, init })
}

/// A number, or `{ value = NUMBER, overwrite = true }`.
fn init_file(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<InitFile> {
    if value.get_ref().as_integer().is_some() {
        return Some(InitFile { value: number(reader, value)?, overwrite: Overwrite::Never });
    }
    let table = reader.table(value, "a number, or { value = NUMBER, overwrite = true }")?;
    reader.only(table, &[INIT_FILE], "`init_file`");
    let Some(written) = table.get("value") else {
        reader.error(&value.span(), "`init_file` has no number", "add value = 0");
        return None;
    };
    let overwrites = optional(table, "overwrite", |value| reader.flag(value)).unwrap_or_default();
    let overwrite = if overwrites { Overwrite::AtStart } else { Overwrite::Never };
    Some(InitFile { value: number(reader, written)?, overwrite })
}

fn number(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<i32> {
    reader.whole(value, i32::MIN.into()..=i32::MAX.into()).and_then(|number| i32::try_from(number).ok())
}
