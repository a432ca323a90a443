//! `vrrp_instance`: what the block says, in its order. What follows from it is in `complete`.

use std::collections::HashSet;
use std::net::IpAddr;
use std::ops::Range;
use std::time::Duration;

use keepwatch_vrrp::{Family, LinkTracking, Priority, Version, Vrid};

use super::super::keywords::Level;
use super::super::parser::Statement;
use super::super::token::Word;
use super::announce;
use super::authentication::Authentication;
use super::checks::Checks;
use super::globals;
use super::ipvlan::IpvlanDraft;
use super::notify::Notified;
use super::other_priorities::OtherPriorities;
use super::reader::{Misspelt, Reader};
use super::routing::{self, Priorities};
use super::track::Tracked;
use super::twice::Twice;
use super::unicast::{self, Unicast};
use super::vmac::Vmac;
use super::{At, addresses, served_in_part, track};
use crate::announce::Announce;
use crate::diagnostic::Diagnostic;
use crate::model::{InterfaceName, Routing, VirtualAddress};
use crate::similar::{choice, shown};

/// What an instance says.
pub(super) struct Draft<'a> {
    pub(super) name: &'a Word<'a>,
    /// The line that opens the block.
    pub(super) span: Range<usize>,
    pub(super) state: Option<State>,
    pub(super) interface: Given<InterfaceName>,
    pub(super) vrid: Given<Vrid>,
    pub(super) priority: Option<Priority>,
    pub(super) interval: Option<At<Duration>>,
    pub(super) version: Option<Version>,
    /// Where `version 2` stands.
    pub(super) version_at: Option<Range<usize>>,
    /// The family of the first address, or `native_ipv6`.
    pub(super) family: Option<Family>,
    pub(super) nopreempt: Option<Range<usize>>,
    pub(super) preempt_delay: Option<At<Duration>>,
    pub(super) authentication: Authentication,
    pub(super) source: Option<IpAddr>,
    /// Where `track_src_ip` stands.
    pub(super) track_source: Option<Range<usize>>,
    pub(super) promotes_secondaries: bool,
    /// `accept` or `no_accept`.
    pub(super) accepts: Option<At<bool>>,
    pub(super) group: Option<At<IpAddr>>,
    pub(super) unicast: Unicast,
    pub(super) vmac: Vmac,
    pub(super) ipvlan: IpvlanDraft,
    pub(super) addresses: Vec<At<VirtualAddress>>,
    pub(super) excluded: Vec<At<VirtualAddress>>,
    pub(super) may_lack_addresses: bool,
    pub(super) routing: Routing,
    pub(super) announce: Announce,
    pub(super) other_priorities: OtherPriorities,
    pub(super) missed_adverts: Option<u8>,
    pub(super) checksum_as_v2: Option<bool>,
    pub(super) strict: Option<bool>,
    pub(super) link_tracking: LinkTracking,
    pub(super) tracked: Tracked,
    pub(super) notify: Notified,
    pub(super) alert: Option<At<bool>>,
    /// Keywords that are misspelt.
    pub(super) misspelt: Vec<Misspelt>,
    known: Known,
    twice: Twice,
}

/// keepalived's `state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Master,
    Backup,
}

/// A setting that an instance cannot do without.
pub(super) enum Given<T> {
    /// It is not there.
    Absent,
    /// It is there, and has been reported as wrong.
    Wrong,
    /// It is there, and where.
    Right(At<T>),
}

/// Addresses that are there already.
#[derive(Default)]
struct Known {
    advertised: HashSet<IpAddr>,
    by_device: HashSet<(IpAddr, Option<InterfaceName>)>,
    excluded: HashSet<(IpAddr, Option<InterfaceName>)>,
}

impl<'a> Draft<'a> {
    pub(super) fn read(
        name: &'a Word<'a>,
        block: &Statement<'_>,
        checks: &Checks,
        priorities: &mut Priorities,
        reader: &mut Reader<'_>,
    ) -> Self {
        let mut draft = Self {
            name,
            span: block.line.span.clone(),
            state: None,
            interface: Given::Absent,
            vrid: Given::Absent,
            priority: None,
            interval: None,
            version: None,
            version_at: None,
            family: None,
            nopreempt: None,
            preempt_delay: None,
            authentication: Authentication::default(),
            source: None,
            track_source: None,
            promotes_secondaries: false,
            accepts: None,
            group: None,
            unicast: Unicast::default(),
            vmac: Vmac::default(),
            ipvlan: IpvlanDraft::default(),
            addresses: Vec::new(),
            excluded: Vec::new(),
            may_lack_addresses: false,
            routing: Routing::default(),
            announce: Announce::default(),
            other_priorities: OtherPriorities::default(),
            missed_adverts: None,
            checksum_as_v2: None,
            strict: None,
            link_tracking: LinkTracking::Tracked,
            tracked: Tracked::default(),
            notify: Notified::default(),
            alert: None,
            misspelt: Vec::new(),
            known: Known::default(),
            twice: Twice::default(),
        };
        for statement in block.entries() {
            if reader.accepts(Level::Instance, statement) {
                let before = reader.count();
                match statement.keyword() {
                    "virtual_routes" => routing::read_routes(statement, &mut draft.routing, reader),
                    "virtual_rules" => {
                        routing::read_rules(statement, &mut draft.routing, priorities, reader);
                    }
                    _ => draft.setting(statement, checks, reader),
                }
                draft.twice.check(statement, before, reader);
            }
        }
        draft.misspelt = reader.take_misspelt(Level::Instance);
        draft
    }

    fn setting(&mut self, statement: &Statement<'_>, checks: &Checks, reader: &mut Reader<'_>) {
        match statement.keyword() {
            "state" => self.state(statement, reader),
            "interface" => self.interface(statement, reader),
            "virtual_router_id" => self.vrid(statement, reader),
            "priority" => self.priority(statement, reader),
            "advert_int" => self.interval(statement, reader),
            "version" => self.version(statement, reader),
            "native_ipv6" => self.native_ipv6(statement, reader),
            "authentication" => self.authentication.read(statement, reader),
            "virtual_ipaddress" => self.addresses(statement, reader),
            "virtual_ipaddress_excluded" => self.excluded(statement, reader),
            "no_virtual_ipaddress" => self.may_lack_addresses = true,
            "nopreempt" => self.nopreempt = Some(statement.line.span.clone()),
            "preempt" => self.nopreempt = None,
            "preempt_delay" => self.preempt_delay(statement, reader),
            "mcast_src_ip" => self.source(statement, reader),
            "unicast_src_ip" => {
                self.unicast.mention(statement);
                self.source(statement, reader);
            }
            "unicast_peer" => self.unicast.read(statement, &mut self.family, reader),
            "unicast_ttl" => self.ttl(statement, reader),
            "check_unicast_src" => {
                self.unicast.mention(statement);
                self.unicast.check_source = true;
            }
            "unicast_fault_no_peer" => {
                self.unicast.mention(statement);
                self.unicast.fault_without_peer = Some(statement.line.span.clone());
            }
            "mcast_dst_ip" => self.group(statement, reader),
            "track_interface" => self.tracked.read_interfaces(statement, reader),
            "track_script" | "track_file" | "track_process" => {
                self.tracked.read_checks(statement, checks, reader);
            }
            "use_vmac" => self.vmac.read_use(statement, reader),
            "use_ipvlan" => self.ipvlan.read(statement, &mut self.family, reader),
            "vmac_xmit_base" => self.vmac.read_from_base(statement),
            "track_src_ip" => self.track_source = Some(statement.line.span.clone()),
            "promote_secondaries" => self.promotes_secondaries = true,
            "dont_track_primary" => self.link_tracking = LinkTracking::Ignored,
            keyword if keyword.starts_with("garp_") => announce::read(&mut self.announce, statement, reader),
            keyword if keyword.starts_with("notify") => self.notify.read(statement, reader),
            _ => self.switches(statement, reader),
        }
    }

    fn switches(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        match statement.keyword() {
            "lower_prio_no_advert" | "higher_prio_send_advert" => {
                self.other_priorities.read(statement, reader);
            }
            "down_timer_adverts" => {
                self.missed_adverts = globals::missed_adverts(statement, reader).or(self.missed_adverts);
            }
            "v3_checksum_as_v2" => self.checksum_as_v2 = reader.switch(statement).or(self.checksum_as_v2),
            "owner_ignore_adverts" => served_in_part::owner(statement, reader),
            "strict_mode" => self.strict = reader.switch(statement).or(self.strict),
            keyword @ ("accept" | "no_accept") => {
                let (value, span) = (keyword == "accept", statement.line.span.clone());
                self.accepts = Some(At { value, span });
            }
            "smtp_alert" => {
                if let Some(value) = reader.switch(statement) {
                    self.alert = Some(At { value, span: statement.line.span.clone() });
                }
            }
            _ => {}
        }
    }

    fn state(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        let Some(word) = reader.value(statement) else { return };
        match (word.text.as_ref(), self.state) {
            ("MASTER", _) => self.state = Some(State::Master),
            ("BACKUP", Some(State::Master)) => {
                reader.survived(&word.span, "`state` is MASTER already", "", "ignores the line");
            }
            ("BACKUP", _) => self.state = Some(State::Backup),
            (other, _) => {
                let message = format!("{} is no state", shown(other));
                let label = choice(other, &["MASTER", "BACKUP"], "must be MASTER or BACKUP");
                reader.survived(&word.span, message, label, "uses BACKUP");
                self.state = Some(State::Backup);
            }
        }
    }

    fn interface(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        self.interface = match reader.value(statement) {
            Some(word) if word.text == "lo" => {
                let message = "a loopback interface cannot carry adverts";
                reader.report(Diagnostic::error(&word.span, message, "").note("keepalived refuses to start"));
                Given::Wrong
            }
            Some(word) => match track::interface_name(word, reader) {
                Some(value) => Given::Right(At { value, span: word.span.clone() }),
                None => Given::Wrong,
            },
            None => Given::Wrong,
        };
    }

    fn vrid(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        let Some(word) = statement.argument(0) else {
            reader.value(statement);
            self.vrid = Given::Wrong;
            return;
        };
        let vrid =
            reader.exact(statement, 1..=255).and_then(|vrid| u8::try_from(vrid).ok()).and_then(Vrid::new);
        self.vrid = match vrid {
            Some(value) => Given::Right(At { value, span: word.span.clone() }),
            None => {
                reader.report(
                    Diagnostic::error(&word.span, "this cannot be a virtual_router_id", "must be 1 to 255")
                        .note("keepalived refuses to start"),
                );
                Given::Wrong
            }
        };
    }

    fn priority(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        let Some(word) = reader.value(statement) else { return };
        let priority = reader.exact(statement, 1..=255).and_then(|value| u8::try_from(value).ok());
        self.priority = Some(priority.and_then(Priority::new).unwrap_or_else(|| {
            reader.out_of_range(statement, word, "must be 1 to 255".to_owned(), "uses 100");
            Priority::DEFAULT
        }));
    }

    fn interval(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        let range = Duration::from_millis(10)..=Duration::from_secs(255);
        if let Some(value) =
            reader.seconds(statement, range, 6, "ignores the line: 1 second, unless given before")
        {
            self.interval = Some(At { value, span: statement.line.span.clone() });
        }
    }

    fn version(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        let Some(version) = globals::version(statement, reader) else { return };
        let other = self.version.is_some_and(|known| known != version);
        if other || (version == Version::V2 && self.family == Some(Family::V6)) {
            let message = format!("`version {}` contradicts what stands above", version.number());
            return reader.survived(&statement.line.span, message, "", "ignores the line");
        }
        self.version = Some(version);
        self.version_at = Some(statement.line.span.clone());
    }

    fn native_ipv6(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        if self.family == Some(Family::V4) {
            let message = "`native_ipv6` in an instance with IPv4 addresses";
            return reader.survived(&statement.line.span, message, "", "ignores the line");
        }
        self.family = Some(Family::V6);
        self.version = Some(Version::V3);
    }

    fn preempt_delay(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        let range = Duration::ZERO..=Duration::from_secs(1000);
        let delay = reader.seconds(statement, range, 6, "uses 0");
        let delay = delay.filter(|delay| !delay.is_zero());
        self.preempt_delay = delay.map(|value| At { value, span: statement.line.span.clone() });
    }

    fn source(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        self.source = self.address_of_family(statement, reader).or(self.source);
    }

    /// The first argument as an address of the instance's family; the first address decides the family.
    fn address_of_family(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) -> Option<IpAddr> {
        let word = reader.value(statement)?;
        let Some(address) = unicast::address(&word.text) else {
            let message = format!("{} is not an IP address", shown(&word.text));
            reader.survived(&word.span, message, "", "ignores the line");
            return None;
        };
        if !unicast::is_of_family(address, &mut self.family) {
            let message = format!("{} is not of the instance's family", shown(&word.text));
            reader.survived(&word.span, message, "", "ignores the line");
            return None;
        }
        Some(address)
    }

    fn group(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        let Some(value) = self.address_of_family(statement, reader) else { return };
        let span = statement.line.span.clone();
        let fits = match value {
            IpAddr::V4(address) => address.is_multicast(),
            // ff02::/16 with any flags: link-local scope.
            IpAddr::V6(address) => {
                let [first, second, ..] = address.octets();
                first == 0xff && second & 0x0f == 2
            }
        };
        if !fits {
            let message = "`mcast_dst_ip` is not a multicast address of this link";
            return reader.survived(&span, message, "", "ignores the line");
        }
        self.group = Some(At { value, span });
    }

    fn ttl(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        let Some(word) = reader.value(statement) else { return };
        match reader.exact(statement, 0..=255).and_then(|ttl| u8::try_from(ttl).ok()) {
            Some(value) => self.unicast.ttl = Some(At { value, span: statement.line.span.clone() }),
            None => reader.out_of_range(statement, word, "must be 0 to 255".to_owned(), "ignores the line"),
        }
    }

    fn addresses(&mut self, block: &Statement<'_>, reader: &mut Reader<'_>) {
        for entry in reader.entries(block) {
            let Some(value) = addresses::read(entry, reader) else { continue };
            let span = &entry.line.keyword.span;
            if !unicast::is_of_family(value.address, &mut self.family) {
                let message = "an address is not of the instance's family";
                reader.survived(span, message, "", "leaves it out");
                continue;
            }
            let key = (value.address, value.device.clone());
            if self.known.excluded.contains(&key) || !self.known.advertised.insert(value.address) {
                reader.survived(span, "this address is there already", "", "uses the first one");
                continue;
            }
            self.known.by_device.insert(key);
            self.addresses.push(At { value, span: entry.line.span.clone() });
        }
    }

    fn excluded(&mut self, block: &Statement<'_>, reader: &mut Reader<'_>) {
        for entry in reader.entries(block) {
            let Some(value) = addresses::read(entry, reader) else { continue };
            let key = (value.address, value.device.clone());
            if self.known.by_device.contains(&key) || !self.known.excluded.insert(key) {
                let span = &entry.line.keyword.span;
                reader.survived(span, "this address is there already", "", "uses the first one");
                continue;
            }
            self.excluded.push(At { value, span: entry.line.span.clone() });
        }
    }
}
