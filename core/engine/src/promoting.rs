//! `promote_secondaries`: an interface keeps the addresses of a network whose first one is removed.

use keepwatch_system::InterfaceSetting;
use keepwatch_vrrp::Instant;

use crate::engine::Engine;
use crate::routing::Fixtures;

const SETTING: InterfaceSetting = InterfaceSetting::PromoteSecondaries;

/// An interface, and what is set on it.
#[derive(Debug)]
pub(crate) struct Promoted {
    interface: String,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The interface may not be there yet.
    Wanted,
    /// Refused, and told.
    Refused,
    /// Set; it was this before.
    Set(u8),
}

impl Promoted {
    pub(crate) fn on(interface: &str) -> Self {
        Self { interface: interface.to_owned(), state: State::Wanted }
    }
}

impl Fixtures {
    /// Has an interface keep its addresses, from the next look on.
    pub(crate) fn promote(&mut self, wanted: Option<Promoted>) {
        let Some(wanted) = wanted else { return };
        if self.promoted.iter().all(|promoted| promoted.interface != wanted.interface) {
            self.promoted.push(wanted);
        }
    }
}

impl Engine {
    /// Sets what is not set yet.
    pub(crate) fn promote(&mut self, now: Instant) {
        let mut refused = Vec::new();
        let mut is_waiting = false;
        for promoted in &mut self.parts.fixtures.promoted {
            let mut known = self.parts.interfaces.iter();
            let is_there =
                known.any(|interface| interface.name == promoted.interface && interface.link.is_some());
            match promoted.state {
                State::Set(_) if is_there => {}
                // One that comes back has its own settings again.
                State::Set(_) => promoted.state = State::Wanted,
                State::Wanted if is_there => match SETTING.replace(&promoted.interface, 1) {
                    Ok(before) => promoted.state = State::Set(before),
                    Err(error) => {
                        promoted.state = State::Refused;
                        refused.push((SETTING.name(&promoted.interface), error));
                    }
                },
                State::Wanted | State::Refused => {}
            }
            is_waiting |= promoted.state == State::Wanted;
        }
        for (setting, error) in refused {
            let consequence = "addresses of a network may leave together with its first one".to_owned();
            self.tell_refused(setting, &error, consequence);
        }
        if is_waiting {
            self.mend_later(now);
        }
    }

    /// Sets back what was set.
    pub(crate) fn promote_no_more(&self) {
        for promoted in &self.parts.fixtures.promoted {
            if let State::Set(before) = promoted.state {
                // An interface that has gone took its settings along.
                let _ = SETTING.replace(&promoted.interface, before);
            }
        }
    }
}
