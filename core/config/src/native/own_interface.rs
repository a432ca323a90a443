//! `use_vmac` and `use_ipvlan`: the interface that an instance has of its own.

use std::collections::HashSet;
use std::ops::Range;

use toml::de::DeTable;

use super::ipvlan::{self, IpvlanWish};
use super::reader::{Reader, optional};
use super::virtual_mac::{self, MacWish};
use crate::diagnostic::Diagnostic;
use crate::model::{Instance, InterfaceName, OwnInterface};
use crate::similar::shown;
use crate::vmac_name;

/// What an instance wants.
#[derive(Clone, Debug)]
pub(super) enum Wish {
    Mac(MacWish),
    Ipvlan(IpvlanWish),
}

impl Wish {
    const fn name(&self) -> Option<&InterfaceName> {
        match self {
            Self::Mac(wish) => wish.name.as_ref(),
            Self::Ipvlan(wish) => wish.name.as_ref(),
        }
    }

    /// Where it stands.
    pub(super) const fn span(&self) -> &Range<usize> {
        match self {
            Self::Mac(wish) => &wish.span,
            Self::Ipvlan(wish) => &wish.span,
        }
    }
}

/// What the table of an instance says; `None` if it wants none, or cannot have it.
pub(super) fn read(reader: &mut Reader<'_>, table: &DeTable<'_>) -> Option<Wish> {
    let mac = optional(table, "use_vmac", |value| virtual_mac::read(reader, value));
    let ipvlan = optional(table, "use_ipvlan", |value| ipvlan::read(reader, value));
    if let (Some(mac), Some(ipvlan)) = (&mac, &ipvlan) {
        let finding = Diagnostic::error(&ipvlan.span, "`use_ipvlan` does not go with `use_vmac`", "")
            .and(&mac.span, "")
            .note("an ipvlan has the MAC of the interface below")
            .help("remove one of them");
        reader.findings.push(finding);
        return None;
    }
    mac.map(Wish::Mac).or_else(|| ipvlan.map(Wish::Ipvlan))
}

/// Gives each instance the interface that it wants. Their names are unlike all that are taken.
pub(super) fn give(
    reader: &mut Reader<'_>,
    wish: &Wish,
    instances: &mut [Instance],
    taken: &mut HashSet<InterfaceName>,
) {
    if let ([_, second, ..], Some(_)) = (&*instances, wish.name()) {
        let message = "one name for the interfaces of two virtual routers";
        let finding = Diagnostic::error(wish.span(), message, "")
            .note(format!("{} is a virtual router of its own, for IPv6", second.name))
            .help("leave the name out, or make two instances of it");
        return reader.findings.push(finding);
    }
    if let Wish::Ipvlan(wish) = wish
        && let Some(address) = wish.strange_address(instances)
    {
        let message = format!("{address} is not of the instance's family");
        return reader.error(&wish.span, message, "its adverts could not come from there");
    }
    for instance in instances {
        let name = match wish.name() {
            Some(name) if !taken.insert(name.clone()) => {
                let message = format!("an interface {} is there already", shown(name.as_str()));
                return reader.error(wish.span(), message, "give it another name");
            }
            Some(name) => Some(name.clone()),
            None => vmac_name::candidates(vmac_name::PREFIX, instance.vrid, instance.family)
                .find(|name| taken.insert(name.clone())),
        };
        let Some(interface) = name else { return };
        instance.own_interface = match wish {
            Wish::Mac(wish) => Some(OwnInterface::VirtualMac(wish.of(instance, interface))),
            Wish::Ipvlan(wish) => wish.of(reader, instance, interface).map(OwnInterface::Ipvlan),
        };
    }
}

/// Says what the kernel does not let stand beside what `others` have on the same interface.
pub(super) fn check_beside(reader: &mut Reader<'_>, wish: &Wish, instance: &Instance, others: &[Instance]) {
    for other in others.iter().filter(|other| other.interface == instance.interface) {
        let (interface, name) = (&other.interface, shown(&other.name));
        match (&instance.own_interface, &other.own_interface) {
            (Some(OwnInterface::Ipvlan(_)), Some(OwnInterface::VirtualMac(_)))
            | (Some(OwnInterface::VirtualMac(_)), Some(OwnInterface::Ipvlan(_))) => {
                let message = format!("`use_vmac` and `use_ipvlan` on one interface, {interface}");
                let label = format!("{name} has the other; use the same for all instances on it");
                return reader.error(wish.span(), message, label);
            }
            (Some(OwnInterface::Ipvlan(own)), Some(OwnInterface::Ipvlan(known)))
                if own.mode != known.mode =>
            {
                let message = format!("the ipvlans on {interface} have one mode");
                let finding =
                    Diagnostic::warning(wish.span(), message, format!("{name}'s is {}", known.mode))
                        .note("the kernel gives all of them that of the last one");
                return reader.findings.push(finding);
            }
            _ => {}
        }
    }
}
