//! Sending adverts and announcements.

use std::io;
use std::net::IpAddr;

use keepwatch_system::{AdvertSocket, FrameSocket};
use keepwatch_vrrp::wire::{
    AddressList, Advert, ETHERTYPE_IPV4, ETHERTYPE_IPV6, Ethernet, INTERNETWORK_CONTROL, IpSend, RouterFlag,
    VRRP_PROTOCOL, complete_ip, emit_ip, gratuitous_arp, multicast_mac, unsolicited_neighbour_advert,
};
use keepwatch_vrrp::{Claim, Destination, Family, MacAddress, VirtualRouter};

use crate::interfaces::Interface;
use crate::virtual_link::VirtualLink;

/// How adverts leave through an interface.
#[derive(Clone, Copy)]
enum Way<'a> {
    /// As packets that the kernel frames.
    Packets(&'a AdvertSocket),
    /// As whole frames with a virtual MAC.
    Frames { socket: &'a FrameSocket, mac: MacAddress, ethertype: u16 },
}

impl<'a> Way<'a> {
    fn of(interface: &'a Interface, family: Family) -> Option<Self> {
        if let Some(mac) = interface.virtual_link.as_ref().and_then(VirtualLink::mac) {
            let ethertype = match family {
                Family::V4 => ETHERTYPE_IPV4,
                Family::V6 => ETHERTYPE_IPV6,
            };
            return Some(Self::Frames { socket: interface.port.frames.as_ref()?, mac, ethertype });
        }
        match family {
            Family::V4 => interface.port.v4.as_ref(),
            Family::V6 => interface.port.v6.as_ref(),
        }
        .map(Self::Packets)
    }

    /// Appends what stands before the IP header.
    fn begin(self, packet: &mut Vec<u8>, group: IpAddr) {
        match self {
            Self::Packets(_) => {}
            Self::Frames { mac, ethertype, .. } => {
                Ethernet { destination: multicast_mac(group), source: mac, ethertype }.emit(packet);
            }
        }
    }
}

/// Builds and sends packets, reusing its buffers.
#[derive(Debug, Default)]
pub(crate) struct Transmitter {
    packet: Vec<u8>,
    addresses: Vec<u8>,
    message: Vec<u8>,
}

impl Transmitter {
    /// Sends a router's advert through an interface to everybody it is for. The first failure is given back; the rest is sent.
    pub(crate) fn advert(
        &mut self,
        interface: &Interface,
        router: &VirtualRouter,
        claim: Claim,
    ) -> io::Result<()> {
        let params = router.params();
        let source = router.source().ok_or(io::ErrorKind::AddrNotAvailable)?;
        self.addresses.clear();
        for address in params.advertised_addresses() {
            match address {
                IpAddr::V4(address) => self.addresses.extend_from_slice(&address.octets()),
                IpAddr::V6(address) => self.addresses.extend_from_slice(&address.octets()),
            }
        }
        let advert = Advert {
            version: params.version,
            vrid: params.vrid,
            claim,
            interval: params.interval,
            addresses: AddressList::new(params.family, &self.addresses),
            auth: params.auth,
        };
        let way = Way::of(interface, params.family).ok_or(io::ErrorKind::NotConnected)?;

        let mut outcome = Ok(());
        let mut send = |destination: IpAddr, ttl: u8| {
            self.message.clear();
            advert.emit(&mut self.message, source, destination, params.checksum);
            self.packet.clear();
            way.begin(&mut self.packet, destination);
            let start = self.packet.len();
            let header =
                IpSend { source, destination, ttl, class: INTERNETWORK_CONTROL, protocol: VRRP_PROTOCOL };
            emit_ip(&mut self.packet, &header, self.message.len());
            self.packet.extend_from_slice(&self.message);
            let sent = match way {
                Way::Packets(socket) => socket.send(&self.packet, destination),
                Way::Frames { socket, .. } => {
                    complete_ip(self.packet.get_mut(start..).unwrap_or_default());
                    socket.send(&self.packet)
                }
            };
            if let Err(error) = sent
                && outcome.is_ok()
            {
                outcome = Err(error);
            }
        };
        match &params.destination {
            // RFC 9568 §5.1.1.3: "The TTL MUST be set to 255".
            Destination::Multicast { group } => send(*group, 255),
            Destination::Unicast { peers, ttl, .. } => {
                for peer in peers {
                    send(peer.address, *ttl);
                }
            }
        }
        outcome
    }

    /// Announces an address on its interface, once. An interface without Ethernet address has no neighbours to
    /// tell.
    pub(crate) fn announce(
        &mut self,
        interface: &Interface,
        address: IpAddr,
        flag: RouterFlag,
    ) -> io::Result<()> {
        let Some(mac) = interface.mac() else { return Ok(()) };
        let socket = interface.port.frames.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        self.packet.clear();
        match address {
            IpAddr::V4(address) => gratuitous_arp(&mut self.packet, mac, address),
            IpAddr::V6(address) => {
                unsolicited_neighbour_advert(&mut self.packet, mac, address, flag);
            }
        }
        socket.send(&self.packet)
    }
}
