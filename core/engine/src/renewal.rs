//! Addresses that go by themselves (`vip_lifetime`): the kernel removes what a daemon that hangs no longer renews.
//!
//! Each renewal costs the engine some microseconds, so many addresses are renewed a few at a time.

use std::time::Duration;

use keepwatch_system::netlink::AddressLifetime;
use keepwatch_vrrp::{Instant, RouterId};

use crate::engine::Engine;

/// So many addresses are renewed in one go.
const AT_ONCE: usize = 16;
/// Between two goes what else is due has its turn.
const PAUSE: Duration = Duration::from_millis(1);
/// Rounds in a lifetime: one may fail to come, or be late.
const PER_LIFETIME: u32 = 3;

/// How addresses in place are kept there.
#[derive(Debug)]
pub(crate) enum Renewal {
    /// They stay until they are removed.
    Off,
    /// They have a lifetime, and are renewed.
    On(Round),
}

/// One time through all addresses.
#[derive(Debug)]
pub(crate) struct Round {
    /// Without end in the last round, after `vip_lifetime` has been taken out of the configuration.
    lifetime: AddressLifetime,
    began: Instant,
    next_at: Instant,
    /// The address that comes next: its router's number, and its own.
    next: (usize, usize),
}

impl Renewal {
    /// For addresses of which none is in place yet.
    pub(crate) fn new(lifetime: Option<Duration>, now: Instant) -> Self {
        lifetime.map_or(Self::Off, |lifetime| Self::begin(AddressLifetime::For(lifetime), now))
    }

    fn begin(lifetime: AddressLifetime, now: Instant) -> Self {
        Self::On(Round { lifetime, began: now, next_at: now, next: (0, 0) })
    }

    /// Goes on with another lifetime: every address gets it in the round that begins.
    pub(crate) fn become_as(&mut self, lifetime: Option<Duration>, now: Instant) {
        let wanted = lifetime.map_or(AddressLifetime::Forever, AddressLifetime::For);
        if self.lifetime() != wanted {
            *self = Self::begin(wanted, now);
        }
    }

    /// What an address gets that is put in place now.
    pub(crate) const fn lifetime(&self) -> AddressLifetime {
        match self {
            Self::Off => AddressLifetime::Forever,
            Self::On(round) => round.lifetime,
        }
    }

    /// Whether an address in place may have a lifetime.
    pub(crate) const fn is_on(&self) -> bool {
        matches!(self, Self::On(_))
    }

    pub(crate) const fn poll_timeout(&self) -> Option<Instant> {
        match self {
            Self::Off => None,
            Self::On(round) => Some(round.next_at),
        }
    }
}

impl Round {
    /// Whether addresses may have gone since they were renewed.
    fn is_late(&self, now: Instant) -> bool {
        match self.lifetime {
            AddressLifetime::For(lifetime) => now.since(self.next_at) >= lifetime / PER_LIFETIME,
            AddressLifetime::Forever => false,
        }
    }
}

impl Engine {
    /// Renews the addresses whose turn it is.
    pub(crate) fn renew(&mut self, now: Instant) {
        let Renewal::On(round) = &self.renewal else { return };
        if round.next_at > now {
            return;
        }
        let (lifetime, next) = (round.lifetime, round.next);
        // After a stall some may be gone, and asking for another lifetime would bring them back: another may have them by now.
        if round.is_late(now) && !self.look_at_addresses(now) {
            self.renew_later(now);
            return;
        }
        let (due, next) = self.due_from(next);
        for &(router, number) in &due {
            let outcome = self.set_lifetime(router, number, lifetime);
            let Some(held) = self.held_mut(router, number) else { continue };
            let was_refused = std::mem::replace(&mut held.is_refused, outcome.is_err());
            if let (Err(refusal), false) = (outcome, was_refused) {
                refusal.tell(self);
            }
        }
        self.renew_later(now);
        let Renewal::On(round) = &mut self.renewal else { return };
        round.next = next.unwrap_or_default();
        if next.is_none() {
            match lifetime {
                AddressLifetime::Forever => self.renewal = Renewal::Off,
                AddressLifetime::For(lifetime) => {
                    round.next_at = round.next_at.max(round.began + lifetime / PER_LIFETIME);
                    round.began = round.next_at;
                }
            }
        }
        self.arm_earlier(self.renewal.poll_timeout());
    }

    fn renew_later(&mut self, now: Instant) {
        if let Renewal::On(round) = &mut self.renewal {
            round.next_at = now + PAUSE;
        }
        self.arm_earlier(self.renewal.poll_timeout());
    }

    /// Reads what addresses there are, and notices those that have gone; whether the kernel says so.
    fn look_at_addresses(&mut self, now: Instant) -> bool {
        let is_read = self.read_addresses().is_ok();
        if is_read {
            self.look_for_lost(now);
        }
        is_read
    }

    /// The next addresses in place that do not leave, and where to go on; nowhere after the last.
    fn due_from(&self, first: (usize, usize)) -> (Vec<(RouterId, usize)>, Option<(usize, usize)>) {
        let mut due = Vec::with_capacity(AT_ONCE);
        let (mut router, mut number) = first;
        while let Some(instance) = self.parts.instances.get(router) {
            let Some(held) = instance.held.get(number) else {
                (router, number) = (router + 1, 0);
                continue;
            };
            if due.len() == AT_ONCE {
                return (due, Some((router, number)));
            }
            if held.state.is_placed() && !held.leaves {
                due.push((RouterId(router), number));
            }
            number += 1;
        }
        (due, None)
    }
}
