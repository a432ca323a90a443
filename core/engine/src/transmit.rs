//! Sending adverts and announcements.

use std::io;
use std::net::IpAddr;

use keepwatch_vrrp::wire::{
    AddressList, Advert, INTERNETWORK_CONTROL, IpSend, VRRP_PROTOCOL, emit_ip, gratuitous_arp,
    unsolicited_neighbour_advert,
};
use keepwatch_vrrp::{Claim, Destination, Family, VirtualRouter};

use crate::interfaces::Interface;

/// Builds and sends packets, reusing its buffers.
#[derive(Debug, Default)]
pub(crate) struct Transmitter {
    packet: Vec<u8>,
    addresses: Vec<u8>,
    message: Vec<u8>,
}

impl Transmitter {
    /// Sends a router's advert to everybody it is for. The first failure is given back; the rest is sent.
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
        let socket = match params.family {
            Family::V4 => interface.port.v4.as_ref(),
            Family::V6 => interface.port.v6.as_ref(),
        }
        .ok_or(io::ErrorKind::NotConnected)?;

        let mut outcome = Ok(());
        let mut send = |destination: IpAddr, ttl: u8| {
            self.message.clear();
            advert.emit(&mut self.message, source, destination, params.checksum);
            self.packet.clear();
            let header =
                IpSend { source, destination, ttl, class: INTERNETWORK_CONTROL, protocol: VRRP_PROTOCOL };
            emit_ip(&mut self.packet, &header, self.message.len());
            self.packet.extend_from_slice(&self.message);
            if let Err(error) = socket.send(&self.packet, destination)
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
    pub(crate) fn announce(&mut self, interface: &Interface, address: IpAddr) -> io::Result<()> {
        let Some(mac) = interface.mac() else { return Ok(()) };
        let socket = interface.port.frames.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        self.packet.clear();
        match address {
            IpAddr::V4(address) => gratuitous_arp(&mut self.packet, mac, address),
            IpAddr::V6(address) => {
                unsolicited_neighbour_advert(&mut self.packet, mac, address, interface.router_flag);
            }
        }
        socket.send(&self.packet)
    }
}
