//! Files that only root or this process's own user can have written.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags, Stat};

/// What a file may have at most, in octets. More is not read.
const LARGEST: u64 = 1 << 30;
/// Whom a mode lets write beside the owner.
const OTHERS_WRITE: u32 = 0o022;

/// The content of a file that only root or this process's own user can have written: both the file and its directory
/// belong to one of them, nobody else may write there, and neither was reached by a symbolic link.
pub struct TrustedFile {
    content: Vec<u8>,
}

/// Why the content of a file is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum Distrust {
    /// There is no such file or directory.
    #[error("{} does not exist", .0.display())]
    Absent(PathBuf),
    /// Somebody else may have written it.
    #[error("{} {reason}", .path.display())]
    Untrusted {
        /// The file, or its directory.
        path: PathBuf,
        /// What is wrong with it, for "PATH ...".
        reason: String,
    },
    /// It cannot be read.
    #[error("{} cannot be read: {error}", .path.display())]
    Unreadable {
        /// The file, or its directory.
        path: PathBuf,
        /// What the kernel said.
        #[source]
        error: io::Error,
    },
}

impl fmt::Debug for TrustedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustedFile").field("octets", &self.content.len()).finish()
    }
}

impl TrustedFile {
    /// Reads a file of a directory. What is checked is what was opened, so that nothing can be exchanged in between.
    ///
    /// # Errors
    ///
    /// [`Distrust`].
    pub fn open(directory: &Path, name: &str) -> Result<Self, Distrust> {
        let path = directory.join(name);
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = rustix::fs::open(directory, flags | OFlags::DIRECTORY, Mode::empty());
        let folder = folder.map_err(|error| unreadable(directory, error))?;
        check(directory, &rustix::fs::fstat(&folder).map_err(|error| unreadable(directory, error))?)?;

        // Without NONBLOCK a named pipe in the file's place would make the opening wait.
        let file = rustix::fs::openat(&folder, name, flags | OFlags::NONBLOCK, Mode::empty());
        let file = file.map_err(|error| unreadable(&path, error))?;
        let stat = rustix::fs::fstat(&file).map_err(|error| unreadable(&path, error))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(untrusted(&path, "is no regular file".to_owned()));
        }
        check(&path, &stat)?;

        let mut content = Vec::with_capacity(usize::try_from(stat.st_size).unwrap_or(0).min(64 << 20));
        let read = File::from(file).take(LARGEST).read_to_end(&mut content);
        read.map_err(|error| Distrust::Unreadable { path, error })?;
        Ok(Self { content })
    }

    /// What it holds.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    /// The same file without its first octets; empty if it has fewer.
    #[must_use]
    pub fn without_head(mut self, octets: usize) -> Self {
        self.content.drain(..octets.min(self.content.len()));
        self
    }

    /// Hands the content to a reader that believes what it reads: one which is `unsafe` for the only reason that its
    /// input must come from somebody trusted, such as a loader of compiled code. That somebody is whoever can write as
    /// root or as this process's own user, who could as well exchange this program.
    ///
    /// A reader with any other requirement (that the octets be UTF-8, say) must not be given: nothing here fulfils it.
    pub fn read_with<C, T>(self, context: &C, reader: unsafe fn(&C, Vec<u8>) -> T) -> T {
        // SAFETY: the reader's one requirement, by this function's contract, is that the octets were written by a
        // trusted party. `open`, the only constructor, checked on the open descriptors that file and directory belong
        // to root or to our own user and that nobody else may write them; the octets have been copied since, so that
        // they cannot change any more.
        unsafe { reader(context, self.content) }
    }
}

/// Whether only root or our own user can write this.
fn check(path: &Path, stat: &Stat) -> Result<(), Distrust> {
    let ours = rustix::process::geteuid().as_raw();
    if stat.st_uid != 0 && stat.st_uid != ours {
        return Err(untrusted(path, format!("belongs to user {}, not to root or user {ours}", stat.st_uid)));
    }
    if stat.st_mode & OTHERS_WRITE != 0 {
        return Err(untrusted(path, format!("can be written by others (mode {:o})", stat.st_mode & 0o7777)));
    }
    Ok(())
}

fn untrusted(path: &Path, reason: String) -> Distrust {
    Distrust::Untrusted { path: path.to_owned(), reason }
}

fn unreadable(path: &Path, error: rustix::io::Errno) -> Distrust {
    use rustix::io::Errno;
    match error {
        Errno::NOENT => Distrust::Absent(path.to_owned()),
        Errno::LOOP => untrusted(path, "is a symbolic link".to_owned()),
        error => Distrust::Unreadable { path: path.to_owned(), error: error.into() },
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    use super::*;

    /// A directory of its own for a test, removed at its end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("trusted-{name}-{}", std::process::id()));
            fs::create_dir(&path).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o700)).unwrap();
            fs::write(path.join("file"), "content").unwrap();
            fs::set_permissions(path.join("file"), Permissions::from_mode(0o600)).unwrap();
            Self(path)
        }

        fn refusal(&self) -> String {
            TrustedFile::open(&self.0, "file").unwrap_err().to_string()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// A reader as wasmtime has one.
    unsafe fn reader(context: &usize, octets: Vec<u8>) -> usize {
        context + octets.len()
    }

    #[test]
    fn our_own_file_is_read() {
        let folder = Folder::new("own");
        let file = TrustedFile::open(&folder.0, "file").unwrap();
        assert_eq!(file.content(), b"content");
        assert_eq!(file.without_head(3).read_with(&10, reader), 14);
        let short = TrustedFile::open(&folder.0, "file").unwrap().without_head(100);
        assert_eq!(short.content(), b"");
    }

    #[test]
    fn what_others_can_write_is_not_read() {
        let folder = Folder::new("writable");
        fs::set_permissions(folder.0.join("file"), Permissions::from_mode(0o620)).unwrap();
        assert!(folder.refusal().ends_with("file can be written by others (mode 620)"));
        fs::set_permissions(folder.0.join("file"), Permissions::from_mode(0o644)).unwrap();
        fs::set_permissions(&folder.0, Permissions::from_mode(0o777)).unwrap();
        assert!(folder.refusal().contains("can be written by others (mode 777)"));
    }

    #[test]
    fn links_pipes_and_nothing_are_not_read() {
        let folder = Folder::new("links");
        fs::rename(folder.0.join("file"), folder.0.join("other")).unwrap();
        assert!(folder.refusal().ends_with("file does not exist"));
        symlink("other", folder.0.join("file")).unwrap();
        assert!(folder.refusal().ends_with("file is a symbolic link"));
        fs::remove_file(folder.0.join("file")).unwrap();
        nix::unistd::mkfifo(&folder.0.join("file"), nix::sys::stat::Mode::S_IRUSR).unwrap();
        assert!(folder.refusal().ends_with("file is no regular file"));
    }

    #[test]
    fn what_belongs_to_others_is_not_read() {
        // Only root can give files away.
        if rustix::process::geteuid().is_root() {
            let folder = Folder::new("owner");
            chown(folder.0.join("file"), Some(65534), None).unwrap();
            assert!(folder.refusal().ends_with("file belongs to user 65534, not to root or user 0"));
        }
    }
}
