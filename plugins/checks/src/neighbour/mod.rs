//! Whether a host on the same network answers at all: ARP for IPv4, neighbour solicitation for IPv6.
//!
//! Both are asked by sockets of our own rather than through the kernel's table of neighbours, which may hold an old answer
//! and does not ask again while it believes it.

mod arp;
mod arp_socket;
mod link;
mod ndp;

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use keepwatch_host::{Aside, Probe, Verdict, Work};

use crate::deadline::Deadline;
use crate::io_text::{in_words, is_ours, plain};
use crate::verdict::{Step, either, fail, pass, unknown};
use link::Link;

/// A question that is not answered is asked at least so many times.
const TIMES: u32 = 3;
/// No longer is waited before it is asked again.
const LONGEST: Duration = Duration::from_secs(1);

/// Passes when a host on the same network says its hardware address: it, and the way there and back, are alive, whatever
/// its packet filter lets through. Needs CAP_NET_RAW.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeighbourCheck {
    /// The host.
    pub address: IpAddr,
    /// The interface that leads to it.
    pub interface: String,
}

impl NeighbourCheck {
    /// A check of a host behind an interface.
    #[must_use]
    pub fn new(address: IpAddr, interface: impl Into<String>) -> Self {
        Self { address, interface: interface.into() }
    }
}

pub(crate) struct NeighbourProbe {
    check: NeighbourCheck,
    looking: Aside<io::Result<Option<Link>>>,
}

impl NeighbourProbe {
    pub(crate) fn new(check: &NeighbourCheck) -> Self {
        Self { check: check.clone(), looking: Aside::default() }
    }

    /// The interface. The kernel may hold its lock on all of them for a while.
    async fn link(&self, deadline: &Deadline) -> Step<Link> {
        let interface = self.check.interface.clone();
        let found = self.looking.run(move || Link::find(&interface));
        let unseen = || "the interfaces of this host could not be seen".to_owned();
        // That this host is slow says nothing of the neighbour.
        let found = deadline.limit(found, unseen).await.map_err(|late| unknown(late.text))?;
        found
            .ok_or_else(|| unknown(unseen()))?
            .map_err(|error| {
                unknown(format!("the interfaces of this host cannot be seen: {}", plain(&error)))
            })?
            .ok_or_else(|| fail(format!("{} does not exist", self.check.interface)))
    }
}

impl Probe for NeighbourProbe {
    fn probe(&self, within: Duration) -> Work<'_, Verdict> {
        Box::pin(async move { either(ask(self, Deadline::new(within)).await) })
    }
}

async fn ask(probe: &NeighbourProbe, deadline: Deadline) -> Step<Verdict> {
    let check = &probe.check;
    let NeighbourCheck { address, interface } = check;
    let link = probe.link(&deadline).await?;
    let mac = link.mac.ok_or_else(|| unknown(format!("{interface} has no neighbours: it is no Ethernet")))?;
    let late = || format!("{address} did not answer on {interface}");
    let patience = (deadline.left() / TIMES).min(LONGEST);
    let answer = match *address {
        IpAddr::V4(v4) => deadline.limit(arp_socket::ask(v4, &link, mac, patience), late).await?,
        IpAddr::V6(v6) => deadline.limit(ndp::ask(v6, &link, mac, patience), late).await?,
    };
    let mac = answer.map_err(|error| failed(check, &error))?;
    Ok(pass(format!("{address} on {interface} is {mac}, answered in {}", deadline.taken())))
}

fn failed(check: &NeighbourCheck, error: &io::Error) -> Verdict {
    let NeighbourCheck { address, interface } = check;
    if error.kind() == io::ErrorKind::PermissionDenied {
        return unknown(format!("{address} cannot be asked for on {interface}: that needs CAP_NET_RAW"));
    }
    match error.kind() {
        io::ErrorKind::NetworkDown => fail(format!("{interface} is down")),
        _ if is_ours(error) => {
            unknown(format!("{address} cannot be asked for on {interface}: {}", plain(error)))
        }
        _ => fail(format!("{address} on {interface} {}", in_words(error))),
    }
}
