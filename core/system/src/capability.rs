//! Privileges.

use caps::{CapSet, Capability};

/// A capability that VRRP needs and this process lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingCapability {
    /// Its name, as `setcap` and systemd know it.
    pub name: &'static str,
    /// What it is needed for.
    pub purpose: &'static str,
}

/// What this process lacks to take part in VRRP.
#[must_use]
pub fn missing_capabilities() -> Vec<MissingCapability> {
    [
        (Capability::CAP_NET_ADMIN, "CAP_NET_ADMIN", "to add and remove addresses"),
        (Capability::CAP_NET_RAW, "CAP_NET_RAW", "to send and receive adverts and to announce addresses"),
    ]
    .into_iter()
    .filter(|(capability, ..)| !caps::has_cap(None, CapSet::Effective, *capability).unwrap_or(false))
    .map(|(_, name, purpose)| MissingCapability { name, purpose })
    .collect()
}

/// Whether programs can be started as other users than this process's.
#[must_use]
pub fn may_start_as_others() -> bool {
    let has = |capability| caps::has_cap(None, CapSet::Effective, capability).unwrap_or(false);
    has(Capability::CAP_SETUID) && has(Capability::CAP_SETGID)
}

/// Keeps this process's privileges from programs that it starts: those that a service manager gave it to hand on, systemd's
/// `AmbientCapabilities=`, are its own from now on. For the thread that calls and those it starts later.
pub fn keep_capabilities_to_ourselves() {
    // Kernels that know no ambient set hand none on.
    let _ = caps::clear(None, CapSet::Ambient);
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// The capabilities that a program which this thread starts is given to hand on, as a mask in hexadecimal.
    fn handed_on() -> String {
        let output = Command::new("grep").args(["CapAmb:", "/proc/self/status"]).output().unwrap();
        let line = String::from_utf8(output.stdout).unwrap();
        line.split_whitespace().last().unwrap().trim_start_matches('0').to_owned()
    }

    /// Each test has a thread of its own, and so have capabilities.
    #[test]
    fn programs_are_not_given_what_a_service_manager_gave() {
        let given = [CapSet::Inheritable, CapSet::Ambient]
            .into_iter()
            .try_for_each(|set| caps::raise(None, set, Capability::CAP_NET_RAW));
        if let Err(error) = given {
            assert!(std::env::var_os("CI").is_none(), "{error}");
            eprintln!("not tried: this user has no capability to hand on: {error}");
            return;
        }
        assert_eq!(handed_on(), "2000", "CAP_NET_RAW, number 13");
        keep_capabilities_to_ourselves();
        assert_eq!(handed_on(), "");
        assert!(caps::has_cap(None, CapSet::Effective, Capability::CAP_NET_RAW).unwrap(), "lost for us, too");
    }
}
