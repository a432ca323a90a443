//! What a command prints bit by bit.

use std::io;
use std::process::ExitCode;

use crate::{exit, terminal};

/// What a command prints bit by bit. After a failure nothing more is printed, and the end tells it.
#[derive(Debug, Default)]
pub(crate) struct Output {
    failed: Option<io::Error>,
}

impl Output {
    pub(crate) fn print(&mut self, text: &str) {
        if self.failed.is_none() {
            self.failed = terminal::print(text).err();
        }
    }

    /// Exits with `code`, unless what was printed went nowhere. A reader that has seen enough, as `head` has, is no failure.
    pub(crate) fn end(self, code: u8) -> ExitCode {
        match self.failed {
            Some(error) if !terminal::nobody_reads(&error) => {
                eprintln!("error: cannot write: {error}");
                exit::with(exit::FAILED)
            }
            _ => exit::with(code),
        }
    }
}
