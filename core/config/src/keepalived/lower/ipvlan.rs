//! `use_ipvlan`: an interface of which name, with which address, in which mode.

use std::net::IpAddr;
use std::ops::Range;

use keepwatch_vrrp::{Family, Vrid};

use super::super::parser::Statement;
use super::super::token::Word;
use super::At;
use super::reader::Reader;
use super::unicast;
use super::vmac::{Names, unsupported};
use crate::diagnostic::Diagnostic;
use crate::model::{InterfaceName, Ipvlan, IpvlanMode};
use crate::similar::shown;

/// What an instance says about its ipvlan.
#[derive(Default)]
pub(super) struct IpvlanDraft {
    /// Where `use_ipvlan` stands.
    pub(super) used: Option<Range<usize>>,
    pub(super) name: Option<At<InterfaceName>>,
    address: Option<(IpAddr, u8)>,
    mode: Option<IpvlanMode>,
}

impl IpvlanDraft {
    /// Reads the line; an address decides the instance's family if nothing has yet.
    pub(super) fn read(
        &mut self,
        statement: &Statement<'_>,
        family: &mut Option<Family>,
        reader: &mut Reader<'_>,
    ) {
        if self.used.is_some() {
            return reader.there_already(statement, "use_ipvlan");
        }
        self.used = Some(statement.line.keyword.span.clone());
        let mut words = statement.line.arguments.iter();
        while let Some(word) = words.next() {
            let text = word.text.as_ref();
            if let Some((_, mode)) = IpvlanMode::WORDS.iter().find(|(known, _)| *known == text) {
                self.mode(*mode, word, reader);
            } else if let Some(address) = unicast::address(text) {
                self.address(address, word, family, reader);
            } else {
                match text {
                    "group" => {
                        unsupported(word, "put the interface into this group", reader);
                        words.next();
                    }
                    "name" => match words.next() {
                        Some(name) => self.name(name, reader),
                        None => {
                            let message = "`name` needs a value";
                            reader.survived(&word.span, message, "nothing follows", "ignores it");
                        }
                    },
                    _ => self.name(word, reader),
                }
            }
        }
    }

    fn mode(&mut self, mode: IpvlanMode, word: &Word<'_>, reader: &mut Reader<'_>) {
        if self.mode.is_some() {
            return reader.survived(&word.span, "`use_ipvlan` has a mode already", "", "uses the first one");
        }
        self.mode = Some(mode);
    }

    fn address(
        &mut self,
        address: IpAddr,
        word: &Word<'_>,
        family: &mut Option<Family>,
        reader: &mut Reader<'_>,
    ) {
        let span = &word.span;
        if self.address.is_some() {
            let message = "`use_ipvlan` has an address already";
            return reader.survived(span, message, "", "uses the first one");
        }
        let whole = if address.is_ipv4() { 32 } else { 128 };
        let written = word.text.split_once('/').map_or(Some(whole), |(_, length)| length.parse().ok());
        let Some(prefix_len) = written.filter(|length| *length <= whole) else {
            let message = format!("{} has a prefix length that cannot be", shown(&word.text));
            let label = format!("must be 0 to {whole}");
            // It is not missing.
            self.address = Some((address, whole));
            return reader.report(Diagnostic::error(span, message, label));
        };
        if !unicast::is_of_family(address, family) {
            let message = format!("{} is not of the instance's family", shown(&word.text));
            return reader.survived(span, message, "", "leaves it out");
        }
        self.address = Some((address, prefix_len));
    }

    fn name(&mut self, word: &Word<'_>, reader: &mut Reader<'_>) {
        let span = &word.span;
        if self.name.is_some() {
            return reader.survived(span, "`use_ipvlan` has a name already", "", "uses the first one");
        }
        let Some(value) = InterfaceName::new(&word.text) else {
            let message = format!("{} cannot be the name of an interface", shown(&word.text));
            let label = "must be 1 to 15 octets without `/` and `:`";
            return reader.survived(span, message, label, "uses a name of its own");
        };
        self.name = Some(At { value, span: span.clone() });
    }

    /// The address that it gives its interface, if it gives one.
    pub(super) fn own_address(&self) -> Option<IpAddr> {
        self.address.map(|(address, _)| address)
    }

    /// The ipvlan, if there is one.
    pub(super) fn complete(
        self,
        vrid: Vrid,
        family: Family,
        names: &mut Names,
        reader: &mut Reader<'_>,
    ) -> Option<Ipvlan> {
        let used = self.used?;
        if family == Family::V4 && self.address.is_none() {
            let message = "`use_ipvlan` needs an address with IPv4";
            reader.report(
                Diagnostic::error(&used, message, "adverts come from it")
                    .note("keepalived would keep the instance in FAULT")
                    .help("write `use_ipvlan 10.1.1.11/24`, a free address of this network"),
            );
            return None;
        }
        let interface = names.settle(self.name, vrid, family)?;
        Some(Ipvlan { interface, address: self.address, mode: self.mode.unwrap_or_default() })
    }
}
