//! `use_vmac`: a MAC that goes with the addresses from host to host.

use std::ops::Range;

use keepwatch_vrrp::{Destination, MacAddress};

use super::keys::USE_VMAC;
use super::reader::{Entry, Reader, optional};
use crate::model::{Instance, InterfaceName, VirtualMac, VmacAdverts};
use crate::similar::shown;

/// From which MAC adverts come.
const ADVERTS: &[(&str, VmacAdverts)] =
    &[("virtual", VmacAdverts::FromVmac), ("interface", VmacAdverts::FromBase)];

/// What an instance wants.
#[derive(Clone, Debug)]
pub(super) struct MacWish {
    pub(super) name: Option<InterfaceName>,
    mac: Option<MacAddress>,
    adverts: Option<VmacAdverts>,
    pub(super) span: Range<usize>,
}

/// `true`, the name of the interface, or a table; `None` if it is false, or cannot be.
pub(super) fn read(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<MacWish> {
    let wish = MacWish { name: None, mac: None, adverts: None, span: value.span() };
    if let Some(wanted) = value.get_ref().as_bool() {
        return wanted.then_some(wish);
    }
    if value.get_ref().as_str().is_some() {
        return Some(MacWish { name: Some(reader.interface(value)?), ..wish });
    }
    let table = reader.table(value, "true, the name of the interface, or { name = \"vrrp.51\" }")?;
    reader.only(table, &[USE_VMAC], "`use_vmac`");
    Some(MacWish {
        name: optional(table, "name", |value| reader.interface(value)),
        mac: optional(table, "mac", |value| mac(reader, value)),
        adverts: optional(table, "adverts", |value| reader.one_of(value, ADVERTS)),
        ..wish
    })
}

fn mac(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<MacAddress> {
    let text = reader.text(value)?;
    let octet = |digits: &str| (digits.len() == 2).then(|| u8::from_str_radix(digits, 16).ok()).flatten();
    let octets: Option<Vec<u8>> = text.split(':').map(octet).collect();
    let read = octets.and_then(|octets| <[u8; 6]>::try_from(octets).ok());
    // A multicast MAC is nobody's.
    let read = read.filter(|[first, ..]| first & 1 == 0);
    if read.is_none() {
        let message = format!("{} cannot be a MAC of one's own", shown(&text));
        reader.error(&value.span(), message, "six octets, such as 02:00:00:00:00:33");
    }
    read.map(MacAddress)
}

impl MacWish {
    /// The virtual MAC of one of its virtual routers.
    pub(super) fn of(&self, instance: &Instance, interface: InterfaceName) -> VirtualMac {
        let is_unicast = matches!(instance.destination, Destination::Unicast { .. });
        let own = || MacAddress::of_virtual_router(instance.family, instance.vrid);
        let adverts = if is_unicast { VmacAdverts::FromBase } else { VmacAdverts::FromVmac };
        VirtualMac { interface, mac: self.mac.unwrap_or_else(own), adverts: self.adverts.unwrap_or(adverts) }
    }
}
