//! Entries of `virtual_addresses` and `virtual_addresses_excluded`: a text, or a table for what a text does not say.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;

use keepwatch_vrrp::Family;

use super::keys::Key;
use super::reader::{Entry, Reader, optional};
use crate::model::{Lifetime, Place, Scope, VirtualAddress};
use crate::similar::shown;

/// Wider scopes first, as the kernel numbers them.
const SCOPES: &[(&str, Scope)] = &[
    ("global", Scope::Global),
    ("site", Scope::Site),
    ("link", Scope::Link),
    ("host", Scope::Host),
    ("nowhere", Scope::Nowhere),
];
/// Octets in the label of an address.
const LONGEST_LABEL: usize = 15;

/// An address, and where it stands.
pub(super) struct At {
    pub(super) address: VirtualAddress,
    pub(super) span: Range<usize>,
}

impl At {
    pub(super) fn is_of(&self, family: Family) -> bool {
        Family::of(self.address.address) == family
    }
}

/// Reads a list, which may be empty, with tables of these keys; `None` if it is none, or has nothing in it that could be used.
pub(super) fn read_list(reader: &mut Reader<'_>, value: Entry<'_, '_>, keys: &[Key]) -> Option<Vec<At>> {
    let Some(entries) = value.get_ref().as_array() else {
        reader.wrong(value, "a list: [\"10.1.1.30/24\", \"fd00::30/64\"]");
        return None;
    };
    let read = |entry: Entry<'_, '_>| {
        let place = Place::native(entry.span());
        let address = VirtualAddress { place, ..read(reader, entry, keys)? };
        Some(At { address, span: entry.span() })
    };
    let read: Vec<At> = entries.iter().filter_map(read).collect();
    (entries.is_empty() || !read.is_empty()).then_some(read)
}

/// Refuses addresses that are there twice.
pub(super) fn refuse_twice<'a>(reader: &mut Reader<'_>, all: impl Iterator<Item = &'a At>) {
    let mut known = HashSet::new();
    for at in all {
        if !known.insert((at.address.address, &at.address.device)) {
            reader.error(&at.span, "this address is there already", "remove one of them");
        }
    }
}

fn read(reader: &mut Reader<'_>, entry: Entry<'_, '_>, keys: &[Key]) -> Option<VirtualAddress> {
    if entry.get_ref().as_str().is_some() {
        return plain(reader, entry);
    }
    let table = reader.table(entry, "an address, or { address = \"10.1.1.30/24\", dev = \"eth1\" }")?;
    reader.only(table, &[keys], "an address");
    let Some(value) = table.get("address") else {
        reader.error(&entry.span(), "this has no address", "add address = \"10.1.1.30/24\"");
        return None;
    };
    let mut address = plain(reader, value)?;
    address.device = optional(table, "dev", |value| reader.interface(value));
    address.label = optional(table, "label", |value| label(reader, value));
    address.scope = optional(table, "scope", |value| scope(reader, value)).unwrap_or_default();
    if let Some(lifetime) = optional(table, "preferred_lft", |value| lifetime(reader, value)) {
        address.preferred_lifetime = lifetime;
    }
    let mut is = |key: &str| optional(table, key, |value| reader.flag(value)).unwrap_or_default();
    address.tracked = !is("no_track");
    address.no_prefix_route = is("noprefixroute");
    address.duplicate_detection = is("dad");
    address.home = is("home");
    address.manage_temporary = is("mngtmpaddr");
    let (other, family) = match address.address {
        IpAddr::V4(_) => (["dad", "preferred_lft", "home", "mngtmpaddr"].as_slice(), "IPv4"),
        IpAddr::V6(_) => (["label", "scope", "broadcast"].as_slice(), "IPv6"),
    };
    for key in table.keys().filter(|key| other.contains(&key.get_ref().as_ref())) {
        let message = format!("an {family} address has no {}", shown(key.get_ref()));
        reader.error(&key.span(), message, "remove this");
    }
    if address.address.is_ipv4() {
        address.broadcast = optional(table, "broadcast", |value| broadcast(reader, value));
    }
    address.peer = optional(table, "peer", |value| peer(reader, value, &address));
    if let (Some(_), Some((key, _))) = (table.get("peer"), table.get_key_value("broadcast")) {
        reader.error(&key.span(), "an address with a peer has no broadcast address", "remove this");
    }
    Some(address)
}

/// A scope by name, or by the kernel's number.
fn scope(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<Scope> {
    if value.get_ref().as_integer().is_none() {
        return reader.one_of(value, SCOPES);
    }
    let number = reader.whole(value, 0..=255)?;
    u8::try_from(number).ok().map(Scope::of_number)
}

/// `"forever"`, or whole seconds, which the kernel counts in.
fn lifetime(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<Lifetime> {
    if value.get_ref().as_str() == Some("forever") {
        return Some(Lifetime::Forever);
    }
    let lifetime = reader.long_pause(value)?;
    if lifetime.subsec_nanos() != 0 {
        let label = "whole seconds, or \"forever\"";
        reader.error(&value.span(), "the kernel counts lifetimes in seconds", label);
        return None;
    }
    // The kernel's number for "without end".
    Some(if lifetime.as_secs() == u64::from(u32::MAX) { Lifetime::Forever } else { Lifetime::For(lifetime) })
}

fn broadcast(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<Ipv4Addr> {
    let IpAddr::V4(address) = reader.ip(value)? else {
        reader.error(&value.span(), "this is no IPv4 address", "such as 10.1.1.255");
        return None;
    };
    Some(address)
}

/// The other end of a point-to-point address, which then has no prefix of its own.
fn peer(reader: &mut Reader<'_>, value: Entry<'_, '_>, own: &VirtualAddress) -> Option<(IpAddr, u8)> {
    let peer = reader.ip(value)?;
    let whole = if own.address.is_ipv4() { 32 } else { 128 };
    if Family::of(peer) != Family::of(own.address) {
        reader.error(&value.span(), "this is not of the family of its address", "");
        return None;
    }
    if own.prefix_len != whole {
        let label = format!("write address = \"{}\"", own.address);
        reader.error(&value.span(), "an address with a peer has no prefix length", label);
        return None;
    }
    Some((peer, whole))
}

/// `10.1.1.30/24`; the whole address without a prefix length.
fn plain(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<VirtualAddress> {
    let (address, prefix_len) = with_prefix(reader, value)?;
    let preferred_lifetime = Lifetime::of_prefix(prefix_len);
    let place = Place::native(value.span());
    Some(VirtualAddress { preferred_lifetime, place, ..VirtualAddress::plain(address, prefix_len) })
}

/// An address and its prefix length, which is that of the whole address if it is not there.
pub(super) fn with_prefix(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<(IpAddr, u8)> {
    let text = reader.text(value)?;
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text.as_str(), None),
    };
    let Ok(address) = address.parse::<IpAddr>() else {
        let message = format!("{} is no IP address", shown(&text));
        reader.error(&value.span(), message, "such as 10.1.1.30/24 or fd00::30/64");
        return None;
    };
    let whole = if address.is_ipv4() { 32 } else { 128 };
    let length = match prefix {
        Some(prefix) => prefix.parse().ok().filter(|length| *length <= whole),
        None => Some(whole),
    };
    let Some(prefix_len) = length else {
        let message = format!("{} has a prefix length that cannot be", shown(&text));
        reader.error(&value.span(), message, format!("0 to {whole}"));
        return None;
    };
    Some((address, prefix_len))
}

fn label(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<String> {
    let text = reader.text(value)?;
    if text.is_empty() || text.len() > LONGEST_LABEL {
        reader.error(&value.span(), "this cannot be a label", format!("1 to {LONGEST_LABEL} octets"));
        return None;
    }
    Some(text)
}
