//! `keepwatch plugin build`.

use std::process::ExitCode;

use super::cli::Build;
use super::subject::fail;
use crate::exit;

pub(crate) fn build(arguments: &Build) -> ExitCode {
    match keepwatch_workshop::component(&arguments.folder) {
        Ok(built) => {
            println!("{}, {} kB", built.path.display(), built.size.div_ceil(1000));
            exit::with(exit::OK)
        }
        Err(why) => fail(&why),
    }
}
