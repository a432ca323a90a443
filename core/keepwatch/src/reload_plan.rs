//! What a reload does, in words.

use keepwatch_config::{Deed, Diff, InstanceDiff, Object, OtherDiff};
use keepwatch_control::PlannedChange;
use keepwatch_event::{Snapshot, State};

/// What becomes of each instance, and of what else has changed.
pub(crate) fn planned(diff: &Diff, snapshot: &Snapshot) -> Vec<PlannedChange> {
    let instances = diff.instances.iter().map(|change| {
        let known = change.before.as_deref().and_then(|name| snapshot.instance(name));
        PlannedChange {
            object: "instance".to_owned(),
            name: Some(change.name().to_owned()),
            deed: deed(change.deed).to_owned(),
            effect: instance(change, known.map(|known| known.state)),
        }
    });
    instances.chain(diff.others.iter().map(other)).collect()
}

fn instance(change: &InstanceDiff, state: Option<State>) -> String {
    let changes = change.changes.join(", ");
    // What has not begun stays nothing, and what is in FAULT may just get rid of what keeps it there.
    let stays = state
        .filter(|state| matches!(state, State::Master | State::Backup))
        .map_or_else(String::new, |state| format!("stays {state}"));
    match change.deed {
        Deed::Keep => joined("as it was", &stays),
        Deed::Update => joined(&changes, &stays),
        Deed::Restart if state == Some(State::Master) => joined(&changes, "hands over, then begins anew"),
        Deed::Restart => joined(&changes, "begins anew"),
        Deed::Add => "added, begins as BACKUP".to_owned(),
        Deed::Remove if state == Some(State::Master) => "removed, hands over and stops".to_owned(),
        Deed::Remove => "removed, stops".to_owned(),
    }
}

fn other(change: &OtherDiff) -> PlannedChange {
    let object = match change.object {
        Object::Group => "group",
        Object::Check => "check",
        Object::LinkDelay => "link_delay",
        Object::StaticAddress => "static_address",
        Object::StaticRoute => "static_route",
        Object::StaticRule => "static_rule",
        Object::Globals => "globals",
    };
    let changes = change.changes.join(", ");
    let effect = match change.deed {
        Deed::Keep | Deed::Update => changes,
        Deed::Restart => joined(&changes, "needs a restart of keepwatch"),
        Deed::Add => "added".to_owned(),
        Deed::Remove => "removed".to_owned(),
    };
    PlannedChange {
        object: object.to_owned(),
        name: change.name.clone(),
        deed: deed(change.deed).to_owned(),
        effect,
    }
}

const fn deed(deed: Deed) -> &'static str {
    match deed {
        Deed::Keep => "keep",
        Deed::Update => "update",
        Deed::Restart => "restart",
        Deed::Add => "add",
        Deed::Remove => "remove",
    }
}

fn joined(first: &str, second: &str) -> String {
    if second.is_empty() { first.to_owned() } else { format!("{first}, {second}") }
}
