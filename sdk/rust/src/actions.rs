//! Programs that the administrator has defined under `[action.NAME]`. Grant: `run:NAME`.

use crate::{Error, ErrorKind, Result, host};

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ran {
    /// The exit code; none if a signal ended it.
    pub exit_code: Option<i32>,
    /// What it wrote, both streams, cut at 64 KiB.
    pub output: String,
}

impl Ran {
    pub(crate) fn new(exit_code: Option<i32>, output: String) -> Self {
        Self { exit_code, output }
    }

    /// Whether it ended with exit code 0.
    pub fn success(&self) -> bool {
        self.exit_code == Some(0)
    }
}

/// Runs a program and waits for its end.
///
/// # Errors
/// If there is no grant or no such action, if it takes too long, or if it ends otherwise than with exit code 0. To
/// judge the exit code oneself: [`try_run`].
pub fn run(name: &str) -> Result<Ran> {
    let ran = try_run(name)?;
    let ended = match ran.exit_code {
        Some(0) => return Ok(ran),
        Some(code) => format!("exit code {code}"),
        None => "ended by a signal".to_owned(),
    };
    let said = ran.output.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it wrote nothing");
    Err(Error::from_host(ErrorKind::Unavailable, format!("action {name}: {ended}: {said}")))
}

/// Runs a program and waits for its end, however it ends.
///
/// # Errors
/// If there is no grant or no such action, or if it takes too long.
pub fn try_run(name: &str) -> Result<Ran> {
    host::run(name)
}
