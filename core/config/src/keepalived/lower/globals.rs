//! `global_defs`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;
use std::time::Duration;

use keepwatch_vrrp::Version;
use keepwatch_vrrp::wire::{ALL_VRRP_ROUTERS_V4, ALL_VRRP_ROUTERS_V6};

use super::super::keywords::Level;
use super::super::number;
use super::super::parser::Statement;
use super::reader::Reader;
use super::{announce, dumps, firewall, notify, scheduling, served_in_part, spacing, track, unicast};
use crate::announce::Announce;
use crate::diagnostic::Diagnostic;
use crate::lint;
use crate::model::{
    Command, Dumps, Firewall, Globals, InterfaceName, Intervals, Mail, NotifyFifo, Scheduling, Spacing,
    SpacingGroup, User,
};
use crate::similar::shown;
use crate::vmac_name;

/// All `global_defs` so far.
#[derive(Clone)]
pub(super) struct GlobalDefs {
    pub(super) defaults: Defaults,
    /// Where `notification_email` stands.
    pub(super) mail_at: Option<Range<usize>>,
    /// Where `smtp_alert` or `smtp_alert_vrrp` stands.
    pub(super) alert_at: Option<Range<usize>>,
    /// Whether there is an `smtp_server`, right or wrong.
    pub(super) names_server: bool,
    router_id: Option<String>,
    mail: Mail,
    script_user: Option<User>,
    script_security: bool,
    dumps: Dumps,
    fifos: [Fifo; 2],
    firewall: Firewall,
    scheduling: Scheduling,
    /// `vrrp_garp_interval` and `vrrp_gna_interval`.
    spacing: Intervals,
    /// `net_namespace`, which stands outside `global_defs`.
    pub(super) net_namespace: Option<String>,
    startup_delay: Duration,
    delay_after_boot: Duration,
    /// `default_interface`.
    default_interface: Option<InterfaceName>,
    /// `vmac_prefix`.
    pub(super) vmac_prefix: Option<String>,
}

/// What instances and groups take over unless they say otherwise.
#[derive(Clone)]
pub(super) struct Defaults {
    pub(super) version: Version,
    pub(super) strict: bool,
    pub(super) announce: Announce,
    pub(super) lower_prio_no_advert: bool,
    pub(super) higher_prio_send_advert: bool,
    pub(super) missed_adverts: u8,
    pub(super) checksum_as_v2: bool,
    pub(super) group4: Ipv4Addr,
    pub(super) group6: Ipv6Addr,
    pub(super) check_unicast_src: bool,
    pub(super) priority_changes: bool,
    alert: Option<bool>,
    alert_vrrp: Option<bool>,
}

/// `notify_fifo` or `vrrp_notify_fifo`, with its script.
#[derive(Clone, Default)]
pub(super) struct Fifo {
    path: Option<String>,
    user: Option<User>,
    script: Option<Command>,
}

impl Default for GlobalDefs {
    fn default() -> Self {
        let defaults = Defaults {
            version: Version::V2,
            strict: false,
            announce: Announce::default(),
            lower_prio_no_advert: false,
            higher_prio_send_advert: false,
            missed_adverts: 3,
            checksum_as_v2: false,
            group4: ALL_VRRP_ROUTERS_V4,
            group6: ALL_VRRP_ROUTERS_V6,
            check_unicast_src: false,
            priority_changes: false,
            alert: None,
            alert_vrrp: None,
        };
        Self {
            defaults,
            mail_at: None,
            alert_at: None,
            names_server: false,
            router_id: None,
            mail: Mail::default(),
            script_user: None,
            script_security: false,
            dumps: Dumps::default(),
            fifos: [Fifo::default(), Fifo::default()],
            firewall: Firewall::default(),
            scheduling: Scheduling::default(),
            spacing: Intervals::default(),
            net_namespace: None,
            startup_delay: Duration::ZERO,
            delay_after_boot: Duration::ZERO,
            default_interface: None,
            vmac_prefix: None,
        }
    }
}

impl GlobalDefs {
    /// Whether instances and groups send mail unless they say otherwise.
    pub(super) fn alert(&self) -> bool {
        self.defaults.alert_vrrp.or(self.defaults.alert).unwrap_or(false)
    }

    /// Whether anybody is to receive mail.
    pub(super) fn has_recipients(&self) -> bool {
        !self.mail.to.is_empty()
    }

    /// Where static addresses go that do not say so: keepalived's default is eth0.
    pub(super) fn default_interface(&self) -> InterfaceName {
        self.default_interface.clone().unwrap_or_else(InterfaceName::eth0)
    }

    pub(super) fn model(self, groups: Vec<SpacingGroup>) -> Globals {
        let alert = self.alert();
        let fifo = |Fifo { path, user, script }| Some(NotifyFifo { path: path?, user, script });
        Globals {
            router_id: self.router_id,
            mail: Mail { alert, ..self.mail },
            script_user: self.script_user,
            script_security: self.script_security,
            net_namespace: self.net_namespace,
            startup_delay: self.startup_delay,
            delay_after_boot: self.delay_after_boot,
            notify_fifos: self.fifos.into_iter().filter_map(fifo).collect(),
            firewall: self.firewall,
            scheduling: self.scheduling,
            spacing: Spacing { each: self.spacing, groups },
            dumps: self.dumps,
            vip_lifetime: None,
        }
    }
}

/// Reads one block; a file may have several.
pub(super) fn read(globals: &mut GlobalDefs, block: &Statement<'_>, reader: &mut Reader<'_>) {
    for statement in block.entries() {
        if reader.accepts(Level::Globals, statement) {
            globals.read(statement, reader);
        }
    }
}

impl GlobalDefs {
    fn read(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        let defaults = &mut self.defaults;
        match statement.keyword() {
            "router_id" => self.router_id = text(statement, reader).or_else(|| self.router_id.take()),
            "notification_email" => self.recipients(statement, reader),
            "notification_email_from" => self.sender(statement, reader),
            "smtp_helo_name" => {
                self.mail.helo_name = text(statement, reader).or_else(|| self.mail.helo_name.take())
            }
            "default_interface" => {
                let word = reader.value(statement);
                let name = word.and_then(|word| track::interface_name(word, reader));
                self.default_interface = name.or_else(|| self.default_interface.take());
            }
            "vrrp_startup_delay" => {
                self.startup_delay = delay(statement, reader).unwrap_or(self.startup_delay)
            }
            "vrrp_delay_after_boot" => {
                self.delay_after_boot = delay(statement, reader).unwrap_or(self.delay_after_boot);
            }
            "iproute_etc_dir" => {
                if let Some(folder) = text(statement, reader) {
                    reader.iproute.etc = folder.into();
                }
            }
            "iproute_usr_dir" => {
                if let Some(folder) = text(statement, reader) {
                    reader.iproute.usr = vec![folder.into()];
                }
            }
            "vmac_prefix" => self.vmac_prefix(statement, reader),
            "smtp_server" => {
                self.mail.server = mail_server(statement, reader);
                self.names_server = true;
            }
            "smtp_connect_timeout" => {
                let seconds = reader.whole(statement, 0..=4294, "uses 30");
                if seconds == Some(0) {
                    let message = "`smtp_connect_timeout` must be greater than 0";
                    reader.survived(&statement.line.span, message, "", "uses 1");
                }
                self.mail.connect_timeout = seconds.map(|seconds| Duration::from_secs(seconds.max(1).into()));
            }
            "smtp_alert" => {
                defaults.alert = reader.switch(statement).or(defaults.alert);
                self.alert_at.get_or_insert_with(|| statement.line.span.clone());
            }
            "smtp_alert_vrrp" => {
                defaults.alert_vrrp = reader.switch(statement).or(defaults.alert_vrrp);
                self.alert_at.get_or_insert_with(|| statement.line.span.clone());
            }
            "no_email_faults" => self.mail.no_faults = true,
            "script_user" => {
                let words = statement.line.arguments.iter().map(|word| word.text.as_ref());
                let user = notify::user(words, statement);
                if user.is_none() {
                    reader.survived(
                        &statement.line.span,
                        "`script_user` needs a user",
                        "",
                        "ignores the line",
                    );
                }
                self.script_user = user.or_else(|| self.script_user.take());
            }
            "state_dump_file"
            | "stats_dump_file"
            | "json_dump_file"
            | "state_file_location"
            | "stats_file_location"
            | "json_file_location"
            | "json_version" => {
                dumps::read(&mut self.dumps, statement, reader);
            }
            "enable_script_security" => self.script_security = true,
            "notify_fifo" | "vrrp_notify_fifo" | "notify_fifo_script" | "vrrp_notify_fifo_script" => {
                self.fifo(statement, reader);
            }
            "nftables" | "nftables_priority" | "nftables_counters" | "vrrp_iptables" | "vrrp_ipsets" => {
                firewall::read(&mut self.firewall, statement, reader);
            }
            "vrrp_garp_interval" => {
                self.spacing.garp = spacing::interval(statement, reader).unwrap_or(self.spacing.garp);
            }
            "vrrp_gna_interval" => {
                self.spacing.gna = spacing::interval(statement, reader).unwrap_or(self.spacing.gna);
            }
            "vrrp_rt_priority" | "vrrp_priority" | "vrrp_cpu_affinity" | "vrrp_no_swap" => {
                scheduling::read(&mut self.scheduling, statement, reader);
            }
            _ => defaults.read(statement, reader),
        }
    }

    fn recipients(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        let words = reader.words(statement);
        if words.is_empty() {
            reader.survived(
                &statement.line.keyword.span,
                "`notification_email` is empty",
                "",
                "sends no mail",
            );
        }
        self.mail_at.get_or_insert_with(|| statement.line.keyword.span.clone());
        for word in words {
            if !lint::is_mail_address(&word.text) {
                let message = format!("{} is no mail address", shown(&word.text));
                let label = "one address a line, without commas: admin@example.com";
                reader.report(
                    Diagnostic::warning(&word.span, message, label)
                        .note("keepalived would hand it to the mail server; keepwatch writes nobody there"),
                );
            }
            self.mail.to.push(word.text.clone().into_owned());
        }
    }

    fn sender(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        let Some(from) = text(statement, reader) else { return };
        if let Some(second) = statement.argument(1) {
            let message = "only the first word counts as the sender";
            let label = "put a name and an address in quotes: \"Admins <admin@example.com>\"";
            let note = "keepalived ignores the rest without a word; keepwatch does the same";
            reader.report(Diagnostic::warning(&second.span, message, label).note(note));
        }
        if let Some(word) = statement.argument(0).filter(|_| !lint::is_mail_address(&from)) {
            let message = format!("{} is no mail address", shown(&from));
            let note = "keepalived would write it as it is; keepwatch writes as root at this host";
            reader
                .report(Diagnostic::warning(&word.span, message, "such as keepwatch@example.com").note(note));
        }
        self.mail.from = Some(from);
    }

    fn vmac_prefix(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        let Some(word) = reader.value(statement) else { return };
        if self.vmac_prefix.is_some() {
            let message = "`vmac_prefix` is there already";
            return reader.survived(&statement.line.span, message, "", "uses the first one");
        }
        // keepalived would notice when it creates the interface, and fail.
        if !vmac_name::is_prefix(&word.text) {
            let message = format!("{} cannot begin the name of an interface", shown(&word.text));
            let label = "must be without `/` and `:`";
            return reader.report(Diagnostic::error(&word.span, message, label));
        }
        self.vmac_prefix = Some(word.text.clone().into_owned());
    }

    fn fifo(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        let keyword = statement.keyword();
        let [plain, vrrp] = &mut self.fifos;
        let fifo = if keyword.starts_with("vrrp_") { vrrp } else { plain };
        let is_script = keyword.ends_with("_script");
        let Some(path) = statement.argument(0) else {
            let message = format!("`{keyword}` needs a value");
            return reader.survived(&statement.line.span, message, "", "ignores the line");
        };
        if if is_script { fifo.script.is_some() } else { fifo.path.is_some() } {
            let message = format!("`{keyword}` is there already");
            return reader.survived(&statement.line.span, message, "", "uses the first one");
        }
        if is_script {
            fifo.script = notify::command(statement, reader);
        } else {
            fifo.path = Some(reader.below_root(path).to_string_lossy().into_owned());
            let words = statement.line.arguments.iter().skip(1).map(|word| word.text.as_ref());
            fifo.user = notify::user(words, statement);
        }
    }
}

impl Defaults {
    fn read(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        match statement.keyword() {
            "vrrp_version" => self.version = version(statement, reader).unwrap_or(self.version),
            "vrrp_strict" => self.strict = reader.switch(statement).unwrap_or(self.strict),
            "vrrp_min_garp" => {
                if reader.switch(statement) == Some(true) {
                    self.announce.least();
                }
            }
            "vrrp_owner_ignore_adverts" => served_in_part::owner(statement, reader),
            "vrrp_lower_prio_no_advert" => {
                self.lower_prio_no_advert = reader.switch(statement).unwrap_or(self.lower_prio_no_advert);
            }
            "vrrp_higher_prio_send_advert" => {
                self.higher_prio_send_advert =
                    reader.switch(statement).unwrap_or(self.higher_prio_send_advert);
            }
            "vrrp_down_timer_adverts" => {
                self.missed_adverts = missed_adverts(statement, reader).unwrap_or(self.missed_adverts);
            }
            // The manual has a switch; keepalived's code takes `off` for on.
            "v3_checksum_as_v2" => {
                self.checksum_as_v2 = reader.switch(statement).unwrap_or(self.checksum_as_v2);
            }
            "vrrp_check_unicast_src" => self.check_unicast_src = true,
            "vrrp_notify_priority_changes" => {
                self.priority_changes = reader.switch(statement).unwrap_or(self.priority_changes);
            }
            "vrrp_mcast_group4" => match group(statement, reader) {
                Some(IpAddr::V4(group)) => self.group4 = group,
                Some(IpAddr::V6(_)) => not_a_group(statement, reader),
                None => {}
            },
            "vrrp_mcast_group6" => match group(statement, reader) {
                Some(IpAddr::V6(group)) => self.group6 = group,
                Some(IpAddr::V4(_)) => not_a_group(statement, reader),
                None => {}
            },
            _ => announce::read(&mut self.announce, statement, reader),
        }
    }
}

/// `vrrp_startup_delay` and `vrrp_delay_after_boot`.
fn delay(statement: &Statement<'_>, reader: &mut Reader<'_>) -> Option<Duration> {
    let range = Duration::ZERO..=Duration::from_secs(4294);
    let delay = reader.seconds(statement, range, 6, "ignores the line")?;
    if !delay.is_zero() {
        let after = if statement.keyword() == "vrrp_delay_after_boot" { "this host" } else { "keepwatch" };
        let message = format!("no instance takes part in the first {} s of {after}", delay.as_secs_f64());
        reader.report(Diagnostic::remark(&statement.line.span, message, ""));
    }
    Some(delay)
}

/// A value of one word; keepalived goes on without it.
fn text(statement: &Statement<'_>, reader: &mut Reader<'_>) -> Option<String> {
    let word = statement.argument(0).map(|word| word.text.clone().into_owned());
    if word.is_none() {
        let message = format!("`{}` needs a value", statement.keyword());
        reader.survived(&statement.line.span, message, "nothing follows", "ignores the line");
    }
    word
}

fn mail_server(statement: &Statement<'_>, reader: &mut Reader<'_>) -> Option<(String, u16)> {
    let word = reader.value(statement)?;
    let host = word.text.clone().into_owned();
    if let Some((alone, port)) = host.split_once(':').filter(|(_, rest)| !rest.contains(':')) {
        let label = format!("the port is a word of its own: {alone} {port}");
        reader.survived(&word.span, "`smtp_server` is no host", label, "sends no mail");
        return None;
    }
    let Some(port) = statement.argument(1) else { return Some((host, 25)) };
    let value = u16::try_from(number::whole(&port.text).value).ok().filter(|&value| value != 0);
    if value.is_none() {
        let label = "must be 1 to 65535";
        reader.survived(&port.span, "`smtp_server` has a port that cannot be", label, "sends no mail");
    }
    Some((host, value?))
}

/// `version` and `vrrp_version`.
pub(super) fn version(statement: &Statement<'_>, reader: &mut Reader<'_>) -> Option<Version> {
    let number = reader.whole(statement, 2..=3, "ignores the line")?;
    Some(if number == 2 { Version::V2 } else { Version::V3 })
}

/// `down_timer_adverts` and `vrrp_down_timer_adverts`.
pub(super) fn missed_adverts(statement: &Statement<'_>, reader: &mut Reader<'_>) -> Option<u8> {
    reader.whole(statement, 1..=100, "ignores the line").and_then(|count| u8::try_from(count).ok())
}

fn group(statement: &Statement<'_>, reader: &mut Reader<'_>) -> Option<IpAddr> {
    let word = reader.value(statement)?;
    let address = unicast::address(&word.text).filter(IpAddr::is_multicast);
    if address.is_none() {
        not_a_group(statement, reader);
    }
    address
}

fn not_a_group(statement: &Statement<'_>, reader: &mut Reader<'_>) {
    let Some(word) = statement.argument(0) else { return };
    let message = format!("{} is not a multicast address for `{}`", shown(&word.text), statement.keyword());
    reader.survived(&word.span, message, "", "ignores the line");
}
