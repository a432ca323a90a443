//! What a configuration would meet on this host (`keepwatch check --host`): interfaces that are missing or down, and addresses
//! that are missing, or there already.
//!
//! None of it makes a configuration invalid: an interface may come later. So these are warnings.

use std::io;
use std::net::IpAddr;

use keepwatch_config::diagnostic::Diagnostic;
use keepwatch_config::model::{Config, Instance, InterfaceName, Place};
use keepwatch_config::nearest;
use keepwatch_system::netlink::{ADDRESS_PROTOCOL, Address, Link, Requests};
use keepwatch_vrrp::{Destination, Family};

/// The interfaces and addresses of a host.
#[derive(Clone, Debug, Default)]
pub struct Host {
    links: Vec<Link>,
    addresses: Vec<Address>,
}

impl Host {
    /// This host, in the calling thread's network namespace.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn look() -> io::Result<Self> {
        let mut requests = Requests::open()?;
        Ok(Self { links: requests.links()?, addresses: requests.addresses()? })
    }

    /// What a configuration would meet here, each with the place that it is about.
    #[must_use]
    pub fn findings<'c>(&self, config: &'c Config) -> Vec<(&'c Place, Diagnostic)> {
        let mut findings = Vec::new();
        for instance in &config.instances {
            let of_instance = self.of_instance(instance, config);
            findings.extend(of_instance.into_iter().map(|finding| (&instance.place, finding)));
        }
        findings
    }

    fn of_instance(&self, instance: &Instance, config: &Config) -> Vec<Diagnostic> {
        let mut findings = Vec::new();
        let warning =
            |message: String, help: String| Diagnostic::warning(&instance.place.span, message, "").help(help);
        let name = &instance.name;
        match self.link(&instance.interface) {
            None => findings.push(warning(
                format!("{name}: there is no interface {} on this host", instance.interface),
                format!("it waits in FAULT until there is one; there {}", self.choice(&instance.interface)),
            )),
            Some(link) => {
                if let Some(finding) = self.state_of(link, name) {
                    findings.push(warning(finding.0, finding.1));
                }
                if let Some(finding) = self.source_of(instance, link, config) {
                    findings.push(warning(finding.0, finding.1));
                }
            }
        }
        let others = instance.track_interfaces.iter().map(|tracked| (&tracked.interface, "tracks"));
        let devices = instance.addresses.iter().chain(&instance.excluded);
        let devices = devices.filter_map(|address| Some((address.device.as_ref()?, "has an address for")));
        let mut told: Vec<&InterfaceName> = Vec::new();
        for (interface, why) in others.chain(devices) {
            let is_made = config
                .instances
                .iter()
                .any(|instance| instance.own_interface.as_ref().is_some_and(|own| own.name() == interface));
            if is_made || told.contains(&interface) || *interface == instance.interface {
                continue;
            }
            told.push(interface);
            if self.link(interface).is_none() {
                findings.push(warning(
                    format!("{name} {why} the interface {interface}, which is not on this host"),
                    format!("there {}", self.choice(interface)),
                ));
            }
        }
        findings.extend(self.taken(instance).into_iter().map(|(message, help)| warning(message, help)));
        findings.extend(self.own_peers(instance).map(|(message, help)| warning(message, help)));
        findings
    }

    fn state_of(&self, link: &Link, name: &str) -> Option<(String, String)> {
        let interface = &link.name;
        if !link.up {
            let message = format!("{name}: {interface} is down");
            return Some((message, format!("ip link set {interface} up")));
        }
        let message = format!("{name}: {interface} has no carrier");
        (!link.running).then(|| (message, "plug the cable in, or look at the switch's port".to_owned()))
    }

    /// Whether adverts have an address to come from.
    fn source_of(&self, instance: &Instance, link: &Link, config: &Config) -> Option<(String, String)> {
        let (name, interface) = (&instance.name, &link.name);
        let mut own = self.addresses.iter().filter(|known| known.interface == link.index);
        if let Some(source) = instance.source {
            let message = format!("{name}: adverts are to come from {source}, which is not on {interface}");
            let is_there = own.any(|known| known.address == source);
            return (!is_there).then(|| (message, format!("{interface} has {}", self.listed(link))));
        }
        let is_virtual = |address: IpAddr| {
            let virtuals = config.instances.iter().flat_map(|one| one.addresses.iter().chain(&one.excluded));
            !instance.priority.is_owner() && virtuals.into_iter().any(|known| known.address == address)
        };
        // An ipvlan brings its own.
        if instance.ipvlan().is_some_and(|ipvlan| ipvlan.address.is_some()) {
            return None;
        }
        let is_unicast = matches!(instance.destination, Destination::Unicast { .. });
        let fits = |address: IpAddr| match (instance.family, address) {
            (Family::V4, IpAddr::V4(_)) => true,
            (Family::V6, IpAddr::V6(address)) => is_unicast || address.is_unicast_link_local(),
            _ => false,
        };
        if own.any(|known| fits(known.address) && !is_virtual(known.address)) {
            return None;
        }
        let what = match instance.family {
            Family::V4 => "IPv4 address",
            Family::V6 => "link-local IPv6 address",
        };
        let message = format!("{name}: {interface} has no {what} that adverts could come from");
        let help = "it waits in FAULT until there is one; virtual addresses do not count";
        Some((message, help.to_owned()))
    }

    /// Virtual addresses that are on this host already, and were not put there by keepwatch.
    fn taken(&self, instance: &Instance) -> Vec<(String, String)> {
        if instance.priority.is_owner() {
            return Vec::new();
        }
        let wanted = instance.addresses.iter().chain(&instance.excluded);
        let taken = wanted.filter_map(|wanted| {
            let known = self.addresses.iter().find(|known| {
                known.address == wanted.address && known.protocol != ADDRESS_PROTOCOL
            })?;
            let link = self.links.iter().find(|link| link.index == known.interface)?;
            let message = format!(
                "{}: the virtual address {} is on {} already",
                instance.name, wanted.address, link.name
            );
            let help = "another daemon may hold it; keepwatch takes what it finds at its start for left over, and removes it";
            Some((message, help.to_owned()))
        });
        taken.collect()
    }

    /// A peer that is this host: what was copied from the other host without a change.
    fn own_peers(&self, instance: &Instance) -> Option<(String, String)> {
        let Destination::Unicast { peers, .. } = &instance.destination else { return None };
        let is_own = |peer: IpAddr| self.addresses.iter().any(|known| known.address == peer);
        let own = peers.iter().map(|peer| peer.address).find(|peer| is_own(*peer))?;
        let message = format!("{}: its peer {own} is this host", instance.name);
        Some((message, "name the other hosts".to_owned()))
    }

    fn link(&self, name: &InterfaceName) -> Option<&Link> {
        self.links.iter().find(|link| link.name == name.as_str())
    }

    /// `are eth0, eth1: is eth0 meant?`
    fn choice(&self, wanted: &InterfaceName) -> String {
        let mut names: Vec<&str> = self.links.iter().map(|link| link.name.as_str()).collect();
        names.retain(|name| *name != "lo");
        match (names.as_slice(), nearest(wanted.as_str(), names.iter().copied())) {
            ([], _) => "is none but lo".to_owned(),
            ([only], _) => format!("is {only}"),
            (_, Some(meant)) => format!("are {}: is {meant} meant?", shortened(&names)),
            (_, None) => format!("are {}", shortened(&names)),
        }
    }

    fn listed(&self, link: &Link) -> String {
        let own = self.addresses.iter().filter(|known| known.interface == link.index);
        let addresses: Vec<String> = own.map(|known| known.address.to_string()).collect();
        if addresses.is_empty() { "none".to_owned() } else { addresses.join(", ") }
    }
}

/// Names, but not hundreds of them.
fn shortened(names: &[&str]) -> String {
    const MOST: usize = 8;
    let shown = names.get(..MOST).unwrap_or(names).join(", ");
    if names.len() > MOST { format!("{shown}, ...") } else { shown }
}
