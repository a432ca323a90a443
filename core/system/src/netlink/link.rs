//! Network interfaces.

use rtnetlink::packet_route::AddressFamily;
use rtnetlink::packet_route::link::{
    InfoKind, LinkAttribute, LinkEvent as KernelEvent, LinkFlags, LinkInfo, LinkMessage,
};

/// A network interface as the kernel describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its index; another one when it is deleted and created again.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Whether somebody has set it up (`IFF_UP`).
    pub up: bool,
    /// Whether it is up and has carrier (`IFF_UP` and `IFF_RUNNING`).
    pub running: bool,
    /// Its Ethernet address, if it has one.
    pub mac: Option<[u8; 6]>,
    /// What kind of interface it is.
    pub kind: LinkKind,
    /// The index of the interface that it stands on: the base of a macvlan or ipvlan.
    pub base: Option<u32>,
    /// What somebody has noted about it (`ip link set ... alias`).
    pub alias: Option<String>,
    /// Why the kernel tells of it, beyond the state.
    pub event: LinkEvent,
}

/// What kind of interface it is, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// A macvlan: another Ethernet address on the same wire.
    Macvlan,
    /// An ipvlan: further IP addresses on the same wire, under the same Ethernet address.
    Ipvlan,
    /// Any other.
    Other,
}

impl LinkKind {
    fn of(infos: &[LinkInfo]) -> Self {
        let kinds = [(InfoKind::MacVlan, Self::Macvlan), (InfoKind::IpVlan, Self::Ipvlan)];
        let is_it = |kind: InfoKind| infos.contains(&LinkInfo::Kind(kind));
        kinds.into_iter().find_map(|(kind, known)| is_it(kind).then_some(known)).unwrap_or(Self::Other)
    }
}

/// What the kernel may say besides the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkEvent {
    /// Nothing.
    None,
    /// Neighbours should be told of our addresses: a bond failed over, a virtual machine migrated.
    NotifyPeers,
}

impl Link {
    pub(super) fn from_message(message: &LinkMessage) -> Option<Self> {
        // A bridge tells of its ports in messages of its own: no news of the interface itself.
        if message.header.interface_family != AddressFamily::Unspec {
            return None;
        }
        let flags = message.header.flags;
        let mut link = Self {
            index: message.header.index,
            name: String::new(),
            up: flags.contains(LinkFlags::Up),
            running: flags.contains(LinkFlags::Up) && flags.contains(LinkFlags::Running),
            mac: None,
            kind: LinkKind::Other,
            base: None,
            alias: None,
            event: LinkEvent::None,
        };
        for attribute in &message.attributes {
            match attribute {
                LinkAttribute::IfName(name) => link.name.clone_from(name),
                LinkAttribute::Address(octets) => link.mac = octets.as_slice().try_into().ok(),
                LinkAttribute::Link(base) => link.base = Some(*base),
                LinkAttribute::IfAlias(alias) => link.alias = Some(alias.clone()),
                LinkAttribute::LinkInfo(infos) => link.kind = LinkKind::of(infos),
                LinkAttribute::Event(KernelEvent::NotifyPeers | KernelEvent::BondingFailover) => {
                    link.event = LinkEvent::NotifyPeers;
                }
                _ => {}
            }
        }
        (!link.name.is_empty()).then_some(link)
    }
}
