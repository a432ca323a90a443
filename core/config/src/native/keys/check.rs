//! `[check.NAME]`

use super::instance::{GROUP, SUPPLEMENTARY_GROUPS, USER};
use super::plugin::{CONFIG, CPU, GRANTS, MEMORY};
use super::shape::{Key, PROGRAM, Shape, Sort, Table, key};

pub(crate) const TABLE: Table = Table {
    kind: "check",
    means: "A health check: one of these keys says what is looked at.",
    common: &[COMMON],
    sorts: SORTS,
    required: &[],
    alone: None,
};

/// Keys of every check.
pub(crate) const COMMON: &[Key] = &[
    key("interval", Shape::Duration, "how often", "`\"1s\"`"),
    key("timeout", Shape::Duration, "how long it may take", "the interval"),
    key("rise", Shape::Whole(1, 4_294_967_295), "successes in a row before it counts as up", "1"),
    key("fall", Shape::Whole(1, 4_294_967_295), "failures in a row before it counts as down", "1"),
    key(
        "weight",
        Shape::Whole(-254, 254),
        "what it adds to the priority of what tracks it and says nothing else; 0 is FAULT",
        "0; of a `track_file` 1",
    ),
    key("reverse", Shape::Flag, "the other way round", "`false`"),
    key("init_fail", Shape::Flag, "it is down until it has risen", "`false`: the first result counts"),
    key(
        "unknown",
        Shape::Words(&["keep", "fail"]),
        "what it means when nobody can tell: what was (up, if it never was anything), or down",
        "`\"keep\"`",
    ),
];

const SOURCE: Key = key("source", Shape::Text("10.1.1.10"), "the address to ask from", "the kernel's choice");
const SEND: Key = key("send", Shape::Text("PING\\r\\n"), "what is sent", "nothing");
const EXPECT: Key = key("expect", Shape::Text("PONG"), "what must come back", "anything");

const STATUS: Shape = Shape::Either(&[Shape::Whole(100, 599), Shape::Text("200-399")]);

/// What a check looks at.
const SORTS: &[Sort] = &[
    Sort {
        by: &["plugin"],
        unless: None,
        means: "what a plugin finds",
        keys: &[
            key("plugin", Shape::Path("/etc/keepwatch/plugins/lag.wasm"), "the plugin's file", ""),
            GRANTS,
            CONFIG,
            CPU,
            MEMORY,
        ],
    },
    Sort {
        by: &["script"],
        unless: None,
        means: "how a program ends",
        keys: &[
            key(
                "script",
                Shape::Either(&[Shape::Text("test -e /run/ok"), PROGRAM]),
                "the program and its arguments, a name alone is looked for as under keepalived; a text is read by `/bin/sh`",
                "",
            ),
            USER,
            GROUP,
            SUPPLEMENTARY_GROUPS,
            key("nagios", Shape::Flag, "it ends as a Nagios plugin does", "`false`"),
        ],
    },
    Sort {
        by: &["tcp"],
        unless: None,
        means: "whether somebody listens",
        keys: &[key("tcp", Shape::Text("127.0.0.1:5432"), "`HOST:PORT`", ""), SOURCE, SEND, EXPECT],
    },
    Sort {
        by: &["http"],
        unless: None,
        means: "the answer of a web server",
        keys: &[
            key("http", Shape::Text("http://127.0.0.1/health"), "the URL", ""),
            key("method", Shape::Text("HEAD"), "the method", "`\"GET\"`"),
            key("headers", Shape::Map(&Shape::Text("north")), "headers of the request", "none"),
            SOURCE,
            key("status", Shape::Either(&[STATUS, Shape::List(&STATUS)]), "what is well", "`\"200-399\"`"),
            key("redirects", Shape::Whole(0, 20), "how many are followed", "0"),
            key("contains", Shape::Text("ok"), "what the answer must have in it", "anything"),
            key(
                "server_name",
                Shape::Text("www.example.com"),
                "https: whose certificate it must be",
                "the URL's",
            ),
            key(
                "ca_file",
                Shape::Path("/etc/ssl/ca.pem"),
                "https: PEM, who may have signed it",
                "who this host trusts",
            ),
            key("verify", Shape::Flag, "https: whether the certificate matters", "`true`"),
            key("min_life", Shape::Duration, "https: how long it must be valid yet", "not looked at"),
        ],
    },
    Sort {
        by: &["unix"],
        unless: None,
        means: "whether somebody listens",
        keys: &[key("unix", Shape::Text("/run/app.sock"), "the socket's path", ""), SEND, EXPECT],
    },
    Sort {
        by: &["dns"],
        unless: None,
        means: "the answer of a name server",
        keys: &[key("dns", Shape::Table(DNS, &["server", "name"]), "what is asked", "")],
    },
    Sort {
        by: &["icmp"],
        unless: None,
        means: "whether a host answers to ping",
        keys: &[
            key("icmp", Shape::Text("10.1.1.1"), "the host", ""),
            SOURCE,
            key("count", Shape::Whole(1, 100), "so many echo requests", "1"),
            key("need", Shape::Whole(1, 100), "so many answers, at most `count`", "1"),
        ],
    },
    Sort {
        by: &["file"],
        unless: None,
        means: "a file",
        keys: &[
            key("file", Shape::Text("/run/maintenance"), "its path", ""),
            key(
                "test",
                Shape::Words(&["zero", "present_and_zero", "exists", "absent"]),
                "what must be true; a missing file is zero",
                "`\"zero\"`",
            ),
        ],
    },
    Sort {
        by: &["track_file"],
        unless: None,
        means: "the number in a file, which is multiplied by the weight",
        keys: &[
            key(
                "track_file",
                Shape::Text("/run/maintenance"),
                "its path; a missing file is 0; -254 or less, multiplied, is FAULT",
                "",
            ),
            key(
                "init_file",
                Shape::Either(&[NUMBER, Shape::Table(INIT_FILE, &["value"])]),
                "the number that is written to a missing file when keepwatch starts",
                "none",
            ),
        ],
    },
    Sort {
        by: &["process"],
        unless: None,
        means: "whether processes run",
        keys: &[
            key("process", Shape::Text("haproxy"), "the name, or the path of the program", ""),
            key("arguments", Shape::List(&Shape::Text("-D")), "its arguments", "any"),
            key(
                "match",
                Shape::Words(&["name", "program", "exact", "first", "beginning"]),
                "what must be the same; with `arguments` one of the last three",
                "`\"name\"`; with `arguments` `\"exact\"`",
            ),
            key(
                "quorum",
                Shape::Whole(0, 65535),
                "so many processes at least; 0 beside `quorum_max`",
                "1; with `quorum_max = 0` 0",
            ),
            key("quorum_max", Shape::Whole(0, 65535), "so many at most", "any"),
            key("fork_delay", Shape::Duration, "how long a new one must have been there", "none"),
            key("terminate_delay", Shape::Duration, "how long one may be gone", "none"),
        ],
    },
    Sort {
        by: &["gateway"],
        unless: None,
        means: "whether a neighbour answers to ARP or neighbour discovery",
        keys: &[
            key("gateway", Shape::Text("10.1.1.1"), "its address", ""),
            key("interface", Shape::Text("eth0"), "where it is", ""),
        ],
    },
    Sort {
        by: &["interface"],
        unless: Some("gateway"),
        means: "whether an interface is up",
        keys: &[key("interface", Shape::Text("eth0"), "its name", "")],
    },
    Sort {
        by: &["systemd"],
        unless: None,
        means: "whether a unit is active",
        keys: &[key("systemd", Shape::Text("haproxy.service"), "its name", "")],
    },
    Sort {
        by: &["haproxy"],
        unless: None,
        means: "whether HAProxy answers, its frontends are open and its backends have servers",
        keys: &[
            key("haproxy", Shape::Text("/run/haproxy/admin.sock"), "its socket, or `ADDRESS:PORT`", ""),
            key("master", Shape::Flag, "it is the socket of HAProxy's master process", "`false`"),
            key("frontends", NAMES, "which must be open", "none"),
            key(
                "backends",
                Shape::Either(&[
                    Shape::Text("web"),
                    Shape::List(&Shape::Text("web")),
                    Shape::Map(&Shape::Whole(1, 4_294_967_295)),
                ]),
                "which must have servers; a table says how many",
                "none",
            ),
        ],
    },
];

const NAMES: Shape = Shape::Either(&[Shape::Text("web"), Shape::List(&Shape::Text("web"))]);

const NUMBER: Shape = Shape::Whole(-2_147_483_648, 2_147_483_647);

/// What is written to a file with a number.
pub(crate) const INIT_FILE: &[Key] = &[
    key("value", NUMBER, "the number", ""),
    key("overwrite", Shape::Flag, "also over what is there", "`false`"),
];

/// What a name server is asked.
pub(crate) const DNS: &[Key] = &[
    key("server", Shape::Text("10.1.1.53"), "its address, with a port if it is not 53", ""),
    key("name", Shape::Text("www.example.com"), "the name", ""),
    key(
        "type",
        Shape::Words(&["A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"]),
        "the type of the record",
        "`\"A\"`",
    ),
    key("expect", Shape::Text("10.1.1.80"), "an address that must be among those that come", "any"),
];
