//! The LAN: a switch, hosts and a client.

use std::io;
use std::net::Ipv4Addr;

use crate::host::Host;
use crate::links;
use crate::namespace::Namespace;
use crate::network::Network;
use crate::tool;

/// Hosts h1, h2, h3, ... at 10.1.1.10, .20, .40, ... and fd00:1::10, ::20, ::40, ...; a client at 10.1.1.200 and
/// fd00:1::200. 10.1.1.30 and fd00:1::30 are free for sharing.
#[derive(Debug)]
pub struct Lan {
    pub(crate) switch: Namespace,
    pub(crate) networks: u8,
    /// The hosts in order.
    pub hosts: Vec<Host>,
    /// The client.
    pub client: Host,
}

impl Lan {
    /// A LAN with `hosts` hosts, at most 18, ready to use.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn new(hosts: u8) -> io::Result<Self> {
        Self::new_with_networks(hosts, 1)
    }

    /// A LAN of several networks, at most 9, apart from each other: each host and the client has an `eth0`,
    /// `eth1`, ... on the switch's `br0`, `br1`, ... On network n (`eth0` is 0) the addresses are
    /// 10.1.(n+1).x and fd00:(n+1)::x.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn new_with_networks(hosts: u8, networks: u8) -> io::Result<Self> {
        let switch = Namespace::create()?;
        for number in 0..networks {
            links::add_bridge(&switch, &Network(number).bridge())?;
        }
        let host = |name: String, last: u8| Host::create(name, last, networks, &switch);
        let lan = Self {
            hosts: (1..=hosts).map(|n| host(format!("h{n}"), last_octet(n))).collect::<Result<_, _>>()?,
            client: host("client".to_owned(), 200)?,
            switch,
            networks,
        };
        for host in lan.hosts.iter().chain([&lan.client]) {
            host.wait_until_connected()?;
        }
        Ok(lan)
    }

    /// Plugs a namespace that was there before into the first network, even the machine's own: for what the kernel does
    /// there only. It gets an interface of this name, with the address 10.1.1.`last`, and loses both when the LAN goes, on every path: the other end of the cable is in the switch.
    ///
    /// # Errors
    ///
    /// The kernel's: an interface of this name is there already, and the like.
    pub fn plug_in(&self, namespace: &Namespace, interface: &str, last: u8) -> io::Result<Ipv4Addr> {
        let (network, port) = (Network(0), format!("{interface}p"));
        let address = network.address(last);
        links::plug(&self.switch, &network.bridge(), &port, namespace, interface)?;
        links::add_address(namespace, interface, address.into(), 24)?;
        links::set_up(namespace, interface)?;
        links::wait_until_connected(namespace, interface)?;
        links::wait_until_connected(&self.switch, &port)?;
        Ok(address)
    }

    /// The switch's namespace, with the bridge `br0` and a port named after each host. Of further networks the
    /// ports of `br1` are `h1-1`, `h2-1`, ..., and so on.
    #[must_use]
    pub const fn switch(&self) -> &Namespace {
        &self.switch
    }

    /// Runs a program in the switch's namespace, as [`Host::run`] does on a host.
    ///
    /// # Errors
    ///
    /// As [`Host::run`].
    pub fn run_on_switch(&self, program: &str, arguments: &str) -> io::Result<String> {
        tool::run(&self.switch, program, arguments)
    }
}

/// 10, 20, 40, 50, ...: 30 is the address that hosts share.
const fn last_octet(host: u8) -> u8 {
    let place = if host < 3 { host } else { host.saturating_add(1) };
    place.saturating_mul(10)
}
