//! Where the files are.

use std::path::{Path, PathBuf};

use keepwatch_config::model::Dumps;

/// One of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// How everything is: `keepalived.data`.
    Data,
    /// What was counted: `keepalived.stats`.
    Stats,
    /// Both, for programs: `keepalived.json`.
    Json,
}

impl Kind {
    const fn file_name(self) -> &'static str {
        match self {
            Self::Data => "keepalived.data",
            Self::Stats => "keepalived.stats",
            Self::Json => "keepalived.json",
        }
    }
}

/// Where a file is, by keepalived's rule for `state_dump_file`: what does not begin with `/` is below `temporary`, which is
/// the folder for temporary files; what ends with `/` is a folder, where the file has its usual name.
#[must_use]
pub fn place(dumps: &Dumps, kind: Kind, temporary: &Path) -> PathBuf {
    let written = match kind {
        Kind::Data => &dumps.state,
        Kind::Stats => &dumps.stats,
        Kind::Json => &dumps.json,
    };
    let Some(written) = written else { return temporary.join(kind.file_name()) };
    let path = temporary.join(written);
    if written.ends_with('/') { path.join(kind.file_name()) } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_by_keepalived_s_rule() {
        let table = [
            (None, Kind::Data, "/tmp/keepalived.data"),
            (None, Kind::Stats, "/tmp/keepalived.stats"),
            (None, Kind::Json, "/tmp/keepalived.json"),
            (Some("/run/k.data"), Kind::Data, "/run/k.data"),
            (Some("/run/k/"), Kind::Stats, "/run/k/keepalived.stats"),
            (Some("k.json"), Kind::Json, "/tmp/k.json"),
            (Some("k/"), Kind::Data, "/tmp/k/keepalived.data"),
        ];
        for (written, kind, expected) in table {
            let written = written.map(str::to_owned);
            let dumps = match kind {
                Kind::Data => Dumps { state: written, ..Dumps::default() },
                Kind::Stats => Dumps { stats: written, ..Dumps::default() },
                Kind::Json => Dumps { json: written, ..Dumps::default() },
            };
            assert_eq!(place(&dumps, kind, Path::new("/tmp")), Path::new(expected));
        }
    }
}
