//! A client that pings an address, and keeps count.

use std::io::{self, Read};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};

use crate::lan::Host;

/// Sends an echo request each period, each with its own number, and records which are answered.
#[derive(Debug)]
pub struct Prober {
    stop: Arc<AtomicBool>,
    probes: Arc<Mutex<Vec<Probe>>>,
    period: Duration,
    thread: Option<JoinHandle<()>>,
}

/// One echo request.
#[derive(Clone, Copy, Debug)]
struct Probe {
    sent: Instant,
    answered: Option<Instant>,
    answers: u32,
}

/// What became of a prober's requests.
#[derive(Clone, Debug)]
pub struct Probes {
    probes: Vec<Probe>,
    period: Duration,
}

/// A time without answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// Requests in a row that nobody answered.
    pub lost: usize,
    /// From the first of them to the next that was answered.
    pub duration: Duration,
    /// When the first of them was sent.
    pub began: Instant,
}

impl Prober {
    /// Pings `target` from `host` once each `period`.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn start(host: &Host, target: IpAddr, period: Duration) -> io::Result<Self> {
        let socket = host.namespace.run(|| open(target))?;
        let stop = Arc::new(AtomicBool::new(false));
        let probes = Arc::new(Mutex::new(Vec::new()));
        let thread = std::thread::spawn({
            let (stop, probes) = (Arc::clone(&stop), Arc::clone(&probes));
            move || run(&socket, target, period, &stop, &probes)
        });
        Ok(Self { stop, probes, period, thread: Some(thread) })
    }

    /// What became of the requests so far.
    #[must_use]
    pub fn probes(&self) -> Probes {
        let probes = self.probes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Probes { probes, period: self.period }
    }

    /// Ends, after waiting a moment for late answers.
    #[must_use]
    pub fn finish(self) -> Probes {
        std::thread::sleep(Duration::from_millis(100));
        self.probes()
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Probes {
    /// How many were sent.
    #[must_use]
    pub fn sent(&self) -> usize {
        self.probes.len()
    }

    /// How many were answered at least once.
    #[must_use]
    pub fn answered(&self) -> usize {
        self.probes.iter().filter(|probe| probe.answered.is_some()).count()
    }

    /// How many were answered more than once: two hosts had the address.
    #[must_use]
    pub fn duplicated(&self) -> usize {
        self.probes.iter().filter(|probe| probe.answers > 1).count()
    }

    /// When the first and the last were sent.
    #[must_use]
    pub fn first_and_last(&self) -> Option<(Instant, Instant)> {
        Some((self.probes.first()?.sent, self.probes.last()?.sent))
    }

    /// Of the requests sent between two moments, how many were sent and how many answered.
    #[must_use]
    pub fn between(&self, from: Instant, to: Instant) -> (usize, usize) {
        let within = self.probes.iter().filter(|probe| probe.sent >= from && probe.sent < to);
        within.fold((0, 0), |(sent, answered), probe| {
            (sent + 1, answered + usize::from(probe.answered.is_some()))
        })
    }

    /// The longest time without answers since `since`. Requests of the last moments count as lost.
    #[must_use]
    pub fn longest_outage(&self, since: Instant) -> Outage {
        let none = Outage { lost: 0, duration: Duration::ZERO, began: since };
        let (mut longest, mut current) = (none, none);
        for probe in self.probes.iter().filter(|probe| probe.sent >= since) {
            if probe.answered.is_some() {
                current = none;
                continue;
            }
            if current.lost == 0 {
                current.began = probe.sent;
            }
            current.lost += 1;
            current.duration = probe.sent.duration_since(current.began) + self.period;
            if current.lost > longest.lost {
                longest = current;
            }
        }
        longest
    }
}

fn open(target: IpAddr) -> io::Result<Socket> {
    let (domain, protocol) = match target {
        IpAddr::V4(_) => (Domain::IPV4, Protocol::ICMPV4),
        IpAddr::V6(_) => (Domain::IPV6, Protocol::ICMPV6),
    };
    Socket::new(domain, Type::RAW.cloexec(), Some(protocol))
}

const IDENTIFIER: [u8; 2] = *b"kw";
/// A wait of zero would mean for ever.
const LEAST_WAIT: Duration = Duration::from_micros(50);

fn run(socket: &Socket, target: IpAddr, period: Duration, stop: &AtomicBool, probes: &Mutex<Vec<Probe>>) {
    let address = SocketAddr::new(target, 0).into();
    let mut next = Instant::now();
    let mut reader = socket;
    while !stop.load(Ordering::Relaxed) {
        let now = Instant::now();
        if now >= next {
            let number = {
                let mut probes = probes.lock().unwrap_or_else(PoisonError::into_inner);
                probes.push(Probe { sent: now, answered: None, answers: 0 });
                probes.len() - 1
            };
            // Lost like any other: the network may be down.
            let _ = socket.send_to(&request(target, number), &address);
            next += period;
            if next < now {
                next = now + period;
            }
        }
        let wait = next.saturating_duration_since(Instant::now()).clamp(LEAST_WAIT, period.max(LEAST_WAIT));
        if socket.set_read_timeout(Some(wait)).is_err() {
            return;
        }
        let mut buffer = [0; 256];
        let Ok(length) = reader.read(&mut buffer) else { continue };
        let Some(number) = reply(target, &buffer[..length]) else { continue };
        let mut probes = probes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(probe) = probes.get_mut(number) {
            probe.answered.get_or_insert_with(Instant::now);
            probe.answers += 1;
        }
    }
}

fn request(target: IpAddr, number: usize) -> Vec<u8> {
    let kind = match target {
        IpAddr::V4(_) => 8,
        IpAddr::V6(_) => 128,
    };
    let number = u64::try_from(number).unwrap_or(0).to_be_bytes();
    let mut packet = vec![kind, 0, 0, 0];
    packet.extend_from_slice(&IDENTIFIER);
    packet.extend_from_slice(&number[6..]);
    packet.extend_from_slice(&number);
    // The kernel sums ICMPv6 itself.
    if target.is_ipv4() {
        let sum =
            packet.chunks(2).fold(0_u32, |sum, pair| sum + u32::from(u16::from_be_bytes([pair[0], pair[1]])));
        let sum = (sum & 0xffff) + (sum >> 16);
        let sum = !u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap_or(0);
        packet[2..4].copy_from_slice(&sum.to_be_bytes());
    }
    packet
}

/// The number of the request that a packet answers.
fn reply(target: IpAddr, packet: &[u8]) -> Option<usize> {
    let (kind, message) = match target {
        IpAddr::V4(_) => (0, packet.get(usize::from(packet.first()? & 0x0f) * 4..)?),
        IpAddr::V6(_) => (129, packet),
    };
    if message.first() != Some(&kind) || message.get(4..6) != Some(&IDENTIFIER) {
        return None;
    }
    let number = u64::from_be_bytes(message.get(8..16)?.try_into().ok()?);
    usize::try_from(number).ok()
}
