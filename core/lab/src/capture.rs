//! What goes over the wire: adverts and announcements, as a host hears them, and where its requests go.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::SystemTime;

use keepwatch_system::{FrameSocket, Frames};
use keepwatch_vrrp::MacAddress;
use keepwatch_vrrp::wire::{ETHERTYPE_IPV4, ETHERTYPE_IPV6, Ethernet};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::echo;
use crate::frame::{Frame, SeenAdvert};
use crate::host::{Host, INTERFACE};
use crate::links;

/// Listens on a host's interface until dropped.
#[derive(Debug)]
pub struct Capture {
    stop: Arc<AtomicBool>,
    heard: Arc<Mutex<Heard>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Heard {
    frames: Vec<Frame>,
    /// Of each address that somebody sent echo requests to: the Ethernet addresses they were sent to, when each
    /// was first used after another one.
    neighbours: HashMap<IpAddr, Vec<(SystemTime, MacAddress)>>,
}

impl Capture {
    /// Listens on a host's interface: to what arrives there, and to what the host itself sends.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn start(host: &Host) -> io::Result<Self> {
        Self::start_on(host, INTERFACE)
    }

    /// The same on another one of its interfaces.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn start_on(host: &Host, interface: &str) -> io::Result<Self> {
        let index = links::index_of(&host.namespace, interface)?;
        let socket = host.namespace.run(|| FrameSocket::open(index, Frames::All))?;
        let stop = Arc::new(AtomicBool::new(false));
        let heard = Arc::new(Mutex::new(Heard::default()));
        let thread = std::thread::spawn({
            let (stop, heard) = (Arc::clone(&stop), Arc::clone(&heard));
            move || run(socket, &stop, &heard)
        });
        Ok(Self { stop, heard, thread: Some(thread) })
    }

    /// Everything heard so far, but for echo requests.
    #[must_use]
    pub fn frames(&self) -> Vec<Frame> {
        lock(&self.heard).frames.clone()
    }

    /// The adverts heard so far.
    #[must_use]
    pub fn adverts(&self) -> Vec<SeenAdvert> {
        let advert = |frame: &Frame| match frame {
            Frame::Advert(advert) => Some(advert.clone()),
            Frame::Announcement { .. } => None,
        };
        lock(&self.heard).frames.iter().filter_map(advert).collect()
    }

    /// The announcements of `address` heard so far: when, and of which hardware address.
    #[must_use]
    pub fn announcements(&self, of: IpAddr) -> Vec<(SystemTime, MacAddress)> {
        let announcement = |frame: &Frame| match frame {
            Frame::Announcement { at, address, mac } if *address == of => Some((*at, *mac)),
            Frame::Announcement { .. } | Frame::Advert(_) => None,
        };
        lock(&self.heard).frames.iter().filter_map(announcement).collect()
    }

    /// The hardware addresses that echo requests to an address have been sent to so far: the first one, and then
    /// each that is not the one before it, with the time of the first request that went there.
    ///
    /// On the host that sends the requests: where it believed the address to be.
    #[must_use]
    pub fn neighbours_used(&self, of: IpAddr) -> Vec<(SystemTime, MacAddress)> {
        lock(&self.heard).neighbours.get(&of).cloned().unwrap_or_default()
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

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(mut socket: FrameSocket, stop: &AtomicBool, heard: &Mutex<Heard>) {
    let mut buffer = vec![0; 16 << 10];
    while !stop.load(Ordering::Relaxed) {
        let timeout = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
        let mut descriptors = [PollFd::new(&socket, PollFlags::IN)];
        if poll(&mut descriptors, Some(&timeout)).is_err() {
            continue;
        }
        while let Ok(Some((octets, at))) = socket.receive(&mut buffer) {
            note(octets, SystemTime::UNIX_EPOCH + at, heard);
        }
    }
}

/// Records a frame if it is of interest. The lock is held for a moment only: whoever reads copies what it wants,
/// and the socket's buffer has room for what arrives meanwhile.
fn note(octets: &[u8], at: SystemTime, heard: &Mutex<Heard>) {
    let Some((ethernet, payload)) = Ethernet::parse(octets) else { return };
    if let Some(target) = requested(&ethernet, payload) {
        let mut heard = lock(heard);
        let used = heard.neighbours.entry(target).or_default();
        if used.last().is_none_or(|(_, mac)| *mac != ethernet.destination) {
            used.push((at, ethernet.destination));
        }
        return;
    }
    if let Some(frame) = Frame::read(&ethernet, payload, at) {
        lock(heard).frames.push(frame);
    }
}

/// Where an echo request is to go.
fn requested(ethernet: &Ethernet, payload: &[u8]) -> Option<IpAddr> {
    let is_ip = matches!(ethernet.ethertype, ETHERTYPE_IPV4 | ETHERTYPE_IPV6);
    is_ip.then(|| echo::requested(payload)).flatten()
}
