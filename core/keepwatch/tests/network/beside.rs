//! The same configuration and the same packets for keepalived and for keepwatch, each on a LAN of its own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::thread;

use keepwatch_lab::{Daemon, Host};
use keepwatch_system::{AdvertSocket, IpFamily};
use keepwatch_vrrp::wire::{
    ALL_VRRP_ROUTERS_V4, ALL_VRRP_ROUTERS_V6, AddressList, Advert, Auth, ChecksumForm, INTERNETWORK_CONTROL,
    IpSend, VRRP_PROTOCOL, emit_ip,
};
use keepwatch_vrrp::{AdvertInterval, Claim, Family, Version, Vrid};
use libtest_mimic::Failed;

use crate::peers::keepalived;
use crate::site::Site;

/// Who runs in a scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    Keepalived,
    Keepwatch,
}

impl Program {
    /// Starts it on a host with a keepalived.conf.
    pub(crate) fn start(self, site: &Site, host: usize, config: &str) -> Result<Daemon, Failed> {
        match self {
            Self::Keepalived => keepalived(site, host, config),
            Self::Keepwatch => site.keepwatch(host, config),
        }
    }
}

/// What a scene gives with each program.
#[derive(Debug)]
pub(crate) struct Both<T> {
    pub(crate) keepalived: T,
    pub(crate) keepwatch: T,
}

/// Plays a scene with each program, at the same time.
pub(crate) fn beside<T: Send>(
    scene: impl Fn(Program) -> Result<T, Failed> + Sync,
) -> Result<Both<T>, Failed> {
    thread::scope(|scope| {
        let theirs = scope.spawn(|| scene(Program::Keepalived));
        let keepwatch = scene(Program::Keepwatch);
        let keepalived = theirs.join().map_err(|_| "the scene with keepalived panicked")?;
        Ok(Both { keepalived: keepalived?, keepwatch: keepwatch? })
    })
}

/// A configuration with instances of priority 200 and VRIDs from 100 on, each with these lines and this address.
pub(crate) fn instances<'a>(globals: &str, rows: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let instance = |(number, (lines, address)): (usize, (&str, String))| {
        let vrid = vrid(number);
        format!(
            "vrrp_instance VI_{vrid} {{\n state BACKUP\n interface eth0\n virtual_router_id {vrid}\n priority 200\n \
             {lines}\n virtual_ipaddress {{\n {address}\n }}\n}}\n"
        )
    };
    let all: String = rows.into_iter().enumerate().map(instance).collect();
    format!("global_defs {{\n {globals}\n}}\n{all}")
}

/// The VRID of the instance with this number, and the last octet of its address.
pub(crate) fn vrid(number: usize) -> u8 {
    u8::try_from(100 + number).unwrap_or(u8::MAX)
}

/// The address of the instance with this number.
pub(crate) fn address(number: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 1, 1, vrid(number))
}

/// The IPv6 addresses of the instance with this number: the link-local one, with which its list begins, and another one.
pub(crate) fn addresses_v6(number: usize) -> [Ipv6Addr; 2] {
    let last = vrid(number).into();
    [Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, last), Ipv6Addr::new(0xfd00, 1, 0, 0, 0, 0, 0, last)]
}

/// An advert that no router has sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Forged {
    pub(crate) version: Version,
    pub(crate) vrid: u8,
    pub(crate) priority: u8,
    /// The one address it lists.
    pub(crate) address: IpAddr,
    pub(crate) destination: IpAddr,
    pub(crate) ttl: u8,
    pub(crate) checksum: ChecksumForm,
}

impl Forged {
    /// One that is as it should be, of version 3 and an interval of a second.
    pub(crate) fn new(vrid: u8, priority: u8, address: IpAddr) -> Self {
        let destination = match address {
            IpAddr::V4(_) => ALL_VRRP_ROUTERS_V4.into(),
            IpAddr::V6(_) => ALL_VRRP_ROUTERS_V6.into(),
        };
        Self {
            version: Version::V3,
            vrid,
            priority,
            address,
            destination,
            ttl: 255,
            checksum: ChecksumForm::WithPseudoHeader,
        }
    }

    /// Sends it from a host.
    pub(crate) fn send(self, from: &Host) -> Result<(), Failed> {
        let index = from.interface_index()?;
        let (ip_family, family, source, list) = match self.address {
            IpAddr::V4(address) => {
                (IpFamily::V4, Family::V4, IpAddr::V4(from.address), address.octets().to_vec())
            }
            IpAddr::V6(address) => {
                (IpFamily::V6, Family::V6, from.link_local()?.into(), address.octets().to_vec())
            }
        };
        let socket = from.namespace.run(|| AdvertSocket::open("eth0", index, ip_family, &[]))?;
        let advert = Advert {
            version: self.version,
            vrid: Vrid::new(self.vrid).ok_or("a VRID")?,
            claim: Claim::from_octet(self.priority),
            interval: AdvertInterval::DEFAULT,
            addresses: AddressList::new(family, &list),
            auth: Auth::None,
        };
        let destination = self.destination;
        let mut message = Vec::new();
        advert.emit(&mut message, source, destination, self.checksum);
        let mut packet = Vec::new();
        let header = IpSend {
            source,
            destination,
            ttl: self.ttl,
            class: INTERNETWORK_CONTROL,
            protocol: VRRP_PROTOCOL,
        };
        emit_ip(&mut packet, &header, message.len());
        packet.extend_from_slice(&message);
        Ok(socket.send(&packet, destination)?)
    }
}
