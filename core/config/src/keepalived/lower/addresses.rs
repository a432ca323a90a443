//! Entries of `virtual_ipaddress` and `virtual_ipaddress_excluded`.

use std::net::{IpAddr, Ipv4Addr};
use std::slice::Iter;
use std::time::Duration;

use super::super::number;
use super::super::parser::Statement;
use super::super::token::Word;
use super::reader::Reader;
use super::routing::iproute::List;
use super::track::interface_name;
use crate::diagnostic::Diagnostic;
use crate::model::{Lifetime, Place, Scope, VirtualAddress};
use crate::similar::shown;

/// How a broadcast address is written.
#[derive(Clone, Copy)]
enum Broadcast {
    Written(Ipv4Addr),
    /// `+`: all host bits set.
    Set,
    /// `-`: all host bits clear.
    Clear,
}

/// What is known of an address while its options are read.
struct Draft<'s, 'a> {
    address: VirtualAddress,
    word: &'s Word<'a>,
    broadcast: Option<(Broadcast, &'s Word<'a>)>,
    lifetime: Option<Lifetime>,
}

/// The address drops out; the reason has been reported.
struct Dropped;

/// Reads one entry; `None` if keepalived would drop it.
pub(super) fn read(entry: &Statement<'_>, reader: &mut Reader<'_>) -> Option<VirtualAddress> {
    let word = &entry.line.keyword;
    let (address, prefix_len) = address(word, reader)?;
    let place = Place::keepalived(entry.line.span.clone());
    let address = VirtualAddress { place, ..VirtualAddress::plain(address, prefix_len) };
    let mut draft = Draft { address, word, broadcast: None, lifetime: None };
    let mut options = entry.line.arguments.iter();
    while let Some(option) = options.next() {
        draft.option(option, &mut options, reader).ok()?;
    }
    Some(draft.complete(reader))
}

const fn whole_address(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn address(word: &Word<'_>, reader: &mut Reader<'_>) -> Option<(IpAddr, u8)> {
    let (address, prefix) = match word.text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (word.text.as_ref(), None),
    };
    let Ok(address) = address.parse::<IpAddr>() else {
        let message = format!("{} is not an IP address", shown(&word.text));
        reader.survived(&word.span, message, "", "leaves it out");
        return None;
    };
    let whole = whole_address(address);
    let Some(prefix) = prefix else { return Some((address, whole)) };
    let number = number::whole(prefix);
    let starts_with_digit = prefix.starts_with(|c: char| c.is_ascii_digit());
    let Some(length) = u8::try_from(number.value).ok().filter(|&length| starts_with_digit && length <= whole)
    else {
        let message = format!("{} has a prefix length that cannot be", shown(&word.text));
        let label = format!("must be 0 to {whole}");
        reader.survived(&word.span, message, label, &format!("uses /{whole}"));
        return Some((address, whole));
    };
    reader.check_clean(word, number, || format!("/{length}"));
    Some((address, length))
}

impl<'s, 'a> Draft<'s, 'a> {
    fn option(
        &mut self,
        option: &'s Word<'a>,
        rest: &mut Iter<'s, Word<'a>>,
        reader: &mut Reader<'_>,
    ) -> Result<(), Dropped> {
        let mut value = |reader: &mut Reader<'_>| {
            let word = rest.next();
            if word.is_none() {
                let message = format!("{} needs a value", shown(&option.text));
                reader.survived(&option.span, message, "nothing follows", "leaves the address out");
            }
            word.ok_or(Dropped)
        };
        match option.text.as_ref() {
            "dev" => {
                let device = value(reader)?;
                if self.address.device.is_some() {
                    reader.survived(&device.span, "a second `dev`", "", "leaves the address out");
                    return Err(Dropped);
                }
                self.address.device = Some(interface_name(device, reader).ok_or(Dropped)?);
            }
            "scope" => {
                let word = value(reader)?;
                self.address.scope = scope(word, reader).unwrap_or(self.address.scope);
            }
            "brd" | "broadcast" => {
                let word = value(reader)?;
                self.broadcast = Some((self.broadcast(word, reader)?, word));
            }
            "label" => {
                let word = value(reader)?;
                if word.text.len() > 15 {
                    let label = "must be at most 15 octets";
                    reader.survived(&word.span, "the label is too long", label, "leaves the address out");
                    return Err(Dropped);
                }
                self.address.label = Some(word.text.clone().into_owned());
            }
            "peer" => {
                let word = value(reader)?;
                self.peer(word, reader);
            }
            "preferred_lft" => {
                let word = value(reader)?;
                self.lifetime = lifetime(word, reader).or(self.lifetime);
            }
            "home" => self.address.home = true,
            "-nodad" => self.address.duplicate_detection = true,
            "mngtmpaddr" => self.address.manage_temporary = true,
            "noprefixroute" => self.address.no_prefix_route = true,
            "no_track" => self.address.tracked = false,
            "use_vmac" | "autojoin" => {
                let message = format!("`{}` is not supported by this version", option.text);
                let note = "keepalived would do this for the address; keepwatch adds it without";
                reader.report(Diagnostic::warning(&option.span, message, "").note(note));
            }
            "track_group" => {
                let message = "`track_group` is not supported by this version";
                let note =
                    "keepalived would stop the group's instances without this address; keepwatch restores it";
                reader.report(Diagnostic::warning(&option.span, message, "").note(note));
                value(reader)?;
            }
            other => {
                let message = format!("{} is no option of an address", shown(other));
                reader.survived(&option.span, message, "", "ignores the word");
            }
        }
        Ok(())
    }

    fn broadcast(&self, word: &Word<'_>, reader: &mut Reader<'_>) -> Result<Broadcast, Dropped> {
        if self.address.address.is_ipv6() {
            let label = "";
            reader.survived(&word.span, "IPv6 has no broadcast address", label, "leaves the address out");
            return Err(Dropped);
        }
        match word.text.as_ref() {
            "+" => Ok(Broadcast::Set),
            "-" => Ok(Broadcast::Clear),
            text => text.parse().map(Broadcast::Written).map_err(|_| {
                let message = format!("{} is not an IPv4 address", shown(text));
                reader.survived(&word.span, message, "", "leaves the virtual address out");
                Dropped
            }),
        }
    }

    fn peer(&mut self, word: &Word<'_>, reader: &mut Reader<'_>) {
        let whole = whole_address(self.address.address);
        let peer = word.text.parse::<IpAddr>().ok();
        let Some(peer) = peer.filter(|peer| peer.is_ipv4() == self.address.address.is_ipv4()) else {
            let message = format!("{} cannot be the peer of this address", shown(&word.text));
            let label = "must be an address of the same family, without prefix";
            return reader.survived(&word.span, message, label, "ignores it");
        };
        if self.address.peer.is_some() {
            return reader.survived(&word.span, "a second `peer`", "", "uses the first one");
        }
        if self.address.prefix_len != whole {
            let message = "an address with a peer has no prefix";
            reader.survived(&self.word.span, message, "", &format!("uses /{whole}"));
        }
        self.address.prefix_len = whole;
        self.address.peer = Some((peer, whole));
    }

    fn complete(mut self, reader: &mut Reader<'_>) -> VirtualAddress {
        match self.address.address {
            IpAddr::V4(address) => {
                if let Some((broadcast, word)) = self.broadcast {
                    self.address.broadcast = self.broadcast_of(address, broadcast, word, reader);
                }
                if self.lifetime.is_some() {
                    let message = "an IPv4 address has no preferred lifetime";
                    reader.survived(&self.word.span, message, "", "ignores the lifetime");
                }
            }
            IpAddr::V6(_) => self.complete_v6(reader),
        }
        self.address
    }

    fn broadcast_of(
        &self,
        address: Ipv4Addr,
        broadcast: Broadcast,
        word: &Word<'_>,
        reader: &mut Reader<'_>,
    ) -> Option<Ipv4Addr> {
        if self.address.peer.is_some() {
            let message = "an address with a peer has no broadcast address";
            reader.survived(&word.span, message, "", "ignores it");
            return None;
        }
        let hosts = u32::MAX.checked_shr(self.address.prefix_len.into()).unwrap_or(0);
        let bits = match broadcast {
            Broadcast::Written(written) => return Some(written),
            _ if self.address.prefix_len > 30 => {
                let message =
                    format!("a prefix of {} is too long for a broadcast address", self.address.prefix_len);
                reader.survived(&word.span, message, "", "sets none");
                return None;
            }
            Broadcast::Set => address.to_bits() | hosts,
            Broadcast::Clear => address.to_bits() & !hosts,
        };
        Some(Ipv4Addr::from_bits(bits))
    }

    fn complete_v6(&mut self, reader: &mut Reader<'_>) {
        if self.address.scope != Scope::Global {
            self.address.scope = Scope::Global;
            reader.survived(&self.word.span, "an IPv6 address has no scope to set", "", "ignores the scope");
        }
        if self.address.label.take().is_some() {
            reader.survived(&self.word.span, "an IPv6 address has no label", "", "ignores the label");
        }
        let default = Lifetime::of_prefix(self.address.prefix_len);
        self.address.preferred_lifetime = self.lifetime.unwrap_or(default);
    }
}

/// A scope by name or number; reports what is none.
pub(super) fn scope(word: &Word<'_>, reader: &mut Reader<'_>) -> Option<Scope> {
    let number = reader.iproute.number(List::Scopes, &word.text).and_then(|number| u8::try_from(number).ok());
    let scope = number.map(Scope::of_number);
    if scope.is_none() {
        let message = format!("{} is no scope", shown(&word.text));
        let label = "must be global, site, link, host, nowhere, a name of iproute2's rt_scopes, or 0 to 255";
        reader.survived(&word.span, message, label, "ignores it");
    }
    scope
}

fn lifetime(word: &Word<'_>, reader: &mut Reader<'_>) -> Option<Lifetime> {
    if word.text == "forever" {
        return Some(Lifetime::Forever);
    }
    let number = number::whole(&word.text);
    let Ok(seconds) = u32::try_from(number.value) else {
        let message = format!("{} is no lifetime", shown(&word.text));
        reader.survived(&word.span, message, "must be seconds or `forever`", "ignores it");
        return None;
    };
    reader.check_clean(word, number, || format!("{seconds} s"));
    // The kernel's number for "without end".
    Some(if seconds == u32::MAX {
        Lifetime::Forever
    } else {
        Lifetime::For(Duration::from_secs(seconds.into()))
    })
}
