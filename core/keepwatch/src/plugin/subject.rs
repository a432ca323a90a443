//! The plugin that a command is about.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use keepwatch_host::diagnostic::Style;
use keepwatch_host::{Grant, Grants, PluginSpec, Refusal, Roles, Runtime, Source};
use serde_json::{Map, Value};

use super::cli::Subject;
use crate::paths::Paths;
use crate::{check, exit, extensions, plan};

/// A plugin's file, and what it is given.
pub(super) struct Read {
    pub(super) source: Source,
    pub(super) spec: PluginSpec,
    /// Further entries of the configuration for the same file: it may be a plugin and a check.
    pub(super) others: Vec<PluginSpec>,
    /// Whether a configuration says what it is to be.
    pub(super) is_declared: bool,
    pub(super) runtimes: Vec<Arc<dyn Runtime>>,
}

/// Reads a plugin's file and what it is given. What is wrong goes to standard error.
pub(super) fn read(subject: &Subject) -> Result<Read, ExitCode> {
    let path = &subject.file;
    let content =
        std::fs::read(path).map_err(|error| fail(&format!("{} cannot be read: {error}", path.display())))?;
    let mut specs = specs(subject)?;
    let others = specs.split_off(1);
    let Some(spec) = specs.pop() else { return Err(fail("there is no plugin")) };
    let (plugin, limits) = (Arc::clone(&spec.name), spec.limits.clone());
    let source = Source { plugin, path: path.clone(), content: content.into(), limits };
    let runtimes = extensions::runtimes(&Paths::of_this_process(), None);
    Ok(Read { source, spec, others, is_declared: subject.with.is_some(), runtimes })
}

/// What the file is to be: one thing at least.
fn specs(subject: &Subject) -> Result<Vec<PluginSpec>, ExitCode> {
    let name = subject.file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let plain = PluginSpec::plain(&name, subject.file.clone());
    let specs = match &subject.with {
        Some(with) => declared(with, &subject.file)?,
        None => vec![PluginSpec { grants: Grants::Everything, ..plain.clone() }],
    };
    // A script that nobody has named runs all the same, without grants.
    let specs = if specs.is_empty() { vec![plain] } else { specs };
    specs.into_iter().map(|spec| overridden(spec, subject)).collect()
}

/// What the command line says beside the configuration.
fn overridden(mut spec: PluginSpec, subject: &Subject) -> Result<PluginSpec, ExitCode> {
    if !subject.grant.is_empty() {
        let grants: Result<Vec<Grant>, String> = subject.grant.iter().map(|grant| grant.parse()).collect();
        spec.grants = Grants::new(grants.map_err(|why| misused(&why))?);
    }
    for setting in &subject.config {
        let (key, value) = setting
            .split_once('=')
            .ok_or_else(|| misused(&format!("--config {setting}: write KEY=VALUE")))?;
        set(&mut spec.config, key, value);
    }
    Ok(spec)
}

fn set(config: &mut Map<String, Value>, key: &str, value: &str) {
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    config.insert(key.to_owned(), value);
}

/// What a configuration has for this file.
fn declared(with: &Path, file: &Path) -> Result<Vec<PluginSpec>, ExitCode> {
    let mut site = keepwatch_config::load_site(with).map_err(|error| fail(&error.to_string()))?;
    let plan = plan::plan(&mut site, None);
    if site.config.is_none() {
        eprint!("{}", check::rendered(&site));
        return Err(exit::with(exit::FAILED));
    }
    let same = |spec: &PluginSpec| {
        spec.made.file().is_some_and(|made| {
            made == file || matches!((made.canonicalize(), file.canonicalize()), (Ok(a), Ok(b)) if a == b)
        })
    };
    Ok(plan.declared.into_iter().filter(same).collect())
}

/// The table of the configuration where a plugin of these roles belongs.
pub(super) fn table(name: &str, roles: Roles) -> String {
    let kind = if roles.checker && !roles.handler { "check" } else { "plugin" };
    format!("{kind}.{name}")
}

/// Says why a plugin would not be loaded.
pub(super) fn refused(refusal: &Refusal) -> ExitCode {
    eprintln!("{}", refusal.render(style()));
    exit::with(exit::FAILED)
}

pub(super) fn fail(why: &str) -> ExitCode {
    eprintln!("error: {why}");
    exit::with(exit::FAILED)
}

/// Says what is wrong with the command line itself.
pub(super) fn misused(why: &str) -> ExitCode {
    eprintln!("error: {why}");
    exit::with(exit::USAGE)
}

fn style() -> Style {
    if crate::terminal::shows_colour(&std::io::stderr()) { Style::Colour } else { Style::Plain }
}

/// Runs a command that waits for plugins.
pub(super) fn block_on<T>(work: impl Future<Output = T>) -> Result<T, ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|error| fail(&format!("there is no room for threads: {error}")))?;
    let answer = runtime.block_on(work);
    runtime.shutdown_background();
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_answers_checks_is_a_check() {
        for (handler, checker, expected) in
            [(true, false, "plugin.a"), (true, true, "plugin.a"), (false, true, "check.a")]
        {
            assert_eq!(table("a", Roles { handler, checker }), expected);
        }
    }
}
