//! Packet sockets: whole Ethernet frames.

use std::io::{self, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;

use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use crate::advert_socket::{PRIORITY, SEND_BUFFER};
use crate::frame_filter::{ClaimProtocol, FrameFilter};

/// Which frames a socket hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frames {
    /// None: it is for sending.
    None,
    /// Every frame of the interface, also those it sends.
    All,
    /// Those by which other hosts claim addresses, once [`FrameSocket::filter`] says which. What this host sends is
    /// never heard.
    Claims(ClaimProtocol),
}

/// A packet socket bound to one interface.
#[derive(Debug)]
pub struct FrameSocket {
    socket: Socket,
    frames: Frames,
    control: Vec<u8>,
}

impl FrameSocket {
    /// Opens a socket on the interface with this index.
    ///
    /// # Errors
    ///
    /// The kernel's: no `CAP_NET_RAW`, no such interface.
    pub fn open(index: u32, frames: Frames) -> io::Result<Self> {
        let protocol = match frames {
            Frames::None => 0,
            Frames::All => libc::ETH_P_ALL,
            Frames::Claims(ClaimProtocol::Arp) => libc::ETH_P_ARP,
            Frames::Claims(ClaimProtocol::NeighbourDiscovery) => libc::ETH_P_IPV6,
        };
        let protocol = u16::try_from(protocol).unwrap_or(0).to_be();
        let kind = Type::RAW.nonblocking().cloexec();
        // Protocol 0 first: nothing arrives from other interfaces before the socket is bound to its own.
        let socket = Socket::new(Domain::PACKET, kind, Some(Protocol::from(0)))?;
        if let Frames::Claims(protocol) = frames {
            socket.attach_filter(&FrameFilter::Nothing.program(protocol))?;
        }
        socket.bind(&link_layer_address(index, protocol)?)?;
        socket.set_priority(PRIORITY)?;
        if rustix::net::sockopt::set_socket_send_buffer_size_force(&socket, SEND_BUFFER).is_err() {
            socket.set_send_buffer_size(SEND_BUFFER)?;
        }
        if frames == Frames::All {
            setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
            if rustix::net::sockopt::set_socket_recv_buffer_size_force(&socket, 16 << 20).is_err() {
                socket.set_recv_buffer_size(16 << 20)?;
            }
        }
        Ok(Self { socket, frames, control: nix::cmsg_space!(libc::timespec) })
    }

    /// Hears from now on what the filter lets through. Cheap, unlike opening and closing, which wait for the kernel.
    ///
    /// # Errors
    ///
    /// The kernel's; a socket that is not for claims is one.
    pub fn filter(&self, filter: FrameFilter<'_>) -> io::Result<()> {
        match self.frames {
            Frames::Claims(protocol) => self.socket.attach_filter(&filter.program(protocol)),
            Frames::None | Frames::All => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    /// Sends a frame that begins with its Ethernet header.
    ///
    /// # Errors
    ///
    /// The kernel's: link down, a full queue.
    pub fn send(&self, frame: &[u8]) -> io::Result<()> {
        self.socket.send(frame).map(drop)
    }

    /// Takes the next frame, if there is one: its octets, and when the kernel saw it, since the epoch.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn receive<'a>(&mut self, buffer: &'a mut [u8]) -> io::Result<Option<(&'a [u8], Duration)>> {
        let mut slices = [IoSliceMut::new(buffer)];
        let flags = MsgFlags::MSG_DONTWAIT;
        let received = recvmsg::<()>(self.socket.as_raw_fd(), &mut slices, Some(&mut self.control), flags);
        let message = match received {
            Ok(message) => message,
            Err(nix::errno::Errno::EAGAIN) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut at = Duration::ZERO;
        for control in message.cmsgs()? {
            if let ControlMessageOwned::ScmTimestampns(time) = control {
                at = Duration::from(time);
            }
        }
        let length = message.bytes;
        Ok(Some((buffer.get(..length).unwrap_or(&[]), at)))
    }
}

impl AsFd for FrameSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// A `sockaddr_ll` for binding: no safe constructor exists in socket2, nix or rustix.
fn link_layer_address(index: u32, protocol: u16) -> io::Result<SockAddr> {
    let index = i32::try_from(index).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let family = u16::try_from(libc::AF_PACKET).unwrap_or(0);
    // SAFETY: the storage is zeroed, aligned and large enough for every address family, hence for a
    // `sockaddr_ll`, all of whose fields may be any integer; the length written is that of what was written.
    let ((), address) = unsafe {
        SockAddr::try_init(|storage, length| {
            let link_layer = storage.cast::<libc::sockaddr_ll>();
            link_layer.write(libc::sockaddr_ll {
                sll_family: family,
                sll_protocol: protocol,
                sll_ifindex: index,
                sll_hatype: 0,
                sll_pkttype: 0,
                sll_halen: 0,
                sll_addr: [0; 8],
            });
            *length = libc::socklen_t::try_from(size_of::<libc::sockaddr_ll>()).unwrap_or(0);
            Ok(())
        })
    }?;
    Ok(address)
}
