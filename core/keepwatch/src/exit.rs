//! Exit codes. The book lists them too.

use std::process::ExitCode;

/// All went well; for `run`: stopped as told.
pub(crate) const OK: u8 = 0;
/// Something failed that is none of the following.
pub(crate) const FAILED: u8 = 1;
/// The command line is wrong; mostly clap says so by itself.
pub(crate) const USAGE: u8 = 2;
/// The configuration is refused.
pub(crate) const CONFIGURATION: u8 = 3;
/// The process lacks privileges.
pub(crate) const PRIVILEGES: u8 = 4;
/// `status --check`: something is wrong.
pub(crate) const TROUBLE: u8 = 5;
/// `convert`: something has no equivalent.
pub(crate) const LOST: u8 = 6;

pub(crate) fn with(code: u8) -> ExitCode {
    ExitCode::from(code)
}
