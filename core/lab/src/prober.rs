//! A client that pings an address, and keeps count.

use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::echo::EchoSocket;
use crate::host::Host;
use crate::probes::{Probe, Probes};
use crate::urgency::go_first;

/// Sends an echo request each period, each with its own number, and records which are answered.
///
/// Periods down to a millisecond are kept. Where the thread could not run for longer than a period, what it missed
/// is left out, not made up for; for root the thread goes before others, so that this is rare on a busy machine.
#[derive(Debug)]
pub struct Prober {
    shared: Arc<Mutex<Shared>>,
    period: Duration,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    probes: Vec<Probe>,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Sending,
    /// Only waiting for answers.
    Listening,
    Ended,
}

/// How late an answer may come before its request counts as lost.
const LATE: Duration = Duration::from_millis(50);
/// How long to wait for late answers at the end.
const LAST_WAIT: Duration = Duration::from_millis(100);
const LEAST_PERIOD: Duration = Duration::from_micros(50);
/// How soon to notice the end.
const LONGEST_WAIT: Duration = Duration::from_millis(20);

impl Prober {
    /// Pings `target` from `host` once each `period`, of 50 µs at least.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn start(host: &Host, target: IpAddr, period: Duration) -> io::Result<Self> {
        let socket = host.namespace.run(|| EchoSocket::open(target))?;
        let period = period.max(LEAST_PERIOD);
        let shared = Arc::new(Mutex::new(Shared { probes: Vec::new(), phase: Phase::Sending }));
        let thread = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || run(&socket, period, &shared)
        });
        Ok(Self { shared, period, thread: Some(thread) })
    }

    /// What became of the requests so far. Those of the last 50 ms do not count as lost yet.
    #[must_use]
    pub fn probes(&self) -> Probes {
        let undecided_from = Instant::now().checked_sub(LATE);
        Probes { probes: lock(&self.shared).probes.clone(), period: self.period, undecided_from }
    }

    /// Ends, after waiting a moment for late answers.
    #[must_use]
    pub fn finish(self) -> Probes {
        lock(&self.shared).phase = Phase::Listening;
        std::thread::sleep(LAST_WAIT);
        Probes { undecided_from: None, ..self.probes() }
    }
}

impl Drop for Prober {
    fn drop(&mut self) {
        lock(&self.shared).phase = Phase::Ended;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(socket: &EchoSocket, period: Duration, shared: &Mutex<Shared>) {
    go_first();
    let mut next = Instant::now();
    loop {
        let phase = lock(shared).phase;
        if phase == Phase::Ended {
            return;
        }
        let now = Instant::now();
        if now >= next {
            if phase == Phase::Sending {
                // Lost like any other: the network may be down.
                let _ = socket.send(begin(shared, now));
            }
            next = following(next, now, period);
        }
        while let Some(number) = socket.next_reply() {
            end(shared, number);
        }
        wait(socket, next.saturating_duration_since(Instant::now()));
    }
}

/// Records a request; gives its number.
fn begin(shared: &Mutex<Shared>, now: Instant) -> usize {
    let probes = &mut lock(shared).probes;
    probes.push(Probe { sent: now, answers: 0 });
    probes.len() - 1
}

/// Records an answer.
fn end(shared: &Mutex<Shared>, number: usize) {
    if let Some(probe) = lock(shared).probes.get_mut(number) {
        probe.answers += 1;
    }
}

/// The first moment after `now` that is a multiple of the period after `due`.
fn following(due: Instant, now: Instant, period: Duration) -> Instant {
    let missed = now.saturating_duration_since(due).as_nanos() / period.as_nanos();
    due + period * u32::try_from(missed).unwrap_or(u32::MAX).saturating_add(1)
}

/// Waits for an answer, with the precision of a high-resolution timer: a socket's own timeout is rounded up to the
/// kernel's tick, 4 ms.
fn wait(socket: &EchoSocket, most: Duration) {
    let Ok(timeout) = Timespec::try_from(most.min(LONGEST_WAIT)) else { return };
    // Interrupted or not: the caller looks what there is to do.
    let _ = poll(&mut [PollFd::new(socket, PollFlags::IN)], Some(&timeout));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_missed_is_left_out() {
        let (due, ms) = (Instant::now(), Duration::from_millis);
        assert_eq!(following(due, due, ms(1)), due + ms(1));
        assert_eq!(following(due, due + Duration::from_micros(900), ms(1)), due + ms(1));
        assert_eq!(following(due, due + ms(1), ms(1)), due + ms(2));
        assert_eq!(following(due, due + Duration::from_micros(7_300), ms(1)), due + ms(8));
    }
}
