//! What `keepwatch check` says about plugins: whether the daemon would load them.

use std::sync::Arc;

use keepwatch_host::{Plan, PluginSpec, Refusal, Runtime, Source, check_needs, check_role, read_file};

use super::subject::block_on;
use crate::extensions;
use crate::paths::Paths;

/// Why plugins that a configuration names would not be loaded, by name. They are compiled, and not begun.
pub(crate) fn refusals(plan: &Plan) -> Vec<(String, Refusal)> {
    let of_files = plan.declared.iter().filter(|spec| spec.made.file().is_some());
    let specs: Vec<&PluginSpec> = of_files.collect();
    if specs.is_empty() {
        return Vec::new();
    }
    let runtimes = extensions::runtimes(&Paths::of_this_process(), None);
    let examined = block_on(async {
        let mut refused = Vec::new();
        for spec in specs {
            if let Err(refusal) = examine(spec, &runtimes).await {
                refused.push((spec.table.clone(), refusal));
            }
        }
        refused
    });
    // Why it could not be tried has been said.
    examined.unwrap_or_default()
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
