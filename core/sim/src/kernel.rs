//! What the kernel of a host does with virtual addresses: adds and removes them, and lets them expire by itself,
//! whether or not the process lives to hear of it.

use std::time::Duration;

use keepwatch_vrrp::{Family, Input, Instant, RouterId};

use crate::host::{Host, HostId, News};
use crate::sabotage::Sabotage;
use crate::simulation::{Coming, Simulation};
use crate::trace::What;

/// An IPv6 address that was added answers after at most this time.
pub(crate) const SETTLES_WITHIN: Duration = Duration::from_millis(60);

/// A virtual address in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    /// The number of its addition.
    pub(crate) addition: u64,
    /// Whether it answers by now.
    pub(crate) answers: bool,
    /// When it goes by itself.
    expires_at: Option<Instant>,
}

/// What the kernel does by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chore {
    /// The address that was added as number `addition` answers from now on.
    Settle { router: RouterId, address: usize, addition: u64 },
    /// A lifetime ends.
    Expire { router: RouterId, address: usize },
}

impl Simulation {
    pub(crate) fn add_address(&mut self, id: HostId, router: RouterId, address: usize) {
        self.numbers += 1;
        let addition = self.numbers;
        let host = &mut self.hosts[id.0];
        if host.sabotage == Some(Sabotage::AddsNothing) {
            return self.give(id, router, Input::AddressUsable(address));
        }
        if host.failing_additions > 0 {
            host.failing_additions -= 1;
            return self.give(id, router, Input::AddressFailed(address));
        }
        let family = Family::of(host.params[router.0].addresses[address]);
        // One that is there already goes on answering, and lives for ever again.
        let answers = family == Family::V4 || host.answers(router, address);
        host.present.insert((router, address), Placed { addition, answers, expires_at: None });
        match family {
            // Usable when the kernel says that it is added.
            Family::V4 => self.give(id, router, Input::AddressUsable(address)),
            Family::V6 => {
                let delay = self.rng.up_to(SETTLES_WITHIN);
                let chore = Chore::Settle { router, address, addition };
                self.send_later(delay, Coming::Chore { host: id, chore });
            }
        }
    }

    pub(crate) fn remove_address(&mut self, id: HostId, router: RouterId, address: usize) {
        if self.hosts[id.0].sabotage != Some(Sabotage::KeepsAddresses) {
            self.hosts[id.0].present.remove(&(router, address));
        }
    }

    /// Gives an address a lifetime: whole seconds, as the kernel has them.
    pub(crate) fn expire_address(&mut self, id: HostId, router: RouterId, address: usize, after: Duration) {
        let lifetime =
            Duration::from_secs(after.as_nanos().div_ceil(1_000_000_000).try_into().unwrap_or(u64::MAX));
        let expires_at = self.now + lifetime;
        let Some(placed) = self.hosts[id.0].present.get_mut(&(router, address)) else { return };
        placed.expires_at = Some(expires_at);
        self.send_later(lifetime, Coming::Chore { host: id, chore: Chore::Expire { router, address } });
    }

    pub(crate) fn keep_address(&mut self, id: HostId, router: RouterId, address: usize) {
        if let Some(placed) = self.hosts[id.0].present.get_mut(&(router, address)) {
            placed.expires_at = None;
        }
    }

    /// Does what the kernel of a host does by itself, and tells its process.
    pub(crate) fn do_chore(&mut self, id: HostId, chore: Chore) {
        match chore {
            Chore::Settle { router, address, addition } => {
                // Not if it has been removed, or removed and added again, meanwhile.
                let placed = self.hosts[id.0].present.get_mut(&(router, address));
                if let Some(placed) = placed.filter(|placed| placed.addition == addition) {
                    placed.answers = true;
                    self.tell(id, News::Usable { router, address, addition });
                }
            }
            Chore::Expire { router, address } => {
                let host = &mut self.hosts[id.0];
                // Not if it was given another lifetime meanwhile, or none.
                let is_due =
                    host.present.get(&(router, address)).is_some_and(|p| p.expires_at == Some(self.now));
                if !is_due || host.sabotage == Some(Sabotage::NeverExpires) {
                    return;
                }
                host.present.remove(&(router, address));
                self.trace.add(self.now, What::Expired { host: id, router, address });
                // Even if the process puts it back at once.
                self.check_losses();
                self.tell(id, News::AddressLost { router, address });
            }
        }
    }
}

impl Host {
    /// Whether it answers for an address, as far as its kernel is concerned.
    pub(crate) fn answers(&self, router: RouterId, address: usize) -> bool {
        self.present.get(&(router, address)).is_some_and(|placed| placed.answers)
    }

    /// Whether an address is in place since the addition of this number.
    pub(crate) fn has_in_place(&self, router: RouterId, address: usize, addition: u64) -> bool {
        self.present.get(&(router, address)).is_some_and(|placed| placed.addition == addition)
    }

    /// An address of a router that is in place.
    pub(crate) fn any_in_place(&self, router: RouterId) -> Option<usize> {
        let mut places = self.present.range((router, 0)..(RouterId(router.0 + 1), 0));
        places.next().map(|((_, address), _)| *address)
    }
}
