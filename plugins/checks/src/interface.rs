//! Whether a network interface is up.

use std::io;
use std::path::Path;
use std::time::Duration;

use keepwatch_host::{Aside, Probe, Verdict, Work};

use crate::deadline::Deadline;
use crate::io_text::plain;
use crate::verdict::{Step, either, fail, pass, unknown};

/// Where the kernel shows its interfaces: those of the network namespace in which it was mounted.
const INTERFACES: &str = "/sys/class/net";
/// Set up by somebody (IFF_UP).
const UP: u32 = 1;

/// Passes when a network interface is set up and has its link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceCheck {
    /// Its name: `eth0`.
    pub name: String,
}

impl InterfaceCheck {
    /// A check of this interface.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }
}

pub(crate) struct InterfaceProbe {
    name: String,
    looking: Aside<Verdict>,
}

impl InterfaceProbe {
    pub(crate) fn new(check: &InterfaceCheck) -> Self {
        Self { name: check.name.clone(), looking: Aside::default() }
    }
}

impl Probe for InterfaceProbe {
    fn probe(&self, within: Duration) -> Work<'_, Verdict> {
        let name = self.name.clone();
        Box::pin(async move {
            let late = || format!("{} could not be looked at", self.name);
            // The kernel may hold its lock on all interfaces for a while.
            let looked = self.looking.run(move || either(judge(Path::new(INTERFACES), &name)));
            match Deadline::new(within).limit(looked, late).await {
                Ok(Some(verdict)) => verdict,
                Ok(None) => unknown(late()),
                // That this host is slow says nothing of the interface.
                Err(too_late) => unknown(too_late.text),
            }
        })
    }
}

fn judge(interfaces: &Path, name: &str) -> Step<Verdict> {
    if name.is_empty() || name.contains('/') || name.starts_with('.') {
        return Err(unknown(format!("`{name}` is no name of an interface")));
    }
    let folder = interfaces.join(name);
    let read = |what: &str| match std::fs::read_to_string(folder.join(what)) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound && interfaces.exists() => {
            Err(fail(format!("{name} does not exist")))
        }
        Err(error) => {
            Err(unknown(format!("{name} cannot be looked at in {}: {}", interfaces.display(), plain(&error))))
        }
    };
    let flags = read("flags")?;
    let flags = flags.strip_prefix("0x").and_then(|hex| u32::from_str_radix(hex, 16).ok());
    let flags = flags.ok_or_else(|| unknown(format!("the kernel's flags of {name} cannot be read")))?;
    if flags & UP == 0 {
        return Err(fail(format!("{name} is switched off")));
    }
    let state = read("operstate")?;
    match state.as_str() {
        "up" => Ok(pass(format!("{name} is up"))),
        // Drivers that do not say so: the loopback interface, some tunnels. Their carrier counts.
        "unknown" => match read("carrier")?.as_str() {
            "1" => Ok(pass(format!("{name} is up"))),
            _ => Err(fail(format!("{name} has no carrier"))),
        },
        "lowerlayerdown" => Err(fail(format!("{name} is down: the interface below it is"))),
        "down" => Err(fail(format!("{name} is down"))),
        other => Err(fail(format!("{name} is not up but {other}"))),
    }
}

#[cfg(test)]
mod tests {
    use keepwatch_event::Health;

    use super::*;

    #[test]
    fn what_the_kernel_shows() {
        let folder = std::env::temp_dir().join(format!("keepwatch-interface-{}", std::process::id()));
        let table = [
            ("0x1003", "up", "1", Health::Pass, "e0 is up"),
            ("0x9", "unknown", "1", Health::Pass, "e0 is up"),
            ("0x9", "unknown", "0", Health::Fail, "e0 has no carrier"),
            ("0x1002", "down", "0", Health::Fail, "e0 is switched off"),
            ("0x1003", "down", "0", Health::Fail, "e0 is down"),
            ("0x1003", "lowerlayerdown", "0", Health::Fail, "e0 is down: the interface below it is"),
            ("0x1003", "dormant", "1", Health::Fail, "e0 is not up but dormant"),
            ("up", "up", "1", Health::Unknown, "the kernel's flags of e0 cannot be read"),
        ];
        std::fs::create_dir_all(folder.join("e0")).unwrap();
        for (flags, state, carrier, health, text) in table {
            for (file, content) in [("flags", flags), ("operstate", state), ("carrier", carrier)] {
                std::fs::write(folder.join("e0").join(file), format!("{content}\n")).unwrap();
            }
            assert_eq!(either(judge(&folder, "e0")), Verdict { health, text: text.to_owned() });
        }
        assert_eq!(either(judge(&folder, "e1")), fail("e1 does not exist"));
        assert_eq!(either(judge(&folder, "../e0")), unknown("`../e0` is no name of an interface"));
        std::fs::remove_dir_all(&folder).unwrap();
        let text = format!("e0 cannot be looked at in {}: No such file or directory", folder.display());
        assert_eq!(either(judge(&folder, "e0")), unknown(text));
    }
}
