//! The segment between the hosts: what passes over it, who hears whom, how soon, and how often.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use keepwatch_vrrp::{Claim, Family};

use crate::host::HostId;
use crate::rng::Rng;

/// How frames fare. Those on their way keep the fate they left with.
#[derive(Clone, Debug)]
pub struct Network {
    /// From sender to receiver, at least.
    pub delay: Duration,
    /// Up to this much more, for each packet anew: larger than the time between packets it reorders them.
    pub jitter: Duration,
    /// Packets lost, in a thousand, for each receiver anew.
    pub loss: u64,
    /// Packets that arrive twice, in a thousand.
    pub duplication: u64,
    /// So many of the next packets are lost, whoever sends them.
    pub lose_next: u32,
    /// From whom to whom nothing passes.
    cut: BTreeSet<(HostId, HostId)>,
}

/// A frame on its way.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) from: HostId,
    pub(crate) content: Content,
}

/// What is in it.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// An advert, from its IP header on, and what it says.
    Advert { family: Family, claim: Claim, octets: Rc<[u8]> },
    /// A gratuitous ARP, or an unsolicited neighbour advertisement.
    Announcement(IpAddr),
}

impl Network {
    /// A switch on a quiet day: 200 microseconds, nothing lost.
    #[must_use]
    pub const fn quiet() -> Self {
        Self {
            delay: Duration::from_micros(200),
            jitter: Duration::ZERO,
            loss: 0,
            duplication: 0,
            lose_next: 0,
            cut: BTreeSet::new(),
        }
    }

    /// From now on `to` hears nothing of `from`. The other direction stays as it is.
    pub(crate) fn cut(&mut self, from: HostId, to: HostId) {
        self.cut.insert((from, to));
    }

    /// The hosts whose bit in `side` is set hear only each other, and the others too.
    pub(crate) fn split(&mut self, hosts: usize, side: u32) {
        let is_on_side = |host: usize| side >> host & 1 == 1;
        for from in 0..hosts {
            for to in (0..hosts).filter(|&to| is_on_side(from) != is_on_side(to)) {
                self.cut(HostId(from), HostId(to));
            }
        }
    }

    /// How long each copy of a packet takes: no copy if it is lost.
    pub(crate) fn copies(&mut self, rng: &mut Rng, from: HostId, to: HostId) -> [Option<Duration>; 2] {
        if self.lose_next > 0 {
            self.lose_next -= 1;
            return [None, None];
        }
        if self.cut.contains(&(from, to)) || rng.happens(self.loss) {
            return [None, None];
        }
        let first = self.delay + rng.up_to(self.jitter);
        let second = rng.happens(self.duplication).then(|| self.delay + rng.up_to(self.jitter));
        [Some(first), second]
    }
}
