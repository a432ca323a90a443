//! From a host and a port to a connection.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use keepwatch_host::HostPort;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::sockopt::set_tcp_quickack;
use socket2::{Domain, Socket, Type};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::deadline::Deadline;
use crate::io_text::{failed, plain};
use crate::names::Names;
use crate::verdict::{Step, fail, unknown};

/// The addresses of a host. An address is its own; a name is asked for each time, so that a change is seen.
pub(crate) async fn resolve(to: &HostPort, names: &Names, deadline: &Deadline) -> Step<Vec<SocketAddr>> {
    if let Ok(address) = to.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, to.port)]);
    }
    let found =
        deadline.limit(names.find(to), || format!("no name server said where {} is", to.host)).await?;
    let found = found.map_err(|error| fail(format!("{} has no address: {}", to.host, plain(&error))))?;
    if found.is_empty() {
        return Err(fail(format!("{} has no address", to.host)));
    }
    Ok(found)
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// To talk.
    Talk,
    /// To see that somebody is there. Once the other side has answered it is broken off, before it has come about there: its
    /// program is not bothered, and logs nothing, and it costs both sides a third less. HAProxy's checks do the same.
    Knock,
}

/// Connects, to talk.
pub(crate) async fn connect(
    to: &HostPort,
    source: Option<IpAddr>,
    names: &Names,
    deadline: &Deadline,
) -> Step<TcpStream> {
    let open = open(to, source, Manner::Talk, names, deadline).await?;
    TcpStream::from_std(open).map_err(|error| failed(&to.to_string(), &error))
}

/// Connects to the first of a host's addresses that answers. Each has its share of the time: one that is silent leaves
/// the others theirs. Nobody listens yet to what comes: whoever only wants to know that somebody is there is spared that.
pub(crate) async fn open(
    to: &HostPort,
    source: Option<IpAddr>,
    manner: Manner,
    names: &Names,
    deadline: &Deadline,
) -> Step<std::net::TcpStream> {
    let mut addresses = resolve(to, names, deadline).await?;
    if let Some(source) = source {
        addresses.retain(|address| address.is_ipv4() == source.is_ipv4());
        if addresses.is_empty() {
            return Err(unknown(format!("{to} has no address of the same family as the source {source}")));
        }
    }
    let mut left = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    let mut last = None;
    for address in addresses {
        let share = deadline.left() / left.max(1);
        left = left.saturating_sub(1);
        let name = named(to, address);
        last = match timeout(share, connect_from(source, address, manner)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => Some(match source {
                Some(source) if error.kind() == io::ErrorKind::AddrNotAvailable => {
                    unknown(format!("{name} cannot be asked: the source {source} is no address of this host"))
                }
                _ => failed(&name, &error),
            }),
            Err(_) => Some(fail(format!("{name} did not answer within {deadline}"))),
        };
    }
    Err(last.unwrap_or_else(|| fail(format!("{to} has no address"))))
}

/// A target with the address that its name led to.
fn named(to: &HostPort, address: SocketAddr) -> String {
    if to.host.parse::<IpAddr>().is_ok() { to.to_string() } else { format!("{to} ({})", address.ip()) }
}

async fn connect_from(
    source: Option<IpAddr>,
    to: SocketAddr,
    manner: Manner,
) -> io::Result<std::net::TcpStream> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM.nonblocking(), None)?;
    if manner == Manner::Knock {
        // The answer is not acknowledged but by the reset that closing sends.
        set_tcp_quickack(&socket, false)?;
        socket.set_linger(Some(Duration::ZERO))?;
    }
    if let Some(source) = source {
        socket.bind(&SocketAddr::new(source, 0).into())?;
    }
    match socket.connect(&to.into()) {
        Err(error) if Errno::from_io_error(&error) == Some(Errno::INPROGRESS) => {}
        done => return done.map(|()| socket.into()),
    }
    // On this host itself it has come about by now: no need to be told later.
    let mut looked = [PollFd::new(&socket, PollFlags::OUT)];
    if poll(&mut looked, Some(&Timespec::default()))? > 0 {
        return match socket.take_error()? {
            Some(error) => Err(error),
            None => Ok(socket.into()),
        };
    }
    let stream = TcpStream::from_std(socket.into())?;
    stream.writable().await?;
    match stream.take_error()? {
        Some(error) => Err(error),
        None => stream.into_std(),
    }
}
