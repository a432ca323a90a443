//! One engine for each interface.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};

/// Holds an interface for this process: an abstract socket name, which the kernel keeps apart for each network
/// namespace and frees when the process ends, however it ends.
#[derive(Debug)]
pub struct InterfaceLock {
    _listener: UnixListener,
}

/// Why an interface could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another keepwatch has it.
    #[error("another keepwatch already runs on {0}")]
    Taken(String),
    /// Anything else.
    #[error("cannot lock {0}: {1}")]
    Io(String, #[source] io::Error),
}

impl InterfaceLock {
    /// Locks the interface with this name.
    ///
    /// # Errors
    ///
    /// [`LockError`].
    pub fn take(interface: &str) -> Result<Self, LockError> {
        let address = SocketAddr::from_abstract_name(format!("keepwatch/interface/{interface}"))
            .map_err(|error| LockError::Io(interface.to_owned(), error))?;
        match UnixListener::bind_addr(&address) {
            Ok(listener) => Ok(Self { _listener: listener }),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                Err(LockError::Taken(interface.to_owned()))
            }
            Err(error) => Err(LockError::Io(interface.to_owned(), error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_exclusive_and_free_again_after_drop() {
        let name = format!("test{}", std::process::id());
        let lock = InterfaceLock::take(&name).unwrap();
        assert!(matches!(InterfaceLock::take(&name), Err(LockError::Taken(_))));
        drop(lock);
        InterfaceLock::take(&name).unwrap();
    }
}
