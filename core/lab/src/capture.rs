//! What goes over the wire: adverts and announcements, as a host hears them.

use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use keepwatch_system::{FrameSocket, Frames};
use keepwatch_vrrp::wire::{
    Advert, ArpPacket, Auth, ETHERTYPE_ARP, ETHERTYPE_IPV4, ETHERTYPE_IPV6, Ethernet, NeighbourAdvert,
    VRRP_PROTOCOL, parse_ip,
};
use keepwatch_vrrp::{Claim, MacAddress, Version};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::lan::Host;

/// Listens on a host's interface until dropped.
#[derive(Debug)]
pub struct Capture {
    stop: Arc<AtomicBool>,
    frames: Arc<Mutex<Vec<Frame>>>,
    thread: Option<JoinHandle<()>>,
}

/// A frame of interest.
#[derive(Clone, Debug)]
pub enum Frame {
    /// A VRRP advert.
    Advert(SeenAdvert),
    /// A gratuitous ARP or an unsolicited neighbour advertisement.
    Announcement {
        /// When it was heard.
        at: SystemTime,
        /// The address announced.
        address: IpAddr,
        /// Where it is said to be.
        mac: MacAddress,
    },
}

/// A VRRP advert heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenAdvert {
    /// When it was heard.
    pub at: SystemTime,
    /// The frame's source address.
    pub mac: MacAddress,
    /// Its sender.
    pub source: IpAddr,
    /// Where it went.
    pub destination: IpAddr,
    /// 2 or 3.
    pub version: u8,
    /// The virtual router.
    pub vrid: u8,
    /// 0 for a resignation.
    pub priority: u8,
    /// Whether it carries a password.
    pub simple_auth: bool,
    /// The sender's interval.
    pub interval: Duration,
}

impl SeenAdvert {
    /// As tcpdump prints it, a little shorter: `VRRPv2, vrid 51, prio 101, authtype simple, intvl 1s`.
    #[must_use]
    pub fn describe(&self) -> String {
        let Self { version, vrid, priority, .. } = self;
        let centis = self.interval.as_millis() / 10;
        let rest = match version {
            2 => format!(
                "authtype {}, intvl {}s",
                if self.simple_auth { "simple" } else { "none" },
                self.interval.as_secs()
            ),
            _ => format!("intvl {centis}cs"),
        };
        format!("VRRPv{version}, vrid {vrid}, prio {priority}, {rest}")
    }
}

impl Capture {
    /// Listens on a host's interface.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn start(host: &Host) -> io::Result<Self> {
        let index = host.interface_index()?;
        let socket = host.namespace.run(|| FrameSocket::open(index, Frames::All))?;
        let stop = Arc::new(AtomicBool::new(false));
        let frames = Arc::new(Mutex::new(Vec::new()));
        let thread = std::thread::spawn({
            let (stop, frames) = (Arc::clone(&stop), Arc::clone(&frames));
            move || run(socket, &stop, &frames)
        });
        Ok(Self { stop, frames, thread: Some(thread) })
    }

    /// Everything heard so far.
    #[must_use]
    pub fn frames(&self) -> Vec<Frame> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The adverts heard so far.
    #[must_use]
    pub fn adverts(&self) -> Vec<SeenAdvert> {
        self.frames()
            .into_iter()
            .filter_map(|frame| match frame {
                Frame::Advert(advert) => Some(advert),
                Frame::Announcement { .. } => None,
            })
            .collect()
    }

    /// The announcements of `address` heard so far: when, and of which hardware address.
    #[must_use]
    pub fn announcements(&self, of: IpAddr) -> Vec<(SystemTime, MacAddress)> {
        self.frames()
            .into_iter()
            .filter_map(|frame| match frame {
                Frame::Announcement { at, address, mac } if address == of => Some((at, mac)),
                Frame::Announcement { .. } | Frame::Advert(_) => None,
            })
            .collect()
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(mut socket: FrameSocket, stop: &AtomicBool, frames: &Mutex<Vec<Frame>>) {
    let mut buffer = vec![0; 16 << 10];
    while !stop.load(Ordering::Relaxed) {
        let timeout = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
        let mut descriptors = [PollFd::new(&socket, PollFlags::IN)];
        if poll(&mut descriptors, Some(&timeout)).is_err() {
            continue;
        }
        while let Ok(Some((octets, at))) = socket.receive(&mut buffer) {
            if let Some(frame) = frame(octets, SystemTime::UNIX_EPOCH + at) {
                frames.lock().unwrap_or_else(PoisonError::into_inner).push(frame);
            }
        }
    }
}

fn frame(octets: &[u8], at: SystemTime) -> Option<Frame> {
    let (ethernet, payload) = Ethernet::parse(octets)?;
    match ethernet.ethertype {
        ETHERTYPE_ARP => {
            let arp = ArpPacket::parse(payload).filter(ArpPacket::is_gratuitous)?;
            Some(Frame::Announcement { at, address: arp.sender.into(), mac: arp.sender_mac })
        }
        ETHERTYPE_IPV4 | ETHERTYPE_IPV6 => {
            if let Some(NeighbourAdvert { target, mac: Some(mac) }) = NeighbourAdvert::parse(payload) {
                return Some(Frame::Announcement { at, address: target.into(), mac });
            }
            let ip = parse_ip(payload).ok().filter(|ip| ip.protocol == VRRP_PROTOCOL)?;
            let (advert, _) = Advert::parse(ip.payload, ip.source, ip.destination).ok()?;
            Some(Frame::Advert(SeenAdvert {
                at,
                mac: ethernet.source,
                source: ip.source,
                destination: ip.destination,
                version: match advert.version {
                    Version::V2 => 2,
                    Version::V3 => 3,
                },
                vrid: advert.vrid.get(),
                priority: match advert.claim {
                    Claim::Resigns => 0,
                    Claim::Holds(priority) => priority.get(),
                },
                simple_auth: matches!(advert.auth, Auth::Simple(_)),
                interval: advert.interval.duration(),
            }))
        }
        _ => None,
    }
}
