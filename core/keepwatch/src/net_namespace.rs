//! `net_namespace`: the whole process runs in a network namespace that has a name, as `ip netns exec` would run it.

use std::fs::File;
use std::io;
use std::path::Path;

use nix::sched::{CloneFlags, setns};

/// Where ip-netns(8) keeps them.
const FOLDER: &str = "/run/netns";

/// Why the process cannot enter.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EnterError {
    /// There is no such namespace.
    #[error(
        "there is no network namespace {name} ({FOLDER}/{name}: {error}); `ip netns add {name}` makes it"
    )]
    Missing { name: String, error: io::Error },
    /// The kernel refuses.
    #[error(
        "the network namespace {name} cannot be entered: {error}; run keepwatch as root, or leave `net_namespace` out and let \
         its unit say NetworkNamespacePath={FOLDER}/{name}"
    )]
    Refused { name: String, error: io::Error },
}

/// Enters a namespace, with the calling thread and all that it will start: so before there are others.
pub(crate) fn enter(name: &str) -> Result<(), EnterError> {
    let path = Path::new(FOLDER).join(name);
    let file = File::open(path).map_err(|error| EnterError::Missing { name: name.to_owned(), error })?;
    setns(file, CloneFlags::CLONE_NEWNET)
        .map_err(|error| EnterError::Refused { name: name.to_owned(), error: error.into() })
}
