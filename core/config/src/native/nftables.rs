//! `[nftables]`: the packet filter's table for addresses that do not accept packets.

use toml::de::DeTable;

use super::keys::NFTABLES;
use super::reader::{Reader, optional};
use crate::model::Firewall;

/// Reads the table; what is absent is as it is without it.
pub(super) fn read(reader: &mut Reader<'_>, root: &DeTable<'_>) -> Option<Firewall> {
    let table = reader.table(root.get("nftables")?, "a table: write [nftables]")?;
    reader.only(table, &[NFTABLES], "[nftables]");
    let default = Firewall::default();
    let name = optional(table, "table", |value| {
        let name = reader.text(value)?;
        let fits = (1..=Firewall::TABLE_NAME).contains(&name.len());
        if !fits {
            let label = format!("1 to {} octets", Firewall::TABLE_NAME);
            reader.error(&value.span(), "this cannot be the name of a table", label);
        }
        fits.then_some(name)
    });
    let bounds = i64::from(i32::MIN)..=i64::from(i32::MAX);
    let priority = optional(table, "priority", |value| reader.whole(value, bounds));
    let priority = priority.and_then(|number| i32::try_from(number).ok());
    Some(Firewall {
        table: name.unwrap_or(default.table),
        priority: priority.unwrap_or(default.priority),
        counters: optional(table, "counters", |value| reader.flag(value)).unwrap_or(default.counters),
    })
}
