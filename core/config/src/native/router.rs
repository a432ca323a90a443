//! `[instance.NAME]` that says all of an instance: one virtual router, or one for each family.

use std::net::IpAddr;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use keepwatch_vrrp::{
    AdvertInterval, AnnouncePolicy, Destination, Family, HigherAdverts, LinkTracking, LowerAdverts,
    Preemption, Priority, SourceCheck, Start, StopMode, UnicastPeer, Version, Vrid,
};
use toml::Spanned;
use toml::de::DeTable;

use super::keys::VIRTUAL_ADDRESS;
use super::reader::{Entry, Reader, optional};
use super::virtual_address::{self, At};
use super::{announcing, auth_pass, notify_scripts, own_interface, peers, routing};
use crate::diagnostic::Diagnostic;
use crate::model::{Instance, InterfaceName, Meant, Notify, Password, Place, Routing, VirtualAddress};
use crate::similar::shown;
use crate::site::Purpose;

/// More addresses do not fit an advert (IPv6: of an MTU of 1500; IPv4: their number is one octet).
const MOST_V4: usize = 255;
const MOST_V6: usize = 89;
/// 224.0.0.18 and ff02::12 (RFC 9568 §5.1).
const GROUP_V4: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(224, 0, 0, 18));
const GROUP_V6: IpAddr = IpAddr::V6(std::net::Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12));

/// What the table says, read.
pub(super) struct Router {
    pub(super) name: String,
    /// Where its name stands.
    pub(super) span: Range<usize>,
    pub(super) vrid_at: Range<usize>,
    /// `notify_priority_changes`, if it says so itself.
    pub(super) priority_changes: Option<bool>,
    /// The interface that it is to have of its own.
    pub(super) own_interface: Option<own_interface::Wish>,
    /// One for each family of its addresses, IPv4 first. Interfaces of their own are still to be given.
    pub(super) instances: Vec<Instance>,
}

impl Router {
    /// Whether it is two virtual routers, one for each family.
    pub(super) fn is_two(&self) -> bool {
        self.instances.len() == 2
    }
}

/// What the virtual router of an instance's second family, IPv6, is called.
pub(super) fn ipv6_name(name: &str) -> String {
    format!("{name}-ipv6")
}

/// Reads an instance; `None` if it cannot be, which is then reported.
pub(super) fn read(
    reader: &mut Reader<'_>,
    name: &str,
    table: &DeTable<'_>,
    span: &Range<usize>,
    (folder, purpose): (&Path, Purpose),
) -> Option<Router> {
    let interface =
        required(reader, name, table, span, "interface = \"eth0\"", "the one that carries the adverts");
    let interface_at = interface.map_or_else(|| span.clone(), Spanned::span);
    let interface = interface.and_then(|value| own_interface(reader, value));
    let vrid_entry = required(
        reader,
        name,
        table,
        span,
        "virtual_router_id = 51",
        "1 to 255, the same on all its routers",
    );
    let vrid = vrid_entry.and_then(|value| octet(reader, value)).and_then(Vrid::new);
    let addresses = "virtual_addresses = [\"10.1.1.30/24\"]";
    let addresses = required(reader, name, table, span, addresses, "what it keeps alive");
    let listed = addresses.and_then(|value| virtual_address::read_list(reader, value, VIRTUAL_ADDRESS));
    let excluded = optional(table, "virtual_addresses_excluded", |value| {
        virtual_address::read_list(reader, value, VIRTUAL_ADDRESS)
    });
    let ways = routing::read(reader, table, "virtual_routes", "virtual_rules");
    let settings = Settings::read(reader, table, folder, purpose);
    let own_interface = own_interface::read(reader, table);
    let excluded = excluded.unwrap_or_default();
    virtual_address::refuse_twice(reader, listed.iter().flatten().chain(&excluded));
    let (interface, vrid, listed) = (interface?, vrid?, listed?);
    let vrid_at = vrid_entry?.span();
    if listed.is_empty() && excluded.is_empty() && ways == Routing::default() {
        let message = format!("the instance {} keeps no address", shown(name));
        let span = addresses?.span();
        reader.findings.push(Diagnostic::remark(&span, message, "it elects a MASTER, and that is all"));
    }
    let families = families(&listed, &settings);
    if let Some(value) =
        table.get("v3_checksum_as_v2").filter(|_| settings.checksum_as_v2 && families == [Family::V6])
    {
        reader.error(&value.span(), "the checksum over IPv6 always has its pseudo-header", "remove this");
    }
    let are_two = families.len() == 2;
    let mut instances = Vec::new();
    for &family in &families {
        let own = |list: &[At]| -> Vec<VirtualAddress> {
            list.iter().filter(|at| at.is_of(family)).map(|at| at.address.clone()).collect()
        };
        let addresses = own(&listed);
        let most = if family == Family::V6 { MOST_V6 } else { MOST_V4 };
        if addresses.len() > most {
            let message = format!("{} addresses do not fit an advert", addresses.len());
            let finding = Diagnostic::error(span, message, "")
                .help(format!("{most} do; move the others to `virtual_addresses_excluded`"));
            reader.findings.push(finding);
        }
        let name = if are_two && family == Family::V6 { ipv6_name(name) } else { name.to_owned() };
        // Adverts do not list them: without a virtual router of their own family they go with the other one.
        let excluded = excluded.iter().filter(|at| !are_two || at.is_of(family));
        let excluded = excluded.map(|at| at.address.clone()).collect();
        let (interface, interface_at) = (interface.clone(), &interface_at);
        let identity = Identity { name, interface, interface_at, vrid, family, span };
        let instance = settings.instance(reader, identity, addresses, excluded)?;
        let routing = if are_two { routing::of_family(&ways, family) } else { ways.clone() };
        instances.push(Instance { routing, ..instance });
    }
    let priority_changes = optional(table, "notify_priority_changes", |value| value.get_ref().as_bool());
    let (name, span) = (name.to_owned(), span.clone());
    Some(Router { name, span, vrid_at, priority_changes, own_interface, instances })
}

/// Those of its addresses; without any, those of the hosts it speaks with.
fn families(listed: &[At], settings: &Settings) -> Vec<Family> {
    let Settings { sources, peers, groups, .. } = settings;
    let hosts = sources.iter().chain(groups).map(|(address, _)| *address);
    let hosts = hosts.chain(peers.iter().map(|peer| peer.address)).map(Family::of);
    let own = listed.iter().map(|at| Family::of(at.address.address));
    let own: Vec<Family> = if listed.is_empty() { hosts.collect() } else { own.collect() };
    match (own.contains(&Family::V4), own.contains(&Family::V6)) {
        (true, true) => vec![Family::V4, Family::V6],
        (false, true) => vec![Family::V6],
        (_, false) => vec![Family::V4],
    }
}

/// The value of a key that an instance cannot do without; the example begins with it.
fn required<'v, 'i>(
    reader: &mut Reader<'_>,
    name: &str,
    table: &'v DeTable<'i>,
    span: &Range<usize>,
    example: &str,
    what: &str,
) -> Option<Entry<'v, 'i>> {
    let key = example.split(' ').next().unwrap_or_default();
    let value = table.get(key);
    if value.is_none() {
        let finding = Diagnostic::error(span, format!("the instance {} has no {key}", shown(name)), "")
            .help(format!("add {example}: {what}"));
        reader.findings.push(finding);
    }
    value
}

fn own_interface(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<InterfaceName> {
    let interface = reader.interface(value)?;
    if interface.as_str() == "lo" {
        reader.error(&value.span(), "a loopback interface cannot carry adverts", "");
        return None;
    }
    Some(interface)
}

fn octet(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<u8> {
    reader.whole(value, 1..=255).and_then(|number| u8::try_from(number).ok())
}

/// Whose settings they become.
struct Identity<'a> {
    name: String,
    interface: InterfaceName,
    interface_at: &'a Range<usize>,
    vrid: Vrid,
    family: Family,
    span: &'a Range<usize>,
}

/// What holds for both families.
struct Settings {
    priority: Priority,
    start: Start,
    version: Version,
    version_at: Option<Range<usize>>,
    /// `None` if it cannot be, which is reported.
    interval: Option<AdvertInterval>,
    preemption: Preemption,
    missed_adverts: u8,
    password: Option<Password>,
    sources: Vec<(IpAddr, Range<usize>)>,
    peers: Vec<UnicastPeer>,
    ttl: u8,
    source_check: SourceCheck,
    groups: Vec<(IpAddr, Range<usize>)>,
    link_tracking: LinkTracking,
    lower_adverts: LowerAdverts,
    higher_adverts: HigherAdverts,
    checksum_as_v2: bool,
    tracks_source: bool,
    promotes_secondaries: bool,
    accepts: bool,
    announce: AnnouncePolicy,
    notify: Notify,
}

impl Settings {
    fn read(reader: &mut Reader<'_>, table: &DeTable<'_>, folder: &Path, purpose: Purpose) -> Self {
        let priority = optional(table, "priority", |value| octet(reader, value)).and_then(Priority::new);
        let priority = priority.unwrap_or(Priority::DEFAULT);
        let version = optional(table, "version", |value| version(reader, value)).unwrap_or(Version::V3);
        let missed = optional(table, "down_timer_adverts", |value| reader.whole(value, 1..=100));
        let is = |reader: &mut Reader<'_>, key: &str| {
            optional(table, key, |value| reader.flag(value)).unwrap_or_default()
        };
        let peers = peers::read(reader, table);
        let settings = Self {
            priority,
            start: start(reader, table, priority),
            version,
            version_at: table.get("version").map(|value| value.span()),
            interval: match table.get("advert_interval") {
                Some(value) => interval(reader, value, version),
                None => Some(AdvertInterval::DEFAULT),
            },
            preemption: preemption(reader, table, priority),
            missed_adverts: missed.and_then(|count| u8::try_from(count).ok()).unwrap_or(3),
            password: auth_pass::read(reader, table, version, folder, purpose),
            sources: reader.addresses(table, "source"),
            ttl: optional(table, "unicast_ttl", |value| reader.whole(value, 0..=255))
                .and_then(|ttl| u8::try_from(ttl).ok())
                .unwrap_or(255),
            source_check: peers::source_check(reader, table, &peers),
            peers,
            groups: reader.addresses(table, "mcast_dst_ip"),
            link_tracking: if is(reader, "dont_track_primary") {
                LinkTracking::Ignored
            } else {
                LinkTracking::Tracked
            },
            lower_adverts: if is(reader, "lower_prio_no_advert") {
                LowerAdverts::Ignore
            } else {
                LowerAdverts::Answer
            },
            higher_adverts: if is(reader, "higher_prio_send_advert") {
                HigherAdverts::AnswerAndYield
            } else {
                HigherAdverts::Yield
            },
            checksum_as_v2: is(reader, "v3_checksum_as_v2"),
            tracks_source: is(reader, "track_src_ip"),
            promotes_secondaries: is(reader, "promote_secondaries"),
            accepts: optional(table, "accept", |value| reader.flag(value)).unwrap_or(true),
            announce: announcing::read(reader, table).policy(),
            notify: notify_scripts::read(reader, table),
        };
        settings.refuse_contradictions(reader, table);
        settings
    }

    fn refuse_contradictions(&self, reader: &mut Reader<'_>, table: &DeTable<'_>) {
        for key in ["unicast_ttl", "check_unicast_src"] {
            if let Some(value) = table.get(key).filter(|_| self.peers.is_empty()) {
                reader.error(&value.span(), format!("`{key}` without `unicast_peer`"), "");
            }
        }
        let has_source = !self.sources.is_empty() || table.contains_key("use_ipvlan");
        if let Some(value) = table.get("track_src_ip").filter(|_| self.tracks_source && !has_source) {
            reader.error(&value.span(), "`track_src_ip` without `source`", "");
        }
        if let Some(value) = table.get("accept").filter(|_| !self.accepts && self.priority.is_owner()) {
            let message = "`accept = false` does not go with priority 255";
            reader.error(&value.span(), message, "an owner's addresses are its host's own");
        }
        let has_pseudo_header = self.version == Version::V3;
        if let Some(value) =
            table.get("v3_checksum_as_v2").filter(|_| self.checksum_as_v2 && !has_pseudo_header)
        {
            reader.error(&value.span(), "version 2 has no pseudo-header in its checksum", "remove this");
        }
        if let Some((_, span)) = self.groups.first().filter(|_| !self.peers.is_empty()) {
            reader.error(span, "`mcast_dst_ip` does not go with `unicast_peer`", "remove one of them");
        }
        for (address, span) in &self.groups {
            let (message, label) =
                ("this is not a multicast address of one link", "such as 224.0.0.18 or ff02::12");
            match address {
                // keepalived takes other scopes only for the group of all its instances.
                IpAddr::V6(address) if address.is_multicast() && address.octets()[1] & 0x0f != 2 => {
                    reader.findings.push(Diagnostic::warning(span, message, label));
                }
                address if !address.is_multicast() => reader.error(span, message, label),
                _ => {}
            }
        }
    }

    /// The virtual router of one family.
    fn instance(
        &self,
        reader: &mut Reader<'_>,
        identity: Identity<'_>,
        addresses: Vec<VirtualAddress>,
        excluded: Vec<VirtualAddress>,
    ) -> Option<Instance> {
        let Identity { name, interface, interface_at, vrid, family, span } = identity;
        if (family, self.version) == (Family::V6, Version::V2) {
            let span = self.version_at.as_ref().unwrap_or(span);
            reader.error(span, "VRRP version 2 has no IPv6", "remove this line: version 3 has both");
            return None;
        }
        Some(Instance {
            name,
            interface,
            own_interface: None,
            vrid,
            version: self.version,
            family,
            priority: self.priority,
            interval: self.interval?,
            missed_adverts: self.missed_adverts,
            start: self.start,
            meant: Meant::Either,
            preemption: self.preemption,
            password: self.password,
            checksum_as_v2: self.checksum_as_v2 && family == Family::V4,
            destination: self.destination(reader, family, span),
            source: self.source(family),
            tracks_source: self.tracks_source,
            promotes_secondaries: self.promotes_secondaries,
            accepts: self.accepts,
            routing: Routing::default(),
            lower_adverts: self.lower_adverts,
            higher_adverts: self.higher_adverts,
            stop_mode: StopMode::default(),
            link_tracking: self.link_tracking,
            addresses,
            excluded,
            announce: self.announce.clone(),
            track_interfaces: Vec::new(),
            track_checks: Vec::new(),
            notify: self.notify.clone(),
            mail_alert: false,
            place: Place::native(interface_at.clone()),
        })
    }

    /// The first of these that is of the family.
    fn source(&self, family: Family) -> Option<IpAddr> {
        of_family(&self.sources, family).next()
    }

    fn destination(&self, reader: &mut Reader<'_>, family: Family, span: &Range<usize>) -> Destination {
        if self.peers.is_empty() {
            let default = if family == Family::V6 { GROUP_V6 } else { GROUP_V4 };
            let group = of_family(&self.groups, family).next().unwrap_or(default);
            return Destination::Multicast { group };
        }
        let is_of = |peer: &&UnicastPeer| Family::of(peer.address) == family;
        let peers: Vec<UnicastPeer> = self.peers.iter().filter(is_of).copied().collect();
        if peers.is_empty() {
            let family = if family == Family::V6 { "IPv6" } else { "IPv4" };
            let message = format!("`unicast_peer` names nobody for the {family} addresses");
            reader.error(span, message, "each family has its own adverts");
        }
        Destination::Unicast { peers, ttl: self.ttl, source_check: self.source_check }
    }
}

fn of_family(list: &[(IpAddr, Range<usize>)], family: Family) -> impl Iterator<Item = IpAddr> {
    list.iter().map(|(address, _)| *address).filter(move |address| Family::of(*address) == family)
}

/// An owner serves at once, unless it is told to listen first as others do.
fn start(reader: &mut Reader<'_>, table: &DeTable<'_>, priority: Priority) -> Start {
    let words = [("MASTER", Start::Asserting), ("BACKUP", Start::Listening)];
    let said = optional(table, "state", |value| reader.one_of(value, &words));
    if let Some((key, _)) = table.get_key_value("state").filter(|_| !priority.is_owner()) {
        let label = "remove this: who has the highest priority serves";
        reader.error(&key.span(), "`state` is for priority 255", label);
    }
    match said {
        Some(start) if priority.is_owner() => start,
        None if priority.is_owner() => Start::Asserting,
        _ => Start::Listening,
    }
}

fn version(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<Version> {
    Some(if reader.whole(value, 2..=3)? == 2 { Version::V2 } else { Version::V3 })
}

fn interval(reader: &mut Reader<'_>, value: Entry<'_, '_>, version: Version) -> Option<AdvertInterval> {
    let interval = reader.duration(value)?;
    let (unit, label) = match version {
        Version::V2 => (Duration::from_secs(1), "VRRP version 2 counts whole seconds, 1 to 255"),
        Version::V3 => {
            (Duration::from_millis(10), "VRRP version 3 counts hundredths of a second, to 40.95 s")
        }
    };
    let is_whole = interval.as_nanos().is_multiple_of(unit.as_nanos());
    let count = u16::try_from(interval.as_nanos() / unit.as_nanos()).ok().filter(|_| is_whole);
    let read = count.and_then(|count| match version {
        Version::V2 => u8::try_from(count).ok().and_then(AdvertInterval::from_seconds),
        Version::V3 => AdvertInterval::from_centis(count),
    });
    if read.is_none() {
        reader.error(&value.span(), "adverts cannot be sent in this interval", label);
    }
    read
}

fn preemption(reader: &mut Reader<'_>, table: &DeTable<'_>, priority: Priority) -> Preemption {
    let never = optional(table, "nopreempt", |value| reader.flag(value)).unwrap_or_default();
    let delay = optional(table, "preempt_delay", |value| reader.duration(value));
    let delay_at = table.get("preempt_delay").map(|value| value.span());
    if let Some(value) = table.get("nopreempt").filter(|_| never && priority.is_owner()) {
        reader.error(&value.span(), "`nopreempt` does not go with priority 255", "the owner always serves");
    }
    if let Some(span) = delay_at.as_ref().filter(|_| never) {
        reader.error(span, "`preempt_delay` does not go with `nopreempt`", "remove one of them");
    }
    match (never, delay) {
        (true, _) => Preemption::Never,
        (false, Some(delay)) => Preemption::After(delay),
        (false, None) => Preemption::Immediate,
    }
}
