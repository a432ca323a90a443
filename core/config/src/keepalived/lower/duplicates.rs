//! Two instances that would be one virtual router, or have one MAC.

use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::Range;

use keepwatch_vrrp::{Destination, Family, MacAddress, Vrid};

use super::complete::Completed;
use super::reader::Reader;
use crate::diagnostic::Diagnostic;
use crate::model::InterfaceName;
use crate::similar::shown;

/// What two instances must not share: VRID, family and interface, and the multicast group, or the source
/// and one of the peers.
type Identity<'a> = (&'a InterfaceName, Family, Vrid, Option<IpAddr>, IpAddr);

/// Reports instances that keepalived would refuse to start together.
pub(super) fn check(instances: &[Completed], reader: &mut Reader<'_>) {
    let mut seen: HashMap<Identity<'_>, &Completed> = HashMap::new();
    for completed in instances {
        let instance = &completed.instance;
        let others: Vec<IpAddr> = match &instance.destination {
            Destination::Multicast { group } => vec![*group],
            Destination::Unicast { peers, .. } => peers.iter().map(|peer| peer.address).collect(),
        };
        let source = match &instance.destination {
            Destination::Multicast { .. } => None,
            Destination::Unicast { .. } => instance.configured_source(),
        };
        let mut reported = false;
        for other in others {
            let key = (&instance.interface, instance.family, instance.vrid, source, other);
            let first = *seen.entry(key).or_insert(completed);
            if !std::ptr::eq(first, completed) && !std::mem::replace(&mut reported, true) {
                reader.report(both(first, completed));
            }
        }
    }
}

/// Reports virtual MACs that stand twice on one interface: the kernel sets up only one of them.
pub(super) fn check_macs(instances: &[Completed], reader: &mut Reader<'_>) {
    let mut seen: HashMap<(&InterfaceName, MacAddress), &Completed> = HashMap::new();
    for completed in instances {
        let Some(vmac) = completed.instance.vmac() else { continue };
        let first = *seen.entry((&completed.instance.interface, vmac.mac)).or_insert(completed);
        if std::ptr::eq(first, completed) {
            continue;
        }
        let name = shown(&completed.instance.name);
        let message =
            format!("the virtual MAC {} is used twice on {}", vmac.mac, completed.instance.interface);
        reader.report(
            Diagnostic::error(own_interface_at(completed), message, "second use")
                .and(own_interface_at(first), "first use")
                .note("keepalived would not get the second one up")
                .help(format!("give {name} one of its own, such as `use_vmac 02:00:00:00:00`")),
        );
    }
}

/// Reports ipvlans that cannot stand on their interface beside what else is to stand there.
pub(super) fn check_ipvlans(instances: &[Completed], reader: &mut Reader<'_>) {
    for (number, completed) in instances.iter().enumerate() {
        let interface = &completed.instance.interface;
        let mut before = instances.iter().take(number).filter(|other| other.instance.interface == *interface);
        let at = own_interface_at(completed);
        match (completed.instance.vmac(), completed.instance.ipvlan()) {
            (Some(_), _) => {
                if let Some(other) = before.find(|other| other.instance.ipvlan().is_some()) {
                    reader.report(mixed(at, own_interface_at(other), interface));
                }
            }
            (None, Some(ipvlan)) => {
                if let Some(other) = before.clone().find(|other| other.instance.vmac().is_some()) {
                    reader.report(mixed(at, own_interface_at(other), interface));
                } else if let Some(other) =
                    before.find(|other| other.instance.ipvlan().is_some_and(|it| it.mode != ipvlan.mode))
                {
                    let message = format!("the ipvlans on {interface} have one mode");
                    reader.report(
                        Diagnostic::warning(at, message, "another mode")
                            .and(own_interface_at(other), "one mode")
                            .note("the kernel gives all of them that of the last one, under keepalived and keepwatch"),
                    );
                }
            }
            (None, None) => {}
        }
    }
}

fn mixed(at: &Range<usize>, other: &Range<usize>, interface: &InterfaceName) -> Diagnostic {
    Diagnostic::error(at, format!("`use_vmac` and `use_ipvlan` on one interface, {interface}"), "second use")
        .and(other, "first use")
        .note("the kernel lets either macvlans or ipvlans stand on an interface; keepalived would not get the second one")
        .help("use the same for all instances on it")
}

/// Where the interface of its own is written.
fn own_interface_at(completed: &Completed) -> &Range<usize> {
    completed.own_interface_at.as_ref().unwrap_or(&completed.span)
}

fn both(first: &Completed, second: &Completed) -> Diagnostic {
    let (vrid, interface) = (second.instance.vrid, &second.instance.interface);
    let message = format!("virtual_router_id {vrid} is used twice on {interface}");
    Diagnostic::error(&second.vrid_at, message, "second use")
        .and(&first.vrid_at, "first use")
        .note("keepalived refuses to start")
        .help(format!("give {} another virtual_router_id", shown(&second.instance.name)))
}
