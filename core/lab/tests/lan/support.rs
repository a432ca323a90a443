//! What the tests share: waiting, and sending a frame or an advert.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use keepwatch_lab::Host;
use keepwatch_system::{AdvertSocket, FrameSocket, Frames, Incoming, IpFamily};
use keepwatch_vrrp::MacAddress;
use keepwatch_vrrp::wire::{
    ALL_VRRP_ROUTERS_V4, ALL_VRRP_ROUTERS_V6, Ethernet, IpSend, VRRP_PROTOCOL, emit_ip, gratuitous_arp,
    parse_ip,
};
use libtest_mimic::Failed;

/// Longer than anything that should happen takes, also on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// For what should not happen: on an idle machine it would within a millisecond.
const MOMENT: Duration = Duration::from_millis(200);

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// Waits for a condition.
pub(crate) fn wait(what: &str, mut condition: impl FnMut() -> bool) -> Result<(), Failed> {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if condition() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(3));
    }
    Err(format!("waited {} s in vain for {what}", PATIENCE.as_secs()).into())
}

/// Fails with a text unless a condition holds.
pub(crate) fn ensure(condition: bool, text: impl FnOnce() -> String) -> Result<(), Failed> {
    if condition { Ok(()) } else { Err(text().into()) }
}

/// Sends a gratuitous ARP from a host, with any Ethernet address.
pub(crate) fn announce(host: &Host, mac: MacAddress, address: Ipv4Addr) -> io::Result<()> {
    let index = host.interface_index()?;
    let mut frame = Vec::new();
    gratuitous_arp(&mut frame, mac, address);
    host.namespace.run(|| FrameSocket::open(index, Frames::None)?.send(&frame))
}

/// A host's socket for adverts of one family, in the group.
pub(crate) struct Adverts {
    socket: AdvertSocket,
    source: IpAddr,
    group: IpAddr,
}

impl Adverts {
    pub(crate) fn open(host: &Host, family: IpFamily) -> io::Result<Self> {
        let (source, group) = match family {
            IpFamily::V4 => (host.address.into(), ALL_VRRP_ROUTERS_V4.into()),
            IpFamily::V6 => (host.address_v6.into(), ALL_VRRP_ROUTERS_V6.into()),
        };
        let index = host.interface_index()?;
        let socket = host.namespace.run(|| AdvertSocket::open("eth0", index, family, &[group]))?;
        Ok(Self { socket, source, group })
    }

    /// Sends something whose first octets look like an advert's.
    pub(crate) fn send(&self, priority: u8) -> io::Result<()> {
        let header = IpSend {
            source: self.source,
            destination: self.group,
            ttl: 255,
            class: 0xc0,
            protocol: VRRP_PROTOCOL,
        };
        let payload = [0x31, 51, priority, 0, 0, 100, 0, 0];
        let mut packet = Vec::new();
        emit_ip(&mut packet, &header, payload.len());
        packet.extend_from_slice(&payload);
        self.socket.send(&packet, self.group)
    }

    /// The priorities of what has been heard since the last call.
    pub(crate) fn heard(&mut self) -> io::Result<Vec<u8>> {
        let (mut heard, mut buffer) = (Vec::new(), [0; 256]);
        while let Some(incoming) = self.socket.receive(&mut buffer)? {
            let payload = match incoming {
                Incoming::V4(packet) => parse_ip(packet).map(|packet| packet.payload).unwrap_or_default(),
                Incoming::V6 { payload, .. } => payload,
            };
            heard.extend(payload.get(2));
        }
        Ok(heard)
    }
}

/// Hears whatever arrives at a host's interface, in a group or not.
pub(crate) struct Bystander(FrameSocket);

impl Bystander {
    pub(crate) fn open(host: &Host) -> io::Result<Self> {
        let index = host.interface_index()?;
        host.namespace.run(|| FrameSocket::open(index, Frames::All)).map(Self)
    }

    /// Whether there was an advert since the last call.
    pub(crate) fn heard_an_advert(&mut self) -> bool {
        let (mut heard, mut buffer) = (false, [0; 2048]);
        while let Ok(Some((frame, _))) = self.0.receive(&mut buffer) {
            let packet = Ethernet::parse(frame).and_then(|(_, packet)| parse_ip(packet).ok());
            heard |= packet.is_some_and(|packet| packet.protocol == VRRP_PROTOCOL);
        }
        heard
    }
}

/// Sends adverts until one comes through.
pub(crate) fn passes(from: &Adverts, to: &mut Adverts) -> Result<(), Failed> {
    to.heard()?;
    wait("an advert", || from.send(100).is_ok() && to.heard().is_ok_and(|heard| !heard.is_empty()))
}

/// Whether adverts do not come through. Their sender does not notice.
pub(crate) fn is_lost(from: &Adverts, to: &mut Adverts) -> Result<bool, Failed> {
    to.heard()?;
    for _ in 0..5 {
        from.send(100)?;
    }
    std::thread::sleep(MOMENT);
    Ok(to.heard()?.is_empty())
}
