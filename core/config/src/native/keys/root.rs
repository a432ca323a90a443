//! What stands above all tables.

use super::instance::{FIFO, ROUTES, RULES, STATIC_ADDRESS};
use super::shape::{Key, Shape, key};

/// The keys above all tables, and the kinds of tables.
pub(crate) const KEYS: &[Key] = &[
    key(
        "include",
        Shape::Either(&[Shape::Path("conf.d/*.toml"), Shape::List(&Shape::Path("conf.d/*.toml"))]),
        "files whose tables are read with those of this one; `*`, `?`, `[a-z]` and `{a,b}` in their names",
        "none",
    ),
    key(
        "keepalived",
        Shape::Path("/etc/keepalived/keepalived.conf"),
        "a keepalived.conf whose instances this file adds to",
        "none",
    ),
    key("node", Shape::Text("h1.example.com"), "what mails and webhooks call this host", "its host name"),
    key(
        "net_namespace",
        Shape::Text("blue"),
        "the network namespace to run in, by its name under `/run/netns`",
        "that of the process",
    ),
    key("vrrp_startup_delay", Shape::Duration, "how long nobody takes part after the start", "none"),
    key(
        "vrrp_delay_after_boot",
        Shape::Duration,
        "how long nobody takes part after the host has booted",
        "none",
    ),
    key(
        "vip_lifetime",
        Shape::Seconds,
        "virtual addresses are removed by the kernel when nobody has renewed them for so long: those of a daemon that hangs or was killed; \
         at least `2s`, renewed three times in it",
        "they stay",
    ),
    key(
        "nftables",
        Shape::Table(NFTABLES, &[]),
        "about the packet filter of instances with `accept = false`",
        "as without it",
    ),
    key(
        "scheduling",
        Shape::Table(SCHEDULING, &[]),
        "how the kernel is asked to run the engine",
        "as without it",
    ),
    key(
        "interface_up_down_delays",
        Shape::Map(&Shape::Either(&[Shape::Pause, Shape::Table(LINK_DELAY, &[])])),
        "interfaces by name, whose going down or coming up counts only after a while, 255 s at most; a time alone is for both",
        "at once",
    ),
    key(
        "vrrp_garp_interval",
        Shape::Pause,
        "the least time between two announcements of IPv4 addresses on an interface",
        "`\"0s\"`",
    ),
    key("vrrp_gna_interval", Shape::Pause, "the same of IPv6 addresses", "`\"0s\"`"),
    key(
        "garp_group",
        Shape::List(&Shape::Table(GARP_GROUP, &["interfaces"])),
        "interfaces whose announcements leave a time apart from each other, each in one group at most",
        "each by itself",
    ),
    key(
        "enable_script_security",
        Shape::Flag,
        "scripts that somebody else than root could change are not run",
        "`false`",
    ),
    key(
        "static",
        Shape::Table(STATIC, &[]),
        "addresses, routes and rules that are there from start to end, whoever is MASTER",
        "none",
    ),
    key(
        "notify_fifo",
        Shape::Either(&[
            FIFO_PATH,
            Shape::Table(FIFO, &["path"]),
            Shape::List(&Shape::Either(&[FIFO_PATH, Shape::Table(FIFO, &["path"])])),
        ]),
        "FIFOs that get a line at each transition, in keepalived's words",
        "none",
    ),
    key(
        "smtp_alert",
        Shape::Table(SMTP_ALERT, &["smtp_server", "notification_email"]),
        "mails as keepalived sends them, without TLS and in its words; `[notify.NAME]` is more",
        "none",
    ),
    key(
        "state_dump_file",
        Shape::Text("/run/keepwatch/state"),
        "the file that SIGUSR1 asks for; below `/tmp` without a `/` in front, in a folder with one at the end",
        "`\"/tmp/keepalived.data\"`",
    ),
    key(
        "stats_dump_file",
        Shape::Text("/run/keepwatch/stats"),
        "the file that SIGUSR2 asks for",
        "`\"/tmp/keepalived.stats\"`",
    ),
    key(
        "json_dump_file",
        Shape::Text("/run/keepwatch/json"),
        "the file that SIGRTMIN+2 asks for",
        "`\"/tmp/keepalived.json\"`",
    ),
    key("json_version", Shape::Whole(1, 2), "of that file: an array of instances, or an object", "1"),
    key("hooks", Shape::Path("hooks.d"), "the folder whose scripts are plugins by lying there", "`hooks.d`"),
];

const FIFO_PATH: Shape = Shape::Text("/run/keepwatch/vrrp.fifo");

/// The keys of `[static]`.
pub(crate) const STATIC: &[Key] = &[
    key(
        "addresses",
        Shape::List(&Shape::Table(STATIC_ADDRESS, &["address", "dev"])),
        "addresses, each with its interface",
        "none",
    ),
    key("routes", ROUTES, "routes, in the words of ip-route(8)", "none"),
    key("rules", RULES, "rules, in the words of ip-rule(8); each with its `priority`", "none"),
];

/// How long the state of a link has to last.
pub(crate) const LINK_DELAY: &[Key] = &[
    key(
        "down",
        Shape::Pause,
        "how long it has to be down; no longer than other routers wait for its adverts",
        "`\"0s\"`",
    ),
    key("up", Shape::Pause, "how long it has to be up", "`\"0s\"`"),
];

/// Interfaces whose announcements leave a time apart.
pub(crate) const GARP_GROUP: &[Key] = &[
    key("interfaces", Shape::List(&Shape::Text("eth0")), "which", ""),
    key(
        "garp_interval",
        Shape::Pause,
        "the least time between two announcements of IPv4 addresses on all of them together",
        "`\"0s\"`",
    ),
    key("gna_interval", Shape::Pause, "the same of IPv6 addresses", "`\"0s\"`"),
];

/// The keys of `[scheduling]`.
pub(crate) const SCHEDULING: &[Key] = &[
    key(
        "real_time_priority",
        Shape::Whole(1, 99),
        "of the thread that sends adverts (`SCHED_RR`)",
        "1, below all that others made so",
    ),
    key("nice", Shape::Whole(-20, 19), "that thread's, where real-time scheduling is refused", "-20"),
    key("cpu_affinity", Shape::List(&Shape::Whole(0, 1023)), "the processors that it may run on", "all"),
    key("no_swap", Shape::Flag, "whether the program's memory is kept from being swapped out", "`false`"),
];

/// The keys of `[smtp_alert]`.
pub(crate) const SMTP_ALERT: &[Key] = &[
    key("smtp_server", Shape::Text("10.1.1.25"), "the relay, by its name or address", ""),
    key("smtp_port", Shape::Whole(1, 65535), "its port", "25"),
    key(
        "notification_email",
        Shape::Either(&[Shape::Text("admin@example.com"), Shape::List(&Shape::Text("admin@example.com"))]),
        "who is written to",
        "",
    ),
    key("notification_email_from", Shape::Text("keepwatch@example.com"), "the sender", "root at this host"),
    key("smtp_helo_name", Shape::Text("h1.example.com"), "the name after EHLO", "this host's name"),
    key("smtp_connect_timeout", Shape::Duration, "how long the relay may take to be reached", "`\"30s\"`"),
    key("no_email_faults", Shape::Flag, "FAULT is not written of", "`false`"),
    key(
        "instances",
        Shape::Either(&[Shape::Text("web"), Shape::List(&Shape::Text("web"))]),
        "the instances whose transitions are written of",
        "none",
    ),
    key(
        "groups",
        Shape::Either(&[Shape::Text("site"), Shape::List(&Shape::Text("site"))]),
        "the sync groups that are",
        "none",
    ),
];

/// The keys of `[nftables]`.
pub(crate) const NFTABLES: &[Key] = &[
    key("table", Shape::Text("keepwatch"), "what its table is called", "`\"keepwatch\"`"),
    key("priority", Shape::Whole(-2_147_483_648, 2_147_483_647), "that of its chains", "-1"),
    key("counters", Shape::Flag, "whether dropped packets are counted", "`false`"),
];
