//! The folder of hooks: its scripts are plugins unless the configuration names them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use keepwatch_event::{EventKind, Severity, escaped};

use crate::context::Context;
use crate::files;
use crate::refusal::Refusal;
use crate::spec::{Plan, PluginSpec};

/// What the folder of hooks is called where something is told of it.
const PART: &str = "hooks";

/// What is known of the folder of hooks.
#[derive(Default)]
pub(crate) struct Hooks {
    /// The one that was looked at last.
    folder: Option<PathBuf>,
    /// What was in it when it could last be read.
    found: Vec<PluginSpec>,
    /// Why it could not be read the last time.
    trouble: Option<String>,
}

/// The plugins in a folder of hooks.
#[derive(Default)]
pub(crate) struct Found {
    /// Those to load.
    pub(crate) hooks: Vec<PluginSpec>,
    /// Those that run on as they are: there is nothing to read.
    pub(crate) running: Vec<Arc<str>>,
}

impl Hooks {
    /// The plugins in a plan's folder of hooks that the plan does not name. Where the folder cannot be read, or its disk does
    /// not answer, those that were there before run on, and it is told why; also where it is gone: whoever wants hooks to end
    /// removes them, and a folder on its way to another place may be back in a moment.
    pub(crate) async fn look(&mut self, plan: &Plan, context: &Context) -> Found {
        if self.folder != plan.hooks {
            self.well(context);
            *self = Self { folder: plan.hooks.clone(), ..Self::default() };
        }
        let Some(folder) = plan.hooks.clone() else { return Found::default() };
        let (declared, path) = (plan.declared.clone(), folder.clone());
        match files::aside_in_time(&folder, move || undeclared(&declared, &path)).await.flatten() {
            Ok(Some(found)) => {
                self.well(context);
                self.found = found;
            }
            Ok(None) if self.found.is_empty() => self.well(context),
            Ok(None) => {
                let message = format!("{} is gone", escaped(&folder.to_string_lossy()));
                self.tell(&Refusal::plain(message), context);
            }
            Err(refusal) => self.tell(&refusal, context),
        }
        // What is named since.
        self.found.retain(|hook| plan.declared.iter().all(|spec| !is_same(spec, hook)));
        if self.trouble.is_none() {
            return Found { hooks: self.found.clone(), running: Vec::new() };
        }
        let running = self.found.iter().map(|hook| Arc::clone(&hook.name)).collect();
        Found { hooks: Vec::new(), running }
    }

    /// Tells why the folder cannot be read; once, as long as it is for one reason.
    fn tell(&mut self, refusal: &Refusal, context: &Context) {
        let error = refusal.words().map_or_else(|| refusal.to_string(), |(message, _)| message.to_owned());
        if self.trouble.replace(error.clone()).as_ref() == Some(&error) {
            return;
        }
        let consequence = "those that run go on as they are".to_owned();
        context.tell(Severity::Warning, EventKind::Degraded { part: PART.to_owned(), error, consequence });
    }

    /// Tells that the folder can be read again, if it could not.
    fn well(&mut self, context: &Context) {
        if self.trouble.take().is_some() {
            context.tell(Severity::Info, EventKind::Recovered { part: PART.to_owned() });
        }
    }
}

/// The scripts in a folder that are not declared; none if there is no such folder.
pub(crate) fn undeclared(declared: &[PluginSpec], folder: &Path) -> Result<Option<Vec<PluginSpec>>, Refusal> {
    let Some(scripts) = files::scripts(folder)? else { return Ok(None) };
    let mut found: Vec<PluginSpec> = Vec::new();
    for (name, path) in scripts {
        if declared.iter().any(|spec| spec.made.file().is_some_and(|file| same_file(file, &path))) {
            continue;
        }
        // Two of one name, `a.rhai` and `a.wasm`, or one that the configuration gives to another file.
        let taken = declared.iter().chain(&found).any(|spec| *spec.name == *name);
        let name =
            if taken { escaped(&path.file_name().unwrap_or_default().to_string_lossy()) } else { name };
        found.push(PluginSpec::plain(&name, path));
    }
    Ok(Some(found))
}

/// Whether a plugin that is declared takes a hook's place, by what can be told without its disk.
fn is_same(declared: &PluginSpec, hook: &PluginSpec) -> bool {
    declared.name == hook.name || declared.made.file().is_some_and(|file| hook.made.file() == Some(file))
}

fn same_file(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}
