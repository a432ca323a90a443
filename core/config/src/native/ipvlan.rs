//! `use_ipvlan`: an interface that adverts come from, under the MAC of the one below.

use std::net::IpAddr;
use std::ops::Range;

use keepwatch_vrrp::Family;

use super::keys::USE_IPVLAN;
use super::reader::{Entry, Reader, optional};
use super::virtual_address;
use crate::model::{Instance, InterfaceName, Ipvlan, IpvlanMode};

/// What an instance wants.
#[derive(Clone, Debug)]
pub(super) struct IpvlanWish {
    pub(super) name: Option<InterfaceName>,
    /// With their prefix lengths; one of each family at most.
    addresses: Vec<(IpAddr, u8)>,
    mode: Option<IpvlanMode>,
    pub(super) span: Range<usize>,
}

/// The address, or a table; `None` if it cannot be.
pub(super) fn read(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<IpvlanWish> {
    let wish = IpvlanWish { name: None, addresses: Vec::new(), mode: None, span: value.span() };
    if value.get_ref().as_str().is_some() {
        return Some(IpvlanWish { addresses: addresses(reader, value)?, ..wish });
    }
    let table = reader.table(value, "its address, or { address = \"10.1.1.11/24\" }")?;
    reader.only(table, &[USE_IPVLAN], "`use_ipvlan`");
    let name = optional(table, "name", |value| reader.interface(value));
    let mode = optional(table, "mode", |value| reader.one_of(value, &IpvlanMode::WORDS));
    let addresses = match table.get("address") {
        Some(value) => addresses(reader, value)?,
        None => Vec::new(),
    };
    Some(IpvlanWish { name, addresses, mode, ..wish })
}

/// An address, or one of each family.
fn addresses(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<Vec<(IpAddr, u8)>> {
    let entries: Vec<Entry<'_, '_>> = match value.get_ref().as_array() {
        Some(entries) => entries.iter().collect(),
        None => vec![value],
    };
    let mut read: Vec<(IpAddr, u8)> = Vec::new();
    for entry in entries {
        let (address, prefix_len) = virtual_address::with_prefix(reader, entry)?;
        if read.iter().any(|(known, _)| known.is_ipv4() == address.is_ipv4()) {
            reader.error(&entry.span(), "an ipvlan has one address of each family here", "remove this");
            return None;
        }
        read.push((address, prefix_len));
    }
    Some(read)
}

impl IpvlanWish {
    /// An address of a family that none of the virtual routers has.
    pub(super) fn strange_address(&self, instances: &[Instance]) -> Option<IpAddr> {
        let is_strange = |address: &IpAddr| !instances.iter().any(|it| it.family == Family::of(*address));
        self.addresses.iter().map(|(address, _)| *address).find(is_strange)
    }

    /// The ipvlan of one of its virtual routers; `None` if it cannot be, which is reported.
    pub(super) fn of(
        &self,
        reader: &mut Reader<'_>,
        instance: &Instance,
        interface: InterfaceName,
    ) -> Option<Ipvlan> {
        let is_own = |(address, _): &&(IpAddr, u8)| Family::of(*address) == instance.family;
        let address = self.addresses.iter().find(is_own).copied();
        if address.is_none() && instance.family == Family::V4 {
            let label = "a free address of this network, such as \"10.1.1.11/24\"";
            reader.error(&self.span, "`use_ipvlan` needs an address with IPv4", label);
            return None;
        }
        Some(Ipvlan { interface, address, mode: self.mode.unwrap_or_default() })
    }
}
