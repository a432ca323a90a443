//! `keepwatch plugin build`.

use std::process::ExitCode;

use super::cli::Build;
use super::subject::fail;
use crate::{ask, exit};

pub(crate) fn build(arguments: &Build) -> ExitCode {
    match keepwatch_workshop::component(&arguments.folder) {
        Ok(built) => {
            let line = format!("{}, {} kB\n", built.path.display(), built.size.div_ceil(1000));
            ask::printed(&line, exit::OK)
        }
        Err(why) => fail(&why),
    }
}
