//! Echo requests and replies, ICMP and ICMPv6.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicU16, Ordering};

use keepwatch_vrrp::wire::parse_ip;
use rustix::net::sockopt::{set_socket_recv_buffer_size_force, set_socket_send_buffer_size_force};
use rustix::net::{RecvFlags, recv};
use socket2::{Domain, Protocol, SockAddr, SockFilter, Socket, Type};

const ICMP: u8 = 1;
const ICMP_REQUEST: u8 = 8;
const ICMP_REPLY: u8 = 0;
const ICMPV6: u8 = 58;
const ICMPV6_REQUEST: u8 = 128;
const ICMPV6_REPLY: u8 = 129;
/// Room for what arrives while the thread does not run, and for requests that wait for the neighbour's address.
const BUFFER: usize = 4 << 20;

/// A raw socket for one target's requests and replies. It never blocks.
#[derive(Debug)]
pub(crate) struct EchoSocket {
    socket: Socket,
    target: IpAddr,
    address: SockAddr,
    /// Tells the replies to this socket from those to others: raw sockets get all.
    identifier: u16,
}

impl EchoSocket {
    /// Opens a socket in the calling thread's network namespace.
    pub(crate) fn open(target: IpAddr) -> io::Result<Self> {
        static NEXT: AtomicU16 = AtomicU16::new(u16::from_be_bytes(*b"kw"));
        let identifier = NEXT.fetch_add(1, Ordering::Relaxed);
        let (domain, protocol) = match target {
            IpAddr::V4(_) => (Domain::IPV4, Protocol::ICMPV4),
            IpAddr::V6(_) => (Domain::IPV6, Protocol::ICMPV6),
        };
        let socket = Socket::new(domain, Type::RAW.nonblocking().cloexec(), Some(protocol))?;
        socket.attach_filter(&only_replies(target, identifier))?;
        if set_socket_recv_buffer_size_force(&socket, BUFFER).is_err() {
            socket.set_recv_buffer_size(BUFFER)?;
        }
        if set_socket_send_buffer_size_force(&socket, BUFFER).is_err() {
            socket.set_send_buffer_size(BUFFER)?;
        }
        Ok(Self { socket, target, address: SocketAddr::new(target, 0).into(), identifier })
    }

    /// Sends a request with a number.
    pub(crate) fn send(&self, number: usize) -> io::Result<()> {
        self.socket.send_to(&request(self.target, self.identifier, number), &self.address).map(drop)
    }

    /// The number of the next reply that has arrived, if there is one.
    pub(crate) fn next_reply(&self) -> Option<usize> {
        let mut buffer = [0; 128];
        loop {
            // An error is that of an earlier packet, and gone with this call.
            let (_, length) = recv(&self.socket, &mut buffer, RecvFlags::DONTWAIT).ok()?;
            // What arrived before the filter was in place may be anything.
            if let Some(number) = reply(self.target, self.identifier, buffer.get(..length)?) {
                return Some(number);
            }
        }
    }
}

impl AsFd for EchoSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Where the echo request that an IP packet carries, if it does, is to go.
pub(crate) fn requested(packet: &[u8]) -> Option<IpAddr> {
    let packet = parse_ip(packet).ok()?;
    let kind = packet.payload.first()?;
    matches!((packet.protocol, *kind), (ICMP, ICMP_REQUEST) | (ICMPV6, ICMPV6_REQUEST))
        .then_some(packet.destination)
}

fn request(target: IpAddr, identifier: u16, number: usize) -> Vec<u8> {
    let kind = match target {
        IpAddr::V4(_) => ICMP_REQUEST,
        IpAddr::V6(_) => ICMPV6_REQUEST,
    };
    let number = u64::try_from(number).unwrap_or(0).to_be_bytes();
    let mut packet = vec![kind, 0, 0, 0];
    packet.extend_from_slice(&identifier.to_be_bytes());
    packet.extend_from_slice(&number[6..]);
    packet.extend_from_slice(&number);
    // The kernel sums ICMPv6 itself.
    if target.is_ipv4() {
        let sum =
            packet.chunks(2).fold(0_u32, |sum, pair| sum + u32::from(u16::from_be_bytes([pair[0], pair[1]])));
        let sum = (sum & 0xffff) + (sum >> 16);
        let sum = !u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap_or(0);
        packet[2..4].copy_from_slice(&sum.to_be_bytes());
    }
    packet
}

/// The number of the request that a packet answers.
fn reply(target: IpAddr, identifier: u16, packet: &[u8]) -> Option<usize> {
    let (kind, message) = match target {
        IpAddr::V4(_) => (ICMP_REPLY, packet.get(usize::from(packet.first()? & 0x0f) * 4..)?),
        IpAddr::V6(_) => (ICMPV6_REPLY, packet),
    };
    if message.first() != Some(&kind) || message.get(4..6) != Some(&identifier.to_be_bytes()) {
        return None;
    }
    let number = u64::from_be_bytes(message.get(8..16)?.try_into().ok()?);
    usize::try_from(number).ok()
}

/// A filter in the kernel (classic BPF), so that a socket is not woken by others' traffic.
fn only_replies(target: IpAddr, identifier: u16) -> [SockFilter; 7] {
    // X: where the message begins. An IPv4 packet has its header before it, an IPv6 packet has lost it.
    const HEADER_LENGTH_TO_X: u16 = 0xb1;
    const VALUE_TO_X: u16 = 0x01;
    const OCTET_AT_X: u16 = 0x50;
    const TWO_OCTETS_AT_X: u16 = 0x48;
    const SKIP_UNLESS: u16 = 0x15;
    const TAKE: u16 = 0x06;
    let (find_message, kind) = match target {
        IpAddr::V4(_) => (HEADER_LENGTH_TO_X, ICMP_REPLY),
        IpAddr::V6(_) => (VALUE_TO_X, ICMPV6_REPLY),
    };
    [
        SockFilter::new(find_message, 0, 0, 0),
        SockFilter::new(OCTET_AT_X, 0, 0, 0),
        SockFilter::new(SKIP_UNLESS, 0, 3, kind.into()),
        SockFilter::new(TWO_OCTETS_AT_X, 0, 0, 4),
        SockFilter::new(SKIP_UNLESS, 0, 1, identifier.into()),
        SockFilter::new(TAKE, 0, 0, u32::MAX),
        SockFilter::new(TAKE, 0, 0, 0),
    ]
}
