//! What has become of one instance.

use std::fmt::Display;
use std::net::IpAddr;

use keepwatch_vrrp::{AnnouncePolicy, Destination, Preemption};

use super::{Deed, InstanceDiff};
use crate::model::{Instance, InterfaceName, OwnInterface, TrackCheck, TrackInterface, VirtualAddress};

pub(super) fn diff(old: &Instance, new: &Instance) -> InstanceDiff {
    let mut changes = Vec::new();
    let deed = match (old == new, follows(old, new)) {
        (true, _) => Deed::Keep,
        (false, true) => Deed::Update,
        (false, false) => Deed::Restart,
    };
    if deed != Deed::Keep {
        reasons_for_restart(old, new, &mut changes);
        protocol(old, new, &mut changes);
        addresses(old, new, deed, &mut changes);
        trackers(old, new, &mut changes);
        told(old, new, &mut changes);
        if changes.is_empty() {
            changes.push("other settings".to_owned());
        }
    }
    InstanceDiff { before: Some(old.name.clone()), after: Some(new.name.clone()), deed, changes }
}

/// Whether an instance can become another one while it runs: they differ in nothing but what is named here.
fn follows(old: &Instance, new: &Instance) -> bool {
    let mut own_interface = old.own_interface.clone();
    if let (Some(OwnInterface::VirtualMac(vmac)), Some(new)) = (&mut own_interface, new.vmac()) {
        vmac.adverts = new.adverts;
    }
    #[allow(clippy::needless_update, reason = "what this module does not know stays as it was")]
    let followed = Instance {
        own_interface,
        // What cannot be followed.
        interface: old.interface.clone(),
        vrid: old.vrid,
        version: old.version,
        family: old.family,
        // What can.
        name: new.name.clone(),
        priority: new.priority,
        interval: new.interval,
        missed_adverts: new.missed_adverts,
        start: new.start,
        meant: new.meant,
        preemption: new.preemption,
        password: new.password,
        checksum_as_v2: new.checksum_as_v2,
        destination: new.destination.clone(),
        source: new.source,
        accepts: new.accepts,
        lower_adverts: new.lower_adverts,
        higher_adverts: new.higher_adverts,
        stop_mode: new.stop_mode,
        link_tracking: new.link_tracking,
        promotes_secondaries: new.promotes_secondaries,
        addresses: new.addresses.clone(),
        excluded: new.excluded.clone(),
        announce: new.announce.clone(),
        track_interfaces: new.track_interfaces.clone(),
        track_checks: new.track_checks.clone(),
        notify: new.notify.clone(),
        mail_alert: new.mail_alert,
        // What this module does not know.
        ..old.clone()
    };
    followed == *new
}

fn reasons_for_restart(old: &Instance, new: &Instance, changes: &mut Vec<String>) {
    from_to("interface", &old.interface, &new.interface, changes);
    from_to("VRID", &old.vrid, &new.vrid, changes);
    from_to("version", &old.version.number(), &new.version.number(), changes);
    if old.family != new.family {
        changes.push("another address family".to_owned());
    }
    let routing = [
        (old.routing != new.routing, "routes or rules"),
        (old.tracks_source != new.tracks_source, "whether its source address is tracked"),
    ];
    changes.extend(routing.iter().filter(|(differs, _)| *differs).map(|(_, what)| (*what).to_owned()));
    virtual_mac(old, new, changes);
    ipvlan(old, new, changes);
}

fn virtual_mac(old: &Instance, new: &Instance, changes: &mut Vec<String>) {
    match (old.vmac(), new.vmac()) {
        (None, Some(vmac)) => changes.push(format!("virtual MAC {} on {}", vmac.mac, vmac.interface)),
        (Some(_), None) => changes.push("virtual MAC off".to_owned()),
        (Some(old), Some(new)) => {
            from_to("virtual MAC", &old.mac, &new.mac, changes);
            from_to("virtual MAC on", &old.interface, &new.interface, changes);
            if old.adverts != new.adverts {
                changes.push("which MAC adverts come from".to_owned());
            }
        }
        (None, None) => {}
    }
}

fn ipvlan(old: &Instance, new: &Instance, changes: &mut Vec<String>) {
    let shown = |address: Option<(IpAddr, u8)>| {
        address.map_or_else(|| "none".to_owned(), |(address, prefix_len)| format!("{address}/{prefix_len}"))
    };
    match (old.ipvlan(), new.ipvlan()) {
        (None, Some(ipvlan)) => changes.push(format!("ipvlan {}", ipvlan.interface)),
        (Some(_), None) => changes.push("ipvlan off".to_owned()),
        (Some(old), Some(new)) => {
            from_to("ipvlan", &old.interface, &new.interface, changes);
            from_to("address of the ipvlan", &shown(old.address), &shown(new.address), changes);
            from_to("mode of the ipvlan", &old.mode, &new.mode, changes);
        }
        (None, None) => {}
    }
}

fn protocol(old: &Instance, new: &Instance, changes: &mut Vec<String>) {
    if old.name != new.name {
        changes.push(format!("{} is called {} now", old.name, new.name));
    }
    from_to("priority", &old.priority, &new.priority, changes);
    if old.interval != new.interval {
        changes.push(format!("advert interval {} -> {}", old.interval, new.interval));
    }
    from_to("adverts missed before a take-over", &old.missed_adverts, &new.missed_adverts, changes);
    if old.preemption != new.preemption {
        changes.push(match new.preemption {
            Preemption::Immediate => "preempts at once".to_owned(),
            Preemption::Never => "does not preempt".to_owned(),
            Preemption::After(delay) => format!("preempts after {delay:?}"),
        });
    }
    match (old.password, new.password) {
        (None, Some(_)) => changes.push("password set".to_owned()),
        (Some(_), None) => changes.push("no password".to_owned()),
        (Some(old), Some(new)) if old != new => changes.push("another password".to_owned()),
        (Some(_), Some(_)) | (None, None) => {}
    }
    destination(&old.destination, &new.destination, changes);
    if old.source != new.source {
        let shown = |source: Option<IpAddr>| {
            source.map_or_else(|| "the interface's own".to_owned(), |source| source.to_string())
        };
        from_to("source address", &shown(old.source), &shown(new.source), changes);
    }
    if old.accepts != new.accepts {
        let what = if new.accepts { "accepts" } else { "drops" };
        changes.push(format!("{what} packets to its addresses"));
    }
    let others = [
        (old.start != new.start || old.meant != new.meant, "state"),
        (old.checksum_as_v2 != new.checksum_as_v2, "checksum form"),
        (old.lower_adverts != new.lower_adverts, "answer to lower adverts"),
        (old.higher_adverts != new.higher_adverts, "answer to higher adverts"),
        (old.stop_mode != new.stop_mode, "stop mode"),
        (old.link_tracking != new.link_tracking, "whether its link down is a fault"),
        (old.promotes_secondaries != new.promotes_secondaries, "promote_secondaries"),
    ];
    changes.extend(others.iter().filter(|(differs, _)| *differs).map(|(_, what)| (*what).to_owned()));
    announcements(&old.announce, &new.announce, changes);
}

fn destination(old: &Destination, new: &Destination, changes: &mut Vec<String>) {
    match (old, new) {
        _ if old == new => {}
        (Destination::Multicast { group: old }, Destination::Multicast { group: new }) => {
            from_to("multicast group", old, new, changes);
        }
        (Destination::Multicast { .. }, Destination::Unicast { .. }) => {
            changes.push("multicast -> unicast".to_owned());
        }
        (Destination::Unicast { .. }, Destination::Multicast { .. }) => {
            changes.push("unicast -> multicast".to_owned());
        }
        (Destination::Unicast { peers: old, .. }, Destination::Unicast { peers: new, .. }) => {
            let before = changes.len();
            added_removed(
                "peer",
                old.iter().map(|peer| peer.address),
                new.iter().map(|peer| peer.address),
                changes,
            );
            if changes.len() == before {
                changes.push("unicast settings".to_owned());
            }
        }
    }
}

fn announcements(old: &AnnouncePolicy, new: &AnnouncePolicy, changes: &mut Vec<String>) {
    if old != new {
        changes.push("when addresses are announced".to_owned());
    }
}

fn addresses(old: &Instance, new: &Instance, deed: Deed, changes: &mut Vec<String>) {
    let all = |instance: &Instance| -> Vec<VirtualAddress> {
        instance.addresses.iter().chain(&instance.excluded).cloned().collect()
    };
    let (before, after) = (all(old), all(new));
    let shown = |address: &VirtualAddress| format!("{}/{}", address.address, address.prefix_len);
    let count = changes.len();
    let (known, wanted): (Vec<_>, Vec<_>) =
        (before.iter().map(shown).collect(), after.iter().map(shown).collect());
    for (place, text) in wanted.iter().enumerate().filter(|(_, text)| !known.contains(text)) {
        let behind = comes_behind(place, &before, &after, &new.interface).filter(|_| deed == Deed::Update);
        let behind = behind.map(|other| format!(" (behind {} until it next becomes MASTER)", shown(other)));
        changes.push(format!("address {text} added{}", behind.unwrap_or_default()));
    }
    let gone = known.iter().filter(|text| !wanted.contains(text));
    changes.extend(gone.map(|text| format!("address {text} removed")));
    for address in &after {
        let same = before.iter().find(|old| shown(old) == shown(address));
        if same.is_some_and(|old| old != address) {
            changes.push(format!("address {} put in place otherwise", shown(address)));
        }
    }
    if changes.len() == count && (old.addresses != new.addresses || old.excluded != new.excluded) {
        changes.push("the order of addresses, or which of them adverts list".to_owned());
    }
}

/// An address that is in place already and should come after the new one at this place: Linux has the IPv4 addresses of a network in
/// the order in which they came, and the first of them is what the host calls itself there.
fn comes_behind<'a>(
    place: usize,
    before: &[VirtualAddress],
    after: &'a [VirtualAddress],
    interface: &InterfaceName,
) -> Option<&'a VirtualAddress> {
    let network = |address: &VirtualAddress| match address.address {
        IpAddr::V4(v4) if address.peer.is_none() => {
            let host_bits = 32_u32.checked_sub(address.prefix_len.into())?;
            let network = u32::from(v4).checked_shr(host_bits).unwrap_or(0);
            let device = address.device.clone().unwrap_or_else(|| interface.clone());
            Some((device, address.prefix_len, network))
        }
        IpAddr::V4(_) | IpAddr::V6(_) => None,
    };
    let own = network(after.get(place)?)?;
    let mut later = after.iter().skip(place + 1);
    later.find(|other| network(other).as_ref() == Some(&own) && before.contains(other))
}

fn trackers(old: &Instance, new: &Instance, changes: &mut Vec<String>) {
    let interface = |track: &TrackInterface| track.interface.to_string();
    let check = |track: &TrackCheck| track.check.clone();
    let count = changes.len();
    let (before, after) = (old.track_interfaces.iter(), new.track_interfaces.iter());
    added_removed("tracked interface", before.map(interface), after.map(interface), changes);
    let (before, after) = (old.track_checks.iter(), new.track_checks.iter());
    added_removed("tracked check", before.map(check), after.map(check), changes);
    let differs = old.track_interfaces != new.track_interfaces || old.track_checks != new.track_checks;
    if changes.len() == count && differs {
        changes.push("weights".to_owned());
    }
}

fn told(old: &Instance, new: &Instance, changes: &mut Vec<String>) {
    if old.notify != new.notify {
        changes.push("notify scripts".to_owned());
    }
    if old.mail_alert != new.mail_alert {
        changes.push(if new.mail_alert { "sends mail" } else { "sends no mail" }.to_owned());
    }
}

fn from_to<T: PartialEq + Display>(what: &str, old: &T, new: &T, changes: &mut Vec<String>) {
    if old != new {
        changes.push(format!("{what} {old} -> {new}"));
    }
}

fn added_removed<T: Display>(
    what: &str,
    old: impl Iterator<Item = T>,
    new: impl Iterator<Item = T>,
    changes: &mut Vec<String>,
) {
    let text = |all: &mut dyn Iterator<Item = T>| -> Vec<String> { all.map(|one| one.to_string()).collect() };
    let (mut old, mut new) = (old, new);
    let (old, new) = (text(&mut old), text(&mut new));
    let lacks = |all: &[String], one: &String| !all.contains(one);
    changes.extend(new.iter().filter(|one| lacks(&old, one)).map(|one| format!("{what} {one} added")));
    changes.extend(old.iter().filter(|one| lacks(&new, one)).map(|one| format!("{what} {one} removed")));
}
