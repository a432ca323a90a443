//! `keepwatch plugin build`.

use std::process::ExitCode;

use super::cli::Build;
use super::subject::fail;
use crate::{ask, exit};

pub(crate) fn build(arguments: &Build) -> ExitCode {
    match keepwatch_workshop::component(&arguments.folder) {
        Ok(built) => {
            let path = built.path.strip_prefix(".").unwrap_or(&built.path);
            let kilobytes = built.size.div_ceil(1000);
            let imports =
                if built.imports.is_empty() { "nothing".to_owned() } else { built.imports.join(", ") };
            ask::printed(&format!("{}, {kilobytes} kB, imports: {imports}\n", path.display()), exit::OK)
        }
        Err(why) => fail(&why),
    }
}
