//! What a worker says of itself: `show info`.

use crate::unreadable::Unreadable;

const COMMAND: &str = "show info";

/// What a worker says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// `2.6.12`, without what distributions add.
    pub version: String,
    /// The process.
    pub pid: u32,
    /// Whether it is on its way out.
    pub phase: Phase,
}

/// Whether a worker is on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It is not.
    Running,
    /// It takes no new connections and ends with its last one.
    Stopping,
}

impl Info {
    /// Reads an answer to `show info`.
    ///
    /// # Errors
    ///
    /// If it is none.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let value = |name: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once(':'));
            lines.find(|(key, _)| *key == name).map(|(_, value)| value.trim())
        };
        let missing = |name: &str| Unreadable::new(COMMAND, format!("it has no line `{name}`"), text);
        let version = value("Version").ok_or_else(|| missing("Version"))?;
        let pid = value("Pid").and_then(|pid| pid.parse().ok()).ok_or_else(|| missing("Pid"))?;
        let phase = match value("Stopping") {
            None | Some("0") => Phase::Running,
            Some(_) => Phase::Stopping,
        };
        Ok(Self { version: short(version), pid, phase })
    }
}

/// `2.6.12` of `2.6.12-1+deb12u4`, but all of `2.9-dev3`: that is no release.
fn short(version: &str) -> String {
    match version.split_once('-') {
        Some((release, addition)) if !addition.starts_with("dev") => release.to_owned(),
        _ => version.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUNNING: &str = "Name: HAProxy\nVersion: 2.6.12-1+deb12u4\nRelease_date: 2026/10/17\nNbthread: 2\nNbproc: 1\n\
        Process_num: 1\nPid: 15394\nUptime: 0d 0h00m01s\nUptime_sec: 1\nIdle_pct: 100\nnode: vm\nStopping: 0\nJobs: 5\n\
        Unstoppable Jobs: 1\nListeners: 4\nBuild info: 2.6.12-1+deb12u4\nTainted: 0\n\n";

    #[test]
    fn the_answer_is_read_by_names() {
        let stopping = RUNNING.replace("Stopping: 0", "Stopping: 1");
        let development = RUNNING.replace("Version: 2.6.12-1+deb12u4", "Version: 3.0-dev7-f3e1ec-11");
        let plain = RUNNING.replace("Version: 2.6.12-1+deb12u4", "Version: 2.8.3");
        for (text, version, phase) in [
            (RUNNING, "2.6.12", Phase::Running),
            (&stopping, "2.6.12", Phase::Stopping),
            (&development, "3.0-dev7-f3e1ec-11", Phase::Running),
            (&plain, "2.8.3", Phase::Running),
        ] {
            assert_eq!(Info::parse(text), Ok(Info { version: version.to_owned(), pid: 15394, phase }));
        }
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for (text, expected) in [
            ("", "no answer to `show info`: it has no line `Version`; it begins with: (nothing)"),
            (
                "Unknown command, but maybe one of the following ones is a better match:\n",
                "no answer to `show info`: it has no line `Version`; it begins with: Unknown command, but maybe one of the \
                 following ones is a better match:",
            ),
            (
                "Name: HAProxy\nVersion: 2.6.12\nPid: many\n",
                "no answer to `show info`: it has no line `Pid`; it begins with: Name: HAProxy",
            ),
        ] {
            assert_eq!(Info::parse(text).unwrap_err().to_string(), expected);
        }
    }
}
