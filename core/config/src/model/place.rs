//! Where something is written.

use std::ops::Range;
use std::path::PathBuf;

/// Where something is written, for findings that need more than the text to be made. Two things that differ in this alone
/// are equal: a line more above does not make another check.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// In which file.
    pub format: Format,
    /// Octets of it.
    pub span: Range<usize>,
}

/// Which of the files of a configuration: there is one of each at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// The keepalived.conf.
    #[default]
    Keepalived,
    /// The keepwatch.toml.
    Native,
}

impl Place {
    /// In the keepalived.conf.
    #[must_use]
    pub const fn keepalived(span: Range<usize>) -> Self {
        Self { format: Format::Keepalived, span }
    }

    /// In the keepwatch.toml.
    #[must_use]
    pub const fn native(span: Range<usize>) -> Self {
        Self { format: Format::Native, span }
    }
}

/// A file that is looked at later, and where it is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileAt {
    /// The file.
    pub path: PathBuf,
    /// What stands behind its key.
    pub place: Place,
}

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Place {}
