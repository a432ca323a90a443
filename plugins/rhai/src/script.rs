//! A script that was compiled, with all that it imports.

use std::path::PathBuf;

use keepwatch_host::Manifest;
use keepwatch_host::diagnostic::Source;
use rhai::AST;
use serde_json::{Map, Value};

use crate::handler::Handler;

/// A script that was compiled, with all that it imports.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) source: Source,
    pub(crate) ast: AST,
    /// What it imports, and what that imports: first what others need.
    pub(crate) modules: Vec<Imported>,
    /// The most specific first.
    pub(crate) handlers: Vec<Handler>,
    /// Its other functions that are called by their names.
    pub(crate) functions: Functions,
    /// The settings with their defaults; none if it takes any.
    pub(crate) defaults: Option<Map<String, Value>>,
    pub(crate) manifest: Manifest,
    pub(crate) files: Vec<PathBuf>,
}

/// Functions that are called by their names: whether they are there, and whether they take an argument.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Functions {
    pub(crate) check: Option<bool>,
    pub(crate) sync: Option<bool>,
    pub(crate) shutdown: Option<bool>,
    pub(crate) save: Option<bool>,
}

/// A file that is imported.
#[derive(Debug)]
pub(crate) struct Imported {
    /// As in `import "PATH"`, without ending.
    pub(crate) path: String,
    /// The names under which the script knows it everywhere.
    pub(crate) aliases: Vec<String>,
    pub(crate) source: Source,
    pub(crate) ast: AST,
}

impl Script {
    /// The text of the file with this name, as errors give it, or with this path, as `import` gives it.
    pub(crate) fn named(&self, name: &str) -> Option<&Source> {
        if name == self.source.name {
            return Some(&self.source);
        }
        let path = crate::modules::canonical(name);
        self.modules
            .iter()
            .find(|module| module.source.name == name || module.path == path)
            .map(|it| &it.source)
    }

    /// The name that a function gives its argument.
    pub(crate) fn parameter(&self, function: &str) -> Option<String> {
        let found =
            self.ast.iter_functions().find(|known| known.name == function && known.this_type.is_none())?;
        found.params.first().map(|name| (*name).to_owned())
    }
}
