//! Whether a host answers pings.

mod packet;
mod socket;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use keepwatch_host::{HostPort, Probe, Verdict, Work};
use tokio::time::timeout;

use crate::deadline::Deadline;
use crate::dial::resolve;
use crate::io_text::{failed, in_words, is_ours, plain};
use crate::names::Names;
use crate::verdict::{Step, either, fail, pass, unknown};
use packet::Echo;
use socket::Socket;

/// Passes when enough pings come back. Needs no privilege where `net.ipv4.ping_group_range` covers the daemon's group,
/// otherwise CAP_NET_RAW.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PingCheck {
    /// A name or an address.
    pub host: String,
    /// The address of this host to ask from; otherwise the kernel chooses.
    pub source: Option<IpAddr>,
    /// So many pings are sent at most, one after the other, each when the one before had its share of the time or came
    /// back.
    pub count: u16,
    /// So many must come back. The check ends as soon as they have.
    pub needed: u16,
}

impl PingCheck {
    /// A check that sends up to three pings, of which one must come back.
    #[must_use]
    pub fn new(host: impl Into<String>) -> Self {
        Self { host: host.into(), source: None, count: 3, needed: 1 }
    }
}

pub(crate) struct PingProbe {
    check: PingCheck,
    names: Names,
}

impl PingProbe {
    pub(crate) fn new(check: &PingCheck) -> Self {
        Self { check: check.clone(), names: Names::default() }
    }
}

impl Probe for PingProbe {
    fn probe(&self, within: Duration) -> Work<'_, Verdict> {
        Box::pin(async move { either(ask(&self.check, &self.names, Deadline::new(within)).await) })
    }
}

async fn ask(check: &PingCheck, names: &Names, deadline: Deadline) -> Step<Verdict> {
    let PingCheck { host, source, count, needed } = check;
    if needed > count {
        return Err(unknown(format!("{host}: {needed} pings of {count} can never come back")));
    }
    let to = HostPort { host: host.clone(), port: 0 };
    let mut addresses = resolve(&to, names, &deadline).await?;
    addresses.retain(|address| source.is_none_or(|source| source.is_ipv4() == address.is_ipv4()));
    let Some(address) = addresses.first() else {
        return Err(unknown(format!("{host} has no address of the same family as the source")));
    };
    let socket = open(check, *address)?;
    let mut echo = Echo::new(*address);
    for number in 1..=*count {
        if let Err(error) = socket.send(&echo.request(number)).await {
            return Err(failed(host, &error));
        }
        let share = deadline.left() / u32::from(count - number + 1);
        let enough = usize::from(if number == *count { *needed } else { number.min(*needed) });
        match timeout(share, hear(&socket, &mut echo, enough)).await {
            Ok(Err(error)) if is_ours(&error) => return Err(failed(host, &error)),
            // Somebody on the way says that it cannot be reached; the next ping may find another way.
            Ok(Err(error)) if number == *count => return Err(fail(format!("{host} {}", in_words(&error)))),
            Ok(Err(_) | Ok(())) | Err(_) => {}
        }
        if echo.came() >= usize::from(*needed) {
            let (came, taken) = (echo.came(), deadline.taken());
            return Ok(pass(format!("{host}: {came} of {number} pings came back in {taken}")));
        }
    }
    let came = echo.came();
    Err(fail(format!("{host}: {came} of {count} pings came back within {deadline}, {needed} needed")))
}

fn open(check: &PingCheck, address: SocketAddr) -> Step<Socket> {
    let host = &check.host;
    Socket::open(check.source, address).map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => unknown(format!(
            "{host} cannot be pinged without permission: set the sysctl net.ipv4.ping_group_range so that it covers the \
             daemon's group, or give it CAP_NET_RAW"
        )),
        io::ErrorKind::AddrNotAvailable => {
            unknown(format!("{host} cannot be pinged: the source is no address of this host"))
        }
        _ if is_ours(&error) => unknown(format!("{host} cannot be pinged: {}", plain(&error))),
        _ => fail(format!("{host} {}", in_words(&error))),
    })
}

/// Waits until so many pings have come back.
async fn hear(socket: &Socket, echo: &mut Echo, enough: usize) -> io::Result<()> {
    let mut buffer = [0; 2048];
    while echo.came() < enough {
        echo.hear(socket.receive(&mut buffer).await?);
    }
    Ok(())
}
