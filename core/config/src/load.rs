//! A file or a text to a configuration, with everything that is to be said about it.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Findings, Source};
use crate::format;
use crate::keepalived::{self, Surroundings};
use crate::model::{Config, Format};

/// Links that lead in a circle; the standard library has no name for it yet.
const ELOOP: i32 = 40;
/// Longer files are no configuration.
const LONGEST: u64 = 16 << 20;

/// What a text says.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The text.
    pub source: Source,
    /// What there is to say about it.
    pub findings: Findings,
    /// What it means: there exactly if no finding is an error.
    pub config: Option<Config>,
}

impl Loaded {
    /// The same, of a file that no other one adds instances to.
    pub(crate) fn alone(mut self) -> Self {
        if let Some(finding) = self.config.as_ref().and_then(no_instance) {
            self.findings.push(finding);
            self.findings.sort();
        }
        self
    }
}

/// What there is to say of a configuration that has no instance, as it may at the start.
pub(crate) fn no_instance(config: &Config) -> Option<Diagnostic> {
    let note = "keepalived runs all the same, and so does keepwatch: a reload may bring instances";
    config
        .instances
        .is_empty()
        .then(|| Diagnostic::warning(&(0..0), "there is no instance, and so no address", "").note(note))
}

/// Why a file is not even a text.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The system does not give it.
    #[error("{} cannot be read: {reason}; {}", path.display(), remedy(path, reason))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// It is a directory.
    #[error("{} is a directory; name the file in it", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
    },
    /// It is a FIFO: whoever reads it waits for somebody who writes.
    #[error("{} is a FIFO, not a file; to read what a command prints, write `<(COMMAND)` or /dev/stdin", path.display())]
    Fifo {
        /// The FIFO.
        path: PathBuf,
    },
    /// There is nothing in it.
    #[error("{} is empty; a virtual router is written {}", path.display(), example(path))]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// It is longer than any configuration.
    #[error("{} is larger than 16 MiB; this is hardly a configuration", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// It holds NUL octets; outside comments, if it is a keepalived.conf.
    #[error("{} is not a text: line {line} holds a NUL octet", path.display())]
    Binary {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// It holds octets, outside comments, that are not UTF-8.
    #[error(
        "{} is not UTF-8: see line {line}, column {column}; only its comments may be in another encoding",
        path.display()
    )]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in characters.
        column: usize,
    },
}

impl LoadError {
    /// Whether the file is not given, whatever is in it.
    pub(crate) const fn is_of_the_system(&self) -> bool {
        matches!(self, Self::Unreadable { .. } | Self::Directory { .. } | Self::Fifo { .. })
    }
}

/// A virtual router in the words of a file's format.
fn example(path: &Path) -> &'static str {
    match format::by_name(path) {
        Format::Native => "[instance.NAME], with interface, virtual_router_id and virtual_addresses below it",
        Format::Keepalived => "`vrrp_instance NAME { ... }`",
    }
}

fn remedy(path: &Path, reason: &io::Error) -> String {
    match (reason.kind(), path.read_link()) {
        (io::ErrorKind::NotFound, Ok(target)) => {
            format!(
                "it is a link to {}, which is not there: correct the link, or write that file",
                target.display()
            )
        }
        (io::ErrorKind::NotFound, Err(_)) => "check the name, or write the file".to_owned(),
        (io::ErrorKind::PermissionDenied, _) => "run this as root, or let its user read the file".to_owned(),
        (_, Ok(target)) if reason.raw_os_error() == Some(ELOOP) => {
            format!("it is a link to {}: correct it", target.display())
        }
        (_, _) => "check the file and the disk it is on".to_owned(),
    }
}

/// Reads the keepalived.conf at `path` and what it includes; its `@` lines are those of this host: see [`host_id`](crate::host_id).
///
/// # Errors
///
/// If it is no text; what the text says is found in [`Loaded::findings`].
pub fn load(path: &Path) -> Result<Loaded, LoadError> {
    load_as(path, crate::host_id())
}

/// The same, with what `@` lines ask for.
///
/// # Errors
///
/// As [`load`].
pub fn load_as(path: &Path, config_id: &str) -> Result<Loaded, LoadError> {
    Ok(load_tracked(path, config_id, &HashSet::new())?.alone())
}

/// The same, of a file that another one adds to: these names are tracked there.
pub(crate) fn load_tracked(
    path: &Path,
    config_id: &str,
    elsewhere: &HashSet<String>,
) -> Result<Loaded, LoadError> {
    Ok(parse(read(path)?, path, config_id, elsewhere))
}

/// What the text of the keepalived.conf at `path` says.
pub(crate) fn parse(source: Source, path: &Path, config_id: &str, elsewhere: &HashSet<String>) -> Loaded {
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let surroundings = Surroundings { config_id, folder: Some(&folder) };
    let mut findings = Findings::default();
    let (source, config) = keepalived::read(source, surroundings, elsewhere, &mut findings);
    Loaded { source, findings, config }
}

/// Reads the file at `path` as a text that is not empty.
pub(crate) fn read(path: &Path) -> Result<Source, LoadError> {
    let octets = octets(path)?;
    if octets.trim_ascii().is_empty() {
        return Err(LoadError::Empty { path: path.to_owned() });
    }
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let text = text(octets, path)?;
    Ok(Source::new(name, text).at(std::path::absolute(path).unwrap_or_else(|_| path.to_owned())))
}

/// Reads the file at `path` as a text that may be empty.
pub(crate) fn read_included(path: &Path) -> Result<String, LoadError> {
    text(octets(path)?, path)
}

fn octets(path: &Path) -> Result<Vec<u8>, LoadError> {
    let unreadable = |reason| LoadError::Unreadable { path: path.to_owned(), reason };
    // Before it is opened: that would wait, and with it each later reload of a daemon.
    let is_fifo = std::fs::metadata(path).map_err(unreadable)?.file_type().is_fifo();
    let is_of_a_command = path.starts_with("/dev") || path.starts_with("/proc");
    if is_fifo && !is_of_a_command {
        return Err(LoadError::Fifo { path: path.to_owned() });
    }
    let file = File::open(path).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.is_dir() {
        return Err(LoadError::Directory { path: path.to_owned() });
    }
    let mut octets = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut octets).map_err(unreadable)?;
    if u64::try_from(octets.len()).is_ok_and(|length| length > LONGEST) {
        return Err(LoadError::TooLong { path: path.to_owned() });
    }
    Ok(octets)
}

/// Reads `text` as a keepalived.conf; `name` is what findings call it. It is no file, so it can include none, and its `@` lines
/// are for no host.
#[must_use]
pub fn load_text(name: impl Into<String>, text: impl Into<String>) -> Loaded {
    load_text_as(name, text, "")
}

/// The same, with what its `@` lines ask for.
#[must_use]
pub fn load_text_as(name: impl Into<String>, text: impl Into<String>, config_id: &str) -> Loaded {
    let surroundings = Surroundings { config_id, folder: None };
    let mut findings = Findings::default();
    let source = Source::new(name, text);
    let (source, config) = keepalived::read(source, surroundings, &HashSet::new(), &mut findings);
    Loaded { source, findings, config }.alone()
}

/// The octets as text; octets that are not UTF-8 do not matter in comments, nor do NUL octets in those of a keepalived.conf.
fn text(octets: Vec<u8>, path: &Path) -> Result<String, LoadError> {
    let has_nul = octets.contains(&0);
    let octets = match String::from_utf8(octets) {
        Ok(text) if !has_nul => return Ok(text),
        Ok(text) => text.into_bytes(),
        Err(error) => error.into_bytes(),
    };
    let mut text = String::with_capacity(octets.len());
    for (index, line) in octets.split_inclusive(|&octet| octet == b'\n').enumerate() {
        let decoded = String::from_utf8_lossy(line);
        let counts = match format::by_name(path) {
            Format::Native => decoded.len(),
            Format::Keepalived => keepalived::before_comment(&decoded),
        };
        if decoded.find('\0').is_some_and(|at| at < counts) {
            return Err(LoadError::Binary { path: path.to_owned(), line: index + 1 });
        }
        if let Err(error) = std::str::from_utf8(line) {
            let valid = decoded.get(..error.valid_up_to()).unwrap_or_default();
            if error.valid_up_to() < keepalived::before_comment(&decoded) {
                let column = valid.chars().count() + 1;
                return Err(LoadError::NotUtf8 { path: path.to_owned(), line: index + 1, column });
            }
        }
        text.push_str(&decoded.replace('\0', "\u{fffd}"));
    }
    Ok(text)
}
