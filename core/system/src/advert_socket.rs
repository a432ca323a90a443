//! The raw socket for adverts: one for each interface and family, for sending and receiving.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv6Addr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrIn6, recvmsg, setsockopt, sockopt};
use socket2::{Domain, InterfaceIndexOrAddress, Protocol, SockAddr, Socket, Type};

/// IP protocol 112, VRRP.
const VRRP: i32 = 112;
/// Room for the adverts of hundreds of routers that arrive while the thread does not run.
const RECEIVE_BUFFER: usize = 4 << 20;
/// Room for a burst of adverts, or of announcements.
pub(crate) const SEND_BUFFER: usize = 4 << 20;
/// `TC_PRIO_CONTROL`: the queueing discipline's band for control traffic, as keepalived asks for.
pub(crate) const PRIORITY: u32 = 7;

/// The family of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpFamily {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// A raw socket of protocol 112, bound to one interface. Whole packets are sent, IP header included, so that
/// source, TTL and class are those that the sender wants without a setting each.
#[derive(Debug)]
pub struct AdvertSocket {
    socket: Socket,
    family: IpFamily,
    index: u32,
    control: Vec<u8>,
}

/// A packet as the kernel delivers it.
#[derive(Debug)]
pub enum Incoming<'a> {
    /// IPv4: the whole packet with its header.
    V4(&'a [u8]),
    /// IPv6: the payload, and what the header said.
    V6 {
        /// Sender.
        source: IpAddr,
        /// Receiver or group.
        destination: IpAddr,
        /// Hop limit on arrival.
        hop_limit: u8,
        /// The octets behind the header.
        payload: &'a [u8],
    },
}

impl AdvertSocket {
    /// Opens a socket on an interface and joins the groups, which also sends a membership report: switches that
    /// snoop learn the port.
    ///
    /// # Errors
    ///
    /// The kernel's: no `CAP_NET_RAW`, no such interface.
    pub fn open(interface: &str, index: u32, family: IpFamily, groups: &[IpAddr]) -> io::Result<Self> {
        let domain = match family {
            IpFamily::V4 => Domain::IPV4,
            IpFamily::V6 => Domain::IPV6,
        };
        let kind = Type::RAW.nonblocking().cloexec();
        let socket = Socket::new(domain, kind, Some(Protocol::from(VRRP)))?;
        // Adverts of other interfaces are other routers' business.
        socket.bind_device(Some(interface.as_bytes()))?;
        socket.set_priority(PRIORITY)?;
        // Beyond the system's limit with CAP_NET_ADMIN, up to it without.
        if rustix::net::sockopt::set_socket_recv_buffer_size_force(&socket, RECEIVE_BUFFER).is_err() {
            socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
        }
        // A burst for hundreds of routers must fit, or the last ones lose theirs every time.
        if rustix::net::sockopt::set_socket_send_buffer_size_force(&socket, SEND_BUFFER).is_err() {
            socket.set_send_buffer_size(SEND_BUFFER)?;
        }
        match family {
            IpFamily::V4 => {
                socket.set_header_included_v4(true)?;
                // Only groups joined on this socket, and not our own adverts.
                socket.set_multicast_all_v4(false)?;
                socket.set_multicast_loop_v4(false)?;
            }
            IpFamily::V6 => {
                socket.set_header_included_v6(true)?;
                socket.set_multicast_all_v6(false)?;
                socket.set_multicast_loop_v6(false)?;
                // The header is not delivered: ask for what it said.
                socket.set_recv_hoplimit_v6(true)?;
                setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)?;
            }
        }
        let control = nix::cmsg_space!(libc::in6_pktinfo, libc::c_int);
        let socket = Self { socket, family, index, control };
        for group in groups {
            socket.join(*group)?;
        }
        Ok(socket)
    }

    fn join(&self, group: IpAddr) -> io::Result<()> {
        match group {
            IpAddr::V4(group) => {
                self.socket.join_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(self.index))
            }
            IpAddr::V6(group) => self.socket.join_multicast_v6(&group, self.index),
        }
    }

    /// Sends a packet that begins with its IP header.
    ///
    /// # Errors
    ///
    /// The kernel's: link down, no route to a unicast peer, a full queue.
    pub fn send(&self, packet: &[u8], destination: IpAddr) -> io::Result<()> {
        let address = match destination {
            IpAddr::V4(address) => SockAddr::from(SocketAddrV4::new(address, 0)),
            IpAddr::V6(address) => SockAddr::from(SocketAddrV6::new(address, 0, 0, self.index)),
        };
        self.socket.send_to(packet, &address).map(drop)
    }

    /// Takes the next packet, if there is one.
    ///
    /// # Errors
    ///
    /// The kernel's, such as an earlier packet's `ENETDOWN`; the next call goes on.
    pub fn receive<'a>(&mut self, buffer: &'a mut [u8]) -> io::Result<Option<Incoming<'a>>> {
        match self.family {
            IpFamily::V4 => self.receive_v4(buffer),
            IpFamily::V6 => self.receive_v6(buffer),
        }
    }

    fn receive_v4<'a>(&self, buffer: &'a mut [u8]) -> io::Result<Option<Incoming<'a>>> {
        match rustix::net::recv(&self.socket, &mut *buffer, rustix::net::RecvFlags::DONTWAIT) {
            Ok((_, length)) => Ok(Some(Incoming::V4(buffer.get(..length).unwrap_or(&[])))),
            Err(rustix::io::Errno::AGAIN) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn receive_v6<'a>(&mut self, buffer: &'a mut [u8]) -> io::Result<Option<Incoming<'a>>> {
        let mut slices = [IoSliceMut::new(buffer)];
        let flags = MsgFlags::MSG_DONTWAIT;
        let received =
            recvmsg::<SockaddrIn6>(self.socket.as_raw_fd(), &mut slices, Some(&mut self.control), flags);
        let message = match received {
            Ok(message) => message,
            Err(nix::errno::Errno::EAGAIN) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let (mut destination, mut hop_limit) = (Ipv6Addr::UNSPECIFIED, 0);
        for control in message.cmsgs()? {
            match control {
                ControlMessageOwned::Ipv6PacketInfo(info) => {
                    destination = Ipv6Addr::from(info.ipi6_addr.s6_addr);
                }
                ControlMessageOwned::Ipv6HopLimit(limit) => hop_limit = u8::try_from(limit).unwrap_or(0),
                _ => {}
            }
        }
        let source = message.address.map_or(Ipv6Addr::UNSPECIFIED, |address| address.ip());
        let length = message.bytes;
        Ok(Some(Incoming::V6 {
            source: source.into(),
            destination: destination.into(),
            hop_limit,
            payload: buffer.get(..length).unwrap_or(&[]),
        }))
    }
}

impl AsFd for AdvertSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
