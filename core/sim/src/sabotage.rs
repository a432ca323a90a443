//! Hosts that are built wrong on purpose, to show that the rules notice.

use keepwatch_vrrp::{Claim, RouterId, StateName};

use crate::checker::View;
use crate::host::HostId;
use crate::simulation::Simulation;

/// What is wrong with a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// Says that it removed an address and does not.
    KeepsAddresses,
    /// Never sends a resignation.
    SwallowsResignations,
    /// Sends its last advert once more after it was stopped.
    RepeatsAdverts,
    /// Comes half a second late to each deadline.
    Dawdles,
    /// Says that an address is in place and adds none.
    AddsNothing,
    /// Takes an address that is to stay for its successor away at once.
    HurriesAway,
    /// Resigns again at each turn while it leaves.
    RepeatsResignations,
    /// Announces an address that is about to leave: its kernel does so after a live migration.
    AnnouncesWhileLeaving,
    /// Sends an announcement that had to wait without asking whether it still holds.
    SendsWhatWaited,
    /// Its kernel lets no address expire.
    NeverExpires,
}

impl Simulation {
    /// What a host that is built wrong does at each of its turns.
    pub(crate) fn sabotage_turn(&mut self, id: HostId) {
        let host = &self.hosts[id.0];
        if host.sabotage != Some(Sabotage::RepeatsResignations) {
            return;
        }
        let views = host.views.clone();
        for (index, view) in views.into_iter().enumerate().filter(|(_, view)| view.departure.is_some()) {
            self.send(id, RouterId(index), Claim::Resigns, [view, view]);
        }
    }

    /// What a host that is built wrong does on beginning to leave.
    pub(crate) fn sabotage_leaving(
        &mut self,
        id: HostId,
        router: RouterId,
        address: usize,
        decided_by: [View; 2],
    ) {
        let sabotage = self.hosts[id.0].sabotage;
        if sabotage == Some(Sabotage::HurriesAway) {
            self.remove_address(id, router, address);
        }
        if sabotage == Some(Sabotage::AnnouncesWhileLeaving) {
            let [_, now] = decided_by;
            self.announce(id, router, address, [now, now]);
        }
    }

    /// And when it has stopped.
    pub(crate) fn sabotage_transition(
        &mut self,
        id: HostId,
        router: RouterId,
        [from, to]: [StateName; 2],
        decided_by: [View; 2],
    ) {
        let host = &self.hosts[id.0];
        if host.sabotage == Some(Sabotage::RepeatsAdverts)
            && from == StateName::Master
            && to == StateName::Stopped
        {
            let [_, now] = decided_by;
            let priority = host.params[router.0].priority;
            self.send(id, router, Claim::Holds(priority), [now, now]);
        }
    }
}
