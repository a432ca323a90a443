//! What goes to a terminal, or into a pipe that may close.

use std::io::{self, ErrorKind, IsTerminal, Write};

/// Whether a stream shows colours: a terminal, unless `NO_COLOR` is set.
pub(crate) fn shows_colour(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Colours, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paint {
    /// Text alone.
    Plain,
    /// With ANSI escape sequences.
    Colour,
}

impl Paint {
    /// For standard output.
    pub(crate) fn for_output() -> Self {
        if shows_colour(&io::stdout()) { Self::Colour } else { Self::Plain }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    pub(crate) fn good(self, text: &str) -> String {
        self.with("1;32", text)
    }

    pub(crate) fn warning(self, text: &str) -> String {
        self.with("33", text)
    }

    pub(crate) fn error(self, text: &str) -> String {
        self.with("1;31", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Colour => format!("\x1b[{code}m{text}\x1b[0m"),
        }
    }
}

/// Writes to standard output at once.
///
/// # Errors
///
/// The kernel's; see [`nobody_reads`].
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()
}

/// Whether a write failed because the reader has seen enough, as `head` does: no reason to complain.
pub(crate) fn nobody_reads(error: &io::Error) -> bool {
    error.kind() == ErrorKind::BrokenPipe
}
