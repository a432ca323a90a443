//! Getting hold of a component: out of the cache, from a child, or compiled here.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use keepwatch_host::Refusal;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::cache::{self, Cache};
use crate::compiler::{self, Failed};
use crate::machine::Machine;
use crate::options::{ChildCompiler, Options, Warn};
use crate::template::{InUse, Template};

/// Gets hold of components. All of it blocks.
pub(crate) struct Loader {
    /// Started when something is first loaded: a daemon without components has no use for its memory.
    machine: OnceLock<Result<Arc<Machine>, Refusal>>,
    directory: Option<PathBuf>,
    /// Opened when something is first loaded: nobody waits for a disk who need not.
    cache: OnceLock<Option<Cache>>,
    compiler: Option<ChildCompiler>,
    warn: Option<Warn>,
    in_use: InUse,
}

impl fmt::Debug for Loader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loader")
            .field("cache", &self.directory)
            .field("compiler", &self.compiler)
            .finish_non_exhaustive()
    }
}

impl Loader {
    /// A loader. A cache that cannot be used is warned of and done without.
    pub(crate) fn new(options: Options) -> Self {
        let Options { cache: directory, compiler, warn } = options;
        Self {
            machine: OnceLock::new(),
            directory,
            cache: OnceLock::new(),
            compiler,
            warn,
            in_use: InUse::default(),
        }
    }

    /// What components run on.
    pub(crate) fn machine(&self) -> Result<&Arc<Machine>, Refusal> {
        let machine = self.machine.get_or_init(|| Machine::start().map(Arc::new));
        machine.as_ref().map_err(Refusal::clone)
    }

    fn cache(&self) -> Option<&Cache> {
        let directory = self.directory.as_deref()?;
        self.cache.get_or_init(|| self.open(directory)).as_ref()
    }

    fn open(&self, directory: &Path) -> Option<Cache> {
        let cache = Cache::new(directory).map_err(|error| format!("{}: {error}", directory.display()));
        let checked = cache.and_then(|cache| cache.is_ours().map(|()| cache));
        let warn = |error| self.warn(format!("compiled WASM plugins are not kept: {error}"));
        checked.map_err(warn).ok()
    }

    /// Gets hold of a component, linked: the one that another plugin has, or one of its own.
    pub(crate) fn load(&self, content: &[u8]) -> Result<Arc<Template>, Refusal> {
        let machine = self.machine()?;
        let key = Cache::key(machine.engine(), content);
        if let Some(template) = self.in_use.find(&key) {
            return Ok(template);
        }
        let component = self.component(machine.engine(), &key, content)?;
        let template = Arc::new(Template::new(&component, Arc::clone(machine))?);
        self.in_use.note(key, &template);
        Ok(template)
    }

    fn component(&self, engine: &Engine, key: &str, content: &[u8]) -> Result<Component, Refusal> {
        let Some(cache) = self.cache() else { return compiler::compile_here(engine, content) };
        match cache.load(engine, key) {
            Ok(Some(component)) => return Ok(component),
            Ok(None) => {}
            Err(why) => self.warn(format!("a compiled WASM plugin is not used and made anew: {why}")),
        }
        let compiled = match &self.compiler {
            Some(child) => self.compiled_by_child(child, cache, engine, key, content)?,
            None => None,
        };
        let component = match compiled {
            Some(component) => component,
            None => self.compiled_here(cache, engine, key, content)?,
        };
        if let Err(error) = cache.prune() {
            self.warn(format!("old compiled WASM plugins cannot be removed: {error}"));
        }
        Ok(component)
    }

    /// What a child has made; none if it is not able to make anything that can be used.
    fn compiled_by_child(
        &self,
        child: &ChildCompiler,
        cache: &Cache,
        engine: &Engine,
        key: &str,
        content: &[u8],
    ) -> Result<Option<Component>, Refusal> {
        let why = match compiler::compile_in_child(child, cache, key, content) {
            Ok(()) => match cache.load(engine, key) {
                Ok(Some(component)) => return Ok(Some(component)),
                Ok(None) => "it has left nothing".to_owned(),
                Err(why) => why,
            },
            Err(Failed::Unable(why)) => why,
            Err(Failed::Refused(refusal)) => return Err(refusal),
        };
        let program = child.program.display();
        self.warn(format!("a WASM plugin is compiled in this process, as {program} cannot do it: {why}"));
        Ok(None)
    }

    fn compiled_here(
        &self,
        cache: &Cache,
        engine: &Engine,
        key: &str,
        content: &[u8],
    ) -> Result<Component, Refusal> {
        let component = compiler::compile_here(engine, content)?;
        let kept = component.serialize().map_err(|error| format!("{error:#}"));
        let path = cache.path(key);
        let kept = kept.and_then(|compiled| {
            cache::write(&path, &compiled).map_err(|error| format!("{}: {error}", path.display()))
        });
        if let Err(error) = kept {
            self.warn(format!("a compiled WASM plugin is not kept: {error}"));
        }
        Ok(component)
    }

    fn warn(&self, text: String) {
        if let Some(warn) = &self.warn {
            warn(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugins_of_the_same_octets_share_a_component() {
        let read = |name: &str| std::fs::read(format!("tests/guests/{name}.wasm")).unwrap();
        let loader = Loader::new(Options::default());
        let first = loader.load(&read("at-once")).unwrap();
        assert!(Arc::ptr_eq(&first, &loader.load(&read("at-once")).unwrap()));
        let other = loader.load(&read("first-line")).unwrap();
        assert!(!Arc::ptr_eq(&first, &other));
        // Nobody has it any more: neither has the loader.
        let gone = Arc::downgrade(&first);
        drop(first);
        assert!(gone.upgrade().is_none());
        assert!(loader.load(&read("at-once")).is_ok());
    }
}
