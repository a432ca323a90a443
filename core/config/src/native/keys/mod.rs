//! The words of a keepwatch.toml: which keys each table has, what can stand behind them, and what they mean.
//!
//! The readers refuse what is not here, editors get it as a JSON Schema ([`schema()`]), and the book as its reference
//! ([`reference()`]). What is here is all that can be written; what a value means is the readers' to say.

mod action;
mod check;
mod group;
mod home;
mod instance;
mod notify;
mod plugin;
mod reference;
mod root;
mod schema;
mod shape;

pub(super) use action::{EXEC, HAPROXY};
pub(super) use check::{COMMON as CHECK, DNS, INIT_FILE};
pub(super) use group::KEYS as GROUP;
pub(super) use home::{home, of_kind};
pub(super) use instance::{
    ADDED, COMMAND, FIFO, GARP, NOTIFY_SCRIPTS, PEER, ROUTER, STATIC_ADDRESS, TRACK, USE_IPVLAN, USE_VMAC,
    VIRTUAL_ADDRESS,
};
pub(super) use notify::{COMMON as NOTIFY, MAIL, WEBHOOK};
pub(super) use plugin::KEYS as PLUGIN;
pub use reference::reference;
use root::KEYS as ROOT;
pub(super) use root::{GARP_GROUP, LINK_DELAY, NFTABLES, SCHEDULING, SMTP_ALERT, STATIC};
pub use schema::schema;
pub(super) use shape::{Key, names};
use shape::{Sort, Table};

use crate::similar::nearest;

/// What can stand at the top: its keys, and the kinds of tables.
pub(super) fn of_root() -> Vec<&'static str> {
    ROOT.iter().map(|key| key.name).chain(TABLES.iter().map(|table| table.kind)).collect()
}

/// Whether tables with names are of this kind: `[KIND.NAME]`.
pub(super) fn is_kind(name: &str) -> bool {
    TABLES.iter().any(|table| table.kind == name)
}

/// The kind of tables that this word is a slip for, or in which keepalived's word for it ends: `instances`, `vrrp_instance`.
pub(super) fn kind_meant(word: &str) -> Option<&'static str> {
    let kinds = || TABLES.iter().map(|table| table.kind);
    let ends_in = |kind: &&str| word.strip_suffix(kind).is_some_and(|before| before.ends_with('_'));
    nearest(word, kinds()).or_else(|| kinds().find(ends_in))
}

/// Whether tables of this kind have a key of this name.
pub(super) fn kind_has(kind: &str, name: &str) -> bool {
    let mut tables = TABLES.iter().filter(|table| table.kind == kind);
    tables.any(|table| {
        names(table.common).contains(&name)
            || table.sorts.iter().any(|sort| names(&[sort.keys]).contains(&name))
    })
}

/// What a check can look at, with the keys of each.
pub(super) const fn check_sorts() -> &'static [Sort] {
    check::TABLE.sorts
}

/// The tables with names, `[KIND.NAME]`, in the order of the reference.
const TABLES: &[Table] =
    &[instance::TABLE, group::TABLE, check::TABLE, action::TABLE, plugin::TABLE, notify::TABLE];
