//! What `keepwatch check` says about plugins: whether the daemon would load them.

use std::sync::Arc;

use keepwatch_config::model::{CheckKind, Config, PluginTable};
use keepwatch_config::{Diagnostic, Findings, Site};
use keepwatch_host::{
    Manifest, Plan, PluginSpec, Refusal, Runtime, Source, check_needs, check_role, check_settings, read_file,
    wrong_settings,
};

use super::subject::block_on;
use crate::extensions;
use crate::paths::Paths;

/// Why plugins would not be loaded, those that a configuration names by their table, and scripts in the folder of hooks by
/// their file. They are compiled, and not begun.
pub(crate) fn refusals(plan: &Plan, site: &Site) -> Vec<(String, Refusal)> {
    let mut specs = plan.specs();
    specs.retain(|spec| spec.made.file().is_some());
    if specs.is_empty() {
        return Vec::new();
    }
    let runtimes = extensions::runtimes(&Paths::of_this_process(), None);
    let examined = block_on(async {
        let mut refused = Vec::new();
        for spec in &specs {
            if let Err(refusal) = examine(spec, &runtimes, site).await {
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
    if is_declared { format!("[{}]", spec.table) } else { spec.made.to_string() }
}

async fn examine(spec: &PluginSpec, runtimes: &[Arc<dyn Runtime>], site: &Site) -> Result<(), Refusal> {
    let Some(path) = spec.made.file() else { return Ok(()) };
    let content = read_file(path)?;
    let (plugin, limits) = (Arc::clone(&spec.name), spec.limits.clone());
    let source = Source { plugin, path: path.to_owned(), content, limits };
    let program = keepwatch_workshop::compile(runtimes, &source).await?;
    check_needs(&source, program.manifest(), spec)?;
    check_settings(program.manifest(), spec)
        .map_err(|refusal| placed(program.manifest(), spec, site).unwrap_or(refusal))?;
    check_role(program.manifest(), spec)
}

/// The settings that a plugin cannot take, where they are written; none if none is. What is missing has no place, and is
/// told below the first one that has.
fn placed(manifest: &Manifest, spec: &PluginSpec, site: &Site) -> Option<Refusal> {
    let table = table(site.draft()?, spec)?;
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for wrong in wrong_settings(manifest, &spec.config) {
        match table.config_places.iter().find(|written| written.text == wrong.key) {
            Some(written) => found.push(Diagnostic::error(&written.span, wrong.why, "")),
            None => missing.push(wrong.why),
        }
    }
    let mut found = found.into_iter();
    let first = missing.into_iter().fold(found.next()?, Diagnostic::note);
    let mut findings = Findings::default();
    std::iter::once(first).chain(found).for_each(|finding| findings.push(finding));
    findings.sort();
    let (text, _) = site.texts.first()?;
    Some(Refusal::findings(text.clone(), findings))
}

/// A plugin's table, or its check's.
fn table<'c>(config: &'c Config, spec: &PluginSpec) -> Option<&'c PluginTable> {
    let of_checks = config.checks.iter().filter_map(|check| match &check.what {
        CheckKind::Plugin(table) => Some(table),
        _ => None,
    });
    // Names are unique among both.
    config.extensions.plugins.iter().chain(of_checks).find(|table| *table.name == *spec.name)
}
