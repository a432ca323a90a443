//! The keywords of `vrrp_instance`.

use super::Status::{self, Deprecated, Ignored, Ipvs, Partly, Refused, Supported, Unsupported};
use super::{ADDRESS_OPTIONS, BFD, BUFFERS, LINK, ROUTE_OPTIONS, RULE_OPTIONS, STRICT};

const HMAC: &str =
    "keepalived would sign adverts and refuse unsigned ones; keepwatch could only send them unsigned";
const LATE: &str =
    "keepalived would yield after being woken too late; keepwatch listens first after every stall";
const OWNER: &str = "off only: adverts are weighed as always while it has priority 255";
const VMAC_ADDRESS: &str =
    "keepalived would give addresses on other interfaces a virtual MAC too; keepwatch does not";

pub(super) const INSTANCE: &[(&str, Status)] = &[
    ("state", Supported),
    ("interface", Supported),
    ("virtual_router_id", Supported),
    ("priority", Supported),
    ("advert_int", Supported),
    ("version", Supported),
    ("native_ipv6", Supported),
    ("authentication", Supported),
    ("auth_hmac", Refused(HMAC)),
    ("virtual_ipaddress", Partly(ADDRESS_OPTIONS)),
    ("virtual_ipaddress_excluded", Partly(ADDRESS_OPTIONS)),
    ("no_virtual_ipaddress", Supported),
    ("nopreempt", Supported),
    ("preempt", Supported),
    ("preempt_delay", Supported),
    ("unicast_src_ip", Supported),
    ("mcast_src_ip", Supported),
    ("unicast_peer", Supported),
    ("unicast_ttl", Supported),
    ("unicast_fault_no_peer", Partly("without a peer it is an error, not FAULT")),
    ("check_unicast_src", Supported),
    ("mcast_dst_ip", Supported),
    ("track_interface", Supported),
    ("track_script", Supported),
    ("dont_track_primary", Supported),
    ("garp_master_delay", Supported),
    ("garp_master_repeat", Supported),
    ("garp_master_refresh", Supported),
    ("garp_master_refresh_repeat", Supported),
    ("garp_lower_prio_delay", Supported),
    ("garp_lower_prio_repeat", Supported),
    ("lower_prio_no_advert", Supported),
    ("higher_prio_send_advert", Supported),
    ("down_timer_adverts", Supported),
    ("v3_checksum_as_v2", Supported),
    ("strict_mode", Partly(STRICT)),
    ("use_vmac", Partly("not `netlink_notify_msg` and `group`")),
    ("vmac_xmit_base", Supported),
    ("use_ipvlan", Partly("not `group`")),
    ("notify_master", Supported),
    ("notify_backup", Supported),
    ("notify_fault", Supported),
    ("notify_stop", Supported),
    ("notify_deleted", Supported),
    ("notify_master_rx_lower_pri", Supported),
    ("notify", Supported),
    ("smtp_alert", Supported),
    ("accept", Supported),
    (
        "skip_check_adv_addr",
        Ignored(
            "keepalived would look at the addresses of some adverts only; keepwatch at those of all, and each counts",
        ),
    ),
    ("debug", Ignored("keepalived would do nothing either: it has no debug levels")),
    ("kernel_rx_buf_size", Ignored(BUFFERS)),
    ("track_file", Supported),
    ("track_process", Supported),
    ("track_bfd", Unsupported(BFD)),
    ("track_src_ip", Supported),
    ("promote_secondaries", Supported),
    ("virtual_routes", Partly(ROUTE_OPTIONS)),
    ("virtual_rules", Partly(RULE_OPTIONS)),
    ("no_accept", Supported),
    ("use_vmac_addr", Unsupported(VMAC_ADDRESS)),
    (
        "garp_extra_if",
        Unsupported(
            "keepalived would repeat announcements on further interfaces; keepwatch has `garp_master_refresh` for all",
        ),
    ),
    ("vmac_garp_intvl", Deprecated("garp_extra_if")),
    ("owner_ignore_adverts", Partly(OWNER)),
    ("timer_expired_backup", Unsupported(LATE)),
    ("thread_timer_expired", Deprecated("timer_expired_backup")),
    (
        "old_unicast_checksum",
        Unsupported("keepalived would speak to version 1.3.6 and older; keepwatch speaks to newer ones only"),
    ),
    ("vrf", Unsupported("keepalived would send through that VRF; keepwatch sends through the interface")),
    ("notify_priority_changes", Supported),
    ("linkbeat_use_polling", Unsupported(LINK)),
    ("lvs_sync_daemon_interface", Ipvs),
];
