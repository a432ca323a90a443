//! A bridge's forwarding database: behind which port an Ethernet address is.

use std::io;

use keepwatch_system::netlink::Requests;
use keepwatch_vrrp::MacAddress;
use rtnetlink::packet_route::neighbour::{NeighbourAttribute, NeighbourMessage, NeighbourState};
use rtnetlink::packet_route::{AddressFamily, RouteNetlinkMessage};

use crate::dump::dump;
use crate::namespace::Namespace;

/// The ports, of all bridges in a namespace, behind which an address was learned.
pub(crate) fn ports_of(switch: &Namespace, mac: MacAddress) -> io::Result<Vec<String>> {
    let (entries, links) = switch.run(|| Ok((entries()?, Requests::open()?.links()?)))?;
    let learned = entries.iter().filter(|entry| is_learned(entry) && speaks_of(entry, mac));
    let name = |entry: &NeighbourMessage| {
        let link = links.iter().find(|link| link.index == entry.header.ifindex);
        link.map(|link| link.name.clone())
    };
    Ok(learned.filter_map(name).collect())
}

/// Not the ports' own addresses (permanent), nor what somebody configured (noarp). A stale entry, past its age
/// and not yet swept up, still directs frames.
fn is_learned(entry: &NeighbourMessage) -> bool {
    let is_bridge_s =
        entry.attributes.iter().any(|attribute| matches!(attribute, NeighbourAttribute::Controller(_)));
    is_bridge_s && matches!(entry.header.state, NeighbourState::Reachable | NeighbourState::Stale)
}

fn speaks_of(entry: &NeighbourMessage, mac: MacAddress) -> bool {
    let is_it =
        |attribute: &_| matches!(attribute, NeighbourAttribute::LinkLayerAddress(octets) if *octets == mac.0);
    entry.attributes.iter().any(is_it)
}

/// All entries of all bridges.
fn entries() -> io::Result<Vec<NeighbourMessage>> {
    let mut question = NeighbourMessage::default();
    question.header.family = AddressFamily::Bridge;
    let answers = dump(RouteNetlinkMessage::GetNeighbour(question))?;
    let entry = |answer| match answer {
        RouteNetlinkMessage::NewNeighbour(entry) => Some(entry),
        _ => None,
    };
    Ok(answers.into_iter().filter_map(entry).collect())
}
