//! The keywords outside all blocks, and those of the smaller blocks.

use super::Absent::{As, Global, Needed, Words};
use super::Takes::{Block, Entries, Form, Nothing, OneOf, Seconds, Switch, Whole};
use super::{SCRIPT as PROGRAM, SPACING, Served, WEIGHTS, served};

const TIME: super::Takes = Seconds(1_000, 4_294_000_000, 1_000);
const DELAY: super::Takes = Seconds(1, 3_600_000_000, 1);
const SILENT: super::Absent = Words("nothing runs");
const NONE: super::Absent = Words("none");
const WEIGHT: &str = "NUMBER [reverse]";

pub(super) const ROOT: &[Served] = &[
    served("global_defs", Block, "what all instances have in common", NONE),
    served("vrrp_instance", Block, "a virtual router, `vrrp_instance NAME { ... }`", Needed),
    served("vrrp_script", Block, "a check by a program, `vrrp_script NAME { ... }`", NONE),
    served(
        "vrrp_sync_group",
        Block,
        "instances that are MASTER together, `vrrp_sync_group NAME { ... }`",
        NONE,
    ),
    served("track_file", Block, "a number in a file, `track_file NAME { ... }`", NONE),
    served("vrrp_track_process", Block, "processes that must run, `vrrp_track_process NAME { ... }`", NONE),
    served(
        "net_namespace",
        Form("NAME", "blue", &[]),
        "the network namespace to run in",
        Words("that of the process"),
    ),
    served(
        "static_ipaddress",
        Entries("as in `virtual_ipaddress`", "10.1.1.50/24 dev eth1", &[("10.1.1.50/%", 0, 32)]),
        "addresses that are there from start to end",
        NONE,
    ),
    served(
        "static_routes",
        Entries("as in `virtual_routes`", "10.9.0.0/24 via 10.1.1.1", &[]),
        "routes that are there from start to end",
        NONE,
    ),
    served(
        "static_rules",
        Entries("as in `virtual_rules`", "from 10.9.0.0/24 table 100 priority 9", &[]),
        "rules that are there from start to end",
        NONE,
    ),
    served(
        "interface_up_down_delays",
        Entries("INTERFACE DOWN [UP]", "eth1 2 0.5", &[("eth1 %", 0, 255), ("eth1 0 %", 0, 255)]),
        "seconds until a link counts as down, and as up: as long as down unless given",
        Words("at once"),
    ),
    served(
        "garp_group",
        Block,
        "interfaces whose announcements leave a time apart from each other",
        Words("each interface by itself, as `vrrp_garp_interval` and `vrrp_gna_interval` say"),
    ),
];

pub(super) const AUTHENTICATION: &[Served] = &[
    served("auth_type", OneOf(&["PASS"]), "that there is a password", Words("there is none")),
    served("auth_pass", Form("TEXT", "k4711", &[]), "the password, of which 8 octets count", NONE),
];

pub(super) const SCRIPT: &[Served] = &[
    served(
        "script",
        Form("COMMAND", "\"/usr/bin/curl -sf http://localhost\"", &[]),
        "what runs, without a shell",
        Needed,
    ),
    served("interval", TIME, "how often", As("1")),
    served("timeout", TIME, "how long it may take", Words("as `interval`")),
    served(
        "weight",
        Form(WEIGHT, "-20", &[("%", -253, 253)]),
        "what it adds to the priority: above 0 while it succeeds, below while it fails; 0: failing is FAULT",
        As("0"),
    ),
    served("rise", Whole(1, 2_147_483_647), "successes until it counts as up", As("1")),
    served("fall", Whole(1, 2_147_483_647), "failures until it counts as down", As("1")),
    served("user", Form("USER [[:]GROUP]", "nobody", &[]), "whom it runs as", Words("as `script_user`")),
    served(
        "init_fail",
        Nothing,
        "it counts as failed until it has succeeded",
        Words("nobody is MASTER before its first result"),
    ),
];

pub(super) const SYNC_GROUP: &[Served] = &[
    served("group", Entries("NAME ...", "VI_1 VI_2", &[]), "its instances", Needed),
    served(
        "track_interface",
        Entries(WEIGHTS, "eth1 weight -10", &[("eth1 weight %", -253, 253)]),
        "as in an instance, for each member",
        NONE,
    ),
    served("track_script", Entries(WEIGHTS, "s weight -10", &[("s weight %", -253, 253)]), "the same", NONE),
    served("track_file", Entries(WEIGHTS, "f weight 2", &[("f weight %", -254, 254)]), "the same", NONE),
    served("track_process", Entries(WEIGHTS, "p weight -10", &[("p weight %", -254, 254)]), "the same", NONE),
    served("notify_master", PROGRAM, "what runs when all members are MASTER", SILENT),
    served("notify_backup", PROGRAM, "when they are BACKUP", SILENT),
    served("notify_fault", PROGRAM, "when they are in FAULT", SILENT),
    served("notify_stop", PROGRAM, "when keepwatch stops", SILENT),
    served(
        "notify_deleted",
        Form("[COMMAND [USER [[:]GROUP]]]", "/bin/true", &[]),
        "that of members that have none",
        NONE,
    ),
    served("notify", PROGRAM, "at each transition, with four words behind it", SILENT),
    served("smtp_alert", Switch, "whether its transitions send mail", Global("smtp_alert")),
    served(
        "notify_priority_changes",
        Switch,
        "that of members that do not say",
        Global("vrrp_notify_priority_changes"),
    ),
    served(
        "sync_group_tracking_weight",
        Nothing,
        "weights of members count",
        Words("what members track means FAULT, or nothing"),
    ),
];

pub(super) const TRACK_FILE: &[Served] = &[
    served("file", Form("PATH", "/run/maintenance", &[]), "the file", Needed),
    served(
        "weight",
        Form(WEIGHT, "2", &[("%", -254, 254)]),
        "what its number is multiplied by; 0: any number but 0 is FAULT",
        As("1"),
    ),
    served(
        "init_file",
        Form("[NUMBER] [overwrite]", "0 overwrite", &[("%", -254, 254)]),
        "it is made with this number if it is not there; `overwrite`: even if it is",
        Words("it is not made"),
    ),
];

pub(super) const TRACK_PROCESS: &[Served] = &[
    served("process", Form("PROGRAM [ARGUMENT ...]", "haproxy", &[]), "what runs", Needed),
    served(
        "param_match",
        OneOf(&["initial", "partial"]),
        "how far arguments must agree: all those given, the last of them in part; nothing: exactly",
        Words("exactly"),
    ),
    served("weight", Form(WEIGHT, "-20", &[("%", -254, 254)]), "as in a `vrrp_script`", As("0")),
    served("quorum", Whole(1, 65535), "so many must run", As("1")),
    served("quorum_max", Whole(0, 65535), "and so many may", Words("any number")),
    served("delay", DELAY, "both of the following", Words("none")),
    served("fork_delay", DELAY, "how long a new process must run to count", Words("none")),
    served("terminate_delay", DELAY, "how long one must be gone", Words("none")),
    served(
        "full_command",
        Nothing,
        "the whole command line is looked at",
        Words("without arguments: its name, of 15 octets"),
    ),
];

pub(super) const GARP_GROUP: &[Served] = &[
    served(
        "garp_interval",
        SPACING,
        "the least time between two announcements of IPv4 addresses on all of its interfaces together",
        Words("they need not wait"),
    ),
    served("gna_interval", SPACING, "the same of IPv6 addresses", Words("they need not wait")),
    served("interface", Form("INTERFACE", "eth1", &[]), "one of its interfaces", NONE),
    served("interfaces", Entries("INTERFACE ...", "eth1 eth2", &[]), "several of them", NONE),
];
