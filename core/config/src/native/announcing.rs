//! `garp_*`: when addresses are announced.

use toml::de::DeTable;

use super::reader::{Entry, Reader, optional};
use crate::announce::Announce;

pub(super) fn read(reader: &mut Reader<'_>, table: &DeTable<'_>) -> Announce {
    Announce {
        repeat: optional(table, "garp_master_repeat", |value| rounds(reader, value, 1)),
        delay: optional(table, "garp_master_delay", |value| reader.pause(value)),
        refresh: optional(table, "garp_master_refresh", |value| reader.long_pause(value)),
        refresh_repeat: optional(table, "garp_master_refresh_repeat", |value| rounds(reader, value, 1)),
        lower_repeat: optional(table, "garp_lower_prio_repeat", |value| rounds(reader, value, 0)),
        lower_delay: optional(table, "garp_lower_prio_delay", |value| reader.pause(value)),
    }
}

fn rounds(reader: &mut Reader<'_>, value: Entry<'_, '_>, least: i64) -> Option<u8> {
    reader.whole(value, least..=255).and_then(|count| u8::try_from(count).ok())
}
