//! A socket for pings: without privilege where the kernel allows it, otherwise a raw one.

use std::io;
use std::net::{IpAddr, SocketAddr};

use socket2::{Domain, Protocol, Type};
use tokio::net::UdpSocket;

/// A socket for pings to one host.
#[derive(Debug)]
pub(super) struct Socket {
    // To tokio any socket of datagrams is one of UDP.
    inner: UdpSocket,
    brings: Brings,
}

/// What stands before a received packet.
#[derive(Clone, Copy, Debug)]
enum Brings {
    Nothing,
    IpHeader,
}

impl Socket {
    pub(super) fn open(source: Option<IpAddr>, to: SocketAddr) -> io::Result<Self> {
        let (domain, protocol, of_raw) = if to.is_ipv4() {
            (Domain::IPV4, Protocol::ICMPV4, Brings::IpHeader)
        } else {
            (Domain::IPV6, Protocol::ICMPV6, Brings::Nothing)
        };
        let (socket, brings) = match socket2::Socket::new(domain, Type::DGRAM, Some(protocol)) {
            Ok(socket) => (socket, Brings::Nothing),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                (socket2::Socket::new(domain, Type::RAW, Some(protocol))?, of_raw)
            }
            Err(error) => return Err(error),
        };
        socket.set_nonblocking(true)?;
        if let Some(source) = source {
            socket.bind(&SocketAddr::new(source, 0).into())?;
        }
        socket.connect(&to.into())?;
        Ok(Self { inner: UdpSocket::from_std(socket.into())?, brings })
    }

    pub(super) async fn send(&self, octets: &[u8]) -> io::Result<()> {
        self.inner.send(octets).await.map(drop)
    }

    /// The next ICMP packet from the host.
    pub(super) async fn receive<'a>(&self, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
        let length = self.inner.recv(buffer).await?;
        let octets = buffer.get(..length).unwrap_or_default();
        Ok(match self.brings {
            Brings::Nothing => octets,
            Brings::IpHeader => {
                let header = octets.first().map_or(0, |first| usize::from(first & 0x0f) * 4);
                octets.get(header..).unwrap_or_default()
            }
        })
    }
}
