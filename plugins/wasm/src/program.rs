//! A component that can be started.

use std::sync::Arc;

use keepwatch_host::{Failure, Host, Manifest, Plugin, Program, Refusal, Source, Work};

use crate::describe;
use crate::plugin::WasmPlugin;
use crate::template::Template;
use crate::wording::Wording;

/// A component that can be started.
pub(crate) struct WasmProgram {
    manifest: Manifest,
    template: Arc<Template>,
    wording: Arc<Wording>,
}

impl WasmProgram {
    /// Makes a program of a component that is linked: asks it what it is.
    ///
    /// # Errors
    ///
    /// If it fails at that, or its answer makes no sense.
    pub(crate) async fn new(
        source: &Source,
        template: Arc<Template>,
        wording: Arc<Wording>,
    ) -> Result<Self, Refusal> {
        let manifest = describe::manifest(source, &template).await?;
        Ok(Self { manifest, template, wording })
    }
}

impl Program for WasmProgram {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn start(&self, host: Host) -> Work<'_, Result<Box<dyn Plugin>, Failure>> {
        Box::pin(async move {
            // What it imports is linked; so without the grants for it, it is not started at all.
            for &facility in &self.template.found.facilities {
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
