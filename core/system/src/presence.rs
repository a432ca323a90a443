//! Whether this is the only program of its kind in its network namespace.

use std::fs;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::interface_lock::is_squatted;

/// What the names of all that run begin with.
const NAMES: &str = "keepwatch/run/";
/// VRRP's number as the kernel lists raw sockets, in the place of a port.
const VRRP: &str = "0070";

/// Tells every other keepwatch of this network namespace that one runs, whatever interfaces it has: an abstract socket name, which
/// is free again when the process ends, however it ends.
#[derive(Debug)]
pub struct Presence {
    name: String,
    _listener: UnixListener,
}

impl Presence {
    /// Tells it from here on.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn announce() -> io::Result<Self> {
        // Process ids may be the same where process namespaces differ.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let name = format!("{NAMES}{}-{}", std::process::id(), since.as_nanos());
        let listener = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
        Ok(Self { name, _listener: listener })
    }

    /// Whether no other keepwatch runs in this network namespace, and nobody speaks VRRP: to be asked before this program itself does.
    ///
    /// # Errors
    ///
    /// It cannot be known.
    pub fn is_alone(&self) -> io::Result<bool> {
        let sockets = fs::read("/proc/net/unix")?;
        let sockets = String::from_utf8_lossy(&sockets);
        let names = sockets.lines().filter_map(|line| line.split_whitespace().last()?.strip_prefix('@'));
        let mut others = names.filter(|name| name.starts_with(NAMES) && *name != self.name);
        if others.any(|name| !SocketAddr::from_abstract_name(name).is_ok_and(|name| is_squatted(&name))) {
            return Ok(false);
        }
        for path in ["/proc/net/raw", "/proc/net/raw6"] {
            match fs::read_to_string(path) {
                Ok(sockets) if speaks_vrrp(&sockets) => return Ok(false),
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                // Without IPv6 there is no list of its sockets.
                _ => {}
            }
        }
        Ok(true)
    }
}

/// Whether a list of raw sockets has one for VRRP.
fn speaks_vrrp(sockets: &str) -> bool {
    let mut locals = sockets.lines().skip(1).filter_map(|line| line.split_whitespace().nth(1));
    locals.any(|local| local.rsplit(':').next() == Some(VRRP))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_sockets_for_vrrp_are_found() {
        let header = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n";
        let of = |port: &str| {
            format!(
                "{header} 112: 00000000:{port} 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 9 2 0 0\n"
            )
        };
        assert!(speaks_vrrp(&of("0070")));
        assert!(!speaks_vrrp(&of("0001")));
        assert!(!speaks_vrrp(header));
    }
}
