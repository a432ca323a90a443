//! What is this program's alone: interfaces on which no other keepwatch runs, and its table of the packet filter.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use keepwatch_config::model::Config;
use keepwatch_system::{InterfaceLock, LockError, TableLock};

use crate::promoting;

/// The locks that are held, by name. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Locks(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    interfaces: BTreeMap<String, InterfaceLock>,
    tables: BTreeMap<String, TableLock>,
}

impl Locks {
    /// Takes those that a configuration needs and that are not held yet. If one cannot be taken, those that were held before
    /// are, and no others. What a run that was killed has left on those that are taken is set back.
    pub(crate) fn take(&self, config: &Config) -> Result<(), LockError> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut interfaces, mut tables) = (BTreeMap::new(), BTreeMap::new());
        for name in interfaces_of(config) {
            if !held.interfaces.contains_key(name) && !interfaces.contains_key(name) {
                interfaces.insert(name.to_owned(), InterfaceLock::take(name)?);
            }
        }
        for name in table_of(config).filter(|name| !held.tables.contains_key(*name)) {
            tables.insert(name.to_owned(), TableLock::take(name)?);
        }
        for name in interfaces.keys() {
            // What could be set can be set back; and one that has gone took its settings along.
            let _ = promoting::set_back(name);
        }
        held.interfaces.append(&mut interfaces);
        held.tables.append(&mut tables);
        Ok(())
    }

    /// Whether this table of the packet filter is ours, or nobody's.
    pub(crate) fn may_have_table(&self, name: &str) -> bool {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.tables.contains_key(name) || TableLock::take(name).is_ok()
    }

    /// Sets back what runs that were killed have left: on all interfaces that no other keepwatch runs on, for they may have had others.
    pub(crate) fn set_back_what_is_left(&self) {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for name in promoting::promoted() {
            if held.interfaces.contains_key(&name) || InterfaceLock::take(&name).is_ok() {
                let _ = promoting::set_back(&name);
            }
        }
    }

    /// Gives up those that none of these configurations needs.
    pub(crate) fn keep_only(&self, configs: [&Config; 2]) {
        let interfaces: BTreeSet<&str> = configs.into_iter().flat_map(interfaces_of).collect();
        let tables: BTreeSet<&str> = configs.into_iter().flat_map(table_of).collect();
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.interfaces.retain(|name, _| interfaces.contains(name.as_str()));
        held.tables.retain(|name, _| tables.contains(name.as_str()));
    }
}

fn interfaces_of(config: &Config) -> impl Iterator<Item = &str> {
    config.instances.iter().map(|instance| instance.interface.as_str())
}

/// The table, if an instance needs it.
fn table_of(config: &Config) -> impl Iterator<Item = &str> {
    let is_needed = config.instances.iter().any(|instance| !instance.accepts);
    is_needed.then_some(config.globals.firewall.table.as_str()).into_iter()
}
