//! What follows from what a `vrrp_instance` says, once the whole file is known.

use std::net::{IpAddr, Ipv6Addr};
use std::ops::Range;
use std::time::Duration;

use keepwatch_vrrp::{
    AdvertInterval, AnnouncePolicy, Family, Preemption, Priority, Schedule, Start, StopMode, TrackWeight,
    Version, Vrid,
};

use super::At;
use super::authentication::Impossible;
use super::checks::Kind;
use super::firewall::Acceptance;
use super::globals::{Defaults, GlobalDefs};
use super::instance::{Draft, Given, State};
use super::reader::Reader;
use super::sync_group::Resolved;
use super::track::Checked;
use super::vmac::{Circumstances, Names};
use crate::diagnostic::Diagnostic;
use crate::model::{Instance, InterfaceName, Meant, OwnInterface, Place, TrackInterface, VirtualAddress};
use crate::similar::shown;

/// An instance, and where the file says what about it.
pub(super) struct Completed {
    pub(super) instance: Instance,
    /// The line that opens the block.
    pub(super) span: Range<usize>,
    pub(super) vrid_at: Range<usize>,
    /// Where `use_vmac` or `use_ipvlan` stands.
    pub(super) own_interface_at: Option<Range<usize>>,
    /// As `addresses`, then `excluded`.
    pub(super) addresses_at: Vec<Range<usize>>,
    /// As `track_interfaces`.
    pub(super) interfaces_at: Vec<Range<usize>>,
    /// As `track_checks`.
    pub(super) checks_at: Vec<Range<usize>>,
    /// Where `nopreempt` stands.
    pub(super) nopreempt_at: Option<Range<usize>>,
    /// Where `smtp_alert` stands.
    pub(super) alert_at: Option<Range<usize>>,
}

/// Whether trackers of the instance may move its priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weights {
    /// They may.
    Free,
    /// Not in a sync group without `sync_group_tracking_weight`.
    InGroup,
}

impl Weights {
    /// For a member of this group, or of none.
    fn of(group: Option<&Resolved>) -> Self {
        if group.is_some_and(|group| !group.weights_allowed) { Self::InGroup } else { Self::Free }
    }
}

/// The addresses of an instance.
struct Addresses {
    /// Those that adverts list.
    listed: Vec<At<VirtualAddress>>,
    excluded: Vec<At<VirtualAddress>>,
}

/// keepalived lists no more IPv6 addresses in an advert: more do not fit an MTU of 1500.
const MOST_V6: usize = 89;
/// Nor more IPv4 addresses: their number is one octet.
const MOST_V4: usize = 255;

impl Draft<'_> {
    /// The instance; `None` if it cannot be, which is then reported.
    pub(super) fn complete(
        mut self,
        globals: &GlobalDefs,
        in_group: Option<&Resolved>,
        names: &mut Names,
        reader: &mut Reader<'_>,
    ) -> Option<Completed> {
        let defaults = &globals.defaults;
        let (vrid, interface) = self.identity(reader)?;
        self.strict.get_or_insert(defaults.strict);
        let family = self.family.unwrap_or(Family::V4);
        let version = self.settled_version(family, defaults, reader)?;
        let (start, priority, preemption) = self.election(reader);
        let impossible = match (self.is_strict(), version) {
            (true, _) => Some(Impossible::Strict),
            (false, Version::V3) => Some(Impossible::Version3),
            (false, Version::V2) => None,
        };
        let password = std::mem::take(&mut self.authentication).complete(impossible, reader);
        if self.is_strict() && self.unicast.has_peers() {
            let span = self.unicast.mentioned.as_ref().unwrap_or(&self.span);
            let message = "`vrrp_strict` goes with multicast only, and there are unicast peers";
            let note =
                "keepalived 2.2 sends to them all the same, as keepwatch does; later ones refuse to start";
            reader.report(Diagnostic::warning(span, message, "").note(note));
        }
        let interval = self.rounded_interval(version, reader);
        let announce = self.announcements(defaults, reader);
        self.drop_own_interface(&interface.value, reader);
        self.drop_weights(priority, Weights::of(in_group), reader);
        self.unicast.check_source |= defaults.check_unicast_src;
        let group = self.multicast_group(family, defaults, reader);
        let missed_adverts = self.settled_missed_adverts(defaults, reader);
        let own_interface_at = self.vmac.used.clone().or_else(|| self.ipvlan.used.clone());
        let own_address = self.ipvlan.own_address();
        let own_interface = self.own_interface(vrid.value, family, names, reader);
        let Addresses { listed, excluded } = self.virtual_addresses(family, version, reader)?;
        let checksum_as_v2 = self.checksum_as_v2.unwrap_or(defaults.checksum_as_v2);
        let (lower_adverts, higher_adverts) = if self.is_strict() {
            self.other_priorities.strict(reader)
        } else {
            self.other_priorities.settled(defaults)
        };
        let acceptance = Acceptance {
            written: self.accepts.take(),
            is_strict: self.is_strict(),
            version,
            priority,
            name: &self.name.text,
            span: &self.span,
        };
        let accepts = acceptance.settle(reader);
        let addresses_at = listed.iter().chain(&excluded).map(|at| at.span.clone()).collect();
        let interfaces_at = self.tracked.interfaces.iter().map(|at| at.span.clone()).collect();
        let (checks, checks_at) =
            self.tracked.checks.into_iter().map(|checked| (checked.track, checked.span)).unzip();
        let tracks_source = match (self.track_source, self.source.or(own_address)) {
            (Some(span), None) => {
                let message = "`track_src_ip` without `unicast_src_ip` or `mcast_src_ip`";
                reader.survived(&span, message, "", "ignores the line");
                false
            }
            (written, _) => written.is_some(),
        };
        let instance = Instance {
            name: self.name.text.clone().into_owned(),
            place: Place::keepalived(interface.span),
            interface: interface.value,
            own_interface,
            vrid: vrid.value,
            version,
            family,
            priority,
            interval,
            missed_adverts,
            start,
            meant: if self.state == Some(State::Master) { Meant::Master } else { Meant::Either },
            preemption,
            password,
            checksum_as_v2: checksum_as_v2 && version == Version::V3 && family == Family::V4,
            destination: self.unicast.complete(group, reader),
            source: self.source,
            tracks_source,
            promotes_secondaries: self.promotes_secondaries,
            accepts,
            lower_adverts,
            higher_adverts,
            stop_mode: StopMode::default(),
            link_tracking: self.link_tracking,
            addresses: values(listed),
            excluded: values(excluded),
            routing: self.routing,
            announce,
            track_interfaces: values(self.tracked.interfaces),
            track_checks: checks,
            notify: self.notify.of_instance(in_group.map(|group| &group.notify), defaults),
            mail_alert: self.alert.as_ref().map_or_else(|| globals.alert(), |alert| alert.value),
        };
        Some(Completed {
            instance,
            span: self.span,
            vrid_at: vrid.span,
            own_interface_at,
            addresses_at,
            interfaces_at,
            checks_at,
            nopreempt_at: self.nopreempt,
            alert_at: self.alert.map(|alert| alert.span),
        })
    }

    fn own_interface(
        &mut self,
        vrid: Vrid,
        family: Family,
        names: &mut Names,
        reader: &mut Reader<'_>,
    ) -> Option<OwnInterface> {
        let ipvlan = std::mem::take(&mut self.ipvlan);
        if let (Some(vmac), Some(ipvlan)) = (&self.vmac.used, &ipvlan.used) {
            reader.report(
                Diagnostic::error(ipvlan, "`use_ipvlan` does not go with `use_vmac`", "")
                    .and(vmac, "")
                    .note("an ipvlan has the MAC of the interface below")
                    .help("remove one of them"),
            );
            return None;
        }
        let circumstances = Circumstances {
            vrid,
            family,
            is_strict: self.is_strict(),
            is_unicast: self.unicast.has_peers(),
            span: &self.span,
        };
        let vmac = std::mem::take(&mut self.vmac).complete(&circumstances, names, reader);
        let ipvlan = ipvlan.complete(vrid, family, names, reader);
        vmac.map(OwnInterface::VirtualMac).or_else(|| ipvlan.map(OwnInterface::Ipvlan))
    }

    /// Whether `vrrp_strict` or `strict_mode` holds; known once [`Self::complete`] has begun.
    fn is_strict(&self) -> bool {
        self.strict == Some(true)
    }

    /// Where this keyword is misspelt: what follows from that is said there, behind the misspelling.
    fn misspelt(&self, keyword: &str) -> Option<&Range<usize>> {
        self.misspelt.iter().find(|misspelt| misspelt.keyword == keyword).map(|misspelt| &misspelt.span)
    }

    fn identity(&mut self, reader: &mut Reader<'_>) -> Option<(At<Vrid>, At<InterfaceName>)> {
        let name = shown(&self.name.text);
        let vrid = std::mem::replace(&mut self.vrid, Given::Wrong);
        let interface = std::mem::replace(&mut self.interface, Given::Wrong);
        if matches!(vrid, Given::Absent) {
            let span = self.misspelt("virtual_router_id").unwrap_or(&self.span);
            reader.report(
                Diagnostic::error(span, format!("{name} has no virtual_router_id"), "")
                    .note("keepalived refuses to start")
                    .help("add `virtual_router_id`, 1 to 255, the same on all routers of the group"),
            );
        }
        if matches!(interface, Given::Absent) {
            let note = match (&self.unicast.mentioned, self.source) {
                (Some(_), Some(_)) => {
                    "keepalived would find the way by `unicast_src_ip`; keepwatch cannot yet"
                }
                _ => "keepalived refuses to start",
            };
            let span = self.misspelt("interface").unwrap_or(&self.span);
            reader.report(
                Diagnostic::error(span, format!("{name} has no interface"), "")
                    .note(note)
                    .help("add `interface`, the one that carries the adverts"),
            );
        }
        match (vrid, interface) {
            (Given::Right(vrid), Given::Right(interface)) => Some((vrid, interface)),
            _ => None,
        }
    }

    fn settled_version(
        &self,
        family: Family,
        defaults: &Defaults,
        reader: &mut Reader<'_>,
    ) -> Option<Version> {
        let version = match (family, self.version) {
            (Family::V6, None) => Version::V3,
            (_, version) => version.unwrap_or(defaults.version),
        };
        if family == Family::V4 || version == Version::V3 {
            return Some(version);
        }
        let span = self.version_at.as_ref().unwrap_or(&self.span);
        if self.is_strict() {
            reader.survived(span, "VRRP version 2 has no IPv6", "", "uses version 3");
            return Some(Version::V3);
        }
        reader.report(
            Diagnostic::error(span, "VRRP version 2 has no IPv6", "")
                .note("keepalived would send adverts that no standard describes; keepwatch cannot")
                .help("remove this line on all routers of the group: IPv6 is always version 3"),
        );
        None
    }

    /// State, priority and preemption contradict each other easily; keepalived's order of settling it.
    fn election(&self, reader: &mut Reader<'_>) -> (Start, Priority, Preemption) {
        let unset = match self.state {
            Some(State::Master) => Priority::OWNER,
            Some(State::Backup) | None => Priority::DEFAULT,
        };
        let priority = self.priority.unwrap_or(unset);
        let by_priority = if priority.is_owner() { State::Master } else { State::Backup };
        let mut state = self.state.unwrap_or(by_priority);
        if self.is_strict() && state != by_priority {
            let message = "`vrrp_strict` makes MASTER of priority 255 only";
            let outcome = if by_priority == State::Master { "uses MASTER" } else { "uses BACKUP" };
            reader.survived(&self.span, message, "", outcome);
            state = by_priority;
        }
        if self.is_strict() && priority.is_owner() {
            let message = "`vrrp_strict` with priority 255 does not ignore adverts here";
            let note = "keepalived from 2.3.3 on would; keepwatch weighs them as always";
            reader.report(Diagnostic::remark(&self.span, message, "").note(note));
        }
        let start =
            if state == State::Master && priority.is_owner() { Start::Asserting } else { Start::Listening };
        (start, priority, self.preemption(state, priority, reader))
    }

    fn preemption(&self, state: State, priority: Priority, reader: &mut Reader<'_>) -> Preemption {
        let mut never = self.nopreempt.as_ref();
        let mut delay = self.preempt_delay.as_ref();
        if let Some(span) = never.filter(|_| priority.is_owner()) {
            reader.survived(span, "`nopreempt` does not go with priority 255", "", "preempts");
            never = None;
        }
        if state == State::Master {
            if let Some(span) = never.take() {
                let message = "`nopreempt` does not go with `state MASTER`";
                reader.survived(span, message, "use `state BACKUP`", "preempts");
            }
            if let Some(at) = delay.take() {
                let message = "`preempt_delay` does not go with `state MASTER`";
                reader.survived(&at.span, message, "use `state BACKUP`", "preempts without delay");
            }
        }
        if let Some(at) = delay.filter(|_| self.is_strict()) {
            reader.survived(&at.span, "`vrrp_strict` forbids `preempt_delay`", "", "preempts without delay");
            delay = None;
        }
        match (never, delay) {
            (Some(_), Some(at)) => {
                reader.survived(
                    &at.span,
                    "`preempt_delay` does not go with `nopreempt`",
                    "",
                    "never preempts",
                );
                Preemption::Never
            }
            (Some(_), None) => Preemption::Never,
            (None, Some(at)) => Preemption::After(at.value),
            (None, None) => Preemption::Immediate,
        }
    }

    fn rounded_interval(&self, version: Version, reader: &mut Reader<'_>) -> AdvertInterval {
        let Some(at) = &self.interval else { return AdvertInterval::DEFAULT };
        // Half a unit is rounded up, and nothing becomes zero.
        let rounded = |unit: Duration| {
            let count = (at.value + unit / 2).as_millis() / unit.as_millis();
            u16::try_from(count).unwrap_or(u16::MAX).max(1)
        };
        let interval = match version {
            Version::V2 => {
                u8::try_from(rounded(Duration::from_secs(1))).ok().and_then(AdvertInterval::from_seconds)
            }
            Version::V3 => AdvertInterval::from_centis(rounded(Duration::from_millis(10)).min(4095)),
        };
        let interval = interval.unwrap_or(AdvertInterval::DEFAULT);
        if interval.duration() != at.value {
            let (message, label) = match version {
                Version::V2 => ("`advert_int` must be whole seconds", "VRRP version 2 counts seconds"),
                Version::V3 => (
                    "`advert_int` must be 0.01 to 40.95 in steps of 0.01",
                    "VRRP version 3 counts hundredths",
                ),
            };
            reader.survived(&at.span, message, label, &format!("uses {interval}"));
        }
        interval
    }

    fn announcements(&self, defaults: &Defaults, reader: &mut Reader<'_>) -> AnnouncePolicy {
        let policy = self.announce.over(defaults.announce).policy();
        if !self.is_strict() {
            return policy;
        }
        if self.announce.lower_repeat.is_some_and(|repeat| repeat > 0) {
            let message = "`vrrp_strict` forbids `garp_lower_prio_repeat`";
            reader.survived(&self.span, message, "", "announces nothing after lower adverts");
        }
        AnnouncePolicy { on_lower: Schedule(Vec::new()), ..policy }
    }

    fn settled_missed_adverts(&self, defaults: &Defaults, reader: &mut Reader<'_>) -> u8 {
        let count = self.missed_adverts.unwrap_or(defaults.missed_adverts);
        if self.is_strict() && count != 3 {
            reader.survived(&self.span, "`vrrp_strict` forbids `down_timer_adverts`", "", "uses 3");
            return 3;
        }
        count
    }

    fn multicast_group(&self, family: Family, defaults: &Defaults, reader: &mut Reader<'_>) -> IpAddr {
        let default = match family {
            Family::V4 => IpAddr::V4(defaults.group4),
            Family::V6 => IpAddr::V6(defaults.group6),
        };
        let Some(group) = &self.group else { return default };
        if self.unicast.has_peers() {
            reader.survived(&group.span, "`mcast_dst_ip` does not go with unicast", "", "ignores the line");
        }
        group.value
    }

    fn drop_own_interface(&mut self, own: &InterfaceName, reader: &mut Reader<'_>) {
        self.tracked.interfaces.retain(|At { value, span }| {
            let is_own = value.interface == *own;
            if is_own {
                reader.survived(
                    span,
                    "the instance's own interface is tracked anyway",
                    "",
                    "ignores the line",
                );
            }
            !is_own
        });
    }

    /// An owner ignores weights; in a sync group a member's own weights would tear the group apart.
    fn drop_weights(&mut self, priority: Priority, weights: Weights, reader: &mut Reader<'_>) {
        let because = match (weights, priority.is_owner()) {
            (Weights::InGroup, _) => "in a sync group",
            (Weights::Free, true) => "with priority 255",
            (Weights::Free, false) => return,
        };
        let mut drop = |span: &Range<usize>, outcome: &str| {
            let message = format!("a weight does not go {because}");
            let finding = Reader::survivor(span, message, "", outcome);
            reader.report(match weights {
                Weights::InGroup => finding.help(
                    "let the group track it, for all members; or write `sync_group_tracking_weight` into the group",
                ),
                Weights::Free => finding,
            });
        };
        self.tracked.interfaces.retain_mut(|At { value: TrackInterface { weight, .. }, span }| {
            match (*weight, weights) {
                (TrackWeight::Fault { .. }, _) => true,
                (TrackWeight::Adjust { reverse, .. }, Weights::InGroup) => {
                    drop(span, "ignores the weight: down means FAULT");
                    *weight = TrackWeight::Fault { reverse };
                    true
                }
                (TrackWeight::Adjust { .. }, Weights::Free) => {
                    drop(span, "does not track the interface");
                    false
                }
            }
        });
        self.tracked.checks.retain_mut(|Checked { kind, track, span }| {
            let TrackWeight::Adjust { weight, reverse } = track.weight else { return true };
            match (*kind, weights) {
                // keepalived takes 1 for a weight that nobody has asked for.
                (Kind::File, _) if weight == 1 => {
                    drop(span, "ignores the weight: any number but 0 means FAULT");
                    track.weight = TrackWeight::Fault { reverse };
                    true
                }
                (Kind::Process, Weights::InGroup) => true,
                (kind, _) => {
                    drop(span, &format!("does not track the {}", kind.noun()));
                    false
                }
            }
        });
    }

    /// Those that adverts list, and the others; `None` if keepalived refuses to do without any.
    fn virtual_addresses(
        &mut self,
        family: Family,
        version: Version,
        reader: &mut Reader<'_>,
    ) -> Option<Addresses> {
        let mut listed = std::mem::take(&mut self.addresses);
        let mut excluded = std::mem::take(&mut self.excluded);
        let most = if family == Family::V6 { MOST_V6 } else { MOST_V4 };
        if let Some(first) = listed.get(most) {
            let message = format!("{} addresses do not fit an advert", listed.len());
            let outcome = format!("lists the first {most} and treats the rest as excluded");
            reader.survived(&first.span, message, format!("{most} would fit"), &outcome);
            excluded.extend(listed.split_off(most));
        }
        if !listed.is_empty() || (self.may_lack_addresses && !self.is_strict()) {
            return Some(Addresses { listed, excluded });
        }
        let message = format!("{} has no virtual_ipaddress", shown(&self.name.text));
        let misspelt = self.misspelt("virtual_ipaddress").or_else(|| self.misspelt("no_virtual_ipaddress"));
        if version == Version::V2 && !self.is_strict() {
            if misspelt.is_some() {
                return Some(Addresses { listed, excluded });
            }
            reader.survived(&self.span, message, "write `no_virtual_ipaddress` if that is meant", "goes on");
            return Some(Addresses { listed, excluded });
        }
        let help = if self.is_strict() { "add one" } else { "add one, or `no_virtual_ipaddress`" };
        reader.report(
            Diagnostic::error(misspelt.unwrap_or(&self.span), message, "")
                .note("keepalived refuses to start")
                .help(help),
        );
        None
    }
}

fn values<T>(list: Vec<At<T>>) -> Vec<T> {
    list.into_iter().map(|at| at.value).collect()
}

/// Whether an address is of link-local scope, fe80::/10.
pub(super) const fn is_link_local(address: &Ipv6Addr) -> bool {
    address.is_unicast_link_local()
}
