//! `keepwatch schema`: the JSON Schema of a keepwatch.toml.

use std::process::ExitCode;

use crate::{ask, exit};

pub(crate) fn schema() -> ExitCode {
    ask::printed(&format!("{:#}\n", keepwatch_config::native::schema()), exit::OK)
}
