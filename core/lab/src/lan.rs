//! The LAN: a switch, hosts and a client.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use keepwatch_system::netlink::{NewAddress, PreferredLifetime, Requests};

use crate::links;
use crate::namespace::Namespace;

/// Every host's interface.
const INTERFACE: &str = "eth0";
const BRIDGE: &str = "br0";

/// Hosts h1, h2, h3, ... at 10.1.1.10, .20, .40, ... and fd00:1::10, ::20, ::40, ...; a client at 10.1.1.200 and
/// fd00:1::200. 10.1.1.30 and fd00:1::30 are free for sharing.
#[derive(Debug)]
pub struct Lan {
    switch: Namespace,
    /// The hosts in order.
    pub hosts: Vec<Host>,
    /// The client.
    pub client: Host,
}

/// A host on the LAN: a network namespace with an `eth0`.
#[derive(Clone, Debug)]
pub struct Host {
    /// `h1`, `h2`, ..., `client`.
    pub name: String,
    /// Where its programs run.
    pub namespace: Namespace,
    /// Its own IPv4 address, of a /24.
    pub address: Ipv4Addr,
    /// Its own IPv6 address, of a /64.
    pub address_v6: Ipv6Addr,
    switch: Namespace,
}

impl Lan {
    /// A LAN with `hosts` hosts, at most 18, ready to use.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn new(hosts: u8) -> io::Result<Self> {
        let switch = Namespace::create()?;
        links::add_bridge(&switch, BRIDGE)?;
        let host = |name: String, last: u8| {
            let host = Host {
                name,
                namespace: Namespace::create()?,
                address: Ipv4Addr::new(10, 1, 1, last),
                // The last group reads like the IPv4 address: fd00:1::10, not fd00:1::a.
                address_v6: Ipv6Addr::new(0xfd00, 1, 0, 0, 0, 0, 0, decimal_as_hex(last)),
                switch: switch.clone(),
            };
            host.connect()?;
            io::Result::Ok(host)
        };
        Ok(Self {
            hosts: (1..=hosts).map(|n| host(format!("h{n}"), last_octet(n))).collect::<Result<_, _>>()?,
            client: host("client".to_owned(), 200)?,
            switch,
        })
    }

    /// The switch's namespace, with the bridge `br0` and a port named after each host.
    #[must_use]
    pub const fn switch(&self) -> &Namespace {
        &self.switch
    }
}

/// 10, 20, 40, 50, ...: 30 is the address that hosts share.
const fn last_octet(host: u8) -> u8 {
    let place = if host < 3 { host } else { host.saturating_add(1) };
    place.saturating_mul(10)
}

fn decimal_as_hex(value: u8) -> u16 {
    let value = u16::from(value);
    ((value / 100) << 8) | ((value / 10 % 10) << 4) | (value % 10)
}

impl Host {
    fn connect(&self) -> io::Result<()> {
        self.set_sysctls()?;
        links::set_up(&self.namespace, "lo")?;
        self.create_interface()
    }

    /// Addresses are usable at once: no duplicate address detection on a LAN made a moment ago.
    fn set_sysctls(&self) -> io::Result<()> {
        self.namespace.run(|| {
            for (name, value) in [
                ("ipv4/conf/all/rp_filter", "0"),
                ("ipv4/conf/default/rp_filter", "0"),
                ("ipv6/conf/all/accept_dad", "0"),
                ("ipv6/conf/default/accept_dad", "0"),
                ("ipv6/conf/default/dad_transmits", "0"),
            ] {
                std::fs::write(format!("/proc/sys/net/{name}"), value)?;
            }
            Ok(())
        })
    }

    /// Lets interfaces created from now on detect duplicate IPv6 addresses, as Linux does unless told otherwise.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn detect_duplicates(&self) -> io::Result<()> {
        self.namespace.run(|| {
            for (name, value) in [
                ("ipv6/conf/all/accept_dad", "1"),
                ("ipv6/conf/default/accept_dad", "1"),
                ("ipv6/conf/default/dad_transmits", "1"),
            ] {
                std::fs::write(format!("/proc/sys/net/{name}"), value)?;
            }
            Ok(())
        })
    }

    /// Creates the host's interface, with its addresses, up. For a host whose interface was deleted.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn create_interface(&self) -> io::Result<()> {
        links::plug(&self.switch, BRIDGE, &self.name, &self.namespace, INTERFACE)?;
        links::add_address(&self.namespace, INTERFACE, self.address.into(), 24)?;
        links::set_up(&self.namespace, INTERFACE)?;
        links::add_address(&self.namespace, INTERFACE, self.address_v6.into(), 64)
    }

    /// Deletes the host's interface, and with it the port of the switch.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn delete_interface(&self) -> io::Result<()> {
        links::delete(&self.namespace, INTERFACE)
    }

    /// Pulls the host's cable: it loses carrier.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn pull_cable(&self) -> io::Result<()> {
        links::set_down(&self.switch, &self.name)
    }

    /// Plugs it in again.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn plug_cable(&self) -> io::Result<()> {
        links::set_up(&self.switch, &self.name)
    }

    /// Renames the host's interface to `to`, up as it is.
    ///
    /// # Errors
    ///
    /// The kernel's; before Linux 6.2 an interface that is up cannot be renamed.
    pub fn rename_interface(&self, to: &str) -> io::Result<()> {
        links::rename(&self.namespace, INTERFACE, to)
    }

    /// Renames the interface `from` back to what it was.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn rename_interface_back(&self, from: &str) -> io::Result<()> {
        links::rename(&self.namespace, from, INTERFACE)
    }

    /// Whether any interface of the host has an address.
    #[must_use]
    pub fn has_anywhere(&self, address: IpAddr) -> bool {
        let addresses = self.namespace.run(|| Requests::open()?.addresses());
        addresses.is_ok_and(|addresses| addresses.iter().any(|held| held.address == address))
    }

    /// Adds and removes an address on the loopback interface, many times over, so that whoever does not listen
    /// misses notifications.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn churn_addresses(&self, times: u32) -> io::Result<()> {
        let index = links::index_of(&self.namespace, "lo")?;
        let address = NewAddress {
            address: Ipv4Addr::new(127, 7, 7, 7).into(),
            prefix_len: 32,
            peer: None,
            scope: 254,
            label: None,
            broadcast: None,
            duplicate_detection: false,
            no_prefix_route: false,
            home: false,
            manage_temporary: false,
            preferred: PreferredLifetime::Forever,
        };
        self.namespace.run(|| {
            let mut requests = Requests::open()?;
            for _ in 0..times {
                requests.add_address(index, &address)?;
                requests.remove_address(index, address.address, address.prefix_len)?;
            }
            Ok(())
        })
    }

    /// Takes the loopback interface down.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn set_loopback_down(&self) -> io::Result<()> {
        links::set_down(&self.namespace, "lo")
    }

    /// Gives the interface another Ethernet address.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn set_mac(&self, mac: [u8; 6]) -> io::Result<()> {
        links::set_mac(&self.namespace, INTERFACE, mac)
    }

    /// Adds an address by hand, as an administrator would.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn add_address(&self, address: IpAddr, prefix_len: u8) -> io::Result<()> {
        links::add_address(&self.namespace, INTERFACE, address, prefix_len)
    }

    /// Removes an address by hand, as an administrator would.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn remove_address(&self, address: IpAddr, prefix_len: u8) -> io::Result<()> {
        links::remove_address(&self.namespace, INTERFACE, address, prefix_len)
    }

    /// Whether the host's interface has an address.
    #[must_use]
    pub fn has(&self, address: IpAddr) -> bool {
        self.addresses().is_ok_and(|addresses| addresses.iter().any(|(held, _)| *held == address))
    }

    /// The addresses on the host's interface, each with the line that `ip addr` prints for it.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn addresses(&self) -> io::Result<Vec<(IpAddr, String)>> {
        self.namespace.run(|| {
            let mut requests = Requests::open()?;
            let index =
                requests.links()?.into_iter().find(|link| link.name == INTERFACE).map(|link| link.index);
            let addresses = requests.addresses()?;
            let on_it = addresses.into_iter().filter(|address| Some(address.interface) == index);
            Ok(on_it
                .map(|address| (address.address, format!("{} {INTERFACE}", address.describe())))
                .collect())
        })
    }

    /// The index of the host's interface.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn interface_index(&self) -> io::Result<u32> {
        links::index_of(&self.namespace, INTERFACE)
    }
}
