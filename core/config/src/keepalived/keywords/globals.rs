//! The keywords of `global_defs`.

use super::Status::{self, Always, Deprecated, Ignored, Ipvs, Partly, Supported, Unsupported};
use super::{BUFFERS, IPTABLES, STRICT};

const ANNOUNCE: &str = "keepalived would repeat announcements on further interfaces; keepwatch has `vrrp_garp_master_refresh` for all";
const BFD_PROCESS: &str =
    "keepalived would run its BFD process so; keepwatch has none, and does not watch neighbours by BFD";
const DBUS: &str = "keepalived would offer its state on D-Bus; keepwatch does not";
const OWNER: &str = "off only: adverts are weighed as always while it has priority 255";
const PROGRAM: &str = "keepalived would run this program around its own start and end; keepwatch runs none";
const RELOAD: &str =
    "keepalived would reload at this time or with this mark; keepwatch reloads when it is told to";
const NAMED: &str = "keepalived would call its processes so; keepwatch is one process, `keepwatch`";
const NICE: &str = "real-time scheduling is asked for all the same, and goes before it";
const RUNAWAY: &str = "keepalived would be stopped after computing so long; keepwatch has one thread that is real-time, and no limit";
const SNMP: &str = "keepalived would offer its state by SNMP; keepwatch does not";
const VMAC_ADDRESS: &str =
    "keepalived would name the virtual MAC interfaces of `use_vmac_addr` by this; keepwatch has none";

pub(super) const GLOBALS: &[(&str, Status)] = &[
    // Mail and names.
    ("router_id", Supported),
    ("notification_email", Supported),
    ("notification_email_from", Supported),
    ("smtp_server", Supported),
    ("smtp_connect_timeout", Supported),
    ("smtp_helo_name", Supported),
    ("smtp_alert", Supported),
    ("smtp_alert_vrrp", Supported),
    ("no_email_faults", Supported),
    // Scripts.
    ("script_user", Supported),
    ("enable_script_security", Supported),
    ("notify_fifo", Supported),
    ("notify_fifo_script", Supported),
    ("vrrp_notify_fifo", Supported),
    ("vrrp_notify_fifo_script", Supported),
    (
        "set_supplementary_groups",
        Unsupported(
            "keepalived would give scripts all groups of their user; keepwatch does where `:` is written",
        ),
    ),
    (
        "use_symlink_paths",
        Ignored(
            "keepalived would keep or resolve links in the paths of scripts; keepwatch always keeps them",
        ),
    ),
    ("vrrp_notify_priority_changes", Supported),
    (
        "fifo_write_vrrp_states_on_reload",
        Unsupported("keepalived would write all states to the FIFO after a reload; keepwatch does not"),
    ),
    ("startup_script", Unsupported(PROGRAM)),
    ("startup_script_timeout", Unsupported(PROGRAM)),
    ("shutdown_script", Unsupported(PROGRAM)),
    ("shutdown_script_timeout", Unsupported(PROGRAM)),
    // The protocol.
    ("vrrp_version", Supported),
    ("vrrp_strict", Partly(STRICT)),
    ("vrrp_garp_master_delay", Supported),
    ("vrrp_garp_master_repeat", Supported),
    ("vrrp_garp_master_refresh", Supported),
    ("vrrp_garp_master_refresh_repeat", Supported),
    ("vrrp_garp_lower_prio_delay", Supported),
    ("vrrp_garp_lower_prio_repeat", Supported),
    ("vrrp_min_garp", Supported),
    ("vrrp_garp_interval", Supported),
    ("vrrp_gna_interval", Supported),
    ("vrrp_lower_prio_no_advert", Supported),
    ("vrrp_higher_prio_send_advert", Supported),
    ("vrrp_down_timer_adverts", Supported),
    ("v3_checksum_as_v2", Supported),
    ("vrrp_mcast_group4", Supported),
    ("vrrp_mcast_group6", Supported),
    ("vrrp_check_unicast_src", Supported),
    ("dynamic_interfaces", Always("interfaces may come and go")),
    ("vrrp_skip_check_adv_addr", Always("an advert counts whatever addresses it lists")),
    (
        "log_unknown_vrids",
        Ignored("keepalived would log adverts for virtual routers that it does not have; keepwatch does not"),
    ),
    ("vrrp_owner_ignore_adverts", Partly(OWNER)),
    ("vrrp_startup_delay", Supported),
    ("vrrp_delay_after_boot", Supported),
    ("default_interface", Supported),
    (
        "disable_local_igmp",
        Unsupported(
            "keepalived would turn off IGMP reports for 224.0.0.x; keepwatch leaves the sysctl alone",
        ),
    ),
    // Virtual MACs and the firewall.
    ("vrrp_garp_extra_if", Unsupported(ANNOUNCE)),
    ("vrrp_vmac_garp_intvl", Deprecated("vrrp_garp_extra_if")),
    ("vmac_prefix", Supported),
    ("vmac_addr_prefix", Unsupported(VMAC_ADDRESS)),
    ("vrrp_iptables", Partly(IPTABLES)),
    ("vrrp_ipsets", Partly(IPTABLES)),
    ("nftables", Supported),
    ("nftables_priority", Supported),
    ("nftables_counters", Supported),
    (
        "nftables_ifindex",
        Ignored("keepalived would name interfaces by number in its table; keepwatch always does"),
    ),
    // The process.
    ("process_names", Ignored(NAMED)),
    ("process_name", Unsupported(NAMED)),
    ("vrrp_process_name", Unsupported(NAMED)),
    (
        "umask",
        Ignored(
            "keepalived would create its files with this umask; keepwatch keeps the one it is started with",
        ),
    ),
    ("random_seed", Supported),
    (
        "config_save_dir",
        Ignored("keepalived would save its configuration there at each reload; keepwatch does not"),
    ),
    (
        "tmp_config_directory",
        Ignored("keepalived would keep a copy of its configuration there; keepwatch has it in memory"),
    ),
    (
        "data_use_instance",
        Ignored("keepalived would put names into those of its dump files; keepwatch does not"),
    ),
    ("include_check", Supported),
    ("iproute_usr_dir", Supported),
    ("iproute_etc_dir", Supported),
    ("max_auto_priority", Always("the thread that sends adverts is real-time from the start")),
    (
        "min_auto_priority_delay",
        Ignored(
            "keepalived would raise its priority after such delays; keepwatch has its own from the start",
        ),
    ),
    ("vrrp_priority", Partly(NICE)),
    ("vrrp_rt_priority", Supported),
    ("vrrp_rlimit_rttime", Unsupported(RUNAWAY)),
    ("vrrp_rlimit_rtime", Deprecated("vrrp_rlimit_rttime")),
    ("vrrp_no_swap", Supported),
    ("vrrp_cpu_affinity", Supported),
    ("vrrp_rx_bufs_policy", Unsupported(BUFFERS)),
    ("vrrp_rx_bufs_multiplier", Unsupported(BUFFERS)),
    ("vrrp_netlink_cmd_rcv_bufs", Unsupported(BUFFERS)),
    ("vrrp_netlink_cmd_rcv_bufs_force", Unsupported(BUFFERS)),
    ("vrrp_netlink_monitor_rcv_bufs", Unsupported(BUFFERS)),
    ("vrrp_netlink_monitor_rcv_bufs_force", Unsupported(BUFFERS)),
    ("process_monitor_rcv_bufs", Unsupported(BUFFERS)),
    ("process_monitor_rcv_bufs_force", Unsupported(BUFFERS)),
    ("bfd_process_name", Ignored(NAMED)),
    ("bfd_priority", Unsupported(BFD_PROCESS)),
    ("bfd_no_swap", Unsupported(BFD_PROCESS)),
    ("bfd_rt_priority", Unsupported(BFD_PROCESS)),
    ("bfd_cpu_affinity", Unsupported(BFD_PROCESS)),
    ("bfd_rlimit_rttime", Unsupported(BFD_PROCESS)),
    ("bfd_rlimit_rtime", Deprecated("bfd_rlimit_rttime")),
    // What others can see.
    ("snmp_socket", Unsupported(SNMP)),
    ("enable_traps", Unsupported(SNMP)),
    ("enable_snmp_vrrp", Unsupported(SNMP)),
    ("enable_snmp_keepalived", Deprecated("enable_snmp_vrrp")),
    ("enable_snmp_rfc", Unsupported(SNMP)),
    ("enable_snmp_rfcv2", Unsupported(SNMP)),
    ("enable_snmp_rfcv3", Unsupported(SNMP)),
    ("enable_dbus", Unsupported(DBUS)),
    ("dbus_service_name", Unsupported(DBUS)),
    ("dbus_no_interface_name", Unsupported(DBUS)),
    ("state_dump_file", Supported),
    ("stats_dump_file", Supported),
    ("json_dump_file", Supported),
    ("state_file_location", Supported),
    ("stats_file_location", Supported),
    ("json_file_location", Supported),
    ("json_version", Supported),
    ("reload_check_config", Always("a configuration is checked before it is taken over")),
    ("reload_time_file", Unsupported(RELOAD)),
    ("reload_repeat", Unsupported(RELOAD)),
    ("reload_file", Unsupported(RELOAD)),
    // Load balancing.
    ("checker_process_name", Ipvs),
    ("lvs_process_name", Ipvs),
    ("smtp_alert_checker", Ipvs),
    ("checker_log_all_failures", Ipvs),
    ("no_checker_emails", Ipvs),
    ("rs_init_notifies", Ipvs),
    ("lvs_timeouts", Ipvs),
    ("lvs_flush", Ipvs),
    ("lvs_flush_on_stop", Ipvs),
    ("lvs_flush_onstop", Ipvs),
    ("lvs_sync_daemon", Ipvs),
    ("lvs_notify_fifo", Ipvs),
    ("lvs_notify_fifo_script", Ipvs),
    ("lvs_netlink_cmd_rcv_bufs", Ipvs),
    ("lvs_netlink_cmd_rcv_bufs_force", Ipvs),
    ("lvs_netlink_monitor_rcv_bufs", Ipvs),
    ("lvs_netlink_monitor_rcv_bufs_force", Ipvs),
    ("nftables_ipvs", Ipvs),
    ("nftables_ipvs_priority", Ipvs),
    ("nftables_ipvs_start_fwmark", Ipvs),
    ("checker_priority", Ipvs),
    ("checker_no_swap", Ipvs),
    ("checker_rt_priority", Ipvs),
    ("checker_cpu_affinity", Ipvs),
    ("checker_rlimit_rttime", Ipvs),
    ("checker_rlimit_rtime", Ipvs),
    ("enable_snmp_checker", Ipvs),
    ("snmp_vs_stats_update_interval", Ipvs),
    ("snmp_rs_stats_update_interval", Ipvs),
];
