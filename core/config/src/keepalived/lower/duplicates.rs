//! Two instances that would be one virtual router.

use std::collections::HashMap;
use std::net::IpAddr;

use keepwatch_vrrp::{Destination, Family, Vrid};

use super::super::unknown::shown;
use super::complete::Completed;
use super::reader::Reader;
use crate::diagnostic::Diagnostic;
use crate::model::InterfaceName;

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

fn both(first: &Completed, second: &Completed) -> Diagnostic {
    let (vrid, interface) = (second.instance.vrid, &second.instance.interface);
    let message = format!("virtual_router_id {vrid} is used twice on {interface}");
    Diagnostic::error(&second.vrid_at, message, "second use")
        .and(&first.vrid_at, "first use")
        .note("keepalived refuses to start")
        .help(format!("give {} another virtual_router_id", shown(&second.instance.name)))
}
