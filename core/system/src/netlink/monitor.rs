//! Listening to the kernel.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use rtnetlink::packet_core::NetlinkPayload;
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::sys::{Socket, protocols::NETLINK_ROUTE};

use super::requests::Messages;
use super::{Address, Link};

/// Room for a burst of notifications: hundreds of addresses at once.
const RECEIVE_BUFFER: usize = 4 << 20;
const BUFFER: usize = 64 << 10;

/// A netlink socket that hears of every change of links and addresses.
pub struct Monitor {
    socket: Socket,
    buffer: Vec<u8>,
}

impl std::fmt::Debug for Monitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Monitor").finish_non_exhaustive()
    }
}

/// Something changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// An interface is new or changed.
    Link(Link),
    /// An interface is gone.
    LinkGone(Link),
    /// An address is new or changed.
    Address(Address),
    /// An address is gone.
    AddressGone(Address),
    /// Notifications were lost: everything must be read anew.
    Lost,
}

impl Monitor {
    /// A socket in the calling thread's network namespace.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind_auto()?;
        socket.set_non_blocking(true)?;
        if rustix::net::sockopt::set_socket_recv_buffer_size_force(&socket, RECEIVE_BUFFER).is_err() {
            socket.set_rx_buf_sz(RECEIVE_BUFFER)?;
        }
        for group in [libc::RTNLGRP_LINK, libc::RTNLGRP_IPV4_IFADDR, libc::RTNLGRP_IPV6_IFADDR] {
            socket.add_membership(group)?;
        }
        Ok(Self { socket, buffer: Vec::with_capacity(BUFFER) })
    }

    /// Takes what has been heard, in order, and appends it to `changes`; at most one datagram's worth. False
    /// when nothing was there.
    ///
    /// # Errors
    ///
    /// The kernel's; lost notifications are none, but [`Change::Lost`].
    pub fn receive(&mut self, changes: &mut Vec<Change>) -> io::Result<bool> {
        self.buffer.clear();
        match self.socket.recv(&mut self.buffer, libc::MSG_DONTWAIT) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => {
                changes.push(Change::Lost);
                return Ok(true);
            }
            Err(error) => return Err(error),
        }
        for message in Messages(&self.buffer) {
            let change = match message.payload {
                NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewLink(message)) => {
                    Link::from_message(&message).map(Change::Link)
                }
                NetlinkPayload::InnerMessage(RouteNetlinkMessage::DelLink(message)) => {
                    Link::from_message(&message).map(Change::LinkGone)
                }
                NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewAddress(message)) => {
                    Address::from_message(&message).map(Change::Address)
                }
                NetlinkPayload::InnerMessage(RouteNetlinkMessage::DelAddress(message)) => {
                    Address::from_message(&message).map(Change::AddressGone)
                }
                NetlinkPayload::Overrun(_) => Some(Change::Lost),
                _ => None,
            };
            changes.extend(change);
        }
        Ok(true)
    }
}

impl AsFd for Monitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        let raw = self.socket.as_raw_fd();
        // SAFETY: the descriptor belongs to `self.socket`, which outlives the borrow and does not close it.
        unsafe { BorrowedFd::borrow_raw(raw) }
    }
}
