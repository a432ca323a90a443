//! What is known of a plugin that should run.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use keepwatch_bus::Gauge;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::actor::Command;
use crate::manifest::Roles;
use crate::restart::Restarts;
use crate::spec::PluginSpec;

/// What is known of a plugin that should run.
#[derive(Default)]
pub(crate) struct Entry {
    /// What was last tried, which need not be what runs.
    pub(crate) tried: Option<Tried>,
    /// How often that failed when it began.
    pub(crate) begins: Restarts,
    /// Its actor, if a version of it runs.
    pub(crate) actor: Option<Handle>,
}

/// A version of a plugin. What was tried once with one result is not tried again, unless somebody asks for it.
#[derive(Clone, Debug)]
pub(crate) struct Tried {
    pub(crate) spec: PluginSpec,
    /// The file, and those it is made of, with what was in them; what could not be read has nothing.
    pub(crate) files: Vec<(PathBuf, Option<Arc<[u8]>>)>,
    pub(crate) result: Tested,
}

/// What became of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tested {
    /// It runs, or did.
    Good,
    /// It was refused.
    Refused,
    /// It failed when it began. That may pass by itself, a server that was not there yet: it is tried again then.
    Failed { again: Instant },
}

/// An actor from outside.
pub(crate) struct Handle {
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) task: JoinHandle<()>,
    /// What runs.
    pub(crate) spec: PluginSpec,
    pub(crate) roles: Roles,
    /// How it keeps up with events, if it hears any.
    pub(crate) gauge: Option<Gauge>,
}
