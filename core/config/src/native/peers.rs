//! `unicast_peer`: addresses, or tables that also say how near adverts of a peer have to come from.

use keepwatch_vrrp::{SourceCheck, UnicastPeer};
use toml::de::DeTable;

use super::keys::PEER;
use super::reader::{Entry, Reader, optional};
use crate::diagnostic::Diagnostic;

/// One peer, or several; none twice.
pub(super) fn read(reader: &mut Reader<'_>, table: &DeTable<'_>) -> Vec<UnicastPeer> {
    let Some(value) = table.get("unicast_peer") else { return Vec::new() };
    let entries: Vec<Entry<'_, '_>> = match value.get_ref().as_array() {
        Some(entries) => entries.iter().collect(),
        None => vec![value],
    };
    let mut peers: Vec<UnicastPeer> = Vec::new();
    for entry in entries {
        let Some(peer) = peer(reader, entry) else { continue };
        if peers.iter().any(|known| known.address == peer.address) {
            reader.error(&entry.span(), "this address is there already", "");
            continue;
        }
        peers.push(peer);
    }
    peers
}

fn peer(reader: &mut Reader<'_>, entry: Entry<'_, '_>) -> Option<UnicastPeer> {
    let Some(table) = entry.get_ref().as_table() else {
        return Some(UnicastPeer { address: reader.ip(entry)?, min_ttl: 0, max_ttl: 255 });
    };
    reader.only(table, &[PEER], "a peer");
    let ttl = |reader: &mut Reader<'_>, key: &str| {
        optional(table, key, |value| reader.whole(value, 0..=255)).and_then(|ttl| u8::try_from(ttl).ok())
    };
    let (min_ttl, max_ttl) = (ttl(reader, "min_ttl").unwrap_or(0), ttl(reader, "max_ttl").unwrap_or(255));
    if min_ttl > max_ttl {
        // As keepalived has it.
        let message = "min_ttl is greater than max_ttl";
        let finding = Diagnostic::warning(&entry.span(), message, "nothing is heard of this peer");
        reader.findings.push(finding);
    }
    let Some(address) = table.get("address") else {
        reader.error(&entry.span(), "this peer has no address", "add address = \"10.1.1.20\"");
        return None;
    };
    Some(UnicastPeer { address: reader.ip(address)?, min_ttl, max_ttl })
}

/// `check_unicast_src`; whoever says how near peers are means that only they are heard.
pub(super) fn source_check(
    reader: &mut Reader<'_>,
    table: &DeTable<'_>,
    peers: &[UnicastPeer],
) -> SourceCheck {
    let is_near = peers.iter().any(|peer| (peer.min_ttl, peer.max_ttl) != (0, 255));
    let said = optional(table, "check_unicast_src", |value| reader.flag(value));
    if let Some(value) = table.get("check_unicast_src").filter(|_| is_near && said == Some(false)) {
        let label = "remove this, or `min_ttl` and `max_ttl`";
        reader.error(&value.span(), "peers whose TTL counts are the only ones that are heard", label);
    }
    if said.unwrap_or(is_near) { SourceCheck::Peers } else { SourceCheck::Anybody }
}
