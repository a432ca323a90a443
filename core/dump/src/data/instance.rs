//! An instance, in keepalived's words.

use keepwatch_config::model::{
    CheckKind, Command, Deleted, Instance, Notify, OwnInterface, VirtualAddress, VmacAdverts,
};
use keepwatch_event::{InstanceStatus, State};
use keepwatch_vrrp::{
    Destination, Family, HigherAdverts, LinkTracking, LowerAdverts, Preemption, SourceCheck, Version,
};

use crate::page::Page;
use crate::scene::Scene;
use crate::words::{self, Moment};

pub(super) fn write(page: &mut Page, scene: Scene<'_>, instance: &Instance, status: &InstanceStatus) {
    page.line(format_args!(" VRRP Instance = {}", instance.name));
    page.set("VRRP Version", instance.version.number());
    if let Some(group) = scene.group(instance) {
        page.set("Sync group", group);
    }
    if instance.family == Family::V6 {
        page.line("   Using Native IPv6");
    }
    how_it_is(page, instance, status);
    where_it_is(page, instance);
    announcing(page, instance);
    election(page, instance, status);
    let shown = |address: &VirtualAddress| words::address(address, instance, status);
    let count = instance.addresses.len();
    page.list(format_args!("Virtual IP ({count})"), instance.addresses.iter().map(shown));
    page.list("Virtual IP Excluded ", instance.excluded.iter().map(shown));
    peers(page, instance);
    page.list("Virtual Routes ", instance.routing.routes.iter().map(|route| &route.text));
    page.list("Virtual Rules ", instance.routing.rules.iter().map(|rule| &rule.text));
    tracked(page, scene, instance);
    page.set("Using smtp notification", if instance.mail_alert { "yes" } else { "no" });
    let deleted = match instance.notify.deleted {
        Deleted::AsFault => "Fault",
        Deleted::AsDeleted(_) => "Deleted",
    };
    page.set("Notify deleted", deleted);
    scripts(page, &instance.notify);
    page.set("Notify priority changes", instance.notify.priority_changes);
}

fn how_it_is(page: &mut Page, instance: &Instance, status: &InstanceStatus) {
    page.set("State", words::state(status.state));
    let master = status.peer.as_ref().filter(|peer| peer.heard && status.state == State::Backup);
    if let Some(peer) = master {
        page.set("Master router", peer.source);
        page.set("Master priority", peer.priority);
        let interval = status.master_advert_interval.filter(|_| instance.version == Version::V3);
        if let Some(interval) = interval {
            page.set("Master advert interval", format_args!("{} milli-sec", interval.as_millis()));
        }
    }
    match instance.destination {
        Destination::Unicast { .. } => {
            page.line("   Flags:");
            page.line("     Using unicast");
        }
        Destination::Multicast { .. } => page.line("   Flags: none"),
    }
    page.set("Wantstate", words::state(status.state));
    if let Some(since) = status.since {
        page.set("Last transition", Moment(since.wall));
    }
}

fn where_it_is(page: &mut Page, instance: &Instance) {
    match &instance.own_interface {
        Some(OwnInterface::VirtualMac(vmac)) => {
            let base = vmac.adverts == VmacAdverts::FromBase;
            page.line(format_args!("   Use VMAC, i/f name {}, xmit_base = {base}", vmac.interface));
            page.set("Interface", format_args!("{}, vmac on {}", vmac.interface, instance.interface));
        }
        Some(OwnInterface::Ipvlan(ipvlan)) => {
            let address = ipvlan.address.map_or_else(String::new, |(address, prefix_len)| {
                format!(", i/f address = {}", words::prefix(address, prefix_len))
            });
            let (name, mode) = (&ipvlan.interface, ipvlan.mode);
            page.line(format_args!("   Use IPVLAN, i/f {name}{address}, type {mode}"));
            page.set("Interface", format_args!("{name}, ipvlan on {}", instance.interface));
        }
        None => page.set("Interface", &instance.interface),
    }
    if instance.link_tracking == LinkTracking::Ignored {
        page.line("   VRRP interface tracking disabled");
    }
    if let Some(source) = instance.configured_source() {
        page.set("Using src_ip", format_args!("{source} (from configuration)"));
    }
    if let Destination::Multicast { group } = instance.destination {
        page.line(format_args!("   Multicast address {group}"));
    }
}

fn announcing(page: &mut Page, instance: &Instance) {
    let announce = &instance.announce;
    let (delay, repeat) = words::bursts(&announce.entry);
    page.set("Gratuitous ARP delay", delay);
    page.set("Gratuitous ARP repeat", repeat);
    page.set("Gratuitous ARP refresh", announce.refresh.map_or(0, |refresh| refresh.every.as_secs()));
    page.set("Gratuitous ARP refresh repeat", announce.refresh.map_or(1, |refresh| refresh.rounds));
    let (delay, repeat) = words::bursts(&announce.on_lower);
    page.set("Gratuitous ARP lower priority delay", delay);
    page.set("Gratuitous ARP lower priority repeat", repeat);
}

fn election(page: &mut Page, instance: &Instance, status: &InstanceStatus) {
    page.set("Down timer adverts", instance.missed_adverts);
    page.set(
        "Send advert after receive lower priority advert",
        instance.lower_adverts == LowerAdverts::Answer,
    );
    page.set(
        "Send advert after receive higher priority advert",
        instance.higher_adverts == HigherAdverts::AnswerAndYield,
    );
    page.set("Virtual Router ID", instance.vrid);
    page.set("Priority", instance.priority.get());
    page.set("Effective priority", status.priority);
    page.set("Total priority", status.priority);
    let interval = instance.interval.duration();
    match instance.version {
        Version::V2 => page.set("Advert interval", format_args!("{} sec", interval.as_secs())),
        Version::V3 => page.set("Advert interval", format_args!("{} milli-sec", interval.as_millis())),
    }
    page.set("Accept", if instance.accepts { "enabled" } else { "disabled" });
    let preempts = instance.preemption != Preemption::Never;
    page.set("Preempt", if preempts { "enabled" } else { "disabled" });
    if let Preemption::After(delay) = instance.preemption {
        page.set("Preempt delay", format_args!("{} secs", delay.as_secs_f64()));
    }
    page.set("Promote_secondaries", if instance.promotes_secondaries { "enabled" } else { "disabled" });
    match (instance.version, instance.password) {
        (Version::V3, _) => {}
        (Version::V2, None) => page.set("Authentication type", "none"),
        (Version::V2, Some(_)) => {
            page.set("Authentication type", "SIMPLE_PASSWORD");
            page.set("Password", "********");
        }
    }
}

fn peers(page: &mut Page, instance: &Instance) {
    let Destination::Unicast { peers, ttl, source_check } = &instance.destination else { return };
    page.set("Unicast TTL", ttl);
    let checked = if *source_check == SourceCheck::Peers { "yes" } else { "no" };
    page.line(format_args!("   Check unicast src : {checked}"));
    let peer = |peer: &keepwatch_vrrp::UnicastPeer| {
        format!("{} min_ttl {} max_ttl {}", peer.address, peer.min_ttl, peer.max_ttl)
    };
    page.list("Unicast Peer ", peers.iter().map(peer));
}

fn tracked(page: &mut Page, scene: Scene<'_>, instance: &Instance) {
    let interfaces = instance.track_interfaces.iter();
    let interfaces =
        interfaces.map(|track| format!("{} weight {}", track.interface, words::weight(track.weight)));
    page.list("Tracked interfaces ", interfaces);
    let mut of_scripts = Vec::new();
    let mut of_files = Vec::new();
    let mut of_processes = Vec::new();
    for track in &instance.track_checks {
        let (name, weight) = (&track.check, words::weight(track.weight));
        match scene.check(name).map(|check| &check.what) {
            Some(CheckKind::TrackFile(_)) => of_files.push(format!("{name}, weight {weight}")),
            Some(CheckKind::Process(_)) => of_processes.push(format!("{name}, weight {weight}")),
            Some(_) | None => of_scripts.push(format!("{name} weight {weight}")),
        }
    }
    page.list("Tracked scripts ", of_scripts);
    page.list("Tracked files ", of_files);
    page.list("Tracked processes ", of_processes);
}

/// The scripts of an instance or a group.
pub(super) fn scripts(page: &mut Page, notify: &Notify) {
    let deleted = match &notify.deleted {
        Deleted::AsDeleted(script) => script.as_ref(),
        Deleted::AsFault => None,
    };
    let all: [(&str, Option<&Command>); 7] = [
        ("Backup", notify.backup.as_ref()),
        ("Master", notify.master.as_ref()),
        ("Fault", notify.fault.as_ref()),
        ("Stop", notify.stop.as_ref()),
        ("Deleted", deleted),
        ("Generic", notify.any.as_ref()),
        ("Master rx lower pri", notify.master_rx_lower_priority.as_ref()),
    ];
    for (name, script) in all.into_iter().filter_map(|(name, script)| Some((name, script?))) {
        page.set(&format!("{name} state transition script"), words::command(script));
    }
}
