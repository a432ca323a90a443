//! The destination that a command is about.

use std::path::PathBuf;
use std::process::ExitCode;

use keepwatch_notify::Destination;

use crate::{check, destinations, exit, paths};

/// The destination of this name in the configuration, and what the host is called in it.
pub(super) fn read(config: Option<&PathBuf>, name: &str) -> Result<(Destination, String), ExitCode> {
    let path = config.cloned().unwrap_or_else(paths::configuration);
    let mut site = keepwatch_config::load_site(&path).map_err(|error| {
        eprintln!("error: {error}");
        exit::with(exit::CONFIGURATION)
    })?;
    let known = destinations::of_site(&mut site);
    let Some(config) = &site.config else {
        eprint!("{}", check::rendered(&site));
        eprintln!("{}", check::summary(&path, &site));
        return Err(exit::with(exit::CONFIGURATION));
    };
    let node = destinations::node(config);
    let names: Vec<String> = known.iter().map(|destination| destination.name.to_string()).collect();
    if let Some(found) = known.into_iter().find(|destination| *destination.name == *name) {
        return Ok((found, node));
    }
    let there_are = match names.as_slice() {
        [] => "there are none; write [notify.NAME] in keepwatch.toml".to_owned(),
        names => format!("there is {}", names.join(", ")),
    };
    eprintln!("error: there is no destination \"{name}\" in {}: {there_are}", path.display());
    Err(exit::with(exit::FAILED))
}
