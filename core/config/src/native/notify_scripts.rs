//! `notify_*`: programs that are run on transitions, of an instance or a group.

use toml::de::DeTable;

use super::keys::COMMAND;
use super::reader::{Entry, Reader, optional};
use super::user;
use crate::model::{Command, Deleted, Notify, Place};

pub(super) fn read(reader: &mut Reader<'_>, table: &DeTable<'_>) -> Notify {
    let priority_changes = optional(table, "notify_priority_changes", |value| reader.flag(value));
    let deleted = optional(table, "notify_deleted", |value| deleted(reader, value)).unwrap_or_default();
    let mut script = |key: &str| optional(table, key, |value| command(reader, value));
    Notify {
        master: script("notify_master"),
        backup: script("notify_backup"),
        fault: script("notify_fault"),
        stop: script("notify_stop"),
        deleted,
        master_rx_lower_priority: script("notify_master_rx_lower_pri"),
        any: script("notify"),
        priority_changes: priority_changes.unwrap_or_default(),
    }
}

/// A program, or `true` for none: what is gone is said to be DELETED all the same.
fn deleted(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<Deleted> {
    match value.get_ref().as_bool() {
        Some(true) => Some(Deleted::AsDeleted(None)),
        Some(false) => Some(Deleted::AsFault),
        None => command(reader, value).map(|command| Deleted::AsDeleted(Some(command))),
    }
}

/// `["PROGRAM", "ARGUMENT"]`, or the same as `exec` of a table that says whom it runs as.
pub(super) fn command(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<Command> {
    let place = Place::native(value.span());
    if value.get_ref().as_array().is_some() {
        return Some(Command { argv: reader.command(value)?, user: None, place });
    }
    let table = reader.table(value, "a list: [\"/PATH/TO/PROGRAM\", \"ARGUMENT\"]")?;
    reader.only(table, &[COMMAND], "a notify script");
    let Some(exec) = table.get("exec") else {
        reader.error(&value.span(), "this runs nothing", "add exec = [\"/PATH/TO/PROGRAM\"]");
        return None;
    };
    let argv = reader.command(exec)?;
    Some(Command { argv, user: user::read(reader, table), place })
}
