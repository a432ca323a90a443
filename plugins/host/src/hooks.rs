//! The folder of hooks: its scripts are plugins unless the configuration names them.

use std::path::{Path, PathBuf};

use keepwatch_event::{EventKind, Severity, escaped};

use crate::context::Context;
use crate::files;
use crate::refusal::Refusal;
use crate::spec::{Plan, PluginSpec};

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

impl Hooks {
    /// The plugins in a plan's folder of hooks that the plan does not name. Where the folder cannot be read, or its disk does
    /// not answer, they are those that were there before, and it is told why.
    pub(crate) async fn look(&mut self, plan: &Plan, context: &Context) -> Vec<PluginSpec> {
        if self.folder != plan.hooks {
            *self = Self { folder: plan.hooks.clone(), ..Self::default() };
        }
        let Some(folder) = plan.hooks.clone() else { return Vec::new() };
        let (declared, path) = (plan.declared.clone(), folder.clone());
        match files::aside_in_time(&folder, move || undeclared(&declared, &path)).await.flatten() {
            Ok(found) => {
                self.trouble = None;
                self.found = found;
            }
            Err(refusal) => self.tell(&refusal, context),
        }
        // What is named since.
        self.found.retain(|hook| plan.declared.iter().all(|spec| !is_same(spec, hook)));
        self.found.clone()
    }

    /// Tells why the folder cannot be read; once, as long as it is for one reason.
    fn tell(&mut self, refusal: &Refusal, context: &Context) {
        let error = refusal.words().map_or_else(|| refusal.to_string(), |(message, _)| message.to_owned());
        if self.trouble.replace(error.clone()).as_ref() == Some(&error) {
            return;
        }
        let (part, consequence) = ("hooks".to_owned(), "those that run go on as they are".to_owned());
        context.tell(Severity::Warning, EventKind::Degraded { part, error, consequence });
    }
}

/// The scripts in a folder that are not declared.
pub(crate) fn undeclared(declared: &[PluginSpec], folder: &Path) -> Result<Vec<PluginSpec>, Refusal> {
    let mut found: Vec<PluginSpec> = Vec::new();
    for (name, path) in files::scripts(folder)? {
        if declared.iter().any(|spec| spec.made.file().is_some_and(|file| same_file(file, &path))) {
            continue;
        }
        // Two of one name, `a.rhai` and `a.wasm`, or one that the configuration gives to another file.
        let taken = declared.iter().chain(&found).any(|spec| *spec.name == *name);
        let name =
            if taken { escaped(&path.file_name().unwrap_or_default().to_string_lossy()) } else { name };
        found.push(PluginSpec::plain(&name, path));
    }
    Ok(found)
}

/// Whether a plugin that is declared takes a hook's place, by what can be told without its disk.
fn is_same(declared: &PluginSpec, hook: &PluginSpec) -> bool {
    declared.name == hook.name || declared.made.file().is_some_and(|file| hook.made.file() == Some(file))
}

fn same_file(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}
