//! Asking the kernel.

use std::io;
use std::net::IpAddr;

use rtnetlink::packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST,
    NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use rtnetlink::packet_route::address::{AddressAttribute, AddressMessage};
use rtnetlink::packet_route::link::{LinkAttribute, LinkMessage};
use rtnetlink::packet_route::route::{RouteAddress, RouteAttribute, RouteMessage, RouteType};
use rtnetlink::packet_route::{AddressFamily, RouteNetlinkMessage};
use rtnetlink::sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};

use super::{Address, AddressKey, AddressLifetime, Link, NewAddress, PrefixRoute};

/// A kernel's dump comes in parts of at most 32 KiB.
const BUFFER: usize = 64 << 10;
/// How often an interrupted dump is asked for.
const DUMP_TRIES: usize = 4;

/// A netlink socket for requests.
pub struct Requests {
    pub(super) socket: Socket,
    sequence: u32,
    buffer: Vec<u8>,
}

impl std::fmt::Debug for Requests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Requests").field("sequence", &self.sequence).finish_non_exhaustive()
    }
}

impl Requests {
    /// A socket in the calling thread's network namespace.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        Ok(Self { socket, sequence: 0, buffer: Vec::with_capacity(BUFFER) })
    }

    /// All interfaces.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn links(&mut self) -> io::Result<Vec<Link>> {
        let answers = self.dump(&RouteNetlinkMessage::GetLink(LinkMessage::default()))?;
        Ok(answers
            .iter()
            .filter_map(|answer| match answer {
                RouteNetlinkMessage::NewLink(message) => Link::from_message(message),
                _ => None,
            })
            .collect())
    }

    /// How many frames an interface has received since it exists.
    ///
    /// # Errors
    ///
    /// The kernel's: no such interface.
    pub fn frames_received(&mut self, interface: u32) -> io::Result<u64> {
        let mut message = LinkMessage::default();
        message.header.index = interface;
        let answers = self.ask(RouteNetlinkMessage::GetLink(message), 0)?;
        let count = answers.iter().find_map(|answer| match answer {
            RouteNetlinkMessage::NewLink(link) => {
                link.attributes.iter().find_map(|attribute| match attribute {
                    LinkAttribute::Stats64(stats) => Some(stats.rx_packets),
                    _ => None,
                })
            }
            _ => None,
        });
        count.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// All addresses of both families.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn addresses(&mut self) -> io::Result<Vec<Address>> {
        let answers = self.dump(&RouteNetlinkMessage::GetAddress(AddressMessage::default()))?;
        Ok(answers
            .iter()
            .filter_map(|answer| match answer {
                RouteNetlinkMessage::NewAddress(message) => Address::from_message(message),
                _ => None,
            })
            .collect())
    }

    /// Adds an address to an interface, for as long as it is not removed, or its lifetime lasts.
    ///
    /// # Errors
    ///
    /// The kernel's; `AlreadyExists` if it is there.
    pub fn add_address(
        &mut self,
        interface: u32,
        address: &NewAddress,
        lifetime: AddressLifetime,
    ) -> io::Result<()> {
        let message = match lifetime {
            AddressLifetime::Forever => address.to_message(interface),
            AddressLifetime::For(_) => address.to_lifetime_message(interface, lifetime, PrefixRoute::Own),
        };
        let message = RouteNetlinkMessage::NewAddress(message);
        self.ask(message, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL).map(drop)
    }

    /// Gives an address in place another lifetime, without disturbing its use.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn set_lifetime(
        &mut self,
        interface: u32,
        address: &NewAddress,
        lifetime: AddressLifetime,
        route: PrefixRoute,
    ) -> io::Result<()> {
        let message = address.to_lifetime_message(interface, lifetime, route);
        self.ask(RouteNetlinkMessage::NewAddress(message), NLM_F_ACK | NLM_F_REPLACE).map(drop)
    }

    /// Removes an address from an interface. One that is not there is no error.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn remove_address(&mut self, interface: u32, key: AddressKey) -> io::Result<()> {
        let AddressKey { address, prefix_len, peer } = key;
        let mut message = AddressMessage::default();
        message.header.family = family(address);
        message.header.prefix_len = prefix_len;
        message.header.index = interface;
        message.attributes.push(AddressAttribute::Local(address));
        // Without it IPv4 removes the first entry of any prefix length, and with another one than the other end's none.
        message.attributes.push(AddressAttribute::Address(peer.unwrap_or(address)));
        match self.ask(RouteNetlinkMessage::DelAddress(message), NLM_F_ACK) {
            Ok(_) => Ok(()),
            // Neither the address, nor (ENODEV) the interface.
            Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => Ok(()),
            Err(error) if error.raw_os_error() == Some(libc::ENODEV) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Whether packets to an address are delivered to this host. An IPv6 address is not usable before: its
    /// local route comes from a work queue, up to 200 ms after the address.
    ///
    /// # Errors
    ///
    /// The kernel's; an unreachable address is not one.
    pub fn is_delivered_here(&mut self, interface: u32, address: IpAddr) -> io::Result<bool> {
        let mut message = RouteMessage::default();
        message.header.address_family = family(address);
        let (destination, prefix_len) = match address {
            IpAddr::V4(address) => (RouteAddress::Inet(address), 32),
            IpAddr::V6(address) => (RouteAddress::Inet6(address), 128),
        };
        message.header.destination_prefix_length = prefix_len;
        message.attributes.push(RouteAttribute::Destination(destination));
        // A link-local address is one only together with its interface.
        if matches!(address, IpAddr::V6(address) if address.is_unicast_link_local()) {
            message.attributes.push(RouteAttribute::Oif(interface));
        }
        match self.ask(RouteNetlinkMessage::GetRoute(message), 0) {
            Ok(answers) => Ok(answers.iter().any(|answer| match answer {
                RouteNetlinkMessage::NewRoute(route) => route.header.kind == RouteType::Local,
                _ => false,
            })),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Asks for everything of a kind. A dump that a change interrupted may lack entries: it is asked for again.
    pub(super) fn dump(&mut self, message: &RouteNetlinkMessage) -> io::Result<Vec<RouteNetlinkMessage>> {
        for _ in 1..DUMP_TRIES {
            match self.ask(message.clone(), NLM_F_DUMP) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return done,
            }
        }
        self.ask(message.clone(), NLM_F_DUMP)
    }

    /// Sends a request and gives its answers.
    pub(super) fn ask(
        &mut self,
        message: RouteNetlinkMessage,
        flags: u16,
    ) -> io::Result<Vec<RouteNetlinkMessage>> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST | flags;
        header.sequence_number = self.sequence;
        let mut request = NetlinkMessage::new(header, NetlinkPayload::from(message));
        request.finalize();
        let mut octets = vec![0; request.buffer_len()];
        request.serialize(&mut octets);
        self.socket.send(&octets, 0)?;
        self.answers()
    }

    fn answers(&mut self) -> io::Result<Vec<RouteNetlinkMessage>> {
        let (mut answers, mut interrupted) = (Vec::new(), false);
        loop {
            self.buffer.clear();
            // The answer is there when `send` returns; should it ever not be, that is an error, not a wait.
            self.socket.recv(&mut self.buffer, libc::MSG_DONTWAIT)?;
            for message in Messages(&self.buffer) {
                if message.header.sequence_number != self.sequence {
                    continue;
                }
                interrupted |= message.header.flags & NLM_F_DUMP_INTR != 0;
                let is_part = message.header.flags & rtnetlink::packet_core::NLM_F_MULTIPART != 0;
                match message.payload {
                    NetlinkPayload::InnerMessage(answer) => {
                        answers.push(answer);
                        if !is_part {
                            return Ok(answers);
                        }
                    }
                    NetlinkPayload::Error(error) => match error.code {
                        None => return Ok(answers),
                        Some(code) => return Err(io::Error::from_raw_os_error(code.get().saturating_neg())),
                    },
                    NetlinkPayload::Done(_) if interrupted => return Err(io::ErrorKind::Interrupted.into()),
                    NetlinkPayload::Done(_) => return Ok(answers),
                    _ => {}
                }
            }
        }
    }
}

const fn family(address: IpAddr) -> AddressFamily {
    match address {
        IpAddr::V4(_) => AddressFamily::Inet,
        IpAddr::V6(_) => AddressFamily::Inet6,
    }
}

/// The messages in a datagram from the kernel. One that cannot be read is passed over.
pub(super) struct Messages<'a>(pub(super) &'a [u8]);

impl Iterator for Messages<'_> {
    type Item = NetlinkMessage<RouteNetlinkMessage>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let length: [u8; 4] = self.0.get(..4)?.try_into().ok()?;
            let length = usize::try_from(u32::from_ne_bytes(length)).ok()?;
            let message = self.0.get(..length).filter(|message| message.len() >= 16)?;
            let parsed = NetlinkMessage::deserialize(message);
            // Messages begin at multiples of four.
            self.0 = self.0.get(length.next_multiple_of(4)..).unwrap_or(&[]);
            if let Ok(parsed) = parsed {
                return Some(parsed);
            }
        }
    }
}
