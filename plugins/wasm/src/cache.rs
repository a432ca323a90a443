//! Compiled components on disk.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use keepwatch_system::{Distrust, TrustedFile};
use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

/// What such a file begins with; the sum of the rest follows.
const MAGIC: &[u8] = b"keepwatch component 1\n";
const SUM: usize = 32;
/// How the names of such files end.
const ENDING: &str = "component";
/// Files that are kept: those used last.
const KEPT: usize = 64;
/// When a file that was being written has been left behind.
const LEFT_BEHIND: Duration = Duration::from_secs(60 * 60);

/// A directory of compiled components.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    directory: PathBuf,
}

impl Cache {
    /// The cache in this directory, which is made if it is not there.
    pub(crate) fn new(directory: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        Ok(Self { directory: directory.to_owned() })
    }

    /// What a component compiled for this engine is kept under.
    pub(crate) fn key(engine: &Engine, content: &[u8]) -> String {
        let mut hasher = KeyHasher(Sha256::new_with_prefix(content));
        engine.precompile_compatibility_hash().hash(&mut hasher);
        hasher.0.update(env!("CARGO_PKG_VERSION"));
        hasher.0.finalize().iter().map(|octet| format!("{octet:02x}")).collect()
    }

    /// Where the component with this key belongs.
    pub(crate) fn path(&self, key: &str) -> PathBuf {
        self.directory.join(format!("{key}.{ENDING}"))
    }

    /// A name in the directory that nobody else uses, for something that is being made.
    pub(crate) fn unfinished(&self, key: &str) -> PathBuf {
        unfinished(&self.path(key))
    }

    /// The component with this key; none if it is not there.
    ///
    /// # Errors
    ///
    /// Why what is there is not used.
    pub(crate) fn load(&self, engine: &Engine, key: &str) -> Result<Option<Component>, String> {
        let file = match TrustedFile::open(&self.directory, &format!("{key}.{ENDING}")) {
            Ok(file) => file,
            Err(Distrust::Absent(_)) => return Ok(None),
            Err(distrust) => return Err(distrust.to_string()),
        };
        let path = self.path(key);
        if !is_whole(file.content()) {
            return Err(format!("{} is damaged", path.display()));
        }
        let file = file.without_head(MAGIC.len() + SUM);
        let component = file.read_with(engine, Component::deserialize);
        let component = component.map_err(|error| format!("{}: {error:#}", path.display()))?;
        // The time says which ones were used last; if it cannot be set they are merely compiled anew one day.
        let _ = File::open(path).and_then(|file| file.set_modified(SystemTime::now()));
        Ok(Some(component))
    }

    /// Whether only root and our own user can write here.
    ///
    /// # Errors
    ///
    /// Why not.
    pub(crate) fn is_ours(&self) -> Result<(), String> {
        match TrustedFile::open(&self.directory, "no-such-file") {
            Ok(_) | Err(Distrust::Absent(_)) => Ok(()),
            Err(distrust) => Err(distrust.to_string()),
        }
    }

    /// Removes what was not used for longest, and what others left behind.
    pub(crate) fn prune(&self) -> io::Result<()> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            let Ok(modified) = path.symlink_metadata().and_then(|metadata| metadata.modified()) else {
                continue;
            };
            let age = SystemTime::now().duration_since(modified).unwrap_or_default();
            if path.extension().is_some_and(|ending| ending == ENDING) {
                entries.push((age, path));
            } else if age > LEFT_BEHIND {
                fs::remove_file(path)?;
            }
        }
        entries.sort();
        for (_, path) in entries.into_iter().skip(KEPT) {
            fs::remove_file(path)?;
        }
        Ok(())
    }
}

/// Writes a compiled component so that it is there as a whole or not at all, for this user alone.
pub(crate) fn write(path: &Path, compiled: &[u8]) -> io::Result<()> {
    let unfinished = unfinished(path);
    let written = write_private(&unfinished, &[MAGIC, &Sha256::digest(compiled), compiled]);
    let renamed = written.and_then(|()| fs::rename(&unfinished, path));
    if renamed.is_err() {
        // What is left is pruned in an hour if not even this works.
        let _ = fs::remove_file(&unfinished);
    }
    renamed
}

/// Writes a new file for this user alone.
pub(crate) fn write_private(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    for part in parts {
        file.write_all(part)?;
    }
    file.sync_all()
}

fn unfinished(path: &Path) -> PathBuf {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    path.with_extension(format!("{}-{number}.tmp", std::process::id()))
}

/// Whether a file has its magic and its sum. Machine code with an octet wrong would run all the same.
fn is_whole(content: &[u8]) -> bool {
    let Some(rest) = content.strip_prefix(MAGIC) else { return false };
    rest.split_at_checked(SUM).is_some_and(|(sum, compiled)| Sha256::digest(compiled).as_slice() == sum)
}

/// SHA-256 as a hasher: the standard library's differ from run to run, or may from version to version.
struct KeyHasher(Sha256);

impl Hasher for KeyHasher {
    fn write(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }

    fn finish(&self) -> u64 {
        let sum = self.0.clone().finalize();
        sum.iter().take(8).fold(0, |number, octet| number << 8 | u64::from(*octet))
    }
}
