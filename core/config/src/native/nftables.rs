//! `[nftables]`: the packet filter's table for addresses that do not accept packets.

use toml::de::DeTable;

use super::keys::NFTABLES;
use super::reader::{Reader, optional};
use crate::model::Firewall;

/// What the table says of the packet filter.
#[derive(Debug, Default)]
pub(super) struct Nftables {
    table: Option<String>,
    priority: Option<i32>,
    counters: Option<bool>,
}

impl Nftables {
    /// Takes precedence over what the keepalived.conf says.
    pub(super) fn over(self, firewall: &mut Firewall) {
        let Self { table, priority, counters } = self;
        firewall.table = table.unwrap_or_else(|| std::mem::take(&mut firewall.table));
        firewall.priority = priority.unwrap_or(firewall.priority);
        firewall.counters = counters.unwrap_or(firewall.counters);
    }
}

/// Reads the table, if it is there.
pub(super) fn read(reader: &mut Reader<'_>, root: &DeTable<'_>) -> Nftables {
    let found = root.get("nftables").and_then(|found| reader.table(found, "a table: write [nftables]"));
    let Some(table) = found else { return Nftables::default() };
    reader.only(table, &[NFTABLES], "[nftables]");
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
    Nftables { table: name, priority, counters: optional(table, "counters", |value| reader.flag(value)) }
}
