//! By what a process is known.

use std::path::Path;

/// Where the kernel shows all processes.
pub(super) const PROC: &str = "/proc";
/// The kernel keeps so many octets of a program's name.
const NAME: usize = 15;

/// By what a process is known, besides the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Matching {
    /// By its name alone, as `ps -o comm` shows it: the program's file name, or what it calls itself; 15 octets.
    Name,
    /// By the first word of its command line, whatever its parameters.
    Program,
    /// By its whole command line.
    Exact(Vec<String>),
    /// By its first parameters; more may follow. If there are none here, it must have none.
    Partial(Vec<String>),
    /// As [`Self::Partial`], and the last of these parameters may be the beginning of a longer one.
    Initial(Vec<String>),
}

/// What is known of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Process {
    /// Its name, as the kernel keeps it.
    pub(super) name: Vec<u8>,
    /// Its command line, each word ended by a zero octet.
    pub(super) line: Vec<u8>,
}

impl Process {
    /// The process as it is now, unless it is over.
    pub(super) fn read(id: i32) -> Option<Self> {
        let folder = Path::new(PROC).join(id.to_string());
        let stat = std::fs::read(folder.join("stat")).ok()?;
        // `7 (name) S ...`, and the name may have parentheses of its own.
        let open = stat.iter().position(|octet| *octet == b'(')?;
        let close = stat.iter().rposition(|octet| *octet == b')')?;
        // What has ended but is not yet reaped does not run.
        if matches!(stat.get(close + 2), Some(b'Z' | b'X') | None) {
            return None;
        }
        let name = stat.get(open + 1..close)?.to_vec();
        let line = std::fs::read(folder.join("cmdline")).ok()?;
        Some(Self { name, line })
    }
}

impl Matching {
    /// Whether a process is one of those meant.
    pub(super) fn matches(&self, command: &str, process: &Process) -> bool {
        let line = |parameters: &[String]| {
            let words = std::iter::once(command).chain(parameters.iter().map(String::as_str));
            words.flat_map(|word| word.bytes().chain([0])).collect::<Vec<u8>>()
        };
        match self {
            Self::Name => process.name == command.as_bytes().get(..NAME).unwrap_or(command.as_bytes()),
            Self::Program => process.line.starts_with(&line(&[])),
            Self::Exact(parameters) => process.line == line(parameters),
            Self::Partial(none) | Self::Initial(none) if none.is_empty() => process.line == line(none),
            Self::Partial(parameters) => process.line.starts_with(&line(parameters)),
            Self::Initial(parameters) => {
                let line = line(parameters);
                process.line.starts_with(line.strip_suffix(&[0]).unwrap_or(&line))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_meant() {
        let process = |name: &str, line: &str| Process {
            name: name.as_bytes().to_vec(),
            line: line.replace(' ', "\0").into_bytes(),
        };
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<String>>();
        let long = process("a-very-long-nam", "/bin/a-very-long-name -f x.cfg ");
        let plain = process("sshd", "/usr/sbin/sshd ");
        let table = [
            (Matching::Name, "a-very-long-name", &long, true),
            (Matching::Name, "a-very-long-names", &long, true),
            (Matching::Name, "a-very-long", &long, false),
            (Matching::Name, "ssh", &plain, false),
            (Matching::Name, "sshd", &plain, true),
            (Matching::Program, "/bin/a-very-long-name", &long, true),
            (Matching::Program, "/bin/a-very-long", &long, false),
            (Matching::Program, "/usr/sbin/sshd", &plain, true),
            (Matching::Exact(words("-f x.cfg")), "/bin/a-very-long-name", &long, true),
            (Matching::Exact(words("-f")), "/bin/a-very-long-name", &long, false),
            (Matching::Exact(words("-f x.cf")), "/bin/a-very-long-name", &long, false),
            (Matching::Exact(words("")), "/usr/sbin/sshd", &plain, true),
            (Matching::Exact(words("")), "sshd", &plain, false),
            (Matching::Partial(words("-f")), "/bin/a-very-long-name", &long, true),
            (Matching::Partial(words("-f x")), "/bin/a-very-long-name", &long, false),
            (Matching::Partial(words("")), "/bin/a-very-long-name", &long, false),
            (Matching::Partial(words("")), "/usr/sbin/sshd", &plain, true),
            (Matching::Initial(words("-f x")), "/bin/a-very-long-name", &long, true),
            (Matching::Initial(words("-f y")), "/bin/a-very-long-name", &long, false),
            (Matching::Initial(words("")), "/bin/a-very-long-name", &long, false),
        ];
        for (matching, command, process, expected) in table {
            assert_eq!(matching.matches(command, process), expected, "{matching:?} {command}");
        }
    }
}
