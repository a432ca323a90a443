//! The one model of a configuration, whatever it was written in. Valid by construction: what the engine is
//! given needs no further checks.

mod action;
mod check;
mod dumps;
mod extensions;
mod firewall;
mod link_delay;
mod notify;
mod own_interface;
mod place;
mod probe;
mod process;
mod routing;
mod scheduling;
mod spacing;
mod track;

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use keepwatch_vrrp::{
    AdvertInterval, AnnouncePolicy, Destination, Family, HigherAdverts, LinkTracking, LowerAdverts,
    Preemption, Priority, Start, StopMode, Version, Vrid,
};

pub use action::{ActionKind, ActionTable, ReloadBy, ServerState};
pub use check::{Check, CheckKind, InitFile, Overwrite, Reading, ScriptCheck, TrackFile};
pub use dumps::{Dumps, JsonVersion};
pub use extensions::{Extensions, PluginTable, Written};
pub use firewall::Firewall;
pub use link_delay::LinkDelay;
pub use notify::{
    ClientCertificate, Gravity, MailAuth, MailTable, MailTls, NotifyTable, NotifyWay, SecretAt, TemplateAt,
    UrlAt, WebhookAuth, WebhookFormat, WebhookMethod, WebhookProxy, WebhookTable,
};
pub use own_interface::{Ipvlan, IpvlanMode, OwnInterface, VirtualMac, VmacAdverts};
pub use place::{FileAt, Format, Place};
pub use probe::{
    DnsCheck, DnsRecord, FileCheck, FileTest, GatewayCheck, HaproxyBackend, HaproxyCheck, HaproxySocket,
    Host, HttpCheck, IcmpCheck, TcpCheck, UnixCheck, Verify,
};
pub use process::{ProcessCheck, ProcessMatch};
pub use routing::{
    Hop, MetricKind, Route, RouteKind, RouteMetric, RoutePlacement, Routing, Rule, RuleAction, Statics,
};
pub use scheduling::Scheduling;
pub use spacing::{Intervals, Spacing, SpacingGroup};
pub use track::{TrackCheck, TrackInterface, Trackable, TrackedNumber};

/// A whole configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// What holds for everything.
    pub globals: Globals,
    /// Virtual routers, in the order of the file.
    pub instances: Vec<Instance>,
    /// What instances track by name, in the order of the file.
    pub checks: Vec<Check>,
    /// Sync groups, in the order of the file.
    pub groups: Vec<SyncGroup>,
    /// Interfaces whose going down or coming up counts only after a while.
    pub link_delays: Vec<LinkDelay>,
    /// Addresses, routes and rules that are always there.
    pub statics: Statics,
    /// Plugins, and what they may run.
    pub extensions: Extensions,
}

/// keepalived's `global_defs`, as far as VRRP is concerned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Globals {
    /// `router_id`: the name of this host in mail subjects. The host name if absent.
    pub router_id: Option<String>,
    /// Mail settings.
    pub mail: Mail,
    /// `script_user`: whom scripts run as unless they say otherwise.
    pub script_user: Option<User>,
    /// `enable_script_security`.
    pub script_security: bool,
    /// `net_namespace`: the network namespace to run in, by its name under `/run/netns`.
    pub net_namespace: Option<String>,
    /// `vrrp_startup_delay`: how long after the start no instance takes part.
    pub startup_delay: Duration,
    /// `vrrp_delay_after_boot`: how long after the host was started.
    pub delay_after_boot: Duration,
    /// `notify_fifo` and `vrrp_notify_fifo` with their scripts.
    pub notify_fifos: Vec<NotifyFifo>,
    /// `nftables`, `nftables_priority` and `nftables_counters`.
    pub firewall: Firewall,
    /// How the kernel runs the engine.
    pub scheduling: Scheduling,
    /// How far apart announcements leave.
    pub spacing: Spacing,
    /// Where files go that other programs read.
    pub dumps: Dumps,
    /// How long virtual addresses stay that nobody renews, in whole seconds; without end if absent.
    pub vip_lifetime: Option<Duration>,
}

/// Where and how mails go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mail {
    /// `notification_email`.
    pub to: Vec<String>,
    /// `notification_email_from`.
    pub from: Option<String>,
    /// `smtp_server`: host and port. Without it no mail is sent.
    pub server: Option<(String, u16)>,
    /// `smtp_connect_timeout`.
    pub connect_timeout: Option<Duration>,
    /// `smtp_helo_name`.
    pub helo_name: Option<String>,
    /// `smtp_alert` or `smtp_alert_vrrp`: whether instances and groups send mail unless they say otherwise.
    pub alert: bool,
    /// `no_email_faults`: FAULT sends none.
    pub no_faults: bool,
}

/// A notify FIFO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifyFifo {
    /// Its path.
    pub path: String,
    /// Whom it belongs to if it is made; the global `script_user` if absent.
    pub user: Option<User>,
    /// The program that reads it, if keepwatch is to start one.
    pub script: Option<Command>,
}

/// A user, and perhaps a group, by name as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// User name.
    pub name: String,
    /// Group name; the user's own if absent.
    pub group: Option<String>,
    /// Whether the user's supplementary groups are set too (keepalived's `:group`).
    pub supplementary_groups: bool,
    /// Where it is written.
    pub place: Place,
}

/// A command: program and arguments, run without a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The program and its arguments; never empty.
    pub argv: Vec<String>,
    /// Whom it runs as; the global `script_user` if absent.
    pub user: Option<User>,
    /// Where it is written.
    pub place: Place,
}

/// One `vrrp_instance`: a virtual router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Its name; unique.
    pub name: String,
    /// The interface that carries its adverts, and its addresses unless they say otherwise.
    pub interface: InterfaceName,
    /// `use_vmac` or `use_ipvlan`: an interface of its own on that one.
    pub own_interface: Option<OwnInterface>,
    /// Virtual router identifier.
    pub vrid: Vrid,
    /// Protocol version.
    pub version: Version,
    /// Family of its adverts and advertised addresses.
    pub family: Family,
    /// Base priority.
    pub priority: Priority,
    /// Advert interval, already rounded as the version needs.
    pub interval: AdvertInterval,
    /// Adverts missed before a take-over.
    pub missed_adverts: u8,
    /// Where it begins.
    pub start: Start,
    /// `state`: what it is meant to be while all is well. Moves nothing; findings look at it.
    pub meant: Meant,
    /// Preemption.
    pub preemption: Preemption,
    /// `auth_type PASS` password, padded with zero octets.
    pub password: Option<Password>,
    /// Whether version 3 over IPv4 is sent without pseudo-header (`v3_checksum_as_v2`).
    pub checksum_as_v2: bool,
    /// Multicast group or peers.
    pub destination: Destination,
    /// `unicast_src_ip` or `mcast_src_ip`.
    pub source: Option<IpAddr>,
    /// `track_src_ip`: whether it cannot take part while that address is not on its interface.
    pub tracks_source: bool,
    /// `promote_secondaries`: whether the kernel keeps addresses of a network whose first one is removed.
    pub promotes_secondaries: bool,
    /// Whether it accepts packets to its addresses while it is MASTER (RFC 9568 §6.1, Accept_Mode; not with `no_accept`). An
    /// owner always does.
    pub accepts: bool,
    /// What to do about lower adverts while MASTER.
    pub lower_adverts: LowerAdverts,
    /// What to do about higher ones.
    pub higher_adverts: HigherAdverts,
    /// How it leaves when it stops or yields. No keepalived.conf says so: `keepwatch run --stop-mode`.
    pub stop_mode: StopMode,
    /// `dont_track_primary`.
    pub link_tracking: LinkTracking,
    /// `virtual_ipaddress`: of the instance's family, listed in adverts.
    pub addresses: Vec<VirtualAddress>,
    /// `virtual_ipaddress_excluded`: held, not listed.
    pub excluded: Vec<VirtualAddress>,
    /// `virtual_routes` and `virtual_rules`.
    pub routing: Routing,
    /// When addresses are announced.
    pub announce: AnnouncePolicy,
    /// `track_interface`.
    pub track_interfaces: Vec<TrackInterface>,
    /// `track_script`, `track_file`, `track_process`, and `track` of a native file.
    pub track_checks: Vec<TrackCheck>,
    /// `notify_*`.
    pub notify: Notify,
    /// Whether its transitions send mail.
    pub mail_alert: bool,
    /// Where its interface is written.
    pub place: Place,
}

impl Instance {
    /// Its virtual MAC, if it has one.
    #[must_use]
    pub const fn vmac(&self) -> Option<&VirtualMac> {
        match &self.own_interface {
            Some(OwnInterface::VirtualMac(vmac)) => Some(vmac),
            Some(OwnInterface::Ipvlan(_)) | None => None,
        }
    }

    /// Its ipvlan, if it has one.
    #[must_use]
    pub const fn ipvlan(&self) -> Option<&Ipvlan> {
        match &self.own_interface {
            Some(OwnInterface::Ipvlan(ipvlan)) => Some(ipvlan),
            Some(OwnInterface::VirtualMac(_)) | None => None,
        }
    }

    /// The address that it is told to send from: `source`, else that of its ipvlan.
    #[must_use]
    pub fn configured_source(&self) -> Option<IpAddr> {
        self.source.or_else(|| self.ipvlan()?.address.map(|(address, _)| address))
    }
}

/// What an instance is meant to be while all is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meant {
    /// The MASTER: it says so.
    Master,
    /// Perhaps the MASTER, perhaps a backup.
    Either,
}

/// A version 2 password. Never shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Password(pub [u8; 8]);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

/// The name of a network interface: 1 to 15 octets, without `/` and white space.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfaceName(String);

impl InterfaceName {
    /// A name the kernel could accept.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let valid = (1..=15).contains(&name.len())
            && name != "."
            && name != ".."
            && !name.contains(|c: char| c == '/' || c == ':' || c.is_whitespace());
        valid.then(|| Self(name.to_owned()))
    }

    /// `eth0`: what keepalived takes where no interface is named.
    pub(crate) fn eth0() -> Self {
        Self("eth0".to_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InterfaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A virtual address with how it is put in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualAddress {
    /// The address.
    pub address: IpAddr,
    /// Prefix length; keepalived's default is the whole address.
    pub prefix_len: u8,
    /// The interface it is added to, if not the instance's.
    pub device: Option<InterfaceName>,
    /// Scope of an IPv4 address.
    pub scope: Scope,
    /// Label of an IPv4 address.
    pub label: Option<String>,
    /// Broadcast address of an IPv4 address.
    pub broadcast: Option<std::net::Ipv4Addr>,
    /// The other end of a point-to-point address, with its prefix length.
    pub peer: Option<(IpAddr, u8)>,
    /// Whether duplicate address detection runs for an IPv6 address (keepalived's `-nodad`).
    pub duplicate_detection: bool,
    /// Whether the kernel adds no route for the prefix (`noprefixroute`).
    pub no_prefix_route: bool,
    /// `home`: a Mobile IPv6 home address.
    pub home: bool,
    /// `mngtmpaddr`.
    pub manage_temporary: bool,
    /// `preferred_lft`; for a /128 keepalived's default is zero, so that it is never chosen as source.
    pub preferred_lifetime: Lifetime,
    /// Whether its `device` going down is a FAULT (not so with `no_track`).
    pub tracked: bool,
    /// Where it is written.
    pub place: Place,
}

impl VirtualAddress {
    /// An address without any option.
    pub(crate) const fn plain(address: IpAddr, prefix_len: u8) -> Self {
        Self {
            address,
            prefix_len,
            device: None,
            scope: Scope::Global,
            label: None,
            broadcast: None,
            peer: None,
            duplicate_detection: false,
            no_prefix_route: false,
            home: false,
            manage_temporary: false,
            preferred_lifetime: Lifetime::Forever,
            tracked: true,
            place: Place::keepalived(0..0),
        }
    }
}

impl Lifetime {
    /// keepalived's default: an IPv6 address without a network is for those who ask for it, not to ask from.
    pub(crate) const fn of_prefix(prefix_len: u8) -> Self {
        if prefix_len == 128 { Self::For(Duration::ZERO) } else { Self::Forever }
    }
}

/// How long an address may be chosen as a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// Without end.
    Forever,
    /// For this long; zero means deprecated from the start.
    For(Duration),
}

/// The scope of an IPv4 address, as the kernel numbers it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// 0.
    #[default]
    Global,
    /// 200.
    Site,
    /// 253.
    Link,
    /// 254.
    Host,
    /// 255.
    Nowhere,
    /// Another number.
    Number(u8),
}

impl Scope {
    /// The scope that the kernel numbers so.
    pub(crate) const fn of_number(number: u8) -> Self {
        match number {
            0 => Self::Global,
            200 => Self::Site,
            253 => Self::Link,
            254 => Self::Host,
            255 => Self::Nowhere,
            number => Self::Number(number),
        }
    }
}

/// As keepalived and `ip` write it: `global`, or the number where it has no name.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Global => "global",
            Self::Site => "site",
            Self::Link => "link",
            Self::Host => "host",
            Self::Nowhere => "nowhere",
            Self::Number(number) => return write!(f, "{number}"),
        })
    }
}

/// One `vrrp_sync_group`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncGroup {
    /// Its name; unique.
    pub name: String,
    /// Names of instances in the same configuration.
    pub members: Vec<String>,
    /// `track_interface` of the group. Each member tracks it, and has it among its own.
    pub track_interfaces: Vec<TrackInterface>,
    /// What else the group tracks. Each member tracks it, and has it among its own.
    pub track_checks: Vec<TrackCheck>,
    /// `notify_*`.
    pub notify: Notify,
    /// Whether its transitions send mail.
    pub mail_alert: bool,
}

/// Scripts run on transitions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notify {
    /// `notify_master`.
    pub master: Option<Command>,
    /// `notify_backup`.
    pub backup: Option<Command>,
    /// `notify_fault`.
    pub fault: Option<Command>,
    /// `notify_stop`.
    pub stop: Option<Command>,
    /// `notify_deleted`.
    pub deleted: Deleted,
    /// `notify_master_rx_lower_pri`.
    pub master_rx_lower_priority: Option<Command>,
    /// `notify`, with keepalived's four arguments appended.
    pub any: Option<Command>,
    /// `notify_priority_changes`: whether FIFOs hear of each change of the effective priority. Never of a group: its
    /// members have it.
    pub priority_changes: bool,
}

/// What is told of an instance that a reload has removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Deleted {
    /// That it is in FAULT, without `notify_fault`: so keepalived does it unless told otherwise.
    #[default]
    AsFault,
    /// DELETED: there is a `notify_deleted`, perhaps with a script.
    AsDeleted(Option<Command>),
}
