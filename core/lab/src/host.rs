//! A host on the LAN.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use keepwatch_system::netlink::{Address, AddressLifetime, NewAddress, PreferredLifetime, Requests};
use keepwatch_vrrp::MacAddress;

use crate::links;
use crate::namespace::Namespace;
use crate::network::Network;
use crate::tool;

/// The interface that everything is about unless another one is named.
pub(crate) const INTERFACE: &str = "eth0";

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
    pub(crate) switch: Namespace,
    networks: u8,
}

impl Host {
    /// A host that is plugged into each network.
    pub(crate) fn create(name: String, last: u8, networks: u8, switch: &Namespace) -> io::Result<Self> {
        let host = Self {
            name,
            namespace: Namespace::create()?,
            address: Network(0).address(last),
            address_v6: Network(0).address_v6(last),
            switch: switch.clone(),
            networks,
        };
        host.set_sysctls()?;
        links::set_up(&host.namespace, "lo")?;
        for number in 0..networks {
            host.connect(Network(number))?;
        }
        Ok(host)
    }

    fn connect(&self, network: Network) -> io::Result<()> {
        let [.., last] = self.address.octets();
        let (interface, port) = (network.interface(), network.port(&self.name));
        links::plug(&self.switch, &network.bridge(), &port, &self.namespace, &interface)?;
        links::add_address(&self.namespace, &interface, network.address(last).into(), 24)?;
        links::set_up(&self.namespace, &interface)?;
        links::add_address(&self.namespace, &interface, network.address_v6(last).into(), 64)
    }

    /// Waits until frames come through all cables.
    pub(crate) fn wait_until_connected(&self) -> io::Result<()> {
        for network in (0..self.networks).map(Network) {
            links::wait_until_connected(&self.namespace, &network.interface())?;
            links::wait_until_connected(&self.switch, &network.port(&self.name))?;
        }
        Ok(())
    }

    /// The ports of the switch that the host is plugged into.
    pub(crate) fn ports(&self) -> impl Iterator<Item = String> {
        (0..self.networks).map(|number| Network(number).port(&self.name))
    }

    /// Runs a program in the host's namespace to its end and gives its standard output. The arguments are
    /// separated by blanks; there is no quoting.
    ///
    /// # Errors
    ///
    /// The kernel's: no such program, and the like; and, with the text of its standard error, a program that
    /// does not end with exit code 0.
    pub fn run(&self, program: &str, arguments: &str) -> io::Result<String> {
        tool::run(&self.namespace, program, arguments)
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
        self.connect(Network(0))
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
                requests.add_address(index, &address, AddressLifetime::Forever)?;
                requests.remove_address(index, address.key())?;
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
        self.has_on(INTERFACE, address)
    }

    /// Whether an interface of the host, such as `eth1`, has an address.
    #[must_use]
    pub fn has_on(&self, interface: &str, address: IpAddr) -> bool {
        self.addresses_on(interface).is_ok_and(|held| held.iter().any(|held| held.address == address))
    }

    /// The addresses on the host's interface, each with the line that `ip addr` prints for it.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn addresses(&self) -> io::Result<Vec<(IpAddr, String)>> {
        let addresses = self.addresses_on(INTERFACE)?;
        let line = |held: &Address| format!("{} {INTERFACE}", held.describe());
        Ok(addresses.iter().map(|held| (held.address, line(held))).collect())
    }

    /// The link-local IPv6 address that the kernel gave the host's interface.
    ///
    /// # Errors
    ///
    /// The kernel's; `NotFound` if there is none.
    pub fn link_local(&self) -> io::Result<Ipv6Addr> {
        let link_local = |held: Address| match held.address {
            IpAddr::V6(address) if address.is_unicast_link_local() => Some(address),
            IpAddr::V4(_) | IpAddr::V6(_) => None,
        };
        let addresses = self.addresses_on(INTERFACE)?;
        addresses.into_iter().find_map(link_local).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// The addresses on an interface; none if there is no such interface.
    fn addresses_on(&self, interface: &str) -> io::Result<Vec<Address>> {
        self.namespace.run(|| {
            let mut requests = Requests::open()?;
            let links = requests.links()?;
            let index = links.into_iter().find(|link| link.name == interface).map(|link| link.index);
            let mut addresses = requests.addresses()?;
            addresses.retain(|address| Some(address.interface) == index);
            Ok(addresses)
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

    /// The Ethernet address of the host's interface.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn mac(&self) -> io::Result<MacAddress> {
        let link = links::get(&self.namespace, INTERFACE)?;
        link.mac
            .map(MacAddress)
            .ok_or_else(|| io::Error::other(format!("{INTERFACE} has no Ethernet address")))
    }
}
