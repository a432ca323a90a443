//! Reading plugins' files: only what nobody else could have written is run.

use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use keepwatch_event::escaped;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::refusal::Refusal;

/// Larger files are no plugins.
const LARGEST: u64 = 16 << 20;
/// How long a disk may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Threads that may wait for a disk at once. When it hangs they hang with it, and are asked for once a minute: names are
/// looked up and checks asked on threads of the same pool.
const AT_ONCE: usize = 16;
static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);

/// Reads a plugin's file.
///
/// # Errors
///
/// If it cannot be read, is too large, or others than root and this process's user could have written it.
pub fn read(path: &Path) -> Result<Arc<[u8]>, Refusal> {
    let shown = path.display();
    check_name(path)?;
    let unreadable = |error: std::io::Error| Refusal::plain(format!("{shown} cannot be read: {error}"));
    // A pipe in its place is refused below, not waited for.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(Refusal::plain(format!("{shown} is no file")));
    }
    check_owner(path, &metadata)?;
    let mut content = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut content).map_err(unreadable)?;
    if content.len() as u64 > LARGEST {
        return Err(Refusal::plain(format!("{shown} is larger than 16 MiB; this is hardly a plugin")));
    }
    Ok(content.into())
}

/// Reads a plugin's file where a disk that hangs holds up nobody else.
pub(crate) async fn read_aside(path: &Path) -> Result<Arc<[u8]>, Refusal> {
    let owned = path.to_owned();
    aside_in_time(path, move || read(&owned)).await.flatten()
}

/// Does work on a path's disk away from the threads that plugins share, and waits for it as long as a disk may take.
///
/// # Errors
///
/// If it takes longer.
pub(crate) async fn aside_in_time<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Refusal> {
    let done = timeout(PATIENCE, aside(work)).await.ok().flatten();
    done.ok_or_else(|| {
        let (path, patience) = (path.display(), keepwatch_event::Rounded(PATIENCE));
        Refusal::plain(format!("{path} could not be read within {patience}; its disk does not answer"))
    })
}

/// Does work that waits for a disk away from the threads that plugins share. None if the process ends.
pub(crate) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let turn = TURNS.acquire().await.ok()?;
    let done = tokio::task::spawn_blocking(move || {
        let done = work();
        // Not before it is over, even if nobody waits any more.
        drop(turn);
        done
    });
    done.await.ok()
}

/// The names of files stand in the log, on terminals and in messages about what is wrong in them: one with line breaks would
/// write lines there.
fn check_name(path: &Path) -> Result<(), Refusal> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let shown = escaped(&name);
    if shown == name {
        return Ok(());
    }
    let message = format!("{} has control characters in its name", escaped(&path.to_string_lossy()));
    Err(Refusal::plain(message).help("rename it: letters, digits, `-`, `_` and `.` do"))
}

/// A script runs with what it was granted: whoever can write it has that, too.
fn check_owner(path: &Path, metadata: &Metadata) -> Result<(), Refusal> {
    let shown = path.display();
    let own = rustix::process::geteuid().as_raw();
    if metadata.uid() != 0 && metadata.uid() != own {
        let uid = metadata.uid();
        return Err(Refusal::plain(format!("{shown} belongs to user {uid}, who could put anything into it"))
            .help(format!("chown root {shown}")));
    }
    if metadata.mode() & 0o002 != 0 {
        return Err(Refusal::plain(format!("everybody may write {shown}")).help(format!("chmod o-w {shown}")));
    }
    if metadata.mode() & 0o020 != 0 && metadata.gid() != 0 && metadata.gid() != own_group() {
        let gid = metadata.gid();
        return Err(
            Refusal::plain(format!("group {gid} may write {shown}")).help(format!("chmod g-w {shown}"))
        );
    }
    Ok(())
}

fn own_group() -> u32 {
    rustix::process::getegid().as_raw()
}

/// The scripts in a folder, with their names, in order; none if there is no such folder. What begins with a dot or ends in `~` is
/// an editor's.
///
/// # Errors
///
/// If the folder is there and cannot be read.
pub(crate) fn scripts(folder: &Path) -> Result<Option<Vec<(String, PathBuf)>>, Refusal> {
    let unreadable =
        |error: std::io::Error| Refusal::plain(format!("{} cannot be read: {error}", folder.display()));
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        found.extend(script(entry.map_err(unreadable)?.path()));
    }
    found.sort();
    Ok(Some(found))
}

/// A script and its name, as it may be shown, if it is one.
fn script(path: PathBuf) -> Option<(String, PathBuf)> {
    let is_script = path.extension().is_some_and(|ending| ending == "rhai" || ending == "wasm");
    let name = escaped(path.file_stem()?.to_str()?);
    (is_script && !name.starts_with('.')).then_some((name, path))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn only_what_nobody_else_could_have_written_is_read() {
        let folder = std::env::temp_dir().join(format!("keepwatch-files-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("a.rhai");
        std::fs::write(&path, "x").unwrap();
        let read_with = |mode| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            read(&path)
        };
        assert_eq!(&*read_with(0o644).unwrap(), b"x");
        assert!(read_with(0o646).unwrap_err().to_string().contains("everybody may write"));
        assert!(read(&folder).unwrap_err().to_string().contains("is no file"));
        rustix::fs::mkfifoat(rustix::fs::CWD, folder.join("pipe"), 0o600.into()).unwrap();
        assert!(read(&folder.join("pipe")).unwrap_err().to_string().contains("is no file"), "not waited for");
        assert!(read(&folder.join("b")).unwrap_err().to_string().contains("cannot be read"));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[tokio::test]
    async fn a_disk_that_hangs_takes_few_threads() {
        let (waiting, answers) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let asked: Vec<_> = (0..3 * AT_ONCE)
            .map(|_| {
                let (waiting, answers) = (Arc::clone(&waiting), Arc::clone(&answers));
                tokio::spawn(aside(move || {
                    waiting.fetch_add(1, Ordering::SeqCst);
                    while !answers.load(Ordering::SeqCst) {
                        std::thread::sleep(Duration::from_millis(1));
                    }
                }))
            })
            .collect();
        while waiting.load(Ordering::SeqCst) < AT_ONCE {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        let at_once = waiting.load(Ordering::SeqCst);
        answers.store(true, Ordering::SeqCst);
        assert_eq!(at_once, AT_ONCE, "the others wait for their turn");
        for one in asked {
            assert_eq!(one.await.unwrap(), Some(()), "each has its turn");
        }
    }

    #[test]
    fn scripts_are_found_by_their_endings() {
        let folder = std::env::temp_dir().join(format!("keepwatch-scripts-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for name in ["b.rhai", "a.wasm", "c.rhai~", ".d.rhai", "README.md", ".e.rhai.swp"] {
            std::fs::write(folder.join(name), "").unwrap();
        }
        let names: Vec<String> =
            scripts(&folder).unwrap().unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(scripts(&folder.join("none")), Ok(None));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
