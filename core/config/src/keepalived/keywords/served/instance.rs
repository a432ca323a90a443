//! The keywords of `vrrp_instance`.

use super::Absent::{As, Global, Needed, Words};
use super::Takes::{Block, Entries, Form, Nothing, OneOf, Seconds, Switch, Whole};
use super::{PAUSE, SCRIPT, Served, WEIGHTS, served};

const ADDRESSES: &str = "ADDRESS[/LENGTH] [dev INTERFACE] [brd ADDRESS\\|+\\|-] [scope SCOPE] [label TEXT] [peer ADDRESS] [home] [-nodad] \
     [mngtmpaddr] [noprefixroute] [no_track] [preferred_lft SECONDS\\|forever]";
const LENGTHS: &[super::Within] = &[("10.1.1.40/%", 0, 32), ("fd00::40 preferred_lft %", 0, 4_294_967_295)];
const SOURCE: super::Takes = Form("ADDRESS", "10.1.1.10", &[]);
const SILENT: super::Absent = Words("nothing runs");

pub(super) const INSTANCE: &[Served] = &[
    served(
        "state",
        OneOf(&["MASTER", "BACKUP"]),
        "MASTER: a missing `priority` is 255, and `nopreempt` and `preempt_delay` do not count",
        Words("BACKUP below priority 255"),
    ),
    served(
        "interface",
        Form("INTERFACE", "eth0", &[]),
        "what carries the adverts, and addresses that name no other",
        Needed,
    ),
    served("virtual_router_id", Whole(1, 255), "the same on all routers of the group", Needed),
    served(
        "priority",
        Whole(1, 255),
        "the highest one is MASTER; 255 is the owner of the addresses",
        As("100"),
    ),
    served(
        "advert_int",
        Seconds(10_000, 40_950_000, 10_000),
        "between adverts, the same on all; version 2: whole seconds, 1 to 255",
        As("1"),
    ),
    served("version", Whole(2, 3), "that of VRRP; IPv6 is always 3", Global("vrrp_version")),
    served(
        "native_ipv6",
        Nothing,
        "it is IPv6; said anyway by its addresses",
        Words("IPv4 unless an address says otherwise"),
    ),
    served("authentication", Block, "version 2: the password", Words("none")),
    served(
        "virtual_ipaddress",
        Entries(ADDRESSES, "10.1.1.30/24 dev eth1", LENGTHS),
        "what it keeps alive; without a length, /32 or /128",
        Words("needed with version 3 or strict, unless `no_virtual_ipaddress`"),
    ),
    served(
        "virtual_ipaddress_excluded",
        Entries(ADDRESSES, "fd00::31/64", LENGTHS),
        "further ones, which adverts do not list, of either family",
        Words("none"),
    ),
    served("no_virtual_ipaddress", Nothing, "no addresses are meant", Words("version 2: a warning")),
    served("nopreempt", Nothing, "a lower MASTER stays", Words("a higher router takes over")),
    served("preempt", Nothing, "the opposite", As("")),
    served("preempt_delay", Seconds(0, 1_000_000_000, 1), "how long a lower MASTER may stay", As("0")),
    served("unicast_src_ip", SOURCE, "the address that adverts come from", Words("the interface's first")),
    served("mcast_src_ip", SOURCE, "the same", Words("the interface's first")),
    served(
        "unicast_peer",
        Entries(
            "ADDRESS [min_ttl NUMBER] [max_ttl NUMBER]",
            "10.1.1.12 min_ttl 255",
            &[("10.1.1.12 min_ttl %", 0, 255), ("10.1.1.12 max_ttl %", 0, 255)],
        ),
        "adverts go to these, and no group",
        Words("multicast"),
    ),
    served("unicast_ttl", Whole(0, 255), "the TTL of unicast adverts", As("255")),
    served(
        "unicast_fault_no_peer",
        Nothing,
        "no multicast if there is no peer",
        Words("multicast, with a warning"),
    ),
    served(
        "check_unicast_src",
        Nothing,
        "unicast adverts of others than peers are dropped",
        Words("as `vrrp_check_unicast_src`"),
    ),
    served(
        "mcast_dst_ip",
        Form("ADDRESS", "224.0.0.99", &[]),
        "where adverts go; IPv6: of link-local scope",
        Global("vrrp_mcast_group4"),
    ),
    served(
        "track_interface",
        Entries(WEIGHTS, "eth1 weight -10", &[("eth1 weight %", -253, 253)]),
        "interfaces that must be up, or what they add to the priority",
        Words("its own"),
    ),
    served(
        "track_script",
        Entries(WEIGHTS, "s weight -10", &[("s weight %", -253, 253)]),
        "scripts that stand above",
        Words("none"),
    ),
    served(
        "track_file",
        Entries(WEIGHTS, "f weight 2", &[("f weight %", -254, 254)]),
        "track files that stand above",
        Words("none"),
    ),
    served(
        "track_process",
        Entries(WEIGHTS, "p weight -10", &[("p weight %", -254, 254)]),
        "track processes that stand above",
        Words("none"),
    ),
    served("dont_track_primary", Nothing, "its interface may be down", Words("down is FAULT")),
    served(
        "track_src_ip",
        Nothing,
        "FAULT while the source address is not there",
        Words("any other is used"),
    ),
    served(
        "garp_master_delay",
        PAUSE,
        "seconds from a take-over to the second burst of announcements; 0: none",
        Words("as `vrrp_garp_master_delay`"),
    ),
    served(
        "garp_master_repeat",
        Whole(1, 255),
        "announcements of each address in a burst",
        Words("as `vrrp_garp_master_repeat`"),
    ),
    served(
        "garp_master_refresh",
        Whole(0, 4_294_967_295),
        "seconds between announcements while MASTER; 0: none",
        Global("vrrp_garp_master_refresh"),
    ),
    served(
        "garp_master_refresh_repeat",
        Whole(1, 255),
        "announcements each time",
        Global("vrrp_garp_master_refresh_repeat"),
    ),
    served(
        "garp_lower_prio_delay",
        PAUSE,
        "the same after a lower advert",
        Words("as `vrrp_garp_lower_prio_delay`"),
    ),
    served(
        "garp_lower_prio_repeat",
        Whole(0, 255),
        "the same after a lower advert; 0: none",
        Words("as `vrrp_garp_lower_prio_repeat`"),
    ),
    served(
        "lower_prio_no_advert",
        Switch,
        "a MASTER does not answer lower adverts",
        Global("vrrp_lower_prio_no_advert"),
    ),
    served(
        "higher_prio_send_advert",
        Switch,
        "a MASTER answers a higher advert once before it yields",
        Global("vrrp_higher_prio_send_advert"),
    ),
    served("owner_ignore_adverts", OneOf(&["off", "false", "no"]), "an owner ignores adverts", As("off")),
    served(
        "down_timer_adverts",
        Whole(1, 100),
        "adverts missed until a MASTER counts as gone",
        Global("vrrp_down_timer_adverts"),
    ),
    served(
        "v3_checksum_as_v2",
        Switch,
        "version 3, IPv4: checksums without pseudo-header",
        Global("v3_checksum_as_v2"),
    ),
    served("strict_mode", Switch, "to the letter of the RFC", Global("vrrp_strict")),
    served("accept", Nothing, "the addresses answer", Words("they do, unless strict")),
    served(
        "no_accept",
        Nothing,
        "they answer nobody, unless the priority is 255",
        Words("they answer, unless strict"),
    ),
    served(
        "use_vmac",
        Form("[[name] INTERFACE] [MAC]", "vrrp.51", &[]),
        "adverts and addresses on an interface with the virtual router's MAC",
        Words("the interface's MAC"),
    ),
    served(
        "vmac_xmit_base",
        Nothing,
        "adverts from the interface below",
        Words("from the virtual MAC, but for unicast"),
    ),
    served(
        "use_ipvlan",
        Form(
            "[[name] INTERFACE] [ADDRESS[/LENGTH]] [bridge\\|private\\|vepa]",
            "10.1.1.99/24 bridge",
            &[("10.1.1.99/%", 0, 32)],
        ),
        "adverts from an ipvlan with this address, which IPv4 needs",
        Words("from the interface"),
    ),
    served(
        "promote_secondaries",
        Nothing,
        "the kernel keeps other addresses of a network when its first one goes",
        Words("as the host is set"),
    ),
    served(
        "virtual_routes",
        Entries(
            "a route in the words of ip-route(8)",
            "10.9.0.0/24 via 10.1.1.1",
            &[("10.9.0.0/24 dev eth1 metric %", 0, 4_294_967_295)],
        ),
        "routes that are there while it is MASTER",
        Words("none"),
    ),
    served(
        "virtual_rules",
        Entries(
            "a rule in the words of ip-rule(8)",
            "from 10.9.0.0/24 table 100 priority 9",
            &[("from 10.9.0.0/24 table 100 priority %", 0, 4_294_967_295)],
        ),
        "rules that are there while it is MASTER",
        Words("none"),
    ),
    served("notify_master", SCRIPT, "what runs when it becomes MASTER", SILENT),
    served("notify_backup", SCRIPT, "when it becomes BACKUP", SILENT),
    served("notify_fault", SCRIPT, "when it goes to FAULT", SILENT),
    served("notify_stop", SCRIPT, "when keepwatch stops", SILENT),
    served(
        "notify_deleted",
        Form("[COMMAND [USER [[:]GROUP]]]", "/bin/true", &[]),
        "when a reload has removed it; `notify` hears DELETED",
        Words("`notify` hears FAULT, unless its group says otherwise"),
    ),
    served("notify_master_rx_lower_pri", SCRIPT, "when it is MASTER and hears a lower advert", SILENT),
    served("notify", SCRIPT, "at each transition, with four words behind it", SILENT),
    served(
        "notify_priority_changes",
        Switch,
        "FIFOs hear of changes of the priority",
        Global("vrrp_notify_priority_changes"),
    ),
    served("smtp_alert", Switch, "whether transitions send mail", Global("smtp_alert")),
];
