//! From a host and a port to a connection.

use std::io;
use std::net::{IpAddr, SocketAddr};

use keepwatch_host::HostPort;
use rustix::io::Errno;
use socket2::{Domain, Socket, Type};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::deadline::Deadline;
use crate::io_text::{failed, nowhere};
use crate::names::Names;
use crate::verdict::{Step, fail, unknown};

/// The addresses of a host. An address is its own; a name is asked for each time, so that a change is seen.
pub(crate) async fn resolve(to: &HostPort, names: &Names, deadline: &Deadline) -> Step<Vec<SocketAddr>> {
    if let Ok(address) = to.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, to.port)]);
    }
    let found =
        deadline.limit(names.find(to), || format!("no name server said where {} is", to.host)).await?;
    let found = found.map_err(|error| nowhere(&to.host, &error))?;
    if found.is_empty() {
        return Err(fail(format!("{} has no address", to.host)));
    }
    Ok(found)
}

/// Connects to the first of a host's addresses that answers.
pub(crate) async fn connect(
    to: &HostPort,
    source: Option<IpAddr>,
    names: &Names,
    deadline: &Deadline,
) -> Step<TcpStream> {
    first(to, source, names, deadline, connect_from).await
}

/// What comes of dialling the first of a host's addresses that answers. Each has its share of the time: one that is silent
/// leaves the others theirs.
pub(crate) async fn first<T, Dialling: Future<Output = io::Result<T>>>(
    to: &HostPort,
    source: Option<IpAddr>,
    names: &Names,
    deadline: &Deadline,
    dial: impl Fn(Option<IpAddr>, SocketAddr) -> Dialling,
) -> Step<T> {
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
        let why = match timeout(share, dial(source, address)).await {
            Ok(Ok(dialled)) => return Ok(dialled),
            Ok(Err(error)) => Some(error),
            Err(_) => None,
        };
        let name = named(to, address);
        last = Some(match (why, source) {
            (None, _) => fail(format!("{name} did not answer within {deadline}")),
            (Some(error), Some(source)) if error.kind() == io::ErrorKind::AddrNotAvailable => {
                unknown(format!("{name} cannot be asked: the source {source} is no address of this host"))
            }
            (Some(error), _) => failed(&name, &error),
        });
    }
    Err(last.unwrap_or_else(|| fail(format!("{to} has no address"))))
}

/// A target with the address that its name led to.
fn named(to: &HostPort, address: SocketAddr) -> String {
    // No name has a colon, but `fe80::1%eth0`, which only the C library reads.
    if to.host.contains(':') || to.host.parse::<IpAddr>().is_ok() {
        to.to_string()
    } else {
        format!("{to} ({})", address.ip())
    }
}

async fn connect_from(source: Option<IpAddr>, to: SocketAddr) -> io::Result<TcpStream> {
    let socket = connected(new(source, to)?, to).await?;
    TcpStream::from_std(socket.into())
}

/// A socket that can connect there.
pub(crate) fn new(source: Option<IpAddr>, to: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM.nonblocking(), None)?;
    if let Some(source) = source {
        socket.bind(&SocketAddr::new(source, 0).into())?;
    }
    Ok(socket)
}

/// Connects a socket. Nobody listens yet to what comes: whoever only wants to know that somebody is there is spared that.
pub(crate) async fn connected(socket: Socket, to: SocketAddr) -> io::Result<Socket> {
    // On this host itself it has come about when it is asked for the second time: no need to be told later.
    if has_connected(&socket, to)? || has_connected(&socket, to)? {
        return Ok(socket);
    }
    let stream = TcpStream::from_std(socket.into())?;
    stream.writable().await?;
    match stream.take_error()? {
        Some(error) => Err(error),
        None => Ok(stream.into_std()?.into()),
    }
}

/// Begins to connect, or asks whether that has come about.
fn has_connected(socket: &Socket, to: SocketAddr) -> io::Result<bool> {
    match socket.connect(&to.into()) {
        Ok(()) => Ok(true),
        Err(error) => match Errno::from_io_error(&error) {
            Some(Errno::INPROGRESS | Errno::ALREADY) => Ok(false),
            _ => Err(error),
        },
    }
}
