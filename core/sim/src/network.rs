//! The segment between the hosts: who hears whom, how soon, and how often.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use keepwatch_vrrp::Family;

use crate::host::HostId;
use crate::rng::Rng;

/// How packets fare. Those on their way keep the fate they left with.
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
    /// From whom to whom nothing passes.
    cut: BTreeSet<(HostId, HostId)>,
}

/// A packet on its way, from its IP header on.
#[derive(Clone, Debug)]
pub(crate) struct Datagram {
    pub(crate) from: HostId,
    pub(crate) family: Family,
    pub(crate) octets: Rc<[u8]>,
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
    pub(crate) fn copies(&self, rng: &mut Rng, from: HostId, to: HostId) -> [Option<Duration>; 2] {
        if self.cut.contains(&(from, to)) || rng.happens(self.loss) {
            return [None, None];
        }
        let first = self.delay + rng.up_to(self.jitter);
        let second = rng.happens(self.duplication).then(|| self.delay + rng.up_to(self.jitter));
        [Some(first), second]
    }
}
