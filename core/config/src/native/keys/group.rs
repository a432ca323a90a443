//! `[group.NAME]`

use super::instance::{NOTIFY_SCRIPTS, TRACKS};
use super::shape::{Key, Shape, Table, key};

pub(crate) const TABLE: Table = Table {
    kind: "group",
    means: "A sync group: all members are MASTER, or none.",
    common: &[KEYS, NOTIFY_SCRIPTS],
    sorts: &[],
    required: &["members"],
    alone: None,
};

pub(crate) const KEYS: &[Key] = &[
    key(
        "members",
        Shape::List(&Shape::Text("web")),
        "the instances, of this file or of the keepalived.conf",
        "",
    ),
    key("track", TRACKS, "what each member tracks", "none"),
    key(
        "sync_group_tracking_weight",
        Shape::Flag,
        "whether a member may track something with a weight alone",
        "`false`",
    ),
];
