//! Two instances that would be one virtual router, or have one MAC.

use std::collections::HashMap;
use std::net::IpAddr;

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
            Destination::Unicast { .. } => instance.source,
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
        let Some(vmac) = &completed.instance.vmac else { continue };
        let first = *seen.entry((&completed.instance.interface, vmac.mac)).or_insert(completed);
        if std::ptr::eq(first, completed) {
            continue;
        }
        let name = shown(&completed.instance.name);
        let message =
            format!("the virtual MAC {} is used twice on {}", vmac.mac, completed.instance.interface);
        let at = |completed: &Completed| completed.vmac_at.clone().unwrap_or_else(|| completed.span.clone());
        reader.report(
            Diagnostic::error(&at(completed), message, "second use")
                .and(&at(first), "first use")
                .note("keepalived would not get the second one up")
                .help(format!("give {name} one of its own, such as `use_vmac 02:00:00:00:00`")),
        );
    }
}

fn both(first: &Completed, second: &Completed) -> Diagnostic {
    let (vrid, interface) = (second.instance.vrid, &second.instance.interface);
    let message = format!("virtual_router_id {vrid} is used twice on {interface}");
    Diagnostic::error(&second.vrid_at, message, "second use")
        .and(&first.vrid_at, "first use")
        .note("keepalived refuses to start")
        .help(format!("give {} another virtual_router_id", shown(&second.instance.name)))
}
