//! Where the daemon keeps things, and the variables that move them.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

/// The native configuration, where there is one.
const NATIVE: &str = "/etc/keepwatch/keepwatch.toml";
/// keepalived's.
const KEEPALIVED: &str = "/etc/keepalived/keepalived.conf";

/// The configuration if nobody names one: the native one if it is there, else keepalived's.
pub(crate) fn configuration() -> PathBuf {
    let native = PathBuf::from(NATIVE);
    if native.exists() { native } else { KEEPALIVED.into() }
}

/// The daemon's paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Paths {
    /// The control socket.
    pub(crate) control: PathBuf,
    /// What must survive a restart.
    pub(crate) state: PathBuf,
    /// What can be made anew.
    pub(crate) cache: PathBuf,
}

impl Paths {
    /// The paths of this process: the defaults, unless its environment says otherwise.
    pub(crate) fn of_this_process() -> Self {
        Self::from(|name| std::env::var_os(name))
    }

    /// An empty variable counts as not set, as in a systemd unit's `Environment=`.
    fn from(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let path = |name, default: &str| {
            variable(name).filter(|value| !value.is_empty()).map_or_else(|| default.into(), PathBuf::from)
        };
        Self {
            control: path("KEEPWATCH_CONTROL", "/run/keepwatch/control.sock"),
            state: path("KEEPWATCH_STATE_DIR", "/var/lib/keepwatch"),
            cache: path("KEEPWATCH_CACHE_DIR", "/var/cache/keepwatch"),
        }
    }
}

impl fmt::Display for Paths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { control, state, cache } = self;
        let (control, state, cache) = (control.display(), state.display(), cache.display());
        write!(f, "state in {state}, cache in {cache}, control socket {control}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_override_the_defaults() {
        let defaults = Paths::from(|_| None);
        assert_eq!(defaults.control, PathBuf::from("/run/keepwatch/control.sock"));
        assert_eq!(Paths::from(|_| Some(OsString::new())), defaults);
        let moved = Paths::from(|name| Some(format!("/tmp/{name}").into()));
        assert_eq!(moved.control, PathBuf::from("/tmp/KEEPWATCH_CONTROL"));
        assert_eq!(moved.state, PathBuf::from("/tmp/KEEPWATCH_STATE_DIR"));
        assert_eq!(moved.cache, PathBuf::from("/tmp/KEEPWATCH_CACHE_DIR"));
    }
}
