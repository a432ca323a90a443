//! One engine for each interface, and for each table of the packet filter.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};

/// Holds an interface for this process: an abstract socket name, which the kernel keeps apart for each network
/// namespace and frees when the process ends, however it ends.
#[derive(Debug)]
pub struct InterfaceLock {
    _listener: Option<UnixListener>,
}

/// Why an interface could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another keepwatch has it.
    #[error("another keepwatch already runs on {0}")]
    Taken(String),
    /// Another keepwatch has this table.
    #[error(
        "another keepwatch has the nftables table {0}: name one for this keepwatch alone, `nftables NAME`"
    )]
    TableTaken(String),
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
        match hold(&format!("keepwatch/interface/{interface}")) {
            Ok(listener) => Ok(Self { _listener: listener }),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                Err(LockError::Taken(interface.to_owned()))
            }
            Err(error) => Err(LockError::Io(interface.to_owned(), error)),
        }
    }
}

/// Holds a table of the packet filter for this process, in the same way.
#[derive(Debug)]
pub struct TableLock {
    _listener: Option<UnixListener>,
}

impl TableLock {
    /// Locks the table with this name, of at most 80 octets.
    ///
    /// # Errors
    ///
    /// [`LockError`].
    pub fn take(table: &str) -> Result<Self, LockError> {
        match hold(&format!("keepwatch/nftables/{table}")) {
            Ok(listener) => Ok(Self { _listener: listener }),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                Err(LockError::TableTaken(table.to_owned()))
            }
            Err(error) => Err(LockError::Io(table.to_owned(), error)),
        }
    }
}

/// Holds a name; `None` if somebody has it whom it does not keep from anything.
fn hold(name: &str) -> io::Result<Option<UnixListener>> {
    let address = SocketAddr::from_abstract_name(name)?;
    match UnixListener::bind_addr(&address) {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_squatted(&address) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the name is held by somebody who could not run an engine: any user can take an abstract name, and must
/// not keep root's daemon from starting.
pub(crate) fn is_squatted(address: &SocketAddr) -> bool {
    let Ok(stream) = UnixStream::connect_addr(address) else { return false };
    let Ok(holder) = rustix::net::sockopt::socket_peercred(&stream) else { return false };
    !holder.uid.is_root() && holder.uid != rustix::process::geteuid()
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
        // A program that another test starts just now has a copy of it, until it is that program.
        let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while InterfaceLock::take(&name).is_err() {
            assert!(std::time::Instant::now() < until, "it is not free");
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
}
