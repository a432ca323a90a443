//! Every keyword of keepalived 2.4.3 outside load balancing, and what becomes of it here.

mod globals;
mod instance;
mod served;
mod table;

pub use self::served::keepalived_reference;
pub use self::table::keyword_tables;

use self::Status::{Deprecated, Ignored, Ipvs, Partly, Supported, Unsupported};

/// What becomes of a keyword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::keepalived) enum Status {
    /// It is read.
    Supported,
    /// It is read but for what this says.
    Partly(&'static str),
    /// There is nothing to do, for this reason: keepwatch is always so.
    Always(&'static str),
    /// Left out with a remark: what keepalived would do, and what keepwatch does instead. No router notices.
    Ignored(&'static str),
    /// Left out with a warning: what keepalived would do, and what keepwatch does instead.
    Unsupported(&'static str),
    /// Leaving it out would be dangerous: an error that says why.
    Refused(&'static str),
    /// An old name for another keyword of the same level.
    Deprecated(&'static str),
    /// Load balancing: left out, with one warning for all of them.
    Ipvs,
}

/// Where a keyword stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::keepalived) enum Level {
    /// Outside all blocks.
    Root,
    /// `global_defs`.
    Globals,
    /// `vrrp_instance`.
    Instance,
    /// `authentication` in a `vrrp_instance`.
    Authentication,
    /// `vrrp_script`.
    Script,
    /// `vrrp_sync_group`.
    SyncGroup,
    /// `track_file`.
    TrackFile,
    /// `vrrp_track_process`.
    TrackProcess,
    /// `garp_group`.
    GarpGroup,
}

impl Level {
    /// All of them.
    pub(in crate::keepalived) const ALL: [Self; 9] = [
        Self::Root,
        Self::Globals,
        Self::Instance,
        Self::Authentication,
        Self::Script,
        Self::SyncGroup,
        Self::TrackFile,
        Self::TrackProcess,
        Self::GarpGroup,
    ];

    /// The keywords of this level.
    pub(in crate::keepalived) const fn keywords(self) -> &'static [(&'static str, Status)] {
        match self {
            Self::Root => ROOT,
            Self::Globals => globals::GLOBALS,
            Self::Instance => instance::INSTANCE,
            Self::Authentication => AUTHENTICATION,
            Self::Script => SCRIPT,
            Self::SyncGroup => SYNC_GROUP,
            Self::TrackFile => TRACK_FILE,
            Self::TrackProcess => TRACK_PROCESS,
            Self::GarpGroup => GARP_GROUP,
        }
    }

    /// What becomes of `keyword` here; `None` if keepalived does not know it here.
    pub(in crate::keepalived) fn status(self, keyword: &str) -> Option<Status> {
        self.keywords().iter().find(|(name, _)| *name == keyword).map(|(_, status)| *status)
    }

    /// The level of the block that `keyword` opens here; `None` if there are no keywords in it.
    pub(in crate::keepalived) fn within(self, keyword: &str) -> Option<Self> {
        match (self, keyword) {
            (Self::Root, "global_defs") => Some(Self::Globals),
            (Self::Root, "vrrp_instance") => Some(Self::Instance),
            (Self::Root, "vrrp_script") => Some(Self::Script),
            (Self::Root, "vrrp_sync_group") => Some(Self::SyncGroup),
            (Self::Root, "track_file" | "vrrp_track_file") => Some(Self::TrackFile),
            (Self::Root, "vrrp_track_process") => Some(Self::TrackProcess),
            (Self::Root, "garp_group") => Some(Self::GarpGroup),
            (Self::Instance, "authentication") => Some(Self::Authentication),
            _ => None,
        }
    }

    /// Where that is, for messages.
    pub(in crate::keepalived) const fn place(self) -> &'static str {
        match self {
            Self::Root => "outside all blocks",
            Self::Globals => "in global_defs",
            Self::Instance => "in a vrrp_instance",
            Self::Authentication => "in authentication",
            Self::Script => "in a vrrp_script",
            Self::SyncGroup => "in a vrrp_sync_group",
            Self::TrackFile => "in a track_file",
            Self::TrackProcess => "in a vrrp_track_process",
            Self::GarpGroup => "in a garp_group",
        }
    }
}

/// Whether a supported keyword is followed by a block.
pub(in crate::keepalived) fn takes_block(keyword: &str) -> bool {
    const BLOCKS: [&str; 25] = [
        "authentication",
        "garp_group",
        "global_defs",
        "group",
        "interface_up_down_delays",
        "interfaces",
        "notification_email",
        "static_ipaddress",
        "static_routes",
        "static_rules",
        "track_file",
        "track_interface",
        "track_process",
        "track_script",
        "unicast_peer",
        "virtual_ipaddress",
        "virtual_ipaddress_excluded",
        "virtual_routes",
        "virtual_rules",
        "vrrp_instance",
        "vrrp_script",
        "vrrp_sync_group",
        "vrrp_track_file",
        "vrrp_track_process",
        "auth_hmac",
    ];
    BLOCKS.contains(&keyword)
}

const STATIC: &str =
    "keepalived would stop instances whose static addresses or routes are lost; keepwatch restores those";
const BFD: &str = "keepalived would watch a neighbour by BFD; keepwatch does not, and what tracks it behaves as if it passed";
const PID_FILES: &str =
    "keepalived would name its pid files otherwise; keepwatch writes the one that `--pid` names";
const BUFFERS: &str = "keepalived would size its socket buffers by this; keepwatch chooses its own";
const LINK: &str =
    "keepalived would judge the link otherwise; keepwatch believes the kernel's link state at once";

const ADDRESS_OPTIONS: &str = "not `use_vmac` and `autojoin` of an address, which is added without";
const ROUTE_OPTIONS: &str = "not routes with `from`, `encap`, `as` or `vrf`, or of type `local`, `broadcast`, `anycast`, `multicast` or `nat`; `realms`, `rtt`, `rttvar`, `rto_min`, `congctl`, \
     `features`, `pref`, `expires`, `ttl-propagate`, `fastopen_no_cookie` and `track_group` are left out of a route";
const RULE_OPTIONS: &str = "not rules with `realms`, `suppress_ifgroup`, `tunnel-id`, `uidrange`, `l3mdev`, `ipproto`, `sport` or \
     `dport`; `track_group` is left out of a rule";
const STRICT: &str =
    "an instance with priority 255 weighs adverts as always, where keepalived would ignore them";
const IPTABLES: &str = "nftables does it, and chains of iptables and ipsets are left alone";

const ROOT: &[(&str, Status)] = &[
    ("global_defs", Supported),
    ("vrrp_instance", Supported),
    ("vrrp_script", Supported),
    ("vrrp_sync_group", Supported),
    ("SSL", Ipvs),
    ("virtual_server", Ipvs),
    ("virtual_server_group", Ipvs),
    ("net_namespace_ipvs", Ipvs),
    ("net_namespace", Supported),
    (
        "namespace_with_ipsets",
        Ignored("keepalived would use ipsets in a namespace on old kernels; keepwatch uses none"),
    ),
    ("instance", Ignored(PID_FILES)),
    ("use_pid_dir", Ignored(PID_FILES)),
    (
        "child_wait_time",
        Ignored("keepalived would wait so long for its processes to end; keepwatch is one process"),
    ),
    ("bfd_instance", Unsupported(BFD)),
    ("track_file", Supported),
    ("vrrp_track_file", Deprecated("track_file")),
    ("vrrp_track_process", Supported),
    ("static_ipaddress", Partly(ADDRESS_OPTIONS)),
    ("static_routes", Partly(ROUTE_OPTIONS)),
    ("static_rules", Partly(RULE_OPTIONS)),
    ("track_group", Unsupported(STATIC)),
    ("garp_group", Supported),
    ("interface_up_down_delays", Supported),
    ("linkbeat_interfaces", Unsupported(LINK)),
    ("linkbeat_use_polling", Unsupported(LINK)),
];

const AUTHENTICATION: &[(&str, Status)] =
    &[("auth_type", Partly("not `AH`, which is refused")), ("auth_pass", Supported)];

const SCRIPT: &[(&str, Status)] = &[
    ("script", Supported),
    ("interval", Supported),
    ("timeout", Supported),
    ("weight", Supported),
    ("rise", Supported),
    ("fall", Supported),
    ("user", Supported),
    ("init_fail", Supported),
];

const SYNC_GROUP: &[(&str, Status)] = &[
    ("group", Supported),
    ("track_interface", Supported),
    ("track_script", Supported),
    ("track_file", Supported),
    ("track_process", Supported),
    ("track_bfd", Unsupported(BFD)),
    ("notify_master", Supported),
    ("notify_backup", Supported),
    ("notify_fault", Supported),
    ("notify_stop", Supported),
    ("notify_deleted", Partly("it is for each member that has none of its own, as the manual says")),
    ("notify", Supported),
    ("smtp_alert", Supported),
    ("notify_priority_changes", Supported),
    ("sync_group_tracking_weight", Supported),
    ("global_tracking", Deprecated("sync_group_tracking_weight")),
];

const TRACK_FILE: &[(&str, Status)] = &[("file", Supported), ("weight", Supported), ("init_file", Supported)];

const TRACK_PROCESS: &[(&str, Status)] = &[
    ("process", Supported),
    ("param_match", Supported),
    ("weight", Supported),
    ("quorum", Supported),
    ("quorum_max", Supported),
    ("delay", Supported),
    ("fork_delay", Supported),
    ("terminate_delay", Supported),
    ("full_command", Supported),
];

const GARP_GROUP: &[(&str, Status)] = &[
    ("garp_interval", Supported),
    ("gna_interval", Supported),
    ("interface", Supported),
    ("interfaces", Supported),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_keyword_stands_twice_and_every_new_name_is_known() {
        for level in Level::ALL {
            for (index, (name, status)) in level.keywords().iter().enumerate() {
                assert!(!level.keywords()[..index].iter().any(|(other, _)| other == name), "{name}");
                if let Deprecated(new) = status {
                    assert!(level.status(new).is_some(), "{name} -> {new}");
                }
            }
        }
    }

    #[test]
    fn a_reason_is_one_plain_line() {
        for level in Level::ALL {
            for (name, status) in level.keywords() {
                if let Unsupported(reason) | Ignored(reason) | Status::Refused(reason) = status {
                    assert!(reason.starts_with("keepalived would "), "{name}: {reason}");
                    assert!(!reason.ends_with('.') && reason.len() < 110, "{name}: {reason}");
                }
            }
        }
    }
}
