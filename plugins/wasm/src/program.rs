//! A component that can be started.

use std::sync::Arc;

use keepwatch_host::{Facility, Failure, Host, Manifest, Plugin, Program, Refusal, Source, Work};
use wasmtime::component::{Component, HasSelf, Linker};

use crate::bindings::{actions, checker, clock, events, handler, http, kv, lifecycle, log, metrics};
use crate::bindings::{notify, probe, settings, track, types};
use crate::describe;
use crate::inspect::{self, Interfaces};
use crate::instance::{State, Template};
use crate::machine::Machine;
use crate::plugin::WasmPlugin;
use crate::wording::Wording;

/// A component that can be started.
pub(crate) struct WasmProgram {
    manifest: Manifest,
    facilities: Vec<Facility>,
    template: Template,
    wording: Arc<Wording>,
}

impl WasmProgram {
    /// Makes a program of a component: looks at what it imports and exports, links it, and asks it what it is.
    ///
    /// # Errors
    ///
    /// Why it is no plugin.
    pub(crate) async fn new(
        source: &Source,
        component: &Component,
        machine: Arc<Machine>,
        wording: Arc<Wording>,
    ) -> Result<Self, Refusal> {
        let found = inspect::interfaces(component)?;
        let template = template(component, &found, machine).map_err(|error| inspect::does_not_fit(&error))?;
        let manifest = describe::manifest(source, &template, &found).await?;
        Ok(Self { manifest, facilities: found.facilities, template, wording })
    }
}

fn template(component: &Component, found: &Interfaces, machine: Arc<Machine>) -> wasmtime::Result<Template> {
    let mut linker = Linker::new(machine.engine());
    for interface in &found.imports {
        link(&mut linker, interface)?;
    }
    let linked = linker.instantiate_pre(component)?;
    let lifecycle = lifecycle::GuestIndices::new(&linked)?;
    let handler = found.roles.handler.then(|| handler::GuestIndices::new(&linked)).transpose()?;
    let checker = found.roles.checker.then(|| checker::GuestIndices::new(&linked)).transpose()?;
    Ok(Template { machine, linked, lifecycle, handler, checker })
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

impl Program for WasmProgram {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn start(&self, host: Host) -> Work<'_, Result<Box<dyn Plugin>, Failure>> {
        Box::pin(async move {
            // What it imports is linked; so without the grants for it, it is not started at all.
            for &facility in &self.facilities {
                if !host.permit().grants().has_any(facility) {
                    let (deed, example) = (facility.deed(), facility.example());
                    let text =
                        format!("it may not {deed}, and imports what does: it has no grant `{example}`");
                    return Err(Failure::Reported(text));
                }
            }
            let instance = self.template.instantiate(host).await?;
            Ok(Box::new(WasmPlugin::new(instance, Arc::clone(&self.wording))) as Box<dyn Plugin>)
        })
    }
}
