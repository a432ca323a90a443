//! `[action.NAME]`

use super::shape::{Key, PROGRAM, Shape, Sort, Table, key};

pub(crate) const TABLE: Table = Table {
    kind: "action",
    means: "What plugins may have done, by its name, with the grant `run:NAME`.",
    common: &[],
    sorts: &[
        Sort { by: &["exec"], unless: None, means: "a program", keys: EXEC },
        Sort { by: &["haproxy"], unless: None, means: "something done to HAProxy", keys: HAPROXY },
    ],
    required: &[],
    alone: None,
};

const TIMEOUT: Key = key("timeout", Shape::Duration, "how long it may take", "`\"30s\"`");

pub(crate) const EXEC: &[Key] = &[
    key("exec", PROGRAM, "a program, by its absolute path, and its arguments", ""),
    key("user", Shape::Text("nobody"), "whom it runs as", "as keepwatch does"),
    TIMEOUT,
];

pub(crate) const HAPROXY: &[Key] = &[
    key("haproxy", Shape::Words(&["reload", "enable", "disable", "drain"]), "what is done", ""),
    TIMEOUT,
    key("socket", Shape::Text("/run/haproxy/admin.sock"), "where HAProxy is asked", ""),
    key("master", Shape::Flag, "it is the socket of HAProxy's master process", "`false`"),
    key(
        "config",
        Shape::Either(&[
            Shape::Path("/etc/haproxy/haproxy.cfg"),
            Shape::List(&Shape::Path("/etc/haproxy/haproxy.cfg")),
        ]),
        "reload: its configuration, which is checked first",
        "",
    ),
    key("program", Shape::Path("/usr/sbin/haproxy"), "reload: HAProxy itself", "`/usr/sbin/haproxy`"),
    key("pid_file", Shape::Path("/run/haproxy.pid"), "reload: by a signal to this process", "by its socket"),
    key("systemd", Shape::Text("haproxy.service"), "reload: by systemd", "by its socket"),
    key("server", Shape::Text("web/a"), "enable, disable, drain: `BACKEND/SERVER`", ""),
    key("wait", Shape::Flag, "drain: until no connection is left", "`false`"),
];
