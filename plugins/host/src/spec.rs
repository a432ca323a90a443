//! What the administrator wants of a plugin.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use keepwatch_event::escaped;
use serde_json::{Map, Value};

use crate::grant::Grants;
use crate::hooks;
use crate::limits::Limits;
use crate::live::Action;
use crate::native::Native;
use crate::permit::Permit;

/// What the administrator wants of a plugin.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginSpec {
    /// Its name; unique.
    pub name: Arc<str>,
    /// What it is made of.
    pub made: Made,
    /// How people call its table in the configuration: `plugin.haproxy`.
    pub table: String,
    /// What it may do.
    pub grants: Grants,
    /// Its settings.
    pub config: Map<String, Value>,
    /// What it may use up.
    pub limits: Limits,
    /// How often it is asked, if it is a check.
    pub schedule: Option<Schedule>,
}

/// What a plugin is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Made {
    /// A script or a component.
    File(PathBuf),
    /// keepwatch's own code.
    Native(Native),
}

impl Made {
    /// Its file, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Native(_) => None,
        }
    }
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Whoever made the file has named it.
            Self::File(path) => f.write_str(&escaped(&path.to_string_lossy())),
            Self::Native(native) => native.label.fmt(f),
        }
    }
}

/// How often a check is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// From one question to the next.
    pub interval: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
}

impl PluginSpec {
    /// A plugin that nobody has said anything about: no grants, no settings.
    #[must_use]
    pub fn plain(name: &str, path: PathBuf) -> Self {
        Self {
            name: name.into(),
            made: Made::File(path),
            table: format!("plugin.{name}"),
            grants: Grants::default(),
            config: Map::new(),
            limits: Limits::default(),
            schedule: None,
        }
    }

    /// What it may do, and where that is said.
    #[must_use]
    pub fn permit(&self) -> Permit {
        Permit::new(&*self.table, self.grants.clone())
    }
}

/// All plugins that should run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Those that the configuration names.
    pub declared: Vec<PluginSpec>,
    /// A folder whose scripts are plugins, too, unless the configuration names them.
    pub hooks: Option<PathBuf>,
    /// What they may run, if they are granted it.
    pub actions: Vec<Action>,
}

impl Plan {
    /// All plugins: those declared, and the scripts in the folder of hooks that are not. Reads the folder; one that cannot
    /// be read is as good as empty.
    #[must_use]
    pub fn specs(&self) -> Vec<PluginSpec> {
        let mut specs = self.declared.clone();
        let found = self.hooks.as_deref().map(|folder| hooks::undeclared(&specs, folder));
        specs.extend(found.into_iter().flatten().flatten().flatten());
        specs
    }
}
