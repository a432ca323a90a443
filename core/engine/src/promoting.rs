//! `promote_secondaries`: an interface keeps the addresses of a network whose first one is removed. It does for as long as an
//! instance on it wants that, while an address leaves, and while a reload removes some.
//!
//! The kernel takes every number but 0 for yes. Ours says whose it is, so that whatever ends a run, `kill -9` too, the next one
//! knows what to set back, and never takes it for the host's own; and what the host itself has set stays as it is.

use std::collections::BTreeSet;
use std::io;

use keepwatch_system::InterfaceSetting;
use keepwatch_system::netlink::ADDRESS_PROTOCOL;
use keepwatch_vrrp::{InterfaceId, RouterId};

use crate::addresses::Held;
use crate::engine::Engine;
use crate::setup::index;

const SETTING: InterfaceSetting = InterfaceSetting::PromoteSecondaries;
/// What it is set to: the number that our addresses bear, too.
const MARK: u8 = ADDRESS_PROTOCOL;

/// What has become of an interface's setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Secondaries {
    /// It is not needed.
    #[default]
    AsTheHostHasThem,
    /// It is needed, and the host has it so by itself.
    PromotedByTheHost,
    /// It is needed, and we have set it.
    Promoted,
    /// It is needed, and cannot be set, which has been told.
    Refused,
}

impl Secondaries {
    /// Sets an interface so.
    fn promote(interface: &str) -> io::Result<Self> {
        match SETTING.read(interface)? {
            0 => SETTING.replace(interface, MARK).map(|_| Self::Promoted),
            // Our number is another keepwatch's, then: what is left of one that was killed has been set back.
            _ => Ok(Self::PromotedByTheHost),
        }
    }
}

/// The interfaces that are set so by this program, in whatever run.
pub(crate) fn promoted() -> Vec<String> {
    SETTING.interfaces_with(MARK)
}

/// Sets an interface back, unless nobody has set it so, or somebody has set it otherwise meanwhile.
pub(crate) fn set_back(interface: &str) -> io::Result<()> {
    if SETTING.read(interface)? == MARK {
        SETTING.replace(interface, 0)?;
    }
    Ok(())
}

impl Engine {
    /// Sets an interface as it is needed now.
    pub(crate) fn promote_as_fits(&mut self, id: InterfaceId) {
        let is_needed = self.needs_secondaries(id);
        let Some(interface) = self.parts.interfaces.get_mut(index(id)) else { return };
        // One of our own is set so from the beginning.
        if interface.link.is_none() || interface.virtual_link.is_some() {
            return;
        }
        let name = interface.name.clone();
        let (outcome, consequence) = match (is_needed, interface.secondaries) {
            (true, Secondaries::AsTheHostHasThem) => {
                (Secondaries::promote(&name), "addresses of a network may leave together with its first one")
            }
            (false, Secondaries::Promoted) => (
                set_back(&name).map(|()| Secondaries::AsTheHostHasThem),
                "it stays as it is until somebody sets it",
            ),
            (false, _) => (Ok(Secondaries::AsTheHostHasThem), ""),
            (true, known) => (Ok(known), ""),
        };
        let (now, refused) = match outcome {
            Ok(now) => (now, None),
            Err(error) if is_needed => (Secondaries::Refused, Some(error)),
            Err(error) => (Secondaries::AsTheHostHasThem, Some(error)),
        };
        interface.secondaries = now;
        if let Some(error) = refused {
            self.tell_refused(SETTING.name(&name), &error, consequence.to_owned());
        }
    }

    fn needs_secondaries(&self, id: InterfaceId) -> bool {
        let leaves = |held: &Held| held.leaves && held.interface == id && held.address().is_ipv4();
        let mut instances = self.parts.instances.iter();
        self.shedding.contains(&id)
            || instances.any(|instance| {
                (instance.promotes_secondaries && instance.interface == id)
                    || instance.held.iter().any(leaves)
            })
    }

    /// Has other addresses stay where a reload removes the first of a network: those of its addresses that are kept are named by
    /// their numbers. Until [`Self::has_shed`].
    pub(crate) fn shed(&mut self, router: RouterId, kept: &[Option<usize>]) {
        let Some(instance) = self.parts.instances.get(router.0) else { return };
        let goes = |(place, held): (usize, &Held)| {
            let is_going = held.state.is_placed() && held.address().is_ipv4() && !kept.contains(&Some(place));
            is_going.then_some(held.interface)
        };
        self.shedding = instance.held.iter().enumerate().filter_map(goes).collect();
        for id in self.shedding.clone() {
            self.promote_as_fits(id);
        }
    }

    /// What a reload removes has been removed.
    pub(crate) fn has_shed(&mut self) {
        let shed: BTreeSet<InterfaceId> = std::mem::take(&mut self.shedding);
        for id in shed {
            self.promote_as_fits(id);
        }
    }

    /// An interface has gone. It took its setting along, unless it was only renamed.
    pub(crate) fn lose_secondaries(&mut self, id: InterfaceId) {
        let Some(interface) = self.parts.interfaces.get_mut(index(id)) else { return };
        if std::mem::take(&mut interface.secondaries) != Secondaries::Promoted {
            return;
        }
        let link = interface.index();
        let links = self.parts.requests.links().unwrap_or_default();
        if let Some(renamed) = links.iter().find(|known| Some(known.index) == link) {
            let _ = set_back(&renamed.name);
        }
    }

    /// Sets everything back at the end.
    pub(crate) fn promote_no_more(&mut self) {
        for interface in &mut self.parts.interfaces {
            if std::mem::take(&mut interface.secondaries) == Secondaries::Promoted {
                // An interface that has gone took its settings along.
                let _ = set_back(&interface.name);
            }
        }
    }
}
