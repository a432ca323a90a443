//! Watching files by their folders.
//!
//! Folders are watched, not files: editors put a new file in the old one's place, and Kubernetes swaps a link above
//! them. Whatever happens in a folder only means that it is to be looked at again, when it has been quiet for a moment.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

/// So long must a folder have been quiet.
const QUIET: Duration = Duration::from_millis(200);
/// So long is waited for quiet at most.
const PATIENCE: Duration = Duration::from_secs(2);

/// Waits until something has happened and it has been quiet for a moment.
pub async fn quiet(touched: &Notify) {
    touched.notified().await;
    let end = Instant::now() + PATIENCE;
    while timeout_at(end, timeout(QUIET, touched.notified())).await.is_ok_and(|again| again.is_ok()) {}
}

/// The folders that are watched.
pub struct Folders {
    touched: Arc<Notify>,
    watcher: notify::Result<RecommendedWatcher>,
    /// By path: one that was removed and made anew, or that a link leads to now, is another folder.
    watched: BTreeMap<PathBuf, Identity>,
}

impl std::fmt::Debug for Folders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Folders").field("watched", &self.watched).finish_non_exhaustive()
    }
}

impl Folders {
    /// None yet. `touched` is notified whenever something happens in one.
    #[must_use]
    pub fn new(touched: Arc<Notify>) -> Self {
        let tell = Arc::clone(&touched);
        // On the watcher's own thread: no more than a sign.
        let heard = move |event: notify::Result<notify::Event>| {
            if !event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_))) {
                tell.notify_one();
            }
        };
        Self { touched, watcher: notify::recommended_watcher(heard), watched: BTreeMap::new() }
    }

    /// Watches the folders of these files from now on, and no others.
    ///
    /// # Errors
    ///
    /// Why something cannot be watched, in words: without a sign of a change somebody has to look.
    pub fn set(&mut self, files: &[PathBuf]) -> Result<(), String> {
        let watcher = self.watcher.as_mut().map_err(|error| error.to_string())?;
        let folders: BTreeSet<PathBuf> = files.iter().flat_map(|file| folders_of(file)).collect();
        let wanted: BTreeMap<PathBuf, Identity> =
            folders.into_iter().filter_map(|folder| identity(&folder).map(|is| (folder, is))).collect();
        self.watched.retain(|folder, was| {
            let keep = wanted.get(folder) == Some(was);
            if !keep {
                // It may be gone, and the watch with it.
                let _ = watcher.unwatch(folder);
            }
            keep
        });
        let mut outcome = Ok(());
        for (folder, is) in wanted {
            if self.watched.contains_key(&folder) {
                continue;
            }
            if let Err(error) = watcher.watch(&folder, RecursiveMode::NonRecursive) {
                outcome = Err(format!("{}: {error}", folder.display()));
                continue;
            }
            self.watched.insert(folder, is);
            // What happened before is looked for.
            self.touched.notify_one();
        }
        outcome
    }
}

/// Device and inode.
type Identity = (u64, u64);

fn identity(folder: &Path) -> Option<Identity> {
    let metadata = std::fs::metadata(folder).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// More links than any path goes through.
const MOST_LINKS: usize = 40;

/// The folders in which something can happen that changes a file's content: its own, where links on its path lead, those that
/// these links are in, and the ones above, which are told when a folder is replaced.
fn folders_of(file: &Path) -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::new();
    let mut path = file.to_owned();
    for _ in 0..MOST_LINKS {
        let above = path.ancestors().skip(1);
        // Its own, if it is there; where it would come to be, if not.
        let own = above.filter(|folder| !folder.as_os_str().is_empty()).find(|folder| folder.is_dir());
        folders.extend(own.map(Path::to_owned));
        folders.extend(own.and_then(Path::parent).map(Path::to_owned));
        let Some((link, target)) = first_link(&path) else { break };
        let Some(folder) = link.parent() else { break };
        folders.insert(folder.to_owned());
        let rest = path.strip_prefix(&link).unwrap_or_else(|_| Path::new(""));
        let target = folder.join(target);
        path = if rest.as_os_str().is_empty() { target } else { target.join(rest) };
    }
    folders.retain(|folder| folder.as_os_str() != "/" && folder.is_dir());
    folders
}

/// The first part of a path that is a symbolic link, and what it says.
fn first_link(path: &Path) -> Option<(PathBuf, PathBuf)> {
    let mut parts: Vec<&Path> = path.ancestors().collect();
    parts.reverse();
    parts.into_iter().find_map(|part| Some((part.to_owned(), std::fs::read_link(part).ok()?)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A tree below a folder of its own; `/` stands for that folder.
    fn seen(tree: &[&str], links: &[(&str, &str)], file: &str, name: &str) -> Vec<String> {
        let base = std::env::temp_dir().join(format!("keepwatch-folders-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&base).unwrap();
        let base = base.canonicalize().unwrap();
        for folder in tree {
            std::fs::create_dir_all(base.join(folder)).unwrap();
        }
        for (link, target) in links {
            symlink(target, base.join(link)).unwrap();
        }
        let folders = folders_of(&base.join(file));
        let inside = folders.iter().filter_map(|folder| folder.strip_prefix(&base).ok());
        let mut seen: Vec<String> = inside.map(|folder| format!("/{}", folder.display())).collect();
        seen.sort();
        std::fs::remove_dir_all(&base).unwrap();
        seen
    }

    #[test]
    fn folders_where_a_change_would_be_seen() {
        assert_eq!(seen(&["etc"], &[], "etc/k.conf", "plain"), ["/", "/etc"]);
        // Not there yet.
        assert_eq!(seen(&["etc"], &[], "etc/conf.d/*.toml", "none"), ["/", "/etc"]);
        assert_eq!(
            seen(&["etc", "srv/new"], &[("etc/k.conf", "../srv/new/k.conf")], "etc/k.conf", "file"),
            ["/", "/etc", "/etc/../srv", "/etc/../srv/new"]
        );
        // Two links up, as where releases are switched; Kubernetes has it with `..data`.
        assert_eq!(
            seen(
                &["etc", "srv/releases/2/etc"],
                &[("etc/k.conf", "../srv/current/etc/k.conf"), ("srv/current", "releases/2")],
                "etc/k.conf",
                "above"
            ),
            [
                "/",
                "/etc",
                "/etc/../srv",
                "/etc/../srv/current",
                "/etc/../srv/current/etc",
                "/etc/../srv/releases/2",
                "/etc/../srv/releases/2/etc"
            ]
        );
        // A circle ends.
        assert!(!seen(&["etc"], &[("etc/a", "b"), ("etc/b", "a")], "etc/a", "circle").is_empty());
    }
}
