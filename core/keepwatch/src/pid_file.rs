//! The file with the daemon's process id, by which other programs find it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};

/// The file, for as long as this lives. It is locked, as keepalived's, so that one left by a process that was killed is told
/// from one that is in use.
pub(crate) struct PidFile {
    path: PathBuf,
    file: File,
}

impl PidFile {
    /// Takes the file, which is empty then.
    ///
    /// # Errors
    ///
    /// The kernel's; another process has the file; a symbolic link stands in its place.
    pub(crate) fn take(path: &Path) -> io::Result<Self> {
        loop {
            // No `truncate`: until it is locked it is another's.
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(false).mode(0o644);
            let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
            let file = options.custom_flags(flags.cast_signed()).open(path)?;
            flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|error| match error {
                rustix::io::Errno::WOULDBLOCK => io::Error::other("another process that runs has it"),
                error => error.into(),
            })?;
            // Whoever had it may have removed it between our opening and our locking it.
            if !is_at(&file, path) {
                continue;
            }
            file.set_len(0)?;
            return Ok(Self { path: path.to_owned(), file });
        }
    }

    /// Writes the process id: whoever reads it may send signals at once.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub(crate) fn write(&mut self) -> io::Result<()> {
        writeln!(self.file, "{}", std::process::id())
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // Somebody may have removed it, and another daemon may have made its own; nobody could say anything to it any more.
        if is_at(&self.file, &self.path) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether the path still leads to this file.
fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(ours), Ok(there)) = (file.metadata(), fs::symlink_metadata(path)) else { return false };
    (there.dev(), there.ino()) == (ours.dev(), ours.ino())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("keepwatch-{name}-{}.pid", std::process::id()))
    }

    #[test]
    fn it_is_there_while_it_lives() {
        let path = path("lives");
        // Left by a process that was killed, whose number was longer.
        fs::write(&path, "4194304999\n").unwrap();
        let mut file = PidFile::take(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "");
        file.write().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", std::process::id()));
        let error = PidFile::take(&path).err().unwrap();
        assert_eq!(error.to_string(), "another process that runs has it");
        drop(file);
        assert!(!path.exists());
    }

    #[test]
    fn that_of_another_stays() {
        let path = path("another");
        let first = PidFile::take(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let second = PidFile::take(&path).unwrap();
        drop(first);
        assert!(path.exists());
        drop(second);
        assert!(!path.exists());
    }

    #[test]
    fn a_link_is_not_followed() {
        let path = path("link");
        std::os::unix::fs::symlink("/nowhere/victim", &path).unwrap();
        assert!(PidFile::take(&path).is_err());
        fs::remove_file(&path).unwrap();
    }
}
