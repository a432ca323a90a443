//! `use_vmac`: which MAC, on an interface of which name.

use std::collections::HashSet;
use std::ops::Range;

use keepwatch_vrrp::{Family, MacAddress, Vrid};

use super::super::parser::Statement;
use super::super::token::Word;
use super::At;
use super::instance::{Draft, Given};
use super::reader::Reader;
use crate::diagnostic::Diagnostic;
use crate::model::{InterfaceName, VirtualMac, VmacAdverts};
use crate::similar::shown;
use crate::vmac_name;

/// Where a virtual router's MAC begins (RFC 9568 §7.3).
const RESERVED: [u8; 4] = [0x00, 0x00, 0x5e, 0x00];

/// What an instance says about its virtual MAC.
#[derive(Default)]
pub(super) struct Vmac {
    /// Where `use_vmac` stands.
    pub(super) used: Option<Range<usize>>,
    name: Option<At<InterfaceName>>,
    mac: Option<At<OwnMac>>,
    /// Where `vmac_xmit_base` stands.
    from_base: Option<Range<usize>>,
}

/// A MAC of the user's choice.
#[derive(Clone, Copy)]
enum OwnMac {
    Whole([u8; 6]),
    /// The VRID follows.
    WithVrid([u8; 5]),
}

/// What settles a virtual MAC beside what its own lines say.
pub(super) struct Circumstances<'a> {
    pub(super) vrid: Vrid,
    pub(super) family: Family,
    pub(super) is_strict: bool,
    pub(super) is_unicast: bool,
    /// The line that opens the instance.
    pub(super) span: &'a Range<usize>,
}

impl Vmac {
    pub(super) fn read_use(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        self.used.get_or_insert_with(|| statement.line.keyword.span.clone());
        let mut words = statement.line.arguments.iter();
        while let Some(word) = words.next() {
            match word.text.as_ref() {
                text if text.contains(':') => self.read_mac(word, reader),
                "netlink_notify_msg" => {
                    unsupported(word, "tell others that the interface below changed", reader)
                }
                "group" => {
                    unsupported(word, "put the interface into this group", reader);
                    words.next();
                }
                "name" => match words.next() {
                    Some(name) => self.read_name(name, reader),
                    None => {
                        reader.survived(&word.span, "`name` needs a value", "nothing follows", "ignores it")
                    }
                },
                _ => self.read_name(word, reader),
            }
        }
    }

    pub(super) fn read_from_base(&mut self, statement: &Statement<'_>) {
        self.from_base = Some(statement.line.span.clone());
    }

    fn read_name(&mut self, word: &Word<'_>, reader: &mut Reader<'_>) {
        let span = &word.span;
        if self.name.is_some() {
            return reader.survived(span, "`use_vmac` has a name already", "", "uses the first one");
        }
        let Some(value) = InterfaceName::new(&word.text) else {
            let message = format!("{} cannot be the name of an interface", shown(&word.text));
            let label = "must be 1 to 15 octets without `/` and `:`";
            return reader.survived(span, message, label, "uses a name of its own");
        };
        self.name = Some(At { value, span: span.clone() });
    }

    fn read_mac(&mut self, word: &Word<'_>, reader: &mut Reader<'_>) {
        let span = &word.span;
        if self.mac.is_some() {
            return reader.survived(span, "`use_vmac` has a MAC already", "", "uses the first one");
        }
        let Some(value) = own_mac(&word.text) else {
            let message = format!("{} is not a MAC", shown(&word.text));
            let label = "must be six octets like 02:00:00:00:00:33, or five that the VRID follows";
            return reader.survived(span, message, label, "uses the virtual router's");
        };
        let octets = match value {
            OwnMac::Whole([first, .., fifth, _]) | OwnMac::WithVrid([first, .., fifth]) => (first, fifth),
        };
        if octets.0 & 1 == 1 {
            let message = format!("{} is a multicast MAC", shown(&word.text));
            return reader.survived(span, message, "", "uses the virtual router's");
        }
        if value.begins_with(RESERVED) && matches!(octets.1, 1 | 2) {
            let message = format!("{} is a virtual router's MAC", shown(&word.text));
            let label = "leave it out: that of this virtual router is used anyway";
            return reader.survived(span, message, label, "uses this virtual router's");
        }
        self.mac = Some(At { value, span: span.clone() });
    }

    /// The virtual MAC, if there is one.
    pub(super) fn complete(
        self,
        circumstances: &Circumstances<'_>,
        names: &mut Names,
        reader: &mut Reader<'_>,
    ) -> Option<VirtualMac> {
        let Circumstances { vrid, family, is_strict, is_unicast, span } = *circumstances;
        if self.used.is_none() {
            if let Some(span) = self.from_base {
                let message = "`vmac_xmit_base` without `use_vmac`";
                reader.survived(&span, message, "", "ignores the line");
            }
            return None;
        }
        let mut mac = self.mac;
        if let Some(at) = mac.take_if(|_| is_strict) {
            let message = "`vrrp_strict` forbids a MAC of one's own";
            reader.survived(&at.span, message, "", "uses the virtual router's");
        }
        let mut from_base = self.from_base;
        if let Some(span) = from_base.take_if(|_| is_strict) {
            let message = "`vrrp_strict` forbids `vmac_xmit_base`";
            reader.survived(&span, message, "", "ignores the line");
        }
        if is_unicast && from_base.is_none() {
            let message = "unicast with `use_vmac` needs `vmac_xmit_base`";
            reader.survived(span, message, "", "sets it");
        }
        let own = mac.map(|at| match at.value {
            OwnMac::Whole(octets) => MacAddress(octets),
            OwnMac::WithVrid([a, b, c, d, e]) => MacAddress([a, b, c, d, e, vrid.get()]),
        });
        let is_from_base = is_unicast || from_base.is_some();
        Some(VirtualMac {
            interface: names.settle(self.name, vrid, family)?,
            mac: own.unwrap_or_else(|| MacAddress::of_virtual_router(family, vrid)),
            adverts: if is_from_base { VmacAdverts::FromBase } else { VmacAdverts::FromVmac },
        })
    }
}

impl OwnMac {
    fn begins_with(self, start: [u8; 4]) -> bool {
        match self {
            Self::Whole(octets) => octets.starts_with(&start),
            Self::WithVrid(octets) => octets.starts_with(&start),
        }
    }
}

/// As keepalived reads it: hexadecimal octets of one or two digits; a colon may follow the fifth.
fn own_mac(text: &str) -> Option<OwnMac> {
    let octets: Vec<&str> = text.split(':').collect();
    let octets = match octets.as_slice() {
        [five @ .., ""] if five.len() == 5 => five,
        all => all,
    };
    let octet = |digits: &&str| {
        let valid = matches!(digits.len(), 1 | 2) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        valid.then(|| u8::from_str_radix(digits, 16).ok()).flatten()
    };
    let octets: Vec<u8> = octets.iter().map(octet).collect::<Option<_>>()?;
    let whole = <[u8; 6]>::try_from(octets.as_slice()).map(OwnMac::Whole);
    whole.or_else(|_| octets.as_slice().try_into().map(OwnMac::WithVrid)).ok()
}

pub(super) fn unsupported(word: &Word<'_>, what: &str, reader: &mut Reader<'_>) {
    let message = format!("`{}` is not supported by this version", word.text);
    let note = format!("keepalived would {what}; keepwatch does not");
    reader.report(Diagnostic::warning(&word.span, message, "").note(note));
}

/// Names of interfaces that are taken.
pub(super) struct Names {
    prefix: String,
    taken: HashSet<InterfaceName>,
}

impl Names {
    /// Taken are the interfaces that instances run on, and the names that instances give to their own.
    pub(super) fn new(prefix: Option<&str>, drafts: &mut [Draft<'_>], reader: &mut Reader<'_>) -> Self {
        let mut taken = HashSet::new();
        for draft in drafts.iter() {
            if let Given::Right(interface) = &draft.interface {
                taken.insert(interface.value.clone());
            }
        }
        for draft in drafts {
            let names = [&mut draft.vmac.name, &mut draft.ipvlan.name];
            let doubled =
                names.into_iter().find_map(|name| name.take_if(|at| !taken.insert(at.value.clone())));
            if let Some(At { value, span }) = doubled {
                let message = format!("an interface {} is there already", shown(value.as_str()));
                reader.survived(&span, message, "", "uses a name of its own");
            }
        }
        Self { prefix: prefix.unwrap_or(vmac_name::PREFIX).to_owned(), taken }
    }

    /// The name of an interface of an instance's own: as given, or one that is not taken.
    pub(super) fn settle(
        &mut self,
        own: Option<At<InterfaceName>>,
        vrid: Vrid,
        family: Family,
    ) -> Option<InterfaceName> {
        if let Some(own) = own {
            return Some(own.value);
        }
        let mut names = vmac_name::candidates(&self.prefix, vrid, family);
        names.find(|name| self.taken.insert(name.clone()))
    }
}
