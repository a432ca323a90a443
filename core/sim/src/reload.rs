//! Other parameters for the routers of a host that runs, as after a reload of its configuration.

use std::net::IpAddr;

use keepwatch_vrrp::{Params, RouterId, Update};

use crate::checker::Shadow;
use crate::host::{HostId, News};
use crate::kernel::Chore;
use crate::simulation::{Coming, Simulation};

impl Simulation {
    /// Gives the routers of a host other parameters, one for each, now or when its process wakes up. Those of the same VRID
    /// go on; a dead host has them from its next start on.
    pub fn reload(&mut self, host: HostId, params: Vec<Params>) {
        let is_dead = self.hosts[host.0].process == crate::host::Process::Dead;
        if is_dead {
            self.hosts[host.0].params = params;
            return;
        }
        for (number, params) in params.into_iter().enumerate() {
            self.hosts[host.0].reloading.push_back(params);
            self.tell(host, News::Reload { router: RouterId(number) });
        }
    }

    /// Takes the next parameters over.
    pub(crate) fn take_over(&mut self, id: HostId, router: RouterId) {
        let host = &mut self.hosts[id.0];
        let Some(params) = host.reloading.pop_front() else { return };
        let before = &host.params[router.0];
        let addresses = params
            .addresses
            .iter()
            .map(|new: &IpAddr| before.addresses.iter().position(|old| old == new))
            .collect();
        let mut free: Vec<usize> = (0..before.trackers.len()).collect();
        let trackers: Vec<Option<usize>> = params
            .trackers
            .iter()
            .map(|new| {
                let place = free.iter().position(|old| before.trackers[*old] == *new)?;
                Some(free.remove(place))
            })
            .collect();
        host.tracks[router.0] =
            trackers.iter().map(|old| old.is_none_or(|old| host.tracks[router.0][old])).collect();
        let update = Update { params, addresses, trackers };
        host.updates[router.0] = Some(update.clone());
        host.routers
            .update(self.now, router, update, &mut host.actions)
            .expect("the parameters of a simulated router are valid");
        self.collect(id);
        self.perform(id);
        for (tracker, up) in self.hosts[id.0].tracks[router.0].clone().into_iter().enumerate() {
            self.give(id, router, keepwatch_vrrp::Input::Track { tracker, standing: up.into() });
        }
    }

    /// What a host keeps by number has the numbers of a router's new parameters from here on.
    pub(crate) fn renumber(&mut self, id: HostId, router: RouterId) {
        let host = &mut self.hosts[id.0];
        let Some(update) = host.updates[router.0].take() else { return };
        let new = |old: usize| update.addresses.iter().position(|from| *from == Some(old));
        let present = std::mem::take(&mut host.present);
        host.present = present
            .into_iter()
            .filter_map(|((owner, address), placed)| {
                let address = if owner == router { new(address)? } else { address };
                Some(((owner, address), placed))
            })
            .collect();
        host.news.retain_mut(|news| match news {
            News::Usable { router: owner, address, .. }
            | News::AddressLost { router: owner, address }
            | News::AddressDuplicate { router: owner, address }
                if *owner == router =>
            {
                new(*address).inspect(|new| *address = *new).is_some()
            }
            _ => true,
        });
        let has_same_interval = host.params[router.0].interval == update.params.interval;
        let shadow = &mut host.shadows[router.0];
        shadow.renumber(&update);
        // The time until the next advert is neither of the two.
        shadow.advertised = shadow.advertised.filter(|_| has_same_interval);
        host.params[router.0] = update.params.clone();
        self.for_each_chore(id, |chore| match chore {
            Chore::Settle { router: owner, address, .. } | Chore::Expire { router: owner, address }
                if *owner == router =>
            {
                // Of one that has gone nothing is in place any more.
                *address = new(*address).unwrap_or(usize::MAX);
            }
            Chore::Settle { .. } | Chore::Expire { .. } => {}
        });
    }

    fn for_each_chore(&mut self, id: HostId, mut change: impl FnMut(&mut Chore)) {
        for coming in self.coming.values_mut() {
            if let Coming::Chore { host, chore } = coming
                && *host == id
            {
                change(chore);
            }
        }
    }
}

impl Shadow {
    fn renumber(&mut self, update: &Update) {
        let missing = std::mem::take(&mut self.missing);
        self.missing = update
            .addresses
            .iter()
            .map(|old| old.and_then(|old| missing.get(old).copied().flatten()))
            .collect();
    }
}
