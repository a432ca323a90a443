//! A component with its imports: what instances are made from.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use keepwatch_host::Refusal;
use wasmtime::component::{Component, HasSelf, InstancePre, Linker};

use crate::bindings::{actions, checker, clock, events, handler, http, kv, lifecycle, log, metrics};
use crate::bindings::{notify, probe, settings, track, types};
use crate::inspect::{self, Interfaces};
use crate::instance::State;
use crate::machine::Machine;

/// What instances are made from: a component with its imports, and where its exports are.
pub(crate) struct Template {
    pub(crate) machine: Arc<Machine>,
    pub(crate) found: Interfaces,
    pub(crate) linked: InstancePre<State>,
    pub(crate) lifecycle: lifecycle::GuestIndices,
    pub(crate) handler: Option<handler::GuestIndices>,
    pub(crate) checker: Option<checker::GuestIndices>,
}

impl Template {
    /// Looks at what a component imports and exports, and links it.
    ///
    /// # Errors
    ///
    /// Why it is no plugin.
    pub(crate) fn new(component: &Component, machine: Arc<Machine>) -> Result<Self, Refusal> {
        let found = inspect::interfaces(component)?;
        Self::link(component, found, machine).map_err(|error| inspect::does_not_fit(&error))
    }

    fn link(component: &Component, found: Interfaces, machine: Arc<Machine>) -> wasmtime::Result<Self> {
        let mut linker = Linker::new(machine.engine());
        for interface in &found.imports {
            link(&mut linker, interface)?;
        }
        let linked = linker.instantiate_pre(component)?;
        let lifecycle = lifecycle::GuestIndices::new(&linked)?;
        let handler = found.roles.handler.then(|| handler::GuestIndices::new(&linked)).transpose()?;
        let checker = found.roles.checker.then(|| checker::GuestIndices::new(&linked)).transpose()?;
        Ok(Self { machine, found, linked, lifecycle, handler, checker })
    }
}

/// Adds an interface that a component imports; others are not there for it.
fn link(linker: &mut Linker<State>, interface: &str) -> wasmtime::Result<()> {
    type Own = HasSelf<State>;
    match interface {
        "types" => types::add_to_linker::<_, Own>(linker, |state| state),
        "log" => log::add_to_linker::<_, Own>(linker, |state| state),
        "settings" => settings::add_to_linker::<_, Own>(linker, |state| state),
        "clock" => clock::add_to_linker::<_, Own>(linker, |state| state),
        "kv" => kv::add_to_linker::<_, Own>(linker, |state| state),
        "http" => http::add_to_linker::<_, Own>(linker, |state| state),
        "actions" => actions::add_to_linker::<_, Own>(linker, |state| state),
        "probe" => probe::add_to_linker::<_, Own>(linker, |state| state),
        "notify" => notify::add_to_linker::<_, Own>(linker, |state| state),
        "track" => track::add_to_linker::<_, Own>(linker, |state| state),
        "metrics" => metrics::add_to_linker::<_, Own>(linker, |state| state),
        "events" => events::add_to_linker::<_, Own>(linker, |state| state),
        // Left out, so that the component is found not to fit.
        _ => Ok(()),
    }
}

/// The templates that are in use, by what their components are kept under in the cache. A hundred checks by one component
/// have its machine code once: in memory, and in the processor's caches.
#[derive(Default)]
pub(crate) struct InUse(Mutex<HashMap<String, Weak<Template>>>);

impl InUse {
    /// The template of this component, if some plugin has it.
    pub(crate) fn find(&self, key: &str) -> Option<Arc<Template>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key)?.upgrade()
    }

    /// Notes a template, as long as somebody has it.
    pub(crate) fn note(&self, key: String, template: &Arc<Template>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, template| template.strong_count() > 0);
        all.insert(key, Arc::downgrade(template));
    }
}
