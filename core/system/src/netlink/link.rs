//! Network interfaces.

use rtnetlink::packet_route::AddressFamily;
use rtnetlink::packet_route::link::{LinkAttribute, LinkEvent as KernelEvent, LinkFlags, LinkMessage};

/// A network interface as the kernel describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its index; another one when it is deleted and created again.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Whether it is up and has carrier (`IFF_UP` and `IFF_RUNNING`).
    pub running: bool,
    /// Its Ethernet address, if it has one.
    pub mac: Option<[u8; 6]>,
    /// Why the kernel tells of it, beyond the state.
    pub event: LinkEvent,
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
            running: flags.contains(LinkFlags::Up) && flags.contains(LinkFlags::Running),
            mac: None,
            event: LinkEvent::None,
        };
        for attribute in &message.attributes {
            match attribute {
                LinkAttribute::IfName(name) => link.name.clone_from(name),
                LinkAttribute::Address(octets) => link.mac = octets.as_slice().try_into().ok(),
                LinkAttribute::Event(KernelEvent::NotifyPeers | KernelEvent::BondingFailover) => {
                    link.event = LinkEvent::NotifyPeers;
                }
                _ => {}
            }
        }
        (!link.name.is_empty()).then_some(link)
    }
}
