//! The weighted grammar of faults: what happens next in a random run, and after how long.

use std::time::Duration;

use keepwatch_vrrp::{Params, RouterId};

use crate::faults::Fault;
use crate::host::{HostId, Leftovers, WhileAsleep};
use crate::rng::Rng;

/// The words, with how often each is said.
const WEIGHTS: &[(u64, Word)] = &[
    (8, Word::Loss),
    (5, Word::Delay),
    (3, Word::Duplication),
    (6, Word::Cut),
    (5, Word::Split),
    (12, Word::NetworkRepaired),
    (12, Word::Sleep),
    (6, Word::Kill),
    (6, Word::Stop),
    (2, Word::StopNow),
    (10, Word::HandOver),
    (14, Word::Restart),
    (5, Word::LinkDown),
    (8, Word::LinkUp),
    (4, Word::SourceLost),
    (3, Word::SourceTentative),
    (8, Word::SourceBack),
    (3, Word::TransportLost),
    (6, Word::TransportBack),
    (2, Word::HardwareChanged),
    (8, Word::RemoveAddress),
    (2, Word::DuplicateAddress),
    (4, Word::FailAdditions),
    (8, Word::Track),
];

#[derive(Clone, Copy, Debug)]
enum Word {
    Loss,
    Delay,
    Duplication,
    Cut,
    Split,
    NetworkRepaired,
    Sleep,
    Kill,
    Stop,
    StopNow,
    HandOver,
    Restart,
    LinkDown,
    LinkUp,
    SourceLost,
    SourceTentative,
    SourceBack,
    TransportLost,
    TransportBack,
    HardwareChanged,
    RemoveAddress,
    DuplicateAddress,
    FailAdditions,
    Track,
}

/// A pause before the next fault: often shorter than an interval, sometimes several.
pub(crate) fn random_pause(rng: &mut Rng, hosts: &[Vec<Params>]) -> Duration {
    let interval = hosts.iter().flatten().map(|params| params.interval.duration()).max();
    let interval = interval.unwrap_or(Duration::from_secs(1));
    let longest = rng.pick(&[Duration::ZERO, interval / 20, interval, interval, interval * 3, interval * 6]);
    rng.up_to(longest)
}

pub(crate) fn random_fault(rng: &mut Rng, hosts: &[Vec<Params>]) -> Fault {
    let host = HostId(index(rng, hosts.len()));
    let router = RouterId(index(rng, hosts[host.0].len()));
    let params = &hosts[host.0][router.0];
    let address = index(rng, params.addresses.len());
    // Everything takes its measure from the interval: 10 ms routers live a hundred times as fast.
    let interval = params.interval.duration();
    match random_word(rng) {
        Word::Loss => Fault::Loss(rng.pick(&[0, 50, 300, 700, 1_000])),
        Word::Delay => {
            let jitter = rng.pick(&[Duration::ZERO, interval / 10, interval * 2]);
            Fault::Delay { delay: rng.up_to(interval / 5), jitter: rng.up_to(jitter) }
        }
        Word::Duplication => Fault::Duplication(rng.pick(&[0, 200, 1_000])),
        Word::Cut => Fault::Cut { from: host, to: HostId(index(rng, hosts.len())) },
        Word::Split => Fault::Split { side: rng.number() as u32 },
        Word::NetworkRepaired => Fault::NetworkRepaired,
        Word::Sleep => {
            let longest = rng.pick(&[interval, interval * 4, interval * 4, interval * 15]);
            let packets = rng.pick(&[WhileAsleep::Queued, WhileAsleep::Lost]);
            Fault::Sleep { host, time: rng.up_to(longest), packets }
        }
        Word::Kill => Fault::Kill { host, leftovers: rng.pick(&[Leftovers::Stay, Leftovers::Gone]) },
        Word::Stop => Fault::Stop(host),
        Word::StopNow => Fault::StopNow(host),
        Word::HandOver => Fault::HandOver { host, router },
        Word::Restart => Fault::Restart(host),
        Word::LinkDown => Fault::LinkDown(host),
        Word::LinkUp => Fault::LinkUp(host),
        Word::SourceLost => Fault::SourceLost(host),
        Word::SourceTentative => Fault::SourceTentative(host),
        Word::SourceBack => Fault::SourceBack(host),
        Word::TransportLost => Fault::TransportLost(host),
        Word::TransportBack => Fault::TransportBack(host),
        Word::HardwareChanged => Fault::HardwareChanged(host),
        Word::RemoveAddress => Fault::RemoveAddress { host, router, address },
        Word::DuplicateAddress => Fault::DuplicateAddress { host, router, address },
        Word::FailAdditions => Fault::FailAdditions { host, times: rng.pick(&[1, 2, 5, 50]) },
        Word::Track if params.trackers.is_empty() => Fault::HardwareChanged(host),
        Word::Track => {
            Fault::Track { host, router, tracker: index(rng, params.trackers.len()), up: rng.happens(500) }
        }
    }
}

fn random_word(rng: &mut Rng) -> Word {
    let sum = WEIGHTS.iter().map(|(weight, _)| weight).sum();
    let mut number = rng.below(sum);
    for (weight, word) in WEIGHTS {
        if number < *weight {
            return *word;
        }
        number -= weight;
    }
    Word::NetworkRepaired
}

fn index(rng: &mut Rng, length: usize) -> usize {
    usize::try_from(rng.below(length as u64)).unwrap_or(0)
}
