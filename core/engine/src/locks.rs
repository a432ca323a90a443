//! The interfaces that are this program's: no other keepwatch runs on them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use keepwatch_config::model::InterfaceName;
use keepwatch_system::{InterfaceLock, LockError};

/// The locks that are held, by interface. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Locks(Arc<Mutex<BTreeMap<String, InterfaceLock>>>);

impl Locks {
    /// Takes those that are not held yet. If one cannot be taken, those that were held before are, and no others.
    pub(crate) fn take<'a>(
        &self,
        interfaces: impl Iterator<Item = &'a InterfaceName>,
    ) -> Result<(), LockError> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = BTreeMap::new();
        for interface in interfaces {
            let name = interface.as_str();
            if !held.contains_key(name) && !taken.contains_key(name) {
                taken.insert(name.to_owned(), InterfaceLock::take(name)?);
            }
        }
        held.append(&mut taken);
        Ok(())
    }

    /// Gives up those of interfaces on which nothing is to run.
    pub(crate) fn keep_only<'a>(&self, interfaces: impl Iterator<Item = &'a InterfaceName>) {
        let used: BTreeSet<&str> = interfaces.map(InterfaceName::as_str).collect();
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|name, _| used.contains(name.as_str()));
    }
}
