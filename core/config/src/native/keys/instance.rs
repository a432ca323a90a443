//! `[instance.NAME]`

use super::shape::{Key, PROGRAM, Shape, Table, key};

pub(crate) const TABLE: Table = Table {
    kind: "instance",
    means: "A virtual router, or one for each family of its addresses. Beside a keepalived.conf, one with `track` alone adds to the instance of that name there.",
    common: &[ROUTER, GARP, NOTIFY_SCRIPTS, ADDED],
    sorts: &[],
    required: &["interface", "virtual_router_id", "virtual_addresses"],
    alone: Some("track"),
};

const IPS: Shape = Shape::Either(&[IP, Shape::List(&IP)]);
const PREFIXES: Shape = Shape::Either(&[PREFIX, Shape::List(&PREFIX)]);
const PREFIX: Shape = Shape::Text("10.1.1.11/24");
const IP: Shape = Shape::Text("10.1.1.20");
const INTERFACE: Shape = Shape::Text("eth1");
const ADDRESSES: Shape =
    Shape::List(&Shape::Either(&[Shape::Text("10.1.1.30/24"), Shape::Table(VIRTUAL_ADDRESS, &["address"])]));
pub(crate) const ROUTES: Shape = Shape::List(&Shape::Text("10.9.0.0/24 via 10.1.1.1"));
pub(crate) const RULES: Shape = Shape::List(&Shape::Text("from 10.9.0.0/24 table 100 priority 1000"));
const SCRIPT: Shape = Shape::Either(&[PROGRAM, Shape::Table(COMMAND, &["exec"])]);

/// The keys that say what an instance is, as opposed to what is added to one.
pub(crate) const ROUTER: &[Key] = &[
    key(
        "interface",
        Shape::Text("eth0"),
        "which interface carries the adverts, and the addresses that name no other",
        "",
    ),
    key("virtual_router_id", Shape::Whole(1, 255), "the same on all routers of the group", ""),
    key(
        "virtual_addresses",
        ADDRESSES,
        "what it keeps alive, with prefix lengths; of both families if it has both; `[]` for none",
        "",
    ),
    key(
        "virtual_addresses_excluded",
        ADDRESSES,
        "further addresses, which adverts do not list, of either family",
        "none",
    ),
    key(
        "virtual_routes",
        ROUTES,
        "routes that are there while it is MASTER, in the words of ip-route(8)",
        "none",
    ),
    key(
        "virtual_rules",
        RULES,
        "rules that are there while it is MASTER, in the words of ip-rule(8); each with its `priority`",
        "none",
    ),
    key("priority", Shape::Whole(1, 255), "the highest serves; 255 owns the addresses", "100"),
    key(
        "state",
        Shape::Words(&["MASTER", "BACKUP"]),
        "priority 255 only: whether it serves at once, or listens first as others do",
        "`\"MASTER\"`",
    ),
    key("version", Shape::Whole(2, 3), "of VRRP; 2 has IPv4 only", "3"),
    key(
        "advert_interval",
        Shape::Duration,
        "whole seconds with version 2, hundredths of a second with version 3",
        "`\"1s\"`",
    ),
    key("nopreempt", Shape::Flag, "a backup takes over only when no MASTER is heard", "`false`"),
    key(
        "preempt_delay",
        Shape::Duration,
        "how long a backup waits before it takes over from a lower one",
        "none",
    ),
    key("down_timer_adverts", Shape::Whole(1, 100), "so many adverts are missed before a take-over", "3"),
    key("auth_pass", Shape::Text("1111"), "version 2 only: 1 to 8 octets, readable on the wire", "none"),
    key(
        "auth_pass_file",
        Shape::Path("vrrp.password"),
        "the same: a file that holds it, read with the configuration",
        "none",
    ),
    key("auth_pass_credential", Shape::Text("keepwatch.vrrp"), "the same, a credential of systemd", "none"),
    key("source", IPS, "the address that adverts come from; one of each family", "the interface's"),
    key(
        "unicast_peer",
        Shape::Either(&[
            IP,
            Shape::Table(PEER, &["address"]),
            Shape::List(&Shape::Either(&[IP, Shape::Table(PEER, &["address"])])),
        ]),
        "who is sent to, instead of multicast; with both families, peers of both",
        "none",
    ),
    key("unicast_ttl", Shape::Whole(0, 255), "the TTL sent with", "255"),
    key("check_unicast_src", Shape::Flag, "whether only peers are heard", "`false`"),
    key("mcast_dst_ip", IPS, "the multicast group; one of each family", "224.0.0.18, ff02::12"),
    key(
        "use_vmac",
        Shape::Either(&[Shape::Flag, Shape::Text("vrrp.51"), Shape::Table(USE_VMAC, &[])]),
        "a virtual MAC; a text names its interface",
        "`false`",
    ),
    key(
        "use_ipvlan",
        Shape::Either(&[PREFIX, Shape::Table(USE_IPVLAN, &[])]),
        "an ipvlan that adverts come from; a text is its address",
        "none",
    ),
    key(
        "accept",
        Shape::Flag,
        "whether the MASTER accepts packets to its addresses; an owner always does",
        "`true`",
    ),
    key("dont_track_primary", Shape::Flag, "the interface going down is no FAULT", "`false`"),
    key(
        "lower_prio_no_advert",
        Shape::Flag,
        "adverts of lower priority are answered by announcements alone",
        "`false`",
    ),
    key(
        "higher_prio_send_advert",
        Shape::Flag,
        "one more advert is sent before yielding to a higher priority",
        "`false`",
    ),
    key(
        "v3_checksum_as_v2",
        Shape::Flag,
        "version 3 over IPv4 is sent without the pseudo-header in its checksum, for routers that want it so",
        "`false`",
    ),
    key("track_src_ip", Shape::Flag, "FAULT while `source` is not on the interface", "`false`"),
    key(
        "promote_secondaries",
        Shape::Flag,
        "the kernel keeps the other addresses of a network whose first one is removed",
        "`false`; while it leaves, always",
    ),
];

/// What an instance of a keepalived.conf can have here.
pub(crate) const ADDED: &[Key] =
    &[key("track", TRACKS, "what it depends on: checks, by name, and interfaces", "none")];

pub(crate) const TRACKS: Shape =
    Shape::List(&Shape::Either(&[Shape::Text("CHECK"), Shape::Table(TRACK, &[])]));

/// An entry of `track`.
pub(crate) const TRACK: &[Key] = &[
    key("check", Shape::Text("CHECK"), "a check; this or `interface`", ""),
    key("interface", INTERFACE, "an interface", ""),
    key(
        "weight",
        Shape::Whole(-254, 254),
        "what is added to the priority; 0 is FAULT",
        "what the check says, or 0",
    ),
    key("reverse", Shape::Flag, "the other way round", "what the check says, or `false`"),
];

/// A peer whose adverts have to come from so near.
pub(crate) const PEER: &[Key] = &[
    key("address", IP, "whom to send to", ""),
    key(
        "min_ttl",
        Shape::Whole(0, 255),
        "the least TTL that its adverts arrive with; only peers are heard, then",
        "0",
    ),
    key("max_ttl", Shape::Whole(0, 255), "the greatest", "255"),
];

pub(crate) const VIRTUAL_ADDRESS: &[Key] = &[
    ADDRESS,
    key("dev", INTERFACE, "the interface it goes to", "the instance's"),
    LABEL,
    SCOPE,
    key("no_track", Shape::Flag, "its interface going down is no FAULT", "`false`"),
    NO_PREFIX_ROUTE,
    DAD,
    BROADCAST,
    PEER_ADDRESS,
    PREFERRED_LIFETIME,
    HOME,
    TEMPORARY,
];

/// An address that no instance has.
pub(crate) const STATIC_ADDRESS: &[Key] = &[
    ADDRESS,
    key("dev", INTERFACE, "the interface it goes to", ""),
    LABEL,
    SCOPE,
    NO_PREFIX_ROUTE,
    DAD,
    BROADCAST,
    PEER_ADDRESS,
    PREFERRED_LIFETIME,
    HOME,
    TEMPORARY,
];

const ADDRESS: Key = key("address", Shape::Text("10.1.1.30/24"), "the address with its prefix length", "");
const LABEL: Key = key("label", Shape::Text("eth1:db"), "IPv4 only: its label, 1 to 15 octets", "none");
const SCOPE: Key = key(
    "scope",
    Shape::Either(&[Shape::Words(&["global", "site", "link", "host", "nowhere"]), Shape::Whole(0, 255)]),
    "IPv4 only: its scope, or the kernel's number of one",
    "`\"global\"`",
);
const NO_PREFIX_ROUTE: Key = key("noprefixroute", Shape::Flag, "no route for its prefix", "`false`");
const DAD: Key =
    key("dad", Shape::Flag, "IPv6 only: look for duplicates first, which takes 1 to 2 s", "`false`");

const BROADCAST: Key =
    key("broadcast", Shape::Text("10.1.1.255"), "IPv4 only: its broadcast address", "none");
const PEER_ADDRESS: Key =
    key("peer", Shape::Text("10.1.1.99"), "the other end, of an address without prefix length", "none");
const PREFERRED_LIFETIME: Key = key(
    "preferred_lft",
    Shape::Either(&[Shape::Pause, Shape::Words(&["forever"])]),
    "IPv6 only: how long it may be chosen as a source, in whole seconds",
    "`\"forever\"`; of one without prefix length `\"0s\"`",
);
const HOME: Key = key("home", Shape::Flag, "IPv6 only: a Mobile IPv6 home address", "`false`");
const TEMPORARY: Key =
    key("mngtmpaddr", Shape::Flag, "IPv6 only: the kernel makes temporary addresses like it", "`false`");

pub(crate) const USE_VMAC: &[Key] = &[
    key("name", Shape::Text("vrrp.51"), "what its interface is called", "`vrrp.` and the VRID"),
    key("mac", Shape::Text("02:00:00:00:00:33"), "the MAC", "that of the VRID"),
    key(
        "adverts",
        Shape::Words(&["virtual", "interface"]),
        "from which MAC adverts come",
        "`\"virtual\"`; with `unicast_peer` `\"interface\"`",
    ),
];

pub(crate) const USE_IPVLAN: &[Key] = &[
    key("name", Shape::Text("vrrp.51"), "what it is called", "`vrrp.` and the VRID"),
    key(
        "address",
        PREFIXES,
        "its address, with the prefix length; one of each family",
        "none; IPv4 needs one",
    ),
    key(
        "mode",
        Shape::Words(&["bridge", "private", "vepa"]),
        "how it reaches other ipvlans on the interface, which have the same",
        "`\"bridge\"`",
    ),
];

/// When addresses are announced.
pub(crate) const GARP: &[Key] = &[
    key(
        "garp_master_repeat",
        Shape::Whole(1, 255),
        "so many announcements at once after a take-over, and again after `garp_master_delay`",
        "one each after 0, 5, 20, 100, 500 ms, 2 s and 5 s",
    ),
    key("garp_master_delay", Shape::Pause, "when the second burst comes", "`\"5s\"`, if there are bursts"),
    key("garp_master_refresh", Shape::Pause, "announced again and again so often", "never"),
    key("garp_master_refresh_repeat", Shape::Whole(1, 255), "so many times each", "1"),
    key(
        "garp_lower_prio_repeat",
        Shape::Whole(0, 255),
        "so many announcements after a lower advert",
        "as after a take-over",
    ),
    key("garp_lower_prio_delay", Shape::Pause, "when their second burst comes", "as after a take-over"),
];

/// Programs that are run, of an instance or a group.
pub(crate) const NOTIFY_SCRIPTS: &[Key] = &[
    key("notify_master", SCRIPT, "a program that is run when it becomes MASTER", "none"),
    key("notify_backup", SCRIPT, "when it becomes BACKUP", "none"),
    key("notify_fault", SCRIPT, "when it goes to FAULT", "none"),
    key("notify_stop", SCRIPT, "when keepwatch stops", "none"),
    key(
        "notify_deleted",
        Shape::Either(&[Shape::Flag, SCRIPT]),
        "when a reload removes it; `true`: no program, but `notify` hears DELETED; of a group: for members that have none",
        "`notify` hears FAULT",
    ),
    key("notify_master_rx_lower_pri", SCRIPT, "when it is MASTER and hears a lower advert", "none"),
    key("notify", SCRIPT, "at each transition", "none"),
    key(
        "notify_priority_changes",
        Shape::Flag,
        "FIFOs also hear when the effective priority changes; of a group: for members that say nothing of it",
        "`false`",
    ),
];

/// A program, and whom it runs as.
pub(crate) const COMMAND: &[Key] = &[
    key("exec", PROGRAM, "the program and its arguments; a name alone is looked for as under keepalived", ""),
    USER,
    GROUP,
    SUPPLEMENTARY_GROUPS,
];

/// A FIFO that hears of transitions.
pub(crate) const FIFO: &[Key] = &[
    key("path", Shape::Text("/run/keepwatch/vrrp.fifo"), "its path", ""),
    key(
        "user",
        Shape::Text("nobody"),
        "whom it belongs to if it is made",
        "`keepalived_script` if there is such a user, else keepwatch's",
    ),
    GROUP,
    SUPPLEMENTARY_GROUPS,
    key(
        "script",
        SCRIPT,
        "a program that reads it, which is started with the path as its last argument",
        "none",
    ),
];

pub(crate) const USER: Key = key(
    "user",
    Shape::Text("nobody"),
    "whom it runs as",
    "`keepalived_script` if there is such a user, else keepwatch's",
);
pub(crate) const GROUP: Key =
    key("group", Shape::Text("nogroup"), "with which group, if there is a user", "the user's");
pub(crate) const SUPPLEMENTARY_GROUPS: Key =
    key("supplementary_groups", Shape::Flag, "also with the other groups of that user", "`false`");
