//! Whom a program runs as, or whom a FIFO belongs to.

use toml::de::DeTable;

use super::reader::{Reader, optional};
use crate::model::{Place, User};

/// `user`, `group` and `supplementary_groups` of a table.
pub(super) fn read(reader: &mut Reader<'_>, table: &DeTable<'_>) -> Option<User> {
    let name = optional(table, "user", |value| reader.text(value));
    let group = optional(table, "group", |value| reader.text(value));
    let supplementary_groups =
        optional(table, "supplementary_groups", |value| reader.flag(value)).unwrap_or_default();
    for key in ["group", "supplementary_groups"] {
        if let (Some((key, _)), None) = (table.get_key_value(key), table.get("user")) {
            reader.error(&key.span(), "a group without a user", "add user = \"NAME\"");
        }
    }
    let place = Place::native(table.get("user").map_or(0..0, |value| value.span()));
    Some(User { name: name?, group, supplementary_groups, place })
}
