//! What has to be done, in this order.

use alloc::vec::Vec;
use core::time::Duration;

use crate::notice::Notice;
use crate::routers::RouterId;
use crate::scalar::Claim;

/// One thing to do for a virtual router. The order in which actions are given is part of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send an advert with this claim. Everything else in it comes from the parameters at that moment, so
    /// that no advert goes out stale.
    SendAdvert(Claim),
    /// Put an address, by index into `Params::addresses`, in place; answer with `AddressUsable` once it is,
    /// or `AddressFailed`.
    AddAddress(usize),
    /// Take an address away.
    RemoveAddress(usize),
    /// Let an address in place expire by itself after this time, should nobody come to take it away. The first sign
    /// that it is about to leave: its host should no longer speak to its neighbours as this address.
    ExpireAddress {
        /// Index into `Params::addresses`.
        address: usize,
        /// How long it may stay.
        after: Duration,
    },
    /// Let an address that was to expire stay.
    KeepAddress(usize),
    /// Announce an address to the neighbours, once.
    Announce(usize),
    /// The router has other parameters: from here on addresses and trackers are numbered as in these.
    Renumber,
    /// Tell the outside.
    Tell(Notice),
}

/// A queue of actions, filled by the state machine and drained by the caller.
#[derive(Debug, Default)]
pub struct Actions(Vec<(RouterId, Action)>);

impl Actions {
    /// An empty queue.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn push(&mut self, router: RouterId, action: Action) {
        self.0.push((router, action));
    }

    /// The actions in order, leaving the queue empty but its memory in place.
    pub fn drain(&mut self) -> impl Iterator<Item = (RouterId, Action)> + '_ {
        self.0.drain(..)
    }

    /// How many actions wait.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none waits.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
