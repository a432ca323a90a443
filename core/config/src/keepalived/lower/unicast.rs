//! `unicast_peer` and what belongs to it.

use std::collections::HashSet;
use std::net::IpAddr;
use std::ops::Range;

use keepwatch_vrrp::{Destination, Family, SourceCheck, UnicastPeer};

use super::super::number;
use super::super::parser::Statement;
use super::At;
use super::reader::Reader;
use crate::diagnostic::Diagnostic;
use crate::similar::shown;

/// What an instance says about unicast.
#[derive(Clone, Default)]
pub(super) struct Unicast {
    /// Where the first keyword about unicast stands.
    pub(super) mentioned: Option<Range<usize>>,
    pub(super) ttl: Option<At<u8>>,
    pub(super) check_source: bool,
    /// Where `unicast_fault_no_peer` stands.
    pub(super) fault_without_peer: Option<Range<usize>>,
    peers: Vec<UnicastPeer>,
    known: HashSet<IpAddr>,
}

impl Unicast {
    pub(super) fn mention(&mut self, statement: &Statement<'_>) {
        self.mentioned.get_or_insert_with(|| statement.line.keyword.span.clone());
    }

    pub(super) fn has_peers(&self) -> bool {
        !self.peers.is_empty()
    }

    /// Reads a `unicast_peer` block; the first address of an instance decides its family.
    pub(super) fn read(
        &mut self,
        block: &Statement<'_>,
        family: &mut Option<Family>,
        reader: &mut Reader<'_>,
    ) {
        self.mention(block);
        for entry in reader.entries(block) {
            let word = &entry.line.keyword;
            let Some(address) = address(&word.text) else {
                let message = format!("{} is not an IP address", shown(&word.text));
                reader.survived(&word.span, message, "names cannot stand here", "leaves this peer out");
                continue;
            };
            if !is_of_family(address, family) {
                let message = format!("{} is not of the instance's family", shown(&word.text));
                reader.survived(&word.span, message, "", "leaves this peer out");
                continue;
            }
            let peer = self.options(UnicastPeer { address, min_ttl: 0, max_ttl: 255 }, entry, reader);
            if !self.known.insert(address) {
                reader.survived(&word.span, "this peer is there already", "", "uses the first one");
                continue;
            }
            if peer.min_ttl > peer.max_ttl {
                let message = "min_ttl is greater than max_ttl";
                reader.survived(&entry.line.span, message, "", "accepts nothing from this peer");
            }
            self.peers.push(peer);
        }
    }

    fn options(
        &mut self,
        mut peer: UnicastPeer,
        entry: &Statement<'_>,
        reader: &mut Reader<'_>,
    ) -> UnicastPeer {
        for pair in entry.line.arguments.chunks(2) {
            let [option, value] = pair else {
                let span = pair.first().map_or_else(|| entry.line.span.clone(), |word| word.span.clone());
                reader.survived(&span, "a peer's option needs a value", "", "ignores it");
                break;
            };
            let number = number::whole(&value.text);
            let Some(ttl) = u8::try_from(number.value).ok().filter(|_| number.clean) else {
                reader.survived(&value.span, "a TTL is out of range", "must be 0 to 255", "ignores it");
                continue;
            };
            match option.text.as_ref() {
                "min_ttl" => peer.min_ttl = ttl,
                "max_ttl" => peer.max_ttl = ttl,
                other => {
                    let message = format!("{} is no option of a peer", shown(other));
                    reader.survived(&option.span, message, "must be min_ttl or max_ttl", "ignores the rest");
                    break;
                }
            }
            self.check_source = true;
        }
        peer
    }

    /// Where adverts go: to the peers if there are any, else to `group`.
    pub(super) fn complete(self, group: IpAddr, reader: &mut Reader<'_>) -> Destination {
        if self.has_peers() {
            return Destination::Unicast {
                peers: self.peers,
                ttl: self.ttl.map_or(255, |ttl| ttl.value),
                source_check: if self.check_source { SourceCheck::Peers } else { SourceCheck::Anybody },
            };
        }
        if let Some(ttl) = self.ttl {
            reader.survived(&ttl.span, "`unicast_ttl` without `unicast_peer`", "", "ignores the line");
        }
        if let Some(span) = self.fault_without_peer {
            reader.report(
                Diagnostic::error(&span, "there is no peer to send to", "")
                    .note(
                        "keepalived would stay in FAULT; this version of keepwatch could only use multicast",
                    )
                    .help("name the peers in `unicast_peer`, or remove this line to use multicast"),
            );
        } else if let Some(span) = self.mentioned {
            reader.survived(&span, "unicast without `unicast_peer`", "", "uses multicast");
        }
        Destination::Multicast { group }
    }
}

/// An address as keepalived reads it where no prefix belongs: what follows `-` or `/` is ignored.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    text.split(['-', '/']).next()?.parse().ok()
}

/// Whether the address is of the instance's family, which the first address of an instance decides.
pub(super) fn is_of_family(address: IpAddr, family: &mut Option<Family>) -> bool {
    let own = Family::of(address);
    *family.get_or_insert(own) == own
}
