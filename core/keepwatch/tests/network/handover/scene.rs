//! Two hosts, a client that pings each millisecond, and what it finds out about a hand-over.

use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime};

use keepwatch_lab::{Capture, Daemon, Outage, Prober, Probes};
use keepwatch_vrrp::MacAddress;
use libtest_mimic::Failed;

use crate::peers::{Frr, keepalived};
use crate::site::{Site, ensure, wait};

/// Whoever runs on a host.
pub(super) enum Running {
    Daemon(Daemon),
    Frr(Frr),
}

/// A program that may take over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    Keepwatch,
    Keepalived,
    Frr,
}

/// Timers and family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speech {
    V2,
    V3,
    V3Quick,
    V6,
}

impl Speech {
    /// What an instance says to speak so.
    pub(super) const fn keywords(self) -> &'static str {
        match self {
            Self::V2 | Self::V6 => "",
            Self::V3 => "version 3",
            Self::V3Quick => "version 3\n    advert_int 0.01",
        }
    }

    /// What keepalived needs besides. At 10 ms it takes over from a MASTER that it has not heard for 30 ms only because it
    /// was not run; keepwatch asks for real-time scheduling by itself.
    const fn keepalived_globals(self) -> &'static str {
        match self {
            Self::V2 | Self::V3 | Self::V6 => "",
            Self::V3Quick => "global_defs {\n    vrrp_rt_priority 1\n    vrrp_rlimit_rttime 1000000\n}\n",
        }
    }

    /// So many addresses, as text.
    pub(super) fn addresses(self, count: u8) -> Vec<String> {
        (0..count)
            .map(|number| match self {
                Self::V2 | Self::V3 | Self::V3Quick => format!("10.1.1.{}", 100 + number),
                Self::V6 if number == 0 => "fe80::100/64".to_owned(),
                Self::V6 => format!("fd00:1::1{number:02}/64"),
            })
            .collect()
    }
}

/// The address in front of a prefix length.
pub(super) fn bare(address: &str) -> IpAddr {
    address.split('/').next().and_then(|address| address.parse().ok()).expect("an address")
}

impl Program {
    /// Starts it on a host.
    pub(super) fn start(
        self,
        site: &Site,
        host: usize,
        priority: u8,
        speech: Speech,
        addresses: &[String],
        more: &str,
    ) -> Result<Running, Failed> {
        let keywords = format!("{}\n    {more}", speech.keywords());
        let config = crate::site::config(priority, &keywords, &addresses.join("\n        "));
        match self {
            Self::Keepwatch => Ok(Running::Daemon(site.keepwatch(host, &config)?)),
            Self::Keepalived => {
                let config = format!("{}{config}", speech.keepalived_globals());
                Ok(Running::Daemon(keepalived(site, host, &config)?))
            }
            Self::Frr => {
                let (version, centis) = match speech {
                    Speech::V2 => (2, 100),
                    Speech::V3 | Speech::V6 => (3, 100),
                    Speech::V3Quick => (3, 1),
                };
                Ok(Running::Frr(Frr::start_with(site, host, priority, version, centis, addresses)?))
            }
        }
    }
}

impl Running {
    /// Stops it and gives what it logged; nothing of those whose log is not ours.
    pub(super) fn stop_and_read(self) -> Result<Vec<String>, Failed> {
        let Self::Daemon(mut daemon) = self else {
            self.stop()?;
            return Ok(Vec::new());
        };
        crate::site::stop_it(&mut daemon)?;
        Ok(daemon.output())
    }

    /// Stops it and expects it to end well.
    pub(super) fn stop(self) -> Result<(), Failed> {
        match self {
            Self::Daemon(daemon) => crate::site::stop(daemon),
            Self::Frr(frr) => frr.stop(),
        }
    }
}

/// A client that pings some addresses each millisecond, and watches where it sends to.
pub(super) struct Watch {
    probers: Vec<(IpAddr, Prober)>,
    capture: Capture,
}

/// What it saw of one address.
pub(super) struct Seen {
    pub(super) address: IpAddr,
    pub(super) probes: Probes,
    /// The hardware addresses it sent to, one after another.
    pub(super) neighbours: Vec<MacAddress>,
    /// When it last turned to another one.
    turned: SystemTime,
    /// The wall clock and the other one, read together.
    clocks: (SystemTime, Instant),
}

impl Watch {
    /// Begins, and waits until every address answers.
    pub(super) fn begin(site: &Site, addresses: &[IpAddr]) -> Result<Self, Failed> {
        let capture = site.capture()?;
        let start = |address: &IpAddr| {
            Ok((*address, Prober::start(&site.lan.client, *address, Duration::from_millis(1))?))
        };
        let probers = addresses.iter().map(start).collect::<Result<Vec<_>, Failed>>()?;
        let watch = Self { probers, capture };
        watch.wait_for_answers(200)?;
        Ok(watch)
    }

    /// Waits until every address has answered so many more times.
    pub(super) fn wait_for_answers(&self, more: usize) -> Result<(), Failed> {
        for (address, prober) in &self.probers {
            let before = prober.probes().answered();
            wait(&format!("answers from {address}"), || prober.probes().answered() >= before + more)?;
        }
        Ok(())
    }

    /// The longest silence of the first address since a moment.
    pub(super) fn longest_outage(&self, since: Instant) -> Outage {
        self.probers[0].1.probes().longest_outage(since)
    }

    /// So many probes of the first address lost between two moments.
    pub(super) fn lost_between(&self, from: Instant, to: Instant) -> usize {
        self.probers[0].1.probes().lost_between(from, to)
    }

    /// What goes over the wire.
    pub(super) const fn capture(&self) -> &Capture {
        &self.capture
    }

    /// Ends it.
    pub(super) fn finish(self) -> Vec<Seen> {
        let Self { probers, capture } = self;
        let seen: Vec<_> = probers.into_iter().map(|(address, prober)| (address, prober.finish())).collect();
        seen.into_iter()
            .map(|(address, probes)| {
                let used = capture.neighbours_used(address);
                let turned = used.last().map_or(SystemTime::UNIX_EPOCH, |(at, _)| *at);
                let neighbours = used.into_iter().map(|(_, mac)| mac).collect();
                Seen { address, probes, neighbours, turned, clocks: (SystemTime::now(), Instant::now()) }
            })
            .collect()
    }
}

/// Which host a client sent to, one after another: h1, h2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    First,
    Second,
}

impl Seen {
    /// Probes lost, but for those between two moments.
    pub(super) fn lost_outside(&self, from: SystemTime, to: SystemTime) -> usize {
        let (wall, now) = self.clocks;
        let instant = |at: SystemTime| now - wall.duration_since(at).unwrap_or_default();
        self.probes.lost() - self.probes.lost_between(instant(from), instant(to))
    }

    /// Probes lost before the client turned to the successor for good: the rest is the successor's.
    pub(super) fn lost_by_leaver(&self) -> usize {
        let (wall, now) = self.clocks;
        let turned = now - wall.duration_since(self.turned).unwrap_or_default();
        let first = self.probes.first_and_last().map_or(turned, |(first, _)| first);
        self.probes.lost_between(first, turned)
    }

    /// At most so many probes lost.
    pub(super) fn ensure_lost(&self, at_most: usize) -> Result<(), Failed> {
        let (address, lost) = (self.address, self.probes.lost());
        ensure(lost <= at_most, || {
            format!(
                "{lost} of {} probes to {address} lost: {:?}",
                self.probes.sent(),
                self.probes.lost_runs()
            )
        })
    }

    /// At most so many probes lost, and the client turned once.
    pub(super) fn ensure_lossless(&self, site: &Site, at_most: usize) -> Result<(), Failed> {
        self.ensure_lost(at_most)?;
        self.ensure_one_turn(site, 1)
    }

    /// No probe answered twice, and the client turned from the first host to the second: so many times at most. A host
    /// with a virtual MAC may answer from two hardware addresses.
    pub(super) fn ensure_one_turn(&self, site: &Site, at_most: usize) -> Result<(), Failed> {
        let address = self.address;
        let duplicated = self.probes.duplicated();
        ensure(duplicated == 0, || format!("{duplicated} probes to {address} answered twice"))?;
        let first = site.host(1).mac()?;
        let turn = |mac: &MacAddress| if *mac == first { Turn::First } else { Turn::Second };
        let mut turns: Vec<Turn> = self.neighbours.iter().map(turn).collect();
        turns.dedup();
        let is_expected = (1..=at_most).any(|times| turns == [Turn::First, Turn::Second].repeat(times));
        ensure(is_expected, || {
            let used: Vec<String> = self.neighbours.iter().map(ToString::to_string).collect();
            format!("the client sent {address} to {}; h1 is {first}", used.join(", "))
        })
    }
}
