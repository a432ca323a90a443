//! What a native file adds to the configuration of its keepalived.conf.

use std::collections::HashSet;

use keepwatch_vrrp::{LinkTracking, TrackWeight};

use super::group::Group;
use super::instance::{Addition, Track, What, Whose};
use super::reader::Reader;
use super::router::ipv6_name;
use super::tables::{Globals, Native, VipLifetime};
use super::{fifos, link_delays, routers};
use crate::diagnostic::{Diagnostic, Findings};
use crate::lint::{self, Counts, Weighed};
use crate::model::{self, Config, Format, Instance, Place, TrackCheck, TrackInterface};
use crate::name::{is_name, key, quoted};
use crate::similar::{choice, did_you_mean, nearest, shown, there_is};
use crate::site::Refused;

const FAULT: TrackWeight = TrackWeight::Fault { reverse: false };

impl Native {
    /// The names of checks that instances track here.
    pub(super) fn tracked(&self) -> HashSet<String> {
        let of_groups = self.groups.iter().flat_map(|group| &group.tracks);
        let tracks = self.additions.iter().flat_map(|addition| &addition.tracks).chain(of_groups);
        tracks
            .filter_map(|track| match &track.what {
                What::Check(name) => Some(name.clone()),
                What::Interface(_) => None,
            })
            .collect()
    }

    /// Both together.
    pub(super) fn added_to(
        mut self,
        mut config: Config,
        refused: &Refused,
        findings: &mut Findings,
    ) -> Config {
        // Whoever tracks a check may be among what could not be read.
        let is_whole = !findings.has_errors();
        self.check_names(&config, findings);
        config.checks.extend(self.checks);
        config.extensions = self.extensions;
        told_twice(&config, findings);
        let vip_lifetime = self.globals.vip_lifetime.take();
        config.globals.vip_lifetime = vip_lifetime.as_ref().map(|vip_lifetime| vip_lifetime.lifetime);
        self.globals.over(&mut config.globals);
        fifos::add(self.fifos, &mut config.globals.notify_fifos, findings);
        self.statics.add_to(&mut config.statics, findings);
        let two_families: Vec<String> =
            self.routers.iter().filter(|router| router.is_two()).map(|router| router.name.clone()).collect();
        routers::add(&mut Reader { findings }, self.routers, &self.groups, refused, &mut config);
        link_delays::add(self.link_delays, &mut config, findings);
        for addition in &self.additions {
            add(addition, refused, &mut config, findings);
        }
        two_families.iter().for_each(|name| share_tracks(name, &mut config));
        for group in &self.groups {
            add_to_members(group, &self.additions, refused, &mut config, findings);
        }
        if let Some(smtp_alert) = self.smtp_alert {
            smtp_alert.over(&mut config, refused, findings);
        }
        if is_whole {
            untracked(&config, findings);
        }
        for (format, finding) in lint::held_twice(&config.instances, &config.groups) {
            // The keepalived.conf has been told of its own.
            if format == Format::Native {
                findings.push(finding);
            }
        }
        if let Some(vip_lifetime) = vip_lifetime {
            vip_lifetime.too_short(&config).into_iter().for_each(|finding| findings.push(finding));
        }
        config
    }

    /// Checks and plugins have one set of names, with those of the keepalived.conf.
    fn check_names(&self, config: &Config, findings: &mut Findings) {
        let taken: HashSet<&str> = config.checks.iter().map(|check| check.name.as_str()).collect();
        for check in self.checks.iter().filter(|check| taken.contains(check.name.as_str())) {
            let message = format!("the keepalived.conf has a check {}, too", shown(&check.name));
            findings.push(Diagnostic::error(&check.place.span, message, "give this one another name"));
        }
    }
}

impl VipLifetime {
    /// Addresses that go before a backup takes over are nowhere for a while.
    fn too_short(&self, config: &Config) -> Option<Diagnostic> {
        let takes =
            |instance: &Instance| instance.interval.duration() * (u32::from(instance.missed_adverts) + 1);
        let slowest = config.instances.iter().max_by_key(|instance| takes(instance))?;
        let (takes, lifetime) = (takes(slowest).as_secs_f64(), self.lifetime.as_secs_f64());
        if lifetime > takes {
            return None;
        }
        let message = format!(
            "addresses that go after {lifetime} s may be nowhere until a backup of {} takes over, after up to {takes} s",
            shown(&slowest.name)
        );
        let at_least = takes.floor() + 1.0;
        let help = format!("write \"{at_least}s\" or more");
        Some(Diagnostic::remark(&self.span, message, "").help(help))
    }
}

impl Globals {
    /// Takes precedence over what the keepalived.conf says.
    fn over(self, globals: &mut model::Globals) {
        let Self {
            node,
            net_namespace,
            startup_delay,
            delay_after_boot,
            firewall,
            dumps,
            scheduling,
            spacing,
            script_security,
            // Taken out before.
            vip_lifetime: _,
        } = self;
        globals.router_id = node.or_else(|| globals.router_id.take());
        globals.net_namespace = net_namespace.or_else(|| globals.net_namespace.take());
        globals.startup_delay = startup_delay.unwrap_or(globals.startup_delay);
        globals.delay_after_boot = delay_after_boot.unwrap_or(globals.delay_after_boot);
        globals.script_security = script_security.unwrap_or(globals.script_security);
        firewall.over(&mut globals.firewall);
        dumps.over(&mut globals.dumps);
        scheduling.over(&mut globals.scheduling);
        spacing.over(&mut globals.spacing);
    }
}

fn add(addition: &Addition, refused: &Refused, config: &mut Config, findings: &mut Findings) {
    let place = config.instances.iter().position(|instance| instance.name == addition.instance);
    let Some(place) = place else {
        // Of one that is made here it has been said why there is none, but not yet what it tracks that there is not.
        if addition.whose == Whose::Own {
            for track in &addition.tracks {
                default_weight(track, refused, config, findings);
            }
            return;
        }
        let names: Vec<&str> = config.instances.iter().map(|instance| instance.name.as_str()).collect();
        let message =
            format!("there is no vrrp_instance {} in the keepalived.conf", shown(&addition.instance));
        let label = choice(&addition.instance, &names, &there_is(&names));
        findings.push(Diagnostic::error(&addition.span, message, label));
        return;
    };
    let defaults: Vec<Option<TrackWeight>> =
        addition.tracks.iter().map(|track| default_weight(track, refused, config, findings)).collect();
    let Some(instance) = config.instances.get_mut(place) else { return };
    let first = (instance.track_interfaces.len(), instance.track_checks.len());
    for (track, default) in addition.tracks.iter().zip(defaults) {
        if let Some(default) = default {
            attach(track, default, instance, findings);
        }
    }
    let numbers: HashSet<&str> =
        config.checks.iter().filter(|check| check.is_number()).map(|check| check.name.as_str()).collect();
    let Some(instance) = config.instances.get(place) else { return };
    let span = |is_new: bool, name: &str| {
        let track = addition.tracks.iter().find(|track| match &track.what {
            What::Check(check) => check == name,
            What::Interface(interface) => interface.as_str() == name,
        });
        track.filter(|_| is_new).map(|track| &track.span)
    };
    let interfaces = instance.track_interfaces.iter().enumerate().map(|(index, tracked)| {
        let name = tracked.interface.as_str();
        Weighed { name, weight: tracked.weight, counts: Counts::Once, span: span(index >= first.0, name) }
    });
    let checks = instance.track_checks.iter().enumerate().map(|(index, tracked)| {
        let name = tracked.check.as_str();
        let counts = if numbers.contains(name) { Counts::ByNumber } else { Counts::Once };
        Weighed { name, weight: tracked.weight, counts, span: span(index >= first.1, name) }
    });
    let weighed: Vec<Weighed<'_>> = interfaces.chain(checks).collect();
    lint::weights(instance, &weighed, None).into_iter().for_each(|finding| findings.push(finding));
}

/// What a group tracks each member tracks. A member's own weights would tear the group apart.
fn add_to_members(
    group: &Group,
    additions: &[Addition],
    refused: &Refused,
    config: &mut Config,
    findings: &mut Findings,
) {
    let Some(place) = config.groups.iter().position(|known| known.name == group.name) else { return };
    let members = config.groups.get(place).map(|known| known.members.clone()).unwrap_or_default();
    let alone =
        additions.iter().filter(|addition| !group.weights_allowed && members.contains(&addition.instance));
    for addition in alone {
        for track in &addition.tracks {
            let Some(default) = default_weight(track, refused, config, &mut Findings::default()) else {
                continue;
            };
            if let TrackWeight::Adjust { .. } = track.weight(default) {
                let message = format!("{} would move one member of the group alone", track.name());
                let finding = Diagnostic::error(&track.span, message, "")
                    .help(format!("let all members track it: under [group.{}], `track`", key(&group.name)))
                    .help("or say there that it may: sync_group_tracking_weight = true");
                findings.push(finding);
            }
        }
    }
    let defaults: Vec<Option<TrackWeight>> =
        group.tracks.iter().map(|track| default_weight(track, refused, config, findings)).collect();
    let tracks =
        || group.tracks.iter().zip(&defaults).filter_map(|(track, default)| Some((track, (*default)?)));
    for instance in config.instances.iter_mut().filter(|instance| members.contains(&instance.name)) {
        tracks().for_each(|(track, default)| attach(track, default, instance, findings));
    }
    let Some(known) = config.groups.get_mut(place) else { return };
    for (track, default) in tracks() {
        let weight = track.weight(default);
        match &track.what {
            What::Check(name) => known.track_checks.push(TrackCheck { check: name.clone(), weight }),
            What::Interface(name) => {
                let place = Place::native(track.span.clone());
                known.track_interfaces.push(TrackInterface { interface: name.clone(), weight, place });
            }
        }
    }
}

/// The IPv6 half of an instance of this file tracks what the first one does.
fn share_tracks(name: &str, config: &mut Config) {
    let Some(first) = config.instances.iter().find(|instance| instance.name == name) else { return };
    let (interfaces, checks) = (first.track_interfaces.clone(), first.track_checks.clone());
    let second = ipv6_name(name);
    if let Some(second) = config.instances.iter_mut().find(|instance| instance.name == second) {
        second.track_interfaces = interfaces;
        second.track_checks = checks;
    }
}

/// What the track weighs unless it says otherwise; `None` if there is no such check, which is reported.
fn default_weight(
    track: &Track,
    refused: &Refused,
    config: &Config,
    findings: &mut Findings,
) -> Option<TrackWeight> {
    let What::Check(name) = &track.what else { return Some(FAULT) };
    if let Some(check) = config.checks.iter().find(|check| check.name == *name) {
        return Some(check.weight);
    }
    if config.may_be_set(name) {
        return Some(FAULT);
    }
    if refused.has("check", name) {
        return None;
    }
    let label = nearest(name, config.checks.iter().map(|check| check.name.as_str())).map(did_you_mean);
    let finding = Diagnostic::error(
        &track.name_at,
        format!("there is no check {}", shown(name)),
        label.unwrap_or_default(),
    )
    .help(made(name));
    findings.push(finding);
    None
}

/// How a check of this name comes to be.
fn made(name: &str) -> String {
    let table = format!("write [check.{}]", key(name));
    // Names in grants are plain ones.
    if is_name(name) {
        format!("{table}, or let a plugin set it: grants = [\"track:{name}\"]")
    } else {
        table
    }
}

fn attach(track: &Track, default: TrackWeight, instance: &mut Instance, findings: &mut Findings) {
    let weight = track.weight(default);
    let already = |findings: &mut Findings| {
        let message = format!("{} tracks {} already", shown(&instance.name), track.name());
        findings.push(Diagnostic::error(&track.span, message, "remove this, or the other one"));
    };
    match &track.what {
        What::Check(name) if instance.track_checks.iter().any(|tracked| tracked.check == *name) => {
            already(findings)
        }
        What::Check(name) => instance.track_checks.push(TrackCheck { check: name.clone(), weight }),
        What::Interface(own)
            if *own == instance.interface && instance.link_tracking == LinkTracking::Tracked =>
        {
            let message = format!("{} tracks its own interface anyway", shown(&instance.name));
            findings.push(Diagnostic::error(&track.span, message, "remove this"));
        }
        What::Interface(name)
            if instance.track_interfaces.iter().any(|tracked| tracked.interface == *name) =>
        {
            already(findings);
        }
        What::Interface(name) => {
            let place = Place::native(track.span.clone());
            instance.track_interfaces.push(TrackInterface { interface: name.clone(), weight, place });
        }
    }
}

/// What a check finds out and a plugin sets, too: whoever spoke last would be right.
fn told_twice(config: &Config, findings: &mut Findings) {
    for (name, grant) in config.set_by_plugins() {
        let Some(check) = config.checks.iter().find(|check| check.name == name) else { continue };
        let message = format!("the check {} and what a plugin sets have one name", shown(name));
        let finding = Diagnostic::error(&grant.span, message, "set by a plugin");
        findings.push(
            match check.place.format {
                Format::Native => finding.and(&check.place.span, "found out by a check"),
                Format::Keepalived => finding.note("the check is in the keepalived.conf"),
            }
            .help("give one of them another name: an instance can track both"),
        );
    }
}

/// Checks of the native file that no instance tracks. Unlike keepalived's they go on: their verdicts are events.
fn untracked(config: &Config, findings: &mut Findings) {
    let tracked: HashSet<&str> = config
        .instances
        .iter()
        .flat_map(|instance| &instance.track_checks)
        .map(|tracked| tracked.check.as_str())
        .collect();
    for check in &config.checks {
        if check.place.format != Format::Native || tracked.contains(check.name.as_str()) {
            continue;
        }
        let message = format!("no instance tracks the check {}", shown(&check.name));
        let finding =
            Diagnostic::remark(&check.place.span, message, "it is made and told of, and moves nothing")
                .help(format!("under [instance.NAME]:  track = [{}]", quoted(&check.name)));
        findings.push(finding);
    }
}
