//! Asking by ARP, over a packet socket.

use std::io;
use std::net::Ipv4Addr;
use std::os::fd::AsRawFd;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::arp::{ETHERTYPE, answer, question};
use super::link::{Link, Mac};

/// Asks until somebody answers.
pub(super) async fn ask(other: Ipv4Addr, link: &Link, mac: Mac, patience: Duration) -> io::Result<Mac> {
    let own = link.source_for(other);
    let socket = open(link)?;
    let question = question(mac, own, other);
    let mut frame = [0; 2048];
    loop {
        socket.send(&question).await?;
        let heard = async {
            loop {
                let length = socket.recv(&mut frame).await?;
                let frame = frame.get(..length).unwrap_or_default();
                if let Some(mac) = answer(frame, mac, own, other) {
                    return Ok(mac);
                }
            }
        };
        if let Ok(answer) = timeout(patience, heard).await {
            return answer;
        }
    }
}

fn open(link: &Link) -> io::Result<UdpSocket> {
    let protocol = Protocol::from(i32::from(ETHERTYPE.to_be()));
    let socket = Socket::new(Domain::PACKET, Type::RAW, Some(protocol))?;
    socket.set_nonblocking(true)?;
    // The address has no protocol of its own: the socket's stays.
    nix::sys::socket::bind(socket.as_raw_fd(), &link.address)?;
    // To tokio any socket of datagrams is one of UDP.
    UdpSocket::from_std(socket.into())
}
