//! Kernel settings of an interface (Linux, ip-sysctl).

use std::io;
use std::path::PathBuf;

/// Whether IPv6 is forwarded on an interface: then the host says in neighbour advertisements that it is a
/// router. False if it cannot be read.
#[must_use]
pub fn forwards_ipv6(interface: &str) -> bool {
    let path = PathBuf::from("/proc/sys/net/ipv6/conf").join(interface).join("forwarding");
    std::fs::read_to_string(path).is_ok_and(|value| value.trim() == "1")
}

/// A setting of one interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterfaceSetting {
    /// Which of the host's addresses its own ARP questions bear. 2: never another one than fits best.
    ArpAnnounce,
    /// Which ARP questions the kernel answers. 1: those for addresses of this interface.
    ArpIgnore,
    /// 1: no ARP question is answered whose asker would be reached through another interface.
    ArpFilter,
    /// 1: packets from the host's own addresses are accepted, and announcements of them answered.
    AcceptLocal,
    /// Whether packets are dropped whose answer would leave by another way: 1 through another interface, 2 by none.
    /// What counts is the greater one of this and that of `all`.
    ReversePathFilter,
    /// 1: when the first address of a network is removed, the others stay.
    PromoteSecondaries,
    /// 1: IPv4 packets that arrive here for others are passed on.
    ForwardIpv4,
    /// 1: IPv6 packets that arrive here for others are passed on.
    ForwardIpv6,
    /// 1: there is no IPv6.
    DisableIpv6,
    /// How link-local addresses are made. 1: not at all.
    AddressGeneration,
    /// Whether router advertisements are heeded.
    AcceptRouterAdverts,
    /// Whether addresses are made from them.
    Autoconfigure,
}

impl InterfaceSetting {
    const fn place(self) -> (&'static str, &'static str) {
        match self {
            Self::ArpAnnounce => ("ipv4", "arp_announce"),
            Self::ArpIgnore => ("ipv4", "arp_ignore"),
            Self::ArpFilter => ("ipv4", "arp_filter"),
            Self::AcceptLocal => ("ipv4", "accept_local"),
            Self::ReversePathFilter => ("ipv4", "rp_filter"),
            Self::PromoteSecondaries => ("ipv4", "promote_secondaries"),
            Self::ForwardIpv4 => ("ipv4", "forwarding"),
            Self::ForwardIpv6 => ("ipv6", "forwarding"),
            Self::DisableIpv6 => ("ipv6", "disable_ipv6"),
            Self::AddressGeneration => ("ipv6", "addr_gen_mode"),
            Self::AcceptRouterAdverts => ("ipv6", "accept_ra"),
            Self::Autoconfigure => ("ipv6", "autoconf"),
        }
    }

    /// Its name alone: `arp_ignore`.
    #[must_use]
    pub const fn key(self) -> &'static str {
        self.place().1
    }

    /// As `sysctl` names it, for an interface or for `all`: `net.ipv4.conf.eth0.arp_ignore`.
    #[must_use]
    pub fn name(self, interface: &str) -> String {
        let (family, name) = self.place();
        format!("net.{family}.conf.{interface}.{name}")
    }

    fn path(self, interface: &str) -> PathBuf {
        let (family, name) = self.place();
        PathBuf::from("/proc/sys/net").join(family).join("conf").join(interface).join(name)
    }

    /// What it is on an interface, or for `all`.
    ///
    /// # Errors
    ///
    /// The kernel's: no such interface, or it knows no IPv6.
    pub fn read(self, interface: &str) -> io::Result<u8> {
        let value = std::fs::read_to_string(self.path(interface))?;
        value.trim().parse().map_err(io::Error::other)
    }

    /// The interfaces on which it has this value.
    #[must_use]
    pub fn interfaces_with(self, value: u8) -> Vec<String> {
        let (family, _) = self.place();
        let folder = PathBuf::from("/proc/sys/net").join(family).join("conf");
        let names = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let names = names.filter_map(|entry| entry.file_name().into_string().ok());
        names.filter(|name| self.read(name).is_ok_and(|found| found == value)).collect()
    }

    /// Sets it on an interface and gives what it was.
    ///
    /// # Errors
    ///
    /// The kernel's: no such interface, a read-only `/proc/sys` as in containers, no `CAP_NET_ADMIN`.
    pub fn replace(self, interface: &str, value: u8) -> io::Result<u8> {
        let before = self.read(interface)?;
        if before != value {
            std::fs::write(self.path(interface), value.to_string())?;
        }
        Ok(before)
    }
}
