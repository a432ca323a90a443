//! `[plugin.NAME]`

use super::shape::{Key, Shape, Table, key};

pub(crate) const TABLE: Table = Table {
    kind: "plugin",
    means: "A plugin that hears events, and what it may do. A script in the folder of hooks needs none of it.",
    common: &[KEYS],
    sorts: &[],
    required: &[],
    alone: None,
};

pub(crate) const GRANTS: Key = key(
    "grants",
    Shape::List(&Shape::Text("http://127.0.0.1:8080")),
    "what it may do, such as `run:NAME`, `notify:NAME`, `http://HOST:PORT`",
    "nothing",
);
pub(crate) const CONFIG: Key = key("config", Shape::Anything, "its settings", "none");
pub(crate) const CPU: Key = key("cpu", Shape::Duration, "how long a call may compute", "`\"1s\"`");
pub(crate) const MEMORY: Key = key("memory", Shape::Size, "how much memory it may hold", "`\"32 MiB\"`");

pub(crate) const KEYS: &[Key] = &[
    key(
        "file",
        Shape::Path("/etc/keepwatch/plugins/chat.wasm"),
        "a component or a script",
        "`NAME.rhai` in `hooks`",
    ),
    GRANTS,
    CONFIG,
    key("timeout", Shape::Duration, "how long a call may take, waiting included", "`\"10s\"`"),
    CPU,
    MEMORY,
    key("queue", Shape::Whole(1, 4_294_967_295), "how many events may wait for it", "1024"),
];
