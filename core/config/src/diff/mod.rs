//! What has changed from one configuration to another, and what it takes to follow while instances run.
//!
//! Instances match by name first, then by family, VRID and interface: another name is no other virtual router. What the
//! parts of an instance that this module does not know have become is followed by a restart of that instance, and what the
//! rest of a configuration has become by one of keepwatch: nothing is taken for followed that is not.

mod general;
mod instance;

use std::collections::BTreeSet;

use crate::model::{Config, Instance};

/// What has changed from one configuration to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// All instances of both, those that go first and then in the order of the new one.
    pub instances: Vec<InstanceDiff>,
    /// What else has changed: sync groups, checks, link delays, static addresses, routes and rules, global settings.
    pub others: Vec<OtherDiff>,
}

/// What becomes of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceDiff {
    /// Its name before; none if it is new.
    pub before: Option<String>,
    /// Its name from now on; none if it goes.
    pub after: Option<String>,
    /// What has to be done.
    pub deed: Deed,
    /// What is different, a phrase each: `priority 100 -> 101`.
    pub changes: Vec<String>,
}

/// What becomes of something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherDiff {
    /// What sort of thing.
    pub object: Object,
    /// Its name; none if there is but one.
    pub name: Option<String>,
    /// What has to be done. [`Deed::Restart`]: of keepwatch.
    pub deed: Deed,
    /// What is different, a phrase each.
    pub changes: Vec<String>,
}

/// What sort of thing has changed, beside instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Object {
    /// A sync group.
    Group,
    /// Something that is checked.
    Check,
    /// `interface_up_down_delays` of an interface.
    LinkDelay,
    /// A static address, by its interface.
    StaticAddress,
    /// A static route.
    StaticRoute,
    /// A static rule.
    StaticRule,
    /// `global_defs`, and what else is there once.
    Globals,
}

/// What has to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    /// Nothing: it is as it was.
    Keep,
    /// It goes on with other parameters.
    Update,
    /// It leaves, and begins anew.
    Restart,
    /// It begins.
    Add,
    /// It leaves, and is no more.
    Remove,
}

impl Diff {
    /// What has changed from one configuration to another.
    #[must_use]
    pub fn between(before: &Config, after: &Config) -> Self {
        Self { instances: instances(before, after), others: general::others(before, after) }
    }

    /// Whether nothing has changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.others.is_empty() && self.instances.iter().all(|instance| instance.deed == Deed::Keep)
    }

    /// What is in force once everything has been followed that can be while keepwatch runs.
    #[must_use]
    pub fn followed(before: &Config, after: &Config) -> Config {
        general::followed(before, after)
    }

    /// Whether something has changed that only a restart of keepwatch follows.
    #[must_use]
    pub fn needs_restart(&self) -> bool {
        !self.restarts().is_empty()
    }

    /// What that is, in words.
    #[must_use]
    pub fn restarts(&self) -> Vec<&str> {
        let others = self.others.iter().filter(|other| other.deed == Deed::Restart);
        others.flat_map(|other| &other.changes).map(String::as_str).collect()
    }
}

impl InstanceDiff {
    /// The name that people know it by from now on.
    #[must_use]
    pub fn name(&self) -> &str {
        self.after.as_deref().or(self.before.as_deref()).unwrap_or_default()
    }
}

fn instances(before: &Config, after: &Config) -> Vec<InstanceDiff> {
    let pairs = pairs(&before.instances, &after.instances);
    let stays: BTreeSet<&str> = pairs.iter().flatten().map(|old| old.name.as_str()).collect();
    let gone = before.instances.iter().filter(|old| !stays.contains(old.name.as_str()));
    let gone = gone.map(|old| InstanceDiff {
        before: Some(old.name.clone()),
        after: None,
        deed: Deed::Remove,
        changes: Vec::new(),
    });
    let others = after.instances.iter().zip(&pairs).map(|(new, old)| match old {
        Some(old) => instance::diff(old, new),
        None => {
            InstanceDiff { before: None, after: Some(new.name.clone()), deed: Deed::Add, changes: Vec::new() }
        }
    });
    gone.chain(others).collect()
}

/// For each new instance the one that it was.
fn pairs<'a>(before: &'a [Instance], after: &[Instance]) -> Vec<Option<&'a Instance>> {
    let identity = |instance: &Instance| (instance.family, instance.vrid, instance.interface.clone());
    let mut free: Vec<&Instance> = before.iter().collect();
    let mut take = |is_it: &dyn Fn(&Instance) -> bool| {
        free.iter().position(|old| is_it(old)).map(|place| free.remove(place))
    };
    let mut pairs: Vec<Option<&Instance>> =
        after.iter().map(|new| take(&|old: &Instance| old.name == new.name)).collect();
    for (pair, new) in pairs.iter_mut().zip(after) {
        if pair.is_none() {
            *pair = take(&|old: &Instance| identity(old) == identity(new));
        }
    }
    pairs
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
