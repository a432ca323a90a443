//! A compiled script as a program that can be started.

use std::path::PathBuf;
use std::sync::Arc;

use keepwatch_host::{Failure, Host, Manifest, Plugin, Program, Work};

use crate::crews::Crews;
use crate::engine::stack;
use crate::plugin::RhaiPlugin;
use crate::script::Script;

/// A compiled script.
pub(crate) struct RhaiProgram {
    pub(crate) script: Arc<Script>,
    /// Who runs it.
    pub(crate) crews: Arc<Crews>,
}

impl Program for RhaiProgram {
    fn manifest(&self) -> &Manifest {
        &self.script.manifest
    }

    fn files(&self) -> &[PathBuf] {
        &self.script.files
    }

    fn start(&self, host: Host) -> Work<'_, Result<Box<dyn Plugin>, Failure>> {
        Box::pin(async move {
            let crew = self.crews.with(stack(host.limits().memory));
            let plugin = RhaiPlugin::start(self.script.clone(), host, crew).await?;
            Ok(Box::new(plugin) as Box<dyn Plugin>)
        })
    }
}
