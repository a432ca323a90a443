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

/// Keeps this process's privileges from programs that it starts: those that a service manager gave it to hand on, systemd's
/// `AmbientCapabilities=`, are its own from now on. For the thread that calls and those it starts later.
pub fn keep_capabilities_to_ourselves() {
    // Kernels that know no ambient set hand none on.
    let _ = caps::clear(None, CapSet::Ambient);
}
