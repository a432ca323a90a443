//! `keepwatch convert`: a keepalived.conf in the native format.

use std::process::ExitCode;

use keepwatch_config::{Style, convert as converted};

use crate::cli::Convert;
use crate::terminal::shows_colour;
use crate::{ask, exit};

pub(crate) fn convert(arguments: &Convert) -> ExitCode {
    let path = &arguments.file;
    if path.extension().is_some_and(|ending| ending == "toml") {
        eprintln!("error: {} is a keepwatch.toml already", path.display());
        return exit::with(exit::CONFIGURATION);
    }
    if let Some(id) = &arguments.config_id {
        keepwatch_config::set_host_id(id.clone());
    }
    let loaded = match keepwatch_config::load(path) {
        Ok(loaded) => loaded,
        Err(error) => {
            eprintln!("error: {error}");
            return exit::with(exit::CONFIGURATION);
        }
    };
    let style = if shows_colour(&std::io::stderr()) { Style::Colour } else { Style::Plain };
    eprint!("{}", loaded.findings.render(&loaded.source, style));
    let Some(config) = loaded.config else {
        eprintln!("{} is not valid, and is not converted.", path.display());
        return exit::with(exit::CONFIGURATION);
    };
    let converted = converted(&config, &loaded.source.text);
    if !converted.wrong.is_empty() {
        // Whoever ran it would have something else.
        for wrong in &converted.wrong {
            eprintln!("error: {wrong}");
        }
        eprintln!(
            "The keepwatch.toml would not mean what {} does: nothing is printed. This is a mistake in keepwatch.",
            path.display()
        );
        return exit::with(exit::FAILED);
    }
    for lost in &converted.lost {
        eprintln!("not converted: {lost}");
    }
    let code = if converted.lost.is_empty() { exit::OK } else { exit::LOST };
    ask::printed(&converted.text, code)
}
