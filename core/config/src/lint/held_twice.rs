//! Virtual addresses of two instances.

use std::collections::HashMap;
use std::net::IpAddr;

use keepwatch_vrrp::Family;

use crate::diagnostic::Diagnostic;
use crate::model::{Format, Instance, InterfaceName, SyncGroup, VirtualAddress};
use crate::similar::shown;

/// Virtual addresses that two instances would hold on one interface, each with the file of the second: where one of them stops
/// being MASTER, the address goes, although the other still is. In a sync group that does not happen.
pub(crate) fn held_twice(instances: &[Instance], groups: &[SyncGroup]) -> Vec<(Format, Diagnostic)> {
    let together = |one: &Instance, other: &Instance| {
        let mut members = groups.iter().map(|group| &group.members);
        members.any(|members| members.contains(&one.name) && members.contains(&other.name))
    };
    let mut holders: HashMap<(IpAddr, &InterfaceName), Vec<(&Instance, &VirtualAddress)>> = HashMap::new();
    let mut findings = Vec::new();
    for instance in instances {
        for own in instance.addresses.iter().chain(&instance.excluded) {
            let interface = interface_of(own, instance);
            let holders = holders.entry((own.address, interface)).or_default();
            let is_apart = |(first, _): &&(&Instance, &VirtualAddress)| {
                first.name != instance.name && !together(first, instance)
            };
            let apart = holders.iter().find(is_apart).copied();
            holders.push((instance, own));
            let Some((first, known)) = apart else { continue };
            let (one, other) = (shown(&first.name), shown(&instance.name));
            let message = format!("{} is a virtual address of two instances, {one} and {other}", own.address);
            let mut finding = Diagnostic::warning(&own.place.span, message, "the second time")
                .note(format!(
                    "{interface} loses it when one of them becomes BACKUP, while the other is MASTER"
                ))
                .help("let one of them have it; what is to fail over together belongs into one sync group");
            if own.place.format == known.place.format {
                finding = finding.and(&known.place.span, "the first time");
            }
            findings.push((own.place.format, finding));
        }
    }
    findings
}

/// Where an address is put: on the virtual MAC's interface, if it says nothing else.
fn interface_of<'i>(address: &'i VirtualAddress, instance: &'i Instance) -> &'i InterfaceName {
    let elsewhere = address.device.as_ref().filter(|device| **device != instance.interface);
    let vmac = instance.vmac().filter(|_| Family::of(address.address) == instance.family);
    elsewhere.or_else(|| vmac.map(|vmac| &vmac.interface)).unwrap_or(&instance.interface)
}
