//! The interfaces that matter, as the kernel last described them, and the sockets on them.

use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;

use keepwatch_system::netlink::{ADDRESS_PROTOCOL, Address, AddressFlag, Link, LinkEvent, NewAddress};
use keepwatch_system::{
    AdvertSocket, ClaimProtocol, FrameSocket, Frames, IpFamily, Poller, Token, forwards_ipv6,
};
use keepwatch_vrrp::wire::RouterFlag;
use keepwatch_vrrp::{Destination, Family, InterfaceId, LinkState, MacAddress, Source, Transport};

use crate::farewell::BeforeLeaving;
use crate::link_delay::LinkDelay;
use crate::promoting::Secondaries;
use crate::virtual_link::{BaseSettings, VirtualLink};

/// An interface by name. It keeps its number when the kernel's interface is deleted and created again.
#[derive(Debug)]
pub(crate) struct Interface {
    pub(crate) name: String,
    pub(crate) link: Option<Link>,
    /// All addresses on it, in the kernel's order.
    pub(crate) addresses: Vec<Address>,
    /// Multicast groups of the routers on it; empty for an interface that only holds addresses or is tracked.
    groups: Vec<IpAddr>,
    /// Families that routers on it speak.
    families: Vec<Family>,
    pub(crate) port: Port,
    /// Whether the host forwards IPv6 on it, and so is a router to its neighbours.
    pub(crate) router_flag: RouterFlag,
    /// The virtual addresses that may be on it: others may claim them.
    pub(crate) claimable: Vec<IpAddr>,
    /// Whether such claims are listened for.
    pub(crate) hears_claims: bool,
    /// How it was before addresses began to leave; none while none leaves.
    pub(crate) before_leaving: Option<BeforeLeaving>,
    /// Whether it keeps the addresses of a network whose first one goes.
    pub(crate) secondaries: Secondaries,
    /// What it should be, if it is one of our own.
    pub(crate) virtual_link: Option<VirtualLink>,
    /// Its settings before virtual ones came to stand on it.
    pub(crate) before_virtual: Option<BaseSettings>,
    /// How long a change of its link must last.
    pub(crate) delay: LinkDelay,
}

/// What routers need of an interface.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    families: Vec<Family>,
    groups: Vec<IpAddr>,
    pub(crate) claimable: Vec<IpAddr>,
}

impl Needs {
    /// Adds what a router on the interface needs of its sockets.
    pub(crate) fn serve(&mut self, family: Family, destination: &Destination) {
        self.speak(family);
        if let Destination::Multicast { group } = destination
            && !self.groups.contains(group)
        {
            self.groups.push(*group);
        }
    }

    /// Adds what a router needs whose adverts leave here and whose group is heard on the interface below. What is sent
    /// to an address of this interface is heard here.
    pub(crate) fn speak(&mut self, family: Family) {
        if !self.families.contains(&family) {
            self.families.push(family);
        }
    }
}

/// Which of an interface's addresses adverts are sent from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// The first IPv4 address.
    V4,
    /// The first link-local one (RFC 9568 §5.1.2.1).
    LinkLocalV6,
    /// The first global one, as unicast peers know us by, or a link-local one.
    UnicastV6,
}

/// The sockets of an interface; those that could be opened.
#[derive(Debug, Default)]
pub(crate) struct Port {
    pub(crate) v4: Option<AdvertSocket>,
    pub(crate) v6: Option<AdvertSocket>,
    pub(crate) frames: Option<FrameSocket>,
    /// For claims by ARP, if it may have IPv4 addresses.
    pub(crate) arp: Option<FrameSocket>,
    /// For claims by neighbour discovery, if it may have IPv6 addresses.
    pub(crate) neighbours: Option<FrameSocket>,
}

/// What an update of a link means to the routers on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LinkUpdate {
    pub(crate) state: LinkState,
    /// Whether the state is another one than before.
    pub(crate) changed: bool,
    /// Whether neighbours must be told anew: another hardware address, a bond that failed over.
    pub(crate) hardware_changed: bool,
}

impl Interface {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            link: None,
            addresses: Vec::new(),
            groups: Vec::new(),
            families: Vec::new(),
            port: Port::default(),
            router_flag: RouterFlag::Host,
            claimable: Vec::new(),
            hears_claims: false,
            before_leaving: None,
            secondaries: Secondaries::default(),
            virtual_link: None,
            before_virtual: None,
            delay: LinkDelay::default(),
        }
    }

    /// Takes in what routers need of it; whether that is something else than before. Sockets that have become others are
    /// closed.
    pub(crate) fn need(&mut self, needs: Needs) -> bool {
        let Needs { families, groups, claimable } = needs;
        let of = |groups: &[IpAddr], families: &[Family], family: Family| {
            let groups = groups.iter().copied().filter(|group| Family::of(*group) == family);
            (families.contains(&family), groups.collect::<BTreeSet<_>>())
        };
        let is_other = |family| of(&self.groups, &self.families, family) != of(&groups, &families, family);
        let (other_v4, other_v6) = (is_other(Family::V4), is_other(Family::V6));
        if other_v4 {
            self.port.v4 = None;
        }
        if other_v6 {
            self.port.v6 = None;
        }
        let others_claimable = self.claimable != claimable;
        if others_claimable {
            // What it listens to names them.
            self.hears_claims = false;
        }
        self.families = families;
        self.groups = groups;
        self.claimable = claimable;
        other_v4 || other_v6 || others_claimable
    }

    /// The interface that it stands on, if it is one of our own.
    pub(crate) fn wire(&self) -> Option<InterfaceId> {
        self.virtual_link.as_ref().map(|virtual_link| virtual_link.base)
    }

    /// Notes its settings before a virtual one comes to stand on it, unless one does.
    pub(crate) fn note_before_virtual(&mut self) {
        // Addresses that leave have one of them set already.
        let noted = self.before_leaving.and_then(|before| before.arp_announce);
        let read = || {
            let found = BaseSettings::read(&self.name)?;
            Some(noted.map_or(found, |arp_announce| found.with_arp_announce(arp_announce)))
        };
        self.before_virtual = self.before_virtual.or_else(read);
    }

    /// The address that it is to have beside virtual ones and has not, if it is one of our own.
    pub(crate) fn missing_own_address(&self) -> Option<&NewAddress> {
        let own = self.virtual_link.as_ref()?.own_address()?;
        (!self.has(own.address)).then_some(own)
    }

    /// Whether routers run on it.
    pub(crate) fn has_routers(&self) -> bool {
        !self.families.is_empty()
    }

    pub(crate) fn state(&self) -> LinkState {
        match &self.link {
            None => LinkState::Missing,
            Some(link) if link.running => LinkState::Up,
            Some(_) => LinkState::Down,
        }
    }

    /// What counts of its state: a change may have to last first.
    pub(crate) fn counting_state(&self) -> LinkState {
        self.delay.counts().unwrap_or_else(|| self.state())
    }

    pub(crate) fn index(&self) -> Option<u32> {
        self.link.as_ref().map(|link| link.index)
    }

    pub(crate) fn mac(&self) -> Option<MacAddress> {
        self.link.as_ref()?.mac.map(MacAddress)
    }

    /// Takes in what the kernel says of the link; `None` when it is gone.
    pub(crate) fn update_link(&mut self, link: Option<Link>) -> LinkUpdate {
        let before = self.state();
        let (old_index, old_mac) = (self.index(), self.mac());
        let notify = link.as_ref().is_some_and(|link| link.event == LinkEvent::NotifyPeers);
        self.link = link;
        if self.index() != old_index {
            // Another device under this name: its addresses are told by the kernel one by one.
            self.addresses.clear();
            self.port = Port::default();
            self.hears_claims = false;
            self.before_leaving = None;
        }
        let state = self.state();
        let same_device = self.index() == old_index;
        let hardware_changed = state == LinkState::Up && same_device && (notify || self.mac() != old_mac);
        LinkUpdate { state, changed: state != before, hardware_changed }
    }

    /// Closes the sockets for adverts: opened again they join their groups anew, and the switch hears membership reports.
    /// (Packet sockets outlive a link that was down, and closing one waits for the kernel.)
    pub(crate) fn close_advert_sockets(&mut self) {
        self.port.v4 = None;
        self.port.v6 = None;
    }

    /// Opens the sockets that are not open. One that cannot be opened does not keep the others from it; the last failure
    /// is given back.
    pub(crate) fn open_missing(&mut self, id: InterfaceId, poller: &Poller) -> io::Result<()> {
        let Some(index) = self.index() else { return Ok(()) };
        self.look_at_forwarding();
        let mut outcome = Ok(());
        for family in self.families.clone() {
            if self.advert_socket(family).is_some() {
                continue;
            }
            match self.open_family(id, index, family, poller) {
                Ok(socket) => match family {
                    Family::V4 => self.port.v4 = Some(socket),
                    Family::V6 => self.port.v6 = Some(socket),
                },
                Err(error) => outcome = Err(error),
            }
        }
        if self.port.frames.is_none() {
            match FrameSocket::open(index, Frames::None) {
                Ok(socket) => self.port.frames = Some(socket),
                Err(error) => outcome = Err(error),
            }
        }
        for family in [Family::V4, Family::V6] {
            if !self.lacks_claims(family) {
                continue;
            }
            // It hears nothing until told what.
            self.hears_claims = false;
            match Self::open_claims(id, index, family, poller) {
                Ok(socket) => match family {
                    Family::V4 => self.port.arp = Some(socket),
                    Family::V6 => self.port.neighbours = Some(socket),
                },
                Err(error) => outcome = Err(error),
            }
        }
        outcome
    }

    const fn advert_socket(&self, family: Family) -> Option<&AdvertSocket> {
        match family {
            Family::V4 => self.port.v4.as_ref(),
            Family::V6 => self.port.v6.as_ref(),
        }
    }

    /// Whether it cannot hear claims to addresses of this family that it may have.
    fn lacks_claims(&self, family: Family) -> bool {
        let socket = match family {
            Family::V4 => &self.port.arp,
            Family::V6 => &self.port.neighbours,
        };
        socket.is_none() && self.claimable.iter().any(|address| Family::of(*address) == family)
    }

    fn open_claims(id: InterfaceId, index: u32, family: Family, poller: &Poller) -> io::Result<FrameSocket> {
        let (protocol, ear) = match family {
            Family::V4 => (ClaimProtocol::Arp, Ear::Claims(Family::V4)),
            Family::V6 => (ClaimProtocol::NeighbourDiscovery, Ear::Claims(Family::V6)),
        };
        let socket = FrameSocket::open(index, Frames::Claims(protocol))?;
        poller.add(&socket, ear_token(id, ear))?;
        Ok(socket)
    }

    fn open_family(
        &self,
        id: InterfaceId,
        index: u32,
        family: Family,
        poller: &Poller,
    ) -> io::Result<AdvertSocket> {
        let ip_family = match family {
            Family::V4 => IpFamily::V4,
            Family::V6 => IpFamily::V6,
        };
        let groups: Vec<IpAddr> =
            self.groups.iter().copied().filter(|group| Family::of(*group) == family).collect();
        let socket = AdvertSocket::open(&self.name, index, ip_family, &groups)?;
        poller.add(&socket, ear_token(id, Ear::Adverts(family)))?;
        Ok(socket)
    }

    /// Whether routers can send and receive on it.
    pub(crate) const fn transport(&self, family: Family) -> Transport {
        let socket = self.advert_socket(family);
        if socket.is_some() && self.port.frames.is_some() { Transport::Ready } else { Transport::Unavailable }
    }

    /// Whether a socket is missing though the interface is there.
    pub(crate) fn lacks_socket(&self) -> bool {
        let deaf = self.families.iter().any(|family| self.transport(*family) == Transport::Unavailable);
        let lacks_claims = self.lacks_claims(Family::V4) || self.lacks_claims(Family::V6);
        self.link.is_some() && (self.port.frames.is_none() || deaf || lacks_claims)
    }

    /// Reads whether the host forwards IPv6 here: not for each announcement.
    pub(crate) fn look_at_forwarding(&mut self) {
        self.router_flag = if forwards_ipv6(&self.name) { RouterFlag::Router } else { RouterFlag::Host };
    }

    /// Whether it has this address.
    pub(crate) fn has(&self, address: IpAddr) -> bool {
        self.addresses.iter().any(|known| known.address == address)
    }

    /// Whether it has this address, and not by us.
    pub(crate) fn has_foreign(&self, address: IpAddr) -> bool {
        self.addresses.iter().any(|known| known.address == address && known.protocol != ADDRESS_PROTOCOL)
    }

    /// Takes in an address that is new or changed, and gives whether it is: only its lifetime may have been renewed.
    pub(crate) fn address_changed(&mut self, address: Address) -> bool {
        match self.addresses.iter_mut().find(|known| known.address == address.address) {
            Some(known) if *known == address => return false,
            Some(known) => *known = address,
            None => self.addresses.push(address),
        }
        true
    }

    pub(crate) fn address_gone(&mut self, address: &Address) {
        self.addresses.retain(|known| known.address != address.address);
    }

    /// Whether this is somebody else's IPv4 address, and the host has no other here: without it the host might not
    /// be reachable. (With IPv6 the link-local address remains.)
    pub(crate) fn is_only_address(&self, address: &Address) -> bool {
        let is_other = |known: &&Address| known.address.is_ipv4() && known.address != address.address;
        address.address.is_ipv4()
            && address.protocol != ADDRESS_PROTOCOL
            && !self.addresses.iter().any(|known| is_other(&known))
    }

    /// The address that adverts come from, never a virtual one.
    pub(crate) fn source(&self, sender: Sender, is_virtual: impl Fn(IpAddr) -> bool) -> Source {
        let own: Vec<&Address> = self.addresses.iter().filter(|known| !is_virtual(known.address)).collect();
        let first = |fits: &dyn Fn(&Address) -> bool| {
            own.iter().find(|known| fits(known)).map(|known| Source::Address(known.address))
        };
        let is_v4 = |known: &Address| known.address.is_ipv4();
        let is_primary = |known: &Address| is_v4(known) && !known.has(AddressFlag::Secondary);
        let is_link_local = |known: &Address| {
            matches!(known.address, IpAddr::V6(v6) if v6.is_unicast_link_local())
                && !known.has(AddressFlag::DadFailed)
        };
        let is_settled = |known: &Address| !known.has(AddressFlag::Tentative);
        let is_global = |known: &Address| {
            matches!(known.address, IpAddr::V6(v6) if !v6.is_unicast_link_local())
                && !known.has(AddressFlag::DadFailed)
                && is_settled(known)
        };
        let link_local = || {
            first(&|known| is_link_local(known) && is_settled(known))
                .or_else(|| first(&is_link_local).map(|_| Source::Tentative))
        };
        match sender {
            Sender::V4 => first(&is_primary).or_else(|| first(&is_v4)),
            Sender::LinkLocalV6 => link_local(),
            Sender::UnicastV6 => first(&is_global).or_else(link_local),
        }
        .unwrap_or(Source::None)
    }
}

/// What a socket of an interface hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ear {
    Adverts(Family),
    Claims(Family),
}

const EARS: [Ear; 4] =
    [Ear::Adverts(Family::V4), Ear::Adverts(Family::V6), Ear::Claims(Family::V4), Ear::Claims(Family::V6)];

/// The token of an interface's socket: the interface's number, and which of its ears.
pub(crate) fn ear_token(id: InterfaceId, ear: Ear) -> Token {
    let place = EARS.iter().zip(0..).find_map(|(known, place)| (*known == ear).then_some(place));
    Token(FIRST_EAR + u64::from(id.0) * 4 + place.unwrap_or(0))
}

/// Which socket a token stands for.
pub(crate) fn ear_of(token: Token) -> Option<(InterfaceId, Ear)> {
    let number = token.0.checked_sub(FIRST_EAR)?;
    let ear = EARS.get(usize::try_from(number % 4).ok()?)?;
    Some((InterfaceId(u32::try_from(number / 4).ok()?), *ear))
}

/// Tokens below belong to the engine itself.
const FIRST_EAR: u64 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_name_one_socket_each() {
        for id in [0, 1, 77, u32::MAX] {
            for ear in EARS {
                assert_eq!(ear_of(ear_token(InterfaceId(id), ear)), Some((InterfaceId(id), ear)));
            }
        }
        assert_eq!(ear_of(Token(3)), None);
    }
}
