//! A file that appears as a whole.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Everybody may read it.
const MODE: u32 = 0o644;

/// Writes a file that everybody may read. Whoever reads it finds the text before or this one, never a part. Safe in `/tmp`
/// as root: a link that somebody has put there in its place is replaced, not followed. A device is written to: without
/// `/dev/null` a host is broken.
///
/// # Errors
///
/// The kernel's.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    if is_device(path) {
        return OpenOptions::new().write(true).open(path)?.write_all(text.as_bytes());
    }
    let beside = beside(path).ok_or_else(|| io::Error::other("it names no file"))?;
    let written = fill(&beside, text).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // It may not be there at all.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn is_device(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| {
        let kind = found.file_type();
        kind.is_char_device() || kind.is_block_device()
    })
}

/// A name of our own in the same folder. It does not begin with the file's: an exporter removes what does.
fn beside(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    Some(path.with_file_name(format!(".keepwatch-{}-{name}", std::process::id())))
}

fn fill(path: &Path, text: &str) -> io::Result<()> {
    let mut file = match create(path) {
        // Left by a run that was killed and had our number, or put there to be in our way.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            create(path)?
        }
        created => created?,
    };
    // Whatever the mask says.
    file.set_permissions(Permissions::from_mode(MODE))?;
    file.write_all(text.as_bytes())
}

/// Nothing may be there, not even a link.
fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder of its own for a test, removed at its end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("dump-{name}-{}", std::process::id()));
            fs::create_dir(&path).unwrap();
            Self(path)
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).unwrap();
            let mut names: Vec<String> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let folder = Folder::new("whole");
        let path = folder.0.join("keepalived.data");
        for text in ["a long text\n", "short\n"] {
            write(&path, text).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o644);
        }
        assert_eq!(folder.names(), ["keepalived.data"]);
    }

    #[test]
    fn links_are_replaced_and_not_followed() {
        let folder = Folder::new("links");
        let (path, victim) = (folder.0.join("keepalived.data"), folder.0.join("victim"));
        fs::write(&victim, "precious").unwrap();
        symlink(&victim, &path).unwrap();
        symlink(&victim, beside(&path).unwrap()).unwrap();
        write(&path, "text").unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
        assert!(fs::symlink_metadata(&path).unwrap().is_file());
        assert_eq!(folder.names(), ["keepalived.data", "victim"]);
    }

    #[test]
    fn a_device_stays_one() {
        let folder = Folder::new("device");
        let path = folder.0.join("keepalived.data");
        let made = std::process::Command::new("mknod").arg(&path).args(["c", "1", "3"]).status().unwrap();
        if !made.success() {
            // Only root can, whom it is about.
            return;
        }
        write(&path, "text").unwrap();
        assert!(is_device(&path));
        assert_eq!(folder.names(), ["keepalived.data"]);
    }

    #[test]
    fn what_cannot_be_written_leaves_nothing() {
        let folder = Folder::new("fails");
        let path = folder.0.join("keepalived.data");
        fs::create_dir_all(path.join("full")).unwrap();
        write(&path, "text").unwrap_err();
        write(&folder.0.join("nowhere/file"), "text").unwrap_err();
        write(Path::new("/"), "text").unwrap_err();
        assert_eq!(folder.names(), ["keepalived.data"]);
    }
}
