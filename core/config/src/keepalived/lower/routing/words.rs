//! The words of a route or a rule, one after the other.

use std::net::IpAddr;
use std::slice::Iter;

use keepwatch_vrrp::Family;

use super::super::super::number;
use super::super::super::parser::Statement;
use super::super::super::token::Word;
use super::super::reader::Reader;
use super::super::track::interface_name;
use super::iproute::{self, List};
use crate::diagnostic::Diagnostic;
use crate::model::InterfaceName;
use crate::similar::shown;

/// The route or rule drops out; the reason has been reported.
pub(super) struct Dropped;

/// What is left of the words of an entry.
pub(super) struct Words<'s, 'a> {
    first: Option<&'s Word<'a>>,
    rest: Iter<'s, Word<'a>>,
    last: &'s Word<'a>,
    /// `route` or `rule`.
    noun: &'static str,
}

impl<'s, 'a> Words<'s, 'a> {
    pub(super) fn new(entry: &'s Statement<'a>, noun: &'static str) -> Self {
        let keyword = &entry.line.keyword;
        Self { first: Some(keyword), rest: entry.line.arguments.iter(), last: keyword, noun }
    }

    pub(super) fn next(&mut self) -> Option<&'s Word<'a>> {
        let word = self.first.take().or_else(|| self.rest.next())?;
        self.last = word;
        Some(word)
    }

    /// Takes the next word if it is this one.
    pub(super) fn skip(&mut self, text: &str) -> Option<&'s Word<'a>> {
        let is_it =
            self.first.is_none() && self.rest.as_slice().first().is_some_and(|word| word.text == text);
        if is_it { self.next() } else { None }
    }

    /// The value that must follow.
    pub(super) fn value(&mut self, reader: &mut Reader<'_>) -> Result<&'s Word<'a>, Dropped> {
        let option = self.last;
        self.next().ok_or_else(|| {
            let message = format!("{} needs a value", shown(&option.text));
            reader.report(
                Diagnostic::error(&option.span, message, "nothing follows")
                    .note("keepalived refuses to start"),
            );
            Dropped
        })
    }

    /// Drops the whole entry because of a word.
    pub(super) fn drop(
        &self,
        word: &Word<'_>,
        message: String,
        label: &str,
        reader: &mut Reader<'_>,
    ) -> Dropped {
        reader.survived(&word.span, message, label, &format!("leaves the {} out", self.noun));
        Dropped
    }

    /// Reports an option that is left out, with its value.
    pub(super) fn unsupported(&self, word: &Word<'_>, reader: &mut Reader<'_>) {
        let message = format!("`{}` is not supported by this version", word.text);
        let note = format!("keepalived would set this for the {}; keepwatch adds it without", self.noun);
        reader.report(Diagnostic::warning(&word.span, message, "").note(note));
    }

    /// Drops the whole entry because it would be another one without this word.
    pub(super) fn refuse(&self, word: &Word<'_>, reader: &mut Reader<'_>) -> Dropped {
        let message = format!("`{}` is not supported by this version", word.text);
        let note = format!("keepalived would add this {}; keepwatch leaves all of it out", self.noun);
        reader.report(Diagnostic::warning(&word.span, message, "").note(note));
        Dropped
    }

    pub(super) fn address(
        &mut self,
        family: &mut Option<Family>,
        reader: &mut Reader<'_>,
    ) -> Result<IpAddr, Dropped> {
        let word = self.value(reader)?;
        let address = word.text.parse::<IpAddr>();
        let address = address.map_err(|_| {
            self.drop(word, format!("{} is not an IP address", shown(&word.text)), "", reader)
        })?;
        self.of_family(word, address, family, reader)?;
        Ok(address)
    }

    /// A network, or `default`, `any` or `all`, which is `None`.
    pub(super) fn network(
        &self,
        word: &Word<'_>,
        family: &mut Option<Family>,
        reader: &mut Reader<'_>,
    ) -> Result<Option<(IpAddr, u8)>, Dropped> {
        match word.text.as_ref() {
            "default" | "any" | "all" => return Ok(None),
            "default6" => {
                family.get_or_insert(Family::V6);
                return Ok(None);
            }
            _ => {}
        }
        let (address, length) = match word.text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (word.text.as_ref(), None),
        };
        let Ok(address) = address.parse::<IpAddr>() else {
            let message = format!("{} is neither a word of a {} nor a network", shown(&word.text), self.noun);
            return Err(self.drop(word, message, "", reader));
        };
        let whole = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            None => whole,
            Some(length) => match u8::try_from(number::whole(length).value) {
                Ok(read) if read <= whole => {
                    reader.check_clean(word, number::whole(length), || format!("/{read}"));
                    read
                }
                _ => {
                    let message = format!("{} has a prefix length that cannot be", shown(&word.text));
                    return Err(self.drop(word, message, "", reader));
                }
            },
        };
        self.of_family(word, address, family, reader)?;
        Ok(Some((address, length)))
    }

    fn of_family(
        &self,
        word: &Word<'_>,
        address: IpAddr,
        family: &mut Option<Family>,
        reader: &mut Reader<'_>,
    ) -> Result<(), Dropped> {
        let own = Family::of(address);
        if *family.get_or_insert(own) == own {
            return Ok(());
        }
        let message = format!("{} is of another family than what stands before", shown(&word.text));
        Err(self.drop(word, message, "", reader))
    }

    /// `inet` or `inet6`.
    pub(super) fn family(
        &self,
        word: &Word<'_>,
        own: Family,
        family: &mut Option<Family>,
        reader: &mut Reader<'_>,
    ) -> Result<(), Dropped> {
        if *family.get_or_insert(own) == own {
            return Ok(());
        }
        let message = format!("`{}` in a {} of the other family", word.text, self.noun);
        Err(self.drop(word, message, "", reader))
    }

    pub(super) fn table(&mut self, reader: &mut Reader<'_>) -> Result<u32, Dropped> {
        let word = self.value(reader)?;
        reader.iproute.number(List::Tables, &word.text).ok_or_else(|| {
            let message = format!("there is no routing table {}", shown(&word.text));
            self.drop(
                word,
                message,
                "a number, main, default, local, or a name of iproute2's rt_tables",
                reader,
            )
        })
    }

    pub(super) fn number(&mut self, most: u32, reader: &mut Reader<'_>) -> Result<u32, Dropped> {
        let word = self.value(reader)?;
        iproute::plain(&word.text).filter(|number| *number <= most).ok_or_else(|| {
            let message = format!("{} is no number", shown(&word.text));
            self.drop(word, message, &format!("must be 0 to {most}"), reader)
        })
    }

    /// A number up to 255 that may be given by a name of such a list.
    pub(super) fn named(&mut self, list: List, reader: &mut Reader<'_>) -> Result<u8, Dropped> {
        let word = self.value(reader)?;
        let number = reader.iproute.number(list, &word.text).and_then(|number| u8::try_from(number).ok());
        number.ok_or_else(|| {
            let message = format!("{} is neither a number nor a name", shown(&word.text));
            self.drop(word, message, "must be 0 to 255, or a name that iproute2 lists", reader)
        })
    }

    pub(super) fn device(&mut self, reader: &mut Reader<'_>) -> Result<InterfaceName, Dropped> {
        let word = self.value(reader)?;
        interface_name(word, reader).ok_or(Dropped)
    }
}
