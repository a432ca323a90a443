//! What a configuration would meet on this host (`keepwatch check --host`): interfaces that are missing or down, and addresses
//! that are missing, or there already.
//!
//! None of it makes a configuration invalid: an interface may come later. So these are warnings.

use std::io;
use std::net::IpAddr;

use keepwatch_config::diagnostic::Diagnostic;
use keepwatch_config::model::{Config, Instance, InterfaceName, Place};
use keepwatch_config::{listed, nearest};
use keepwatch_system::InterfaceSetting;
use keepwatch_system::netlink::{ADDRESS_PROTOCOL, Address, Link, Requests};
use keepwatch_vrrp::{Destination, Family};

/// A message, and what to do about it.
type Told = (String, String);

/// The interfaces and addresses of a host.
#[derive(Clone, Debug, Default)]
pub struct Host {
    links: Vec<Link>,
    addresses: Vec<Address>,
    /// Interfaces that take no IPv6 address, by index.
    without_ipv6: Vec<(u32, NoIpv6)>,
}

/// Why an interface takes no IPv6 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoIpv6 {
    /// `disable_ipv6` is set for it.
    Disabled,
    /// The kernel has no IPv6, or the interface none of the kernel's: its MTU may be below 1280.
    Unknown,
}

impl NoIpv6 {
    fn of(link: &Link) -> Option<Self> {
        match InterfaceSetting::DisableIpv6.read(&link.name) {
            Ok(0) => None,
            Ok(_) => Some(Self::Disabled),
            Err(error) => (error.kind() == io::ErrorKind::NotFound).then_some(Self::Unknown),
        }
    }

    fn remedy(self, interface: &str) -> String {
        match self {
            Self::Disabled => format!("sysctl -w {}=0", InterfaceSetting::DisableIpv6.name(interface)),
            Self::Unknown => {
                "start the kernel with IPv6, and give the interface an MTU of 1280 or more".to_owned()
            }
        }
    }
}

impl Host {
    /// This host, in the calling thread's network namespace.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn look() -> io::Result<Self> {
        let mut requests = Requests::open()?;
        let (links, addresses) = (requests.links()?, requests.addresses()?);
        let without_ipv6 = links.iter().filter_map(|link| Some((link.index, NoIpv6::of(link)?))).collect();
        Ok(Self { links, addresses, without_ipv6 })
    }

    /// What a configuration would meet here, each with the place that it is about.
    #[must_use]
    pub fn findings<'c>(&self, config: &'c Config) -> Vec<(&'c Place, Diagnostic)> {
        let mut findings: Vec<(&Place, Diagnostic)> = Vec::new();
        for instance in &config.instances {
            let mut found: Vec<(&Place, Diagnostic)> = self.of_instance(instance, config).collect();
            // The other family of an instance stands at the same place, and has the same to say about the interface.
            let said = |place: &Place, new: &Diagnostic| {
                let mut others = findings.iter().filter(|(known, _)| known.format == place.format);
                let (_, new) = new.message.split_once(": ").unwrap_or_default();
                others.any(|(known, finding)| known.span == place.span && finding.message.ends_with(new))
            };
            found.retain(|(place, finding)| !said(place, finding));
            findings.extend(found);
        }
        findings.extend(self.of_statics(config));
        findings
    }

    /// Addresses that are always there, for interfaces that are not.
    fn of_statics<'c>(&self, config: &'c Config) -> impl Iterator<Item = (&'c Place, Diagnostic)> {
        config.statics.addresses.iter().filter_map(|address| {
            let interface = address.device.as_ref().filter(|interface| !is_made(interface, config))?;
            if self.link(interface).is_some() {
                return None;
            }
            let message = format!(
                "the static address {} is for {interface}, which is not on this host",
                address.address
            );
            let help = format!("it is added when there is one; there {}", self.choice(interface));
            Some((&address.place, Diagnostic::warning(&address.place.span, message, "").help(help)))
        })
    }

    fn of_instance<'c>(
        &self,
        instance: &'c Instance,
        config: &'c Config,
    ) -> impl Iterator<Item = (&'c Place, Diagnostic)> + use<'c> {
        let of_interface: Vec<Told> = match self.link(&instance.interface) {
            None => vec![(
                format!("there is no interface {} on this host", instance.interface),
                format!("it waits in FAULT until there is one; there {}", self.choice(&instance.interface)),
            )],
            Some(link) => state_of(link).into_iter().chain(self.source_of(instance, link, config)).collect(),
        };
        let of_interface = of_interface.into_iter().chain(self.own_peer(instance));
        let mut found: Vec<(&Place, Told)> = of_interface.map(|told| (&instance.place, told)).collect();
        found.extend(self.other_interfaces(instance, config));
        found.extend(self.not_for_ipv6(instance));
        found.extend(self.taken(instance));
        found.into_iter().map(|(place, (message, help))| {
            let message = format!("{}: {message}", instance.name);
            (place, Diagnostic::warning(&place.span, message, "").help(help))
        })
    }

    /// Interfaces that an instance tracks, or has addresses for, and that are not there; nor will keepwatch make them.
    fn other_interfaces<'c>(&self, instance: &'c Instance, config: &'c Config) -> Vec<(&'c Place, Told)> {
        let tracked = instance.track_interfaces.iter().map(|tracked| {
            let interface = &tracked.interface;
            (&tracked.place, interface, format!("the tracked interface {interface} is not on this host"))
        });
        let addresses = instance.addresses.iter().chain(&instance.excluded).filter_map(|address| {
            let interface = address.device.as_ref()?;
            let message = format!("{} is for {interface}, which is not on this host", address.address);
            Some((&address.place, interface, message))
        });
        let mut told = vec![&instance.interface];
        let mut found = Vec::new();
        for (place, interface, message) in tracked.chain(addresses) {
            if !told.contains(&interface) && !is_made(interface, config) && self.link(interface).is_none() {
                told.push(interface);
                found.push((place, (message, format!("there {}", self.choice(interface)))));
            }
        }
        found
    }

    /// The first IPv6 address for each interface that takes none.
    fn not_for_ipv6<'c>(&self, instance: &'c Instance) -> Vec<(&'c Place, Told)> {
        let mut told: Vec<&InterfaceName> = Vec::new();
        let mut found = Vec::new();
        let all = instance.addresses.iter().chain(&instance.excluded);
        for address in all.filter(|address| address.address.is_ipv6()) {
            // On an interface that keepwatch makes it sees to IPv6 itself.
            let own = instance.own_interface.is_none().then_some(&instance.interface);
            let Some(interface) = address.device.as_ref().or(own).filter(|it| !told.contains(it)) else {
                continue;
            };
            let Some(why) = self.link(interface).and_then(|link| self.no_ipv6(link)) else { continue };
            told.push(interface);
            let message = format!("{} cannot be added to {interface}, which has no IPv6", address.address);
            found.push((&address.place, (message, why.remedy(interface.as_str()))));
        }
        found
    }

    fn no_ipv6(&self, link: &Link) -> Option<NoIpv6> {
        self.without_ipv6.iter().find(|(index, _)| *index == link.index).map(|(_, why)| *why)
    }

    /// Whether adverts have an address to come from, as the engine chooses it.
    fn source_of(&self, instance: &Instance, link: &Link, config: &Config) -> Option<Told> {
        // An ipvlan brings its own.
        if instance.ipvlan().is_some_and(|ipvlan| ipvlan.address.is_some()) {
            return None;
        }
        let interface = &link.name;
        let here: Vec<IpAddr> = self
            .addresses
            .iter()
            .filter(|known| known.interface == link.index)
            .map(|known| known.address)
            .collect();
        if let Some(source) = instance.source {
            let is_elsewhere = self.addresses.iter().any(|known| known.address == source);
            if here.contains(&source) || (is_elsewhere && !instance.tracks_source) {
                return None;
            }
            let message = format!("adverts are to come from {source}, which is not on {interface}");
            let addresses: Vec<String> = here.iter().map(ToString::to_string).collect();
            let has = if addresses.is_empty() { "no address".to_owned() } else { addresses.join(", ") };
            return Some((message, format!("{interface} has {has}")));
        }
        let holds = |one: &Instance, address: IpAddr| {
            one.addresses.iter().chain(&one.excluded).any(|known| known.address == address)
        };
        // An owner's addresses are the host's own.
        let is_virtual = |address: IpAddr| {
            let (mut owners, mut others) = (config.instances.iter(), config.instances.iter());
            others.any(|one| holds(one, address))
                && !owners.any(|one| one.priority.is_owner() && holds(one, address))
        };
        let is_unicast = matches!(instance.destination, Destination::Unicast { .. });
        let fits = |address: IpAddr| match (instance.family, address) {
            (Family::V4, IpAddr::V4(_)) => true,
            (Family::V6, IpAddr::V6(address)) => is_unicast || address.is_unicast_link_local(),
            (Family::V4, IpAddr::V6(_)) | (Family::V6, IpAddr::V4(_)) => false,
        };
        if here.iter().any(|address| fits(*address) && !is_virtual(*address)) {
            return None;
        }
        let what = match instance.family {
            Family::V4 => "IPv4 address",
            Family::V6 => "link-local IPv6 address",
        };
        let message = format!("{interface} has no {what} that adverts could come from");
        let help = "it waits in FAULT until there is one; virtual addresses do not count";
        Some((message, help.to_owned()))
    }

    /// Virtual addresses that are on this host already, and were not put there by keepwatch.
    fn taken<'c>(&self, instance: &'c Instance) -> Vec<(&'c Place, Told)> {
        if instance.priority.is_owner() {
            return Vec::new();
        }
        let wanted = instance.addresses.iter().chain(&instance.excluded);
        let taken = wanted.filter_map(|wanted| {
            let mut others = self.addresses.iter().filter(|known| known.protocol != ADDRESS_PROTOCOL);
            let known = others.find(|known| known.address == wanted.address)?;
            let link = self.links.iter().find(|link| link.index == known.interface)?;
            let goes_to = wanted.device.as_ref().unwrap_or(&instance.interface);
            let help = if link.name == goes_to.as_str() {
                "another daemon may hold it; what is found there at the start is taken for left over and removed, unless it is the \
                 interface's only IPv4 address: then the instance waits in FAULT"
            } else {
                "this host answers for it, whoever is MASTER, unless arp_ignore or the like keep it from that"
            };
            let message = format!("the virtual address {} is on {} already", wanted.address, link.name);
            Some((&wanted.place, (message, help.to_owned())))
        });
        taken.collect()
    }

    /// A peer that is this host: what was copied from the other host without a change.
    fn own_peer(&self, instance: &Instance) -> Option<Told> {
        let Destination::Unicast { peers, .. } = &instance.destination else { return None };
        let is_own = |peer: IpAddr| self.addresses.iter().any(|known| known.address == peer);
        let own = peers.iter().map(|peer| peer.address).find(|peer| is_own(*peer))?;
        Some((format!("its peer {own} is this host"), "name the other hosts".to_owned()))
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
            (_, Some(meant)) => format!("are {}: is {meant} meant?", listed(&names)),
            (_, None) => format!("are {}", listed(&names)),
        }
    }
}

/// Whether keepwatch makes this interface itself.
fn is_made(interface: &InterfaceName, config: &Config) -> bool {
    let mut own = config.instances.iter().filter_map(|instance| instance.own_interface.as_ref());
    own.any(|own| own.name() == interface)
}

fn state_of(link: &Link) -> Option<Told> {
    let interface = &link.name;
    if !link.up {
        return Some((format!("{interface} is down"), format!("ip link set {interface} up")));
    }
    let help = "plug the cable in, or look at the switch's port";
    (!link.running).then(|| (format!("{interface} has no carrier"), help.to_owned()))
}
