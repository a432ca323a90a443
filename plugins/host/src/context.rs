//! What all plugins of a daemon share.

use std::sync::Arc;

use keepwatch_bus::{Bus, Delivery, Draft};
use keepwatch_event::{EventKind, Severity};

use crate::effects::Effects;
use crate::hearing::Hearing;
use crate::host::Host;
use crate::metrics::Metrics;
use crate::spec::PluginSpec;
use crate::store::Store;
use crate::verdicts::Verdicts;

/// What all plugins of a daemon share.
pub(crate) struct Context {
    pub(crate) bus: Bus,
    pub(crate) effects: Arc<dyn Effects>,
    pub(crate) store: Arc<Store>,
    pub(crate) verdicts: Arc<dyn Verdicts>,
}

impl Context {
    pub(crate) fn tell(&self, severity: Severity, kind: EventKind) {
        self.bus.publish(Draft::general(severity, kind));
    }

    /// What a plugin hears from now on.
    pub(crate) fn hearing(&self, spec: &PluginSpec) -> Hearing {
        if spec.schedule.is_some() {
            return Hearing::Questions(self.bus.clone());
        }
        let subscription = self.bus.subscribe(&spec.name, Delivery::State, spec.limits.queue);
        Hearing::Events(Box::new(subscription))
    }

    /// The way out of one running plugin.
    pub(crate) fn host(&self, spec: &PluginSpec, metrics: &Metrics) -> Host {
        Host::sharing(spec, Arc::clone(&self.effects), metrics.rates())
    }
}
