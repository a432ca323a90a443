//! Whether HAProxy accepts its configuration.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use keepwatch_host::HostError;

use crate::deadline::Deadline;
use crate::program;

/// HAProxy's configuration, as it is started with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    /// HAProxy itself: `/usr/sbin/haproxy`.
    pub program: PathBuf,
    /// Its files, or directories of files: what stands after each `-f`.
    pub files: Vec<PathBuf>,
    /// Further arguments that matter for the configuration: `-L NAME`.
    pub arguments: Vec<String>,
    /// What the configuration takes from the environment.
    pub environment: BTreeMap<String, String>,
}

/// What HAProxy thinks of its configuration.
pub(crate) enum Opinion {
    /// It accepts it, and may have warnings.
    Accepted(String),
    /// It does not, for these reasons.
    Refused(String),
}

impl Configuration {
    /// These files, in the program's usual place.
    pub fn new(files: Vec<PathBuf>) -> Self {
        let program = "/usr/sbin/haproxy".into();
        Self { program, files, arguments: Vec::new(), environment: BTreeMap::new() }
    }

    /// Has HAProxy read it, which changes nothing.
    pub(crate) async fn check(&self, deadline: Deadline) -> Result<Opinion, HostError> {
        let mut arguments: Vec<OsString> = vec!["-c".into()];
        arguments.extend(self.arguments.iter().map(OsString::from));
        for file in &self.files {
            arguments.extend(["-f".into(), file.into()]);
        }
        let ended = program::run(&self.program, &arguments, &self.environment, deadline).await?;
        if ended.code == Some(0) {
            return Ok(Opinion::Accepted(warnings(&ended.said)));
        }
        let why = match (ended.code, ended.said.as_str()) {
            (None, _) => format!("{} was killed while it read the configuration", self.program.display()),
            (Some(code), "") => format!("{} ended with code {code}", self.program.display()),
            (Some(_), said) => said.to_owned(),
        };
        Ok(Opinion::Refused(why))
    }
}

/// The lines that are worth reading: that all is well goes without saying. Indented lines belong to the one before.
fn warnings(said: &str) -> String {
    let is_worth = |line: &&str| line.starts_with("[WARNING]") || line.starts_with(' ');
    let lines: Vec<&str> = said.lines().filter(is_worth).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_haproxy_says_warnings_are_kept() {
        let said = "Warnings were found.\nConfiguration file is valid\n\
            [NOTICE]   (27995) : haproxy version is 2.6.12-1+deb12u4\n\
            [WARNING]  (27995) : config : missing timeouts for backend 'web'.\n\
            \x20  | While not properly invalid, you will certainly encounter various problems\n\
            \x20  | with such a configuration.\n";
        let expected = "[WARNING]  (27995) : config : missing timeouts for backend 'web'.\n\
            \x20  | While not properly invalid, you will certainly encounter various problems\n\
            \x20  | with such a configuration.";
        assert_eq!(warnings(said), expected);
        assert_eq!(warnings("Configuration file is valid"), "");
    }
}
