//! The sync groups, as the outside is told of them.

use keepwatch_bus::Draft;
use keepwatch_config::model::SyncGroup;
use keepwatch_event::{EventKind, Severity, State};
use keepwatch_vrrp::RouterId;

use crate::engine::Engine;
use crate::report::state;
use crate::setup::Parts;

/// A sync group.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) name: String,
    /// Names of its instances.
    names: Vec<String>,
    /// Those of them that are there and stay.
    pub(crate) members: Vec<RouterId>,
    /// What was told last.
    pub(crate) state: State,
}

impl Group {
    pub(crate) fn new(group: &SyncGroup) -> Self {
        let (names, members) = (group.members.clone(), Vec::new());
        Self { name: group.name.clone(), names, members, state: State::Init }
    }

    /// As it is to be; what was told of it stays told.
    pub(crate) fn after(self, known: &[Self]) -> Self {
        let state =
            known.iter().find(|known| known.name == self.name).map_or(self.state, |known| known.state);
        Self { state, ..self }
    }
}

impl Parts {
    /// Finds the members of all groups anew.
    pub(crate) fn find_members(&mut self) {
        let mut groups = std::mem::take(&mut self.groups);
        for group in &mut groups {
            group.members = group.names.iter().filter_map(|name| self.instance_named(name)).collect();
        }
        self.groups = groups;
    }

    /// The instance of this name that is there and stays.
    pub(crate) fn instance_named(&self, name: &str) -> Option<RouterId> {
        self.instances.iter().position(|instance| instance.runs() && *instance.name == *name).map(RouterId)
    }
}

impl Engine {
    /// Tells which groups are in another state now.
    pub(crate) fn tell_groups(&mut self) {
        if !std::mem::take(&mut self.regroup) {
            return;
        }
        let mut changes = Vec::new();
        for group in &mut self.parts.groups {
            let members = group.members.iter().filter_map(|member| self.parts.routers.get(*member));
            let to = together(group.state, members.map(|router| state(router.state())));
            let from = std::mem::replace(&mut group.state, to);
            if from != to {
                changes.push(EventKind::GroupChanged { group: group.name.clone(), from, to });
            }
        }
        for kind in changes {
            let is_fault = matches!(kind, EventKind::GroupChanged { to: State::Fault, .. });
            let severity = if is_fault { Severity::Error } else { Severity::Info };
            self.publish(Draft::general(severity, kind));
        }
    }
}

/// What the states of all members come to. A group that is being stopped is what it was until its last member has left: the
/// ones that left before are no backups.
fn together(told: State, members: impl Iterator<Item = State>) -> State {
    let members: Vec<State> = members.collect();
    let any = |wanted| members.contains(&wanted);
    let all = |wanted| members.iter().all(|state| *state == wanted);
    match () {
        () if any(State::Fault) => State::Fault,
        () if any(State::Init) => State::Init,
        () if all(State::Stopped) => State::Stopped,
        () if any(State::Stopped) => told,
        () if all(State::Master) => State::Master,
        () => State::Backup,
    }
}

#[cfg(test)]
mod tests {
    use super::State::{Backup, Fault, Init, Master, Stopped};
    use super::*;

    #[test]
    fn a_group_is_what_its_members_come_to() {
        let table = [
            (Init, [Backup, Backup], Backup),
            (Backup, [Master, Backup], Backup),
            (Backup, [Master, Master], Master),
            (Master, [Backup, Master], Backup),
            (Master, [Master, Fault], Fault),
            (Fault, [Fault, Fault], Fault),
            (Fault, [Init, Backup], Init),
            (Init, [Init, Init], Init),
            (Master, [Master, Stopped], Master),
            (Backup, [Stopped, Backup], Backup),
            (Fault, [Backup, Stopped], Fault),
            (Master, [Stopped, Fault], Fault),
            (Master, [Stopped, Stopped], Stopped),
            (Stopped, [Init, Stopped], Init),
        ];
        for (told, members, expected) in table {
            assert_eq!(together(told, members.into_iter()), expected, "{told:?} {members:?}");
        }
    }
}
