//! The socket's place in the file system.

use std::fs::{DirBuilder, File, Metadata, Permissions};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, Mode, fchmod, flock};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use thiserror::Error;

/// The socket's mode: its owner and its group.
const MODE: u32 = 0o660;

/// Why the control socket cannot be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BindError {
    /// Another daemon has it.
    #[error("another keepwatch answers on {}", .0.display())]
    Taken(PathBuf),
    /// Something else has its name.
    #[error("{} is there already and is no socket", .0.display())]
    NoSocket(PathBuf),
    /// There is no folder for it.
    #[error("cannot make the folder {}: {}", .0.display(), .1)]
    Folder(PathBuf, #[source] io::Error),
    /// The kernel says no.
    #[error("cannot listen on {}: {}", .0.display(), .1)]
    Listen(PathBuf, #[source] io::Error),
}

/// The name of a socket that this process listens on. Gone when dropped, unless it has become another's.
#[derive(Debug)]
pub(crate) struct Place {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        let ours = |found: &Metadata| (found.dev(), found.ino()) == (self.device, self.inode);
        if std::fs::symlink_metadata(&self.path).is_ok_and(|found| ours(&found)) {
            // If it cannot be removed, the next daemon finds that nobody answers there.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Listens on `path`, for its owner and its group. A socket on which nobody answers is replaced.
pub(crate) fn bind(path: &Path) -> Result<(UnixListener, Place), BindError> {
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    make(folder).map_err(|error| BindError::Folder(folder.to_owned(), error))?;
    let _turn = turn(folder);
    make_way(path)?;
    let refused = |error| BindError::Listen(path.to_owned(), error);
    let listener = listen(path).map_err(refused)?;
    let found = std::fs::symlink_metadata(path).map_err(refused)?;
    let place = Place { path: path.to_owned(), device: found.dev(), inode: found.ino() };
    Ok((listener, place))
}

/// Makes the folder, readable for all whatever the process's mask, unless it is there.
fn make(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o755).create(folder)?;
    std::fs::set_permissions(folder, Permissions::from_mode(0o755))
}

/// Waits until no other daemon is just making its socket here, so that none removes the other's between `bind` and
/// `listen`; but not long: anybody who can read the folder could hold this.
fn turn(folder: &Path) -> Option<File> {
    let folder = File::open(folder).ok()?;
    for _ in 0..20 {
        if flock(folder.as_fd(), FlockOperation::NonBlockingLockExclusive).is_ok() {
            return Some(folder);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    None
}

/// Removes a socket on which nobody answers.
fn make_way(path: &Path) -> Result<(), BindError> {
    let refused = |error| BindError::Listen(path.to_owned(), error);
    let found = match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        found => found.map_err(refused)?,
    };
    if !found.file_type().is_socket() {
        return Err(BindError::NoSocket(path.to_owned()));
    }
    match knock(path) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path).map_err(refused)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        // One that is too busy to answer at once is there all the same.
        Err(error) if error.kind() == ErrorKind::WouldBlock => Err(BindError::Taken(path.to_owned())),
        Err(error) => Err(refused(error)),
        Ok(()) => Err(BindError::Taken(path.to_owned())),
    }
}

/// Tries to connect, without waiting: a paused daemon shall not hold this one up.
fn knock(path: &Path) -> io::Result<()> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    Ok(rustix::net::connect(&socket, &SocketAddrUnix::new(path)?)?)
}

/// Makes the socket. `bind` gives the file the mode that the socket has, less the process's mask: it is never wider
/// than [`MODE`], not even for a moment, and no other thread's files are touched as they would be by setting the mask.
fn listen(path: &Path) -> io::Result<UnixListener> {
    let address = SocketAddrUnix::new(path)?;
    let socket: OwnedFd =
        rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    fchmod(&socket, Mode::from_raw_mode(MODE))?;
    rustix::net::bind(&socket, &address)?;
    // What the mask took away.
    std::fs::set_permissions(path, Permissions::from_mode(MODE))?;
    rustix::net::listen(&socket, 64)?;
    let listener = UnixListener::from(socket);
    listener.set_nonblocking(true)?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_and_where() {
        let path = PathBuf::from("/run/keepwatch/control.sock");
        assert_eq!(
            BindError::Taken(path.clone()).to_string(),
            "another keepwatch answers on /run/keepwatch/control.sock"
        );
        let denied = io::Error::from(ErrorKind::PermissionDenied);
        assert_eq!(
            BindError::Listen(path, denied).to_string(),
            "cannot listen on /run/keepwatch/control.sock: permission denied"
        );
    }
}
