//! `state_dump_file` and the like: where files go that signals ask for.

use toml::de::DeTable;

use super::reader::{Entry, Reader, optional};
use crate::model::{self, JsonVersion};

/// What is said of them.
#[derive(Debug, Default)]
pub(super) struct Dumps {
    state: Option<String>,
    stats: Option<String>,
    json: Option<String>,
    json_version: Option<JsonVersion>,
}

impl Dumps {
    /// Takes precedence over what the keepalived.conf says.
    pub(super) fn over(self, dumps: &mut model::Dumps) {
        let Self { state, stats, json, json_version } = self;
        dumps.state = state.or_else(|| dumps.state.take());
        dumps.stats = stats.or_else(|| dumps.stats.take());
        dumps.json = json.or_else(|| dumps.json.take());
        dumps.json_version = json_version.unwrap_or(dumps.json_version);
    }
}

/// Reads the keys above all tables.
pub(super) fn read(reader: &mut Reader<'_>, root: &DeTable<'_>) -> Dumps {
    Dumps {
        state: optional(root, "state_dump_file", |value| place(reader, value)),
        stats: optional(root, "stats_dump_file", |value| place(reader, value)),
        json: optional(root, "json_dump_file", |value| place(reader, value)),
        json_version: optional(root, "json_version", |value| version(reader, value)),
    }
}

/// As it is written: what it is below is not known here.
fn place(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<String> {
    let text = reader.text(value)?;
    if text.is_empty() || text.contains('\0') {
        reader.error(&value.span(), "this cannot be a path", "such as /run/keepwatch/state");
        return None;
    }
    Some(text)
}

fn version(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<JsonVersion> {
    Some(if reader.whole(value, 1..=2)? == 1 { JsonVersion::Instances } else { JsonVersion::Object })
}
