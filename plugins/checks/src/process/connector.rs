//! The kernel's process connector: a netlink socket on which it tells of each process.

use std::io;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::netlink::{CONNECTOR, SocketAddrNetlink};
use rustix::net::sockopt::set_socket_recv_buffer_size;
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::event::{Event, Message, PROCESSES, parse, request};

/// Room for thousands of messages, should this process get no CPU for a while.
const ROOM: usize = 1 << 20;
/// The kernel answers at once, or, in a container, never.
const PATIENCE: Duration = Duration::from_millis(100);

/// The kernel's process connector.
#[derive(Debug)]
pub(super) struct Connector(
    // To tokio any socket of datagrams is one of UDP.
    UdpSocket,
);

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Something has become of a process.
    Event(Event),
    /// More than there was room for: some of it is lost.
    Lost,
}

impl Connector {
    /// Asks the kernel to tell.
    ///
    /// # Errors
    ///
    /// Why it does not, in words.
    pub(super) async fn open() -> Result<Self, String> {
        let connector = Self::bind().map_err(|error| match error {
            Errno::PERM | Errno::ACCESS => "this kernel asks for CAP_NET_ADMIN".to_owned(),
            Errno::PROTONOSUPPORT | Errno::CONNREFUSED => "it cannot in this network namespace".to_owned(),
            error => crate::io_text::plain(&error.into()),
        })?;
        match timeout(PATIENCE, connector.answer()).await {
            Ok(Ok(0)) => Ok(connector),
            Ok(Ok(1)) => Err("this kernel asks for CAP_NET_ADMIN".to_owned()),
            Ok(Ok(number)) => Err(crate::io_text::plain(&io::Error::from_raw_os_error(number))),
            Ok(Err(error)) => Err(crate::io_text::plain(&error)),
            Err(_) => Err("it does not answer, as in containers".to_owned()),
        }
    }

    fn bind() -> Result<Self, Errno> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket =
            rustix::net::socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, Some(CONNECTOR))?;
        // As much as the kernel allows.
        let _ = set_socket_recv_buffer_size(&socket, ROOM);
        rustix::net::bind(&socket, &SocketAddrNetlink::new(0, PROCESSES))?;
        let kernel = SocketAddrNetlink::new(0, 0);
        rustix::net::sendto(&socket, &request(), SendFlags::empty(), &kernel)?;
        let socket = UdpSocket::from_std(socket.into());
        socket.map(Self).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
    }

    async fn answer(&self) -> io::Result<i32> {
        loop {
            if let Some(Message::Answer(error)) = self.message().await? {
                return Ok(error);
            }
        }
    }

    /// What comes next.
    pub(super) async fn next(&self) -> io::Result<Told> {
        loop {
            match self.message().await? {
                Some(Message::Event(event)) => return Ok(Told::Event(event)),
                None => return Ok(Told::Lost),
                Some(Message::Answer(_) | Message::Other) => {}
            }
        }
    }

    /// The next message; none where some were lost.
    async fn message(&self) -> io::Result<Option<Message>> {
        let mut buffer = [0; 1024];
        match self.0.recv(&mut buffer).await {
            Ok(length) => Ok(Some(parse(buffer.get(..length).unwrap_or_default()))),
            Err(error) if Errno::from_io_error(&error) == Some(Errno::NOBUFS) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
