//! `[scheduling]`: how the kernel is asked to run the engine.

use std::collections::BTreeSet;

use toml::de::DeTable;

use super::keys::SCHEDULING;
use super::reader::{Entry, Reader, optional};
use crate::model;

/// What the table says.
#[derive(Debug, Default)]
pub(super) struct Scheduling {
    real_time: Option<u8>,
    nice: Option<i8>,
    processors: Option<BTreeSet<u16>>,
    locks_memory: Option<bool>,
}

impl Scheduling {
    /// Takes precedence over what the keepalived.conf says.
    pub(super) fn over(self, scheduling: &mut model::Scheduling) {
        let Self { real_time, nice, processors, locks_memory } = self;
        scheduling.real_time = real_time.or(scheduling.real_time);
        scheduling.nice = nice.or(scheduling.nice);
        scheduling.processors = processors.unwrap_or_else(|| std::mem::take(&mut scheduling.processors));
        scheduling.locks_memory = locks_memory.unwrap_or(scheduling.locks_memory);
    }
}

/// Reads the table, if it is there.
pub(super) fn read(reader: &mut Reader<'_>, root: &DeTable<'_>) -> Scheduling {
    let found = root.get("scheduling").and_then(|found| reader.table(found, "a table: write [scheduling]"));
    let Some(table) = found else { return Scheduling::default() };
    reader.only(table, &[SCHEDULING], "[scheduling]");
    let highest = i64::from(model::Scheduling::HIGHEST_REAL_TIME);
    let real_time = optional(table, "real_time_priority", |value| reader.whole(value, 1..=highest));
    let nice = optional(table, "nice", |value| reader.whole(value, -20..=19));
    Scheduling {
        real_time: real_time.and_then(|priority| u8::try_from(priority).ok()),
        nice: nice.and_then(|nice| i8::try_from(nice).ok()),
        processors: optional(table, "cpu_affinity", |value| processors(reader, value)),
        locks_memory: optional(table, "no_swap", |value| reader.flag(value)),
    }
}

fn processors(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<BTreeSet<u16>> {
    let Some(entries) = value.get_ref().as_array() else {
        reader.wrong(value, "a list of processors: [0, 1]");
        return None;
    };
    let last = i64::from(model::Scheduling::LAST_PROCESSOR);
    let read = |entry| reader.whole(entry, 0..=last).and_then(|number| u16::try_from(number).ok());
    entries.iter().map(read).collect()
}
