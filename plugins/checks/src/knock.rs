//! Whether somebody listens at an address.
//!
//! Once the other side has answered it is broken off, before a connection has come about there: its program is not bothered
//! and logs nothing, and it costs both sides a third less. HAProxy's checks do the same.

use std::cell::Cell;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use rustix::net::connect_unspec;
use rustix::net::sockopt::set_tcp_quickack;
use socket2::Socket;

use crate::dial::{connected, new};

thread_local! {
    /// A socket that has knocked somewhere and is free: to make one and to close it costs a fourth of a knock.
    static FREE: Cell<Option<Knocker>> = const { Cell::new(None) };
}

/// A socket that is connected to nobody.
struct Knocker {
    socket: Socket,
    is_ipv4: bool,
}

/// Knocks at an address.
///
/// # Errors
///
/// Why nobody has answered.
pub(crate) async fn knock(source: Option<IpAddr>, to: SocketAddr) -> io::Result<()> {
    // An IPv6 socket that has been at an IPv4 address by way of IPv6 stays an IPv4 socket.
    let to = if let IpAddr::V4(address) = to.ip().to_canonical() { (address, to.port()).into() } else { to };
    // Nor does one that has been at a link's own address ever leave that link.
    let is_free = source.is_none() && !matches!(to, SocketAddr::V6(to) if to.scope_id() != 0);
    let free = if is_free { FREE.take() } else { None };
    let socket = match free.filter(|free| free.is_ipv4 == to.is_ipv4()) {
        Some(free) => free.socket,
        None => new_knocker(source, to)?,
    };
    // The answer is not acknowledged but by the reset that breaks off. The kernel forgets this with each connection.
    set_tcp_quickack(&socket, false)?;
    let socket = connected(socket, to).await?;
    if is_free && connect_unspec(&socket).is_ok() {
        FREE.set(Some(Knocker { socket, is_ipv4: to.is_ipv4() }));
    }
    Ok(())
}

/// A socket that resets what it has connected to when it is closed.
fn new_knocker(source: Option<IpAddr>, to: SocketAddr) -> io::Result<Socket> {
    let socket = new(source, to)?;
    socket.set_linger(Some(Duration::ZERO))?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn listener(at: &str) -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind(at).unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    /// The free socket's own address; it is connected to nobody.
    fn free() -> Option<SocketAddr> {
        let free = FREE.take()?;
        assert_eq!(free.socket.peer_addr().unwrap_err().kind(), io::ErrorKind::NotConnected);
        let own = free.socket.local_addr().unwrap().as_socket();
        FREE.set(Some(free));
        own
    }

    #[tokio::test]
    async fn a_socket_knocks_again_and_elsewhere() {
        let (_one, first) = listener("127.0.0.1:0");
        let (_two, second) = listener("127.0.0.2:0");
        let (_six, sixth) = listener("[::1]:0");
        let mapped: SocketAddr = format!("[::ffff:127.0.0.1]:{}", first.port()).parse().unwrap();
        // Bound, and nobody listens.
        let silent = Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        silent.bind(&"127.0.0.3:0".parse::<SocketAddr>().unwrap().into()).unwrap();
        let nobody = silent.local_addr().unwrap().as_socket().unwrap();
        for _ in 0..3 {
            for address in [first, second, first, sixth, mapped, sixth, second] {
                knock(None, address).await.unwrap();
                let own = free().unwrap();
                let is_ipv4 = address.ip().to_canonical().is_ipv4();
                assert!(own.ip().is_unspecified() && own.is_ipv4() == is_ipv4, "{own}");
            }
            // What has refused says nothing of whoever is asked next.
            let refused = knock(None, nobody).await.unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
            assert_eq!(free(), None);
        }
    }

    #[tokio::test]
    async fn a_socket_with_a_source_is_not_used_again() {
        let (listener, address) = listener("127.0.0.1:0");
        knock(Some("127.0.0.9".parse().unwrap()), address).await.unwrap();
        assert_eq!(free(), None);
        knock(None, address).await.unwrap();
        drop(listener);
        assert_eq!(knock(None, address).await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    }
}
