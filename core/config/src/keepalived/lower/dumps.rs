//! `state_dump_file` and the like: files that other programs read.

use super::super::parser::Statement;
use super::reader::Reader;
use crate::model::{Dumps, JsonVersion};

/// Reads one of the settings.
pub(super) fn read(dumps: &mut Dumps, statement: &Statement<'_>, reader: &mut Reader<'_>) {
    let place = match statement.keyword() {
        // The second word is the manual's.
        "state_dump_file" | "state_file_location" => &mut dumps.state,
        "stats_dump_file" | "stats_file_location" => &mut dumps.stats,
        "json_dump_file" | "json_file_location" => &mut dumps.json,
        _ => {
            let version = reader.whole(statement, 1..=2, "ignores the line");
            if let Some(version) = version {
                dumps.json_version = if version == 1 { JsonVersion::Instances } else { JsonVersion::Object };
            }
            return;
        }
    };
    let word = statement.argument(0).filter(|word| !word.text.is_empty());
    match word {
        Some(word) if statement.argument(1).is_none() => *place = Some(word.text.clone().into_owned()),
        _ => {
            let message = format!("`{}` needs one path", statement.keyword());
            reader.survived(&statement.line.span, message, "", "ignores the line");
        }
    }
}
