//! What `keepwatch check` says about plugins: whether the daemon would load them.

use std::sync::Arc;

use keepwatch_host::{Plan, PluginSpec, Refusal, Runtime, Source, check_needs, check_role, read_file};

use super::subject::block_on;
use crate::extensions;
use crate::paths::Paths;

/// Why plugins would not be loaded, those that a configuration names by their table, and scripts in the folder of hooks by
/// their file. They are compiled, and not begun.
pub(crate) fn refusals(plan: &Plan) -> Vec<(String, Refusal)> {
    let mut specs = plan.specs();
    specs.retain(|spec| spec.made.file().is_some());
    if specs.is_empty() {
        return Vec::new();
    }
    let runtimes = extensions::runtimes(&Paths::of_this_process(), None);
    let examined = block_on(async {
        let mut refused = Vec::new();
        for spec in &specs {
            if let Err(refusal) = examine(spec, &runtimes).await {
                refused.push((place(spec, plan), refusal));
            }
        }
        refused
    });
    // Why it could not be tried has been said.
    examined.unwrap_or_default()
}

/// Where people find a plugin.
fn place(spec: &PluginSpec, plan: &Plan) -> String {
    let is_declared = plan.declared.iter().any(|declared| declared.name == spec.name);
    match spec.made.file() {
        Some(path) if !is_declared => path.display().to_string(),
        _ => format!("[{}]", spec.table),
    }
}

async fn examine(spec: &PluginSpec, runtimes: &[Arc<dyn Runtime>]) -> Result<(), Refusal> {
    let Some(path) = spec.made.file() else { return Ok(()) };
    let content = read_file(path)?;
    let (plugin, limits) = (Arc::clone(&spec.name), spec.limits.clone());
    let source = Source { plugin, path: path.to_owned(), content, limits };
    let program = keepwatch_workshop::compile(runtimes, &source).await?;
    check_needs(&source, program.manifest(), spec)?;
    check_role(program.manifest(), spec)
}
