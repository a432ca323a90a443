//! The plugins of the daemon.

use std::io;
use std::sync::Arc;

use keepwatch_bus::{Bus, Draft};
use keepwatch_event::{EventKind, Severity};
use keepwatch_host::{Options, Plugins, Runtime, Store};

use crate::paths::Paths;
use crate::plan::Extensions;

/// Begins to load plugins, in the background.
pub(crate) fn begin(extensions: Extensions, paths: &Paths, bus: &Bus) -> io::Result<Plugins> {
    let store = Store::open(&paths.state.join("plugins.redb")).unwrap_or_else(|error| {
        let part = "plugins' store".to_owned();
        let consequence = "what plugins keep is lost when keepwatch ends".to_owned();
        bus.publish(Draft::general(Severity::Warning, EventKind::Degraded { part, error, consequence }));
        Store::in_memory()
    });
    let plugins = Plugins::new(Options { bus: bus.clone(), runtimes: runtimes(paths), store })?;
    plugins.begin(extensions.plan, extensions.actions);
    Ok(plugins)
}

/// What runs plugins.
pub(crate) fn runtimes(_paths: &Paths) -> Vec<Arc<dyn Runtime>> {
    Vec::new()
}
