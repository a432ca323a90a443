//! Virtual addresses of two instances.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::diagnostic::Diagnostic;
use crate::model::{Format, Instance, InterfaceName, SyncGroup};
use crate::similar::shown;

/// Virtual addresses that two instances would hold on one interface, each with the file of the second: where one of them stops
/// being MASTER, the address goes, although the other still is. In a sync group that does not happen.
pub(crate) fn held_twice(instances: &[Instance], groups: &[SyncGroup]) -> Vec<(Format, Diagnostic)> {
    let together = |one: &Instance, other: &Instance| {
        let mut members = groups.iter().map(|group| &group.members);
        members.any(|members| members.contains(&one.name) && members.contains(&other.name))
    };
    let mut holders: HashMap<(IpAddr, &InterfaceName), _> = HashMap::new();
    let mut findings = Vec::new();
    for instance in instances {
        for own in instance.addresses.iter().chain(&instance.excluded) {
            let interface = own.device.as_ref().unwrap_or(&instance.interface);
            let (first, known) = *holders.entry((own.address, interface)).or_insert((instance, own));
            if first.name == instance.name || together(first, instance) {
                continue;
            }
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
