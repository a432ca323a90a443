//! A configuration that may be spread over files of both formats.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::diagnostic::{Findings, Severity, Source, Style};
use crate::load::{self, LoadError, Loaded};
use crate::model::{Config, Format};
use crate::{format, native};

/// All texts of a configuration, what there is to say about each, and what they mean together.
#[derive(Clone, Debug)]
pub struct Site {
    /// The texts with what there is to say about them, in the order in which they were read.
    pub texts: Vec<(Source, Findings)>,
    /// What they mean: there exactly if no finding is an error.
    pub config: Option<Config>,
    /// As much of it as can be told if findings are errors: see [`Site::draft`].
    pub(crate) draft: Option<Config>,
    /// The tables that are not in a draft for their own mistakes.
    pub refused: Refused,
}

/// Tables with mistakes: nobody is to say that there are none of their names.
#[derive(Clone, Debug, Default)]
pub struct Refused {
    names: Vec<(&'static str, String)>,
    /// Those that would have come of them, and that nobody has written.
    implied: Vec<(&'static str, String)>,
}

impl Refused {
    /// Notes that a table `[KIND.NAME]` is refused.
    pub(crate) fn note(&mut self, kind: &'static str, name: &str) {
        self.names.push((kind, name.to_owned()));
    }

    /// Notes that nothing of this kind and name comes of a table that is refused.
    pub(crate) fn note_implied(&mut self, kind: &'static str, name: String) {
        self.implied.push((kind, name));
    }

    /// Whether the table `[KIND.NAME]` is refused, or one that this would have come of.
    #[must_use]
    pub fn has(&self, kind: &str, name: &str) -> bool {
        let mut all = self.names.iter().chain(&self.implied);
        all.any(|(other, refused)| *other == kind && refused == name)
    }

    /// The names of this kind that are written.
    pub fn of(&self, kind: &str) -> impl Iterator<Item = &str> {
        self.names.iter().filter(move |(other, _)| *other == kind).map(|(_, name)| name.as_str())
    }
}

/// Why a configuration is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To be in force: all that it needs has to be there.
    Run,
    /// To be looked at, perhaps by somebody to whom systemd gives nothing.
    Look,
}

/// Reads the file at `path` and the files it names. It is a native one if its name ends in `.toml`, a keepalived.conf if it ends
/// otherwise; without an ending, as of a pipe, its first line decides. `@` lines of a keepalived.conf are those of this host: see
/// [`host_id`].
///
/// # Errors
///
/// If the file is no text; a file that it names and that is none is a finding.
pub fn load_site(path: &Path) -> Result<Site, LoadError> {
    load(path, Purpose::Look)
}

/// The same, to run it: what systemd gives only to the service has to be there.
///
/// # Errors
///
/// As [`load_site`].
pub fn load_site_to_run(path: &Path) -> Result<Site, LoadError> {
    load(path, Purpose::Run)
}

fn load(path: &Path, purpose: Purpose) -> Result<Site, LoadError> {
    // Once: of a pipe there is no second time.
    let source = load::read(path)?;
    if format::of(path, &source.text) == Format::Native {
        return Ok(native::load(source, path, host_id(), purpose));
    }
    let misnamed = format::misnamed(&source.text);
    let loaded = load::parse(source, path, host_id(), &HashSet::new()).alone();
    let Loaded { source, mut findings, config } = loaded;
    if let Some(finding) = misnamed.filter(|_| source.is_one_file()) {
        findings.push(finding);
        findings.sort();
    }
    Ok(Site { texts: vec![(source, findings)], config, draft: None, refused: Refused::default() })
}

/// One process reads all its configurations as the same host.
static HOST_ID: OnceLock<String> = OnceLock::new();

/// Has this host called so in `@` lines of a keepalived.conf, as keepalived's `--config-id` does. Once, before anything is read.
pub fn set_host_id(id: String) {
    // Whoever read something before has settled it.
    let _ = HOST_ID.set(id);
}

/// What `@` lines of a keepalived.conf call this host: unless it was set, its name up to the first dot, as under keepalived.
pub fn host_id() -> &'static str {
    HOST_ID.get_or_init(|| {
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        name.trim().split('.').next().unwrap_or_default().to_owned()
    })
}

impl Site {
    /// Where its files are, and where those would be that it names: included ones, patterns as they are written, and the
    /// keepalived.conf of a native one.
    #[must_use]
    pub fn files(&self) -> BTreeSet<PathBuf> {
        self.texts.iter().flat_map(|(source, _)| source.paths()).map(Path::to_owned).collect()
    }

    /// How many findings are of this severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.texts.iter().map(|(_, findings)| findings.count(severity)).sum()
    }

    /// The configuration, or as much of it as can be told, to look for more mistakes: it is not to be used. Nothing if it is
    /// too broken for that.
    #[must_use]
    pub fn draft(&self) -> Option<&Config> {
        self.config.as_ref().or(self.draft.as_ref())
    }

    /// Adds findings about the file that was read first, made by whoever knows more than this crate. If one of them is an error
    /// the configuration is none.
    pub fn refuse(&mut self, findings: &Findings) {
        let Some((_, known)) = self.texts.first_mut() else { return };
        for finding in findings.iter() {
            known.push(finding.clone());
        }
        known.sort();
        if findings.has_errors() {
            self.draft = self.config.take().or_else(|| self.draft.take());
        }
    }

    /// All findings as text; see [`Findings::render`].
    #[must_use]
    pub fn render(&self, style: Style) -> String {
        let rendered: Vec<String> = self
            .texts
            .iter()
            .map(|(source, findings)| findings.render(source, style))
            .filter(|text| !text.is_empty())
            .collect();
        rendered.join("\n")
    }
}
