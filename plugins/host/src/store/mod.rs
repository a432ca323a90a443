//! What plugins keep: on disk, or in memory where there is no disk to write to.

mod kept;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, SystemTime};

use keepwatch_event::Event;
use serde_json::json;
use tokio::sync::Semaphore;

use crate::error::HostError;
use kept::Kept;

/// Threads that may wait for the disk at once; when it hangs, they hang with it.
const AT_ONCE: usize = 4;
/// How long a dead letter may take to be kept. Its plugin has other events to handle.
const LETTER: Duration = Duration::from_secs(1);

/// Told why what plugins keep is not on disk.
pub type Complain = Box<dyn Fn(String) + Send + Sync>;

/// What plugins keep. Each sees its own keys only.
#[derive(Debug)]
pub struct Store {
    place: Arc<Place>,
    turns: Arc<Semaphore>,
}

/// Opened when it is first needed: nobody waits for a disk who need not.
struct Place {
    path: Option<PathBuf>,
    complain: Complain,
    kept: OnceLock<Kept>,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Place {
    fn kept(&self) -> &Kept {
        self.kept.get_or_init(|| {
            let in_memory = || Kept::Memory(Mutex::default());
            let Some(path) = &self.path else { return in_memory() };
            kept::open(path).unwrap_or_else(|why| {
                (self.complain)(why);
                in_memory()
            })
        })
    }
}

impl Store {
    /// Keeps things in a file, which is created if it is not there. It is opened when a plugin first asks for it; if that
    /// fails, somebody is told why, once, and things are kept in memory.
    #[must_use]
    pub fn on_disk(path: PathBuf, complain: Complain) -> Self {
        Self::at(Some(path), complain)
    }

    /// Keeps things until the process ends.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::at(None, Box::new(|_| {}))
    }

    fn at(path: Option<PathBuf>, complain: Complain) -> Self {
        let place = Place { path, complain, kept: OnceLock::new() };
        Self { place: Arc::new(place), turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// The value of a plugin's key.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    pub async fn get(&self, plugin: &str, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        let key = full(plugin, key);
        self.with(move |kept| kept.get(&key)).await
    }

    /// Sets a plugin's key. It is on disk when this returns.
    ///
    /// # Errors
    ///
    /// If the plugin's share is used up or the store cannot be written.
    pub async fn set(&self, plugin: &str, key: &str, value: &[u8]) -> Result<(), HostError> {
        let (own, key, value) = (full(plugin, ""), full(plugin, key), value.to_vec());
        self.with(move |kept| kept.set(&own, &key, &value)).await
    }

    /// Removes a plugin's key; whether it was there.
    ///
    /// # Errors
    ///
    /// If the store cannot be written.
    pub async fn delete(&self, plugin: &str, key: &str) -> Result<bool, HostError> {
        let key = full(plugin, key);
        self.with(move |kept| kept.delete(&key)).await
    }

    /// The keys of a plugin that begin so, in order.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    pub async fn keys(&self, plugin: &str, prefix: &str) -> Result<Vec<String>, HostError> {
        let (own, prefix) = (full(plugin, "").len(), full(plugin, prefix));
        self.with(move |kept| {
            let keys = kept.sizes(&prefix)?.into_iter();
            Ok(keys.filter_map(|(key, _)| key.get(own..).map(str::to_owned)).collect())
        })
        .await
    }

    /// Keeps an event that is kept from a plugin, for whoever wants to look at it. Failing to is not worth failing.
    pub(crate) async fn keep_dead_letter(&self, plugin: &str, event: &Event, reason: &str) {
        let letter = json!({ "reason": reason, "event": event }).to_string().into_bytes();
        // The time in front keeps them in order, also those of an earlier run: numbers begin anew.
        let time = event.at.wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
        let (own, key) = (full(plugin, ""), full(plugin, &format!("{time:020}-{}", event.id)));
        let kept = self.with(move |kept| kept.keep_letter(&own, &key, &letter));
        let _ = tokio::time::timeout(LETTER, kept).await;
    }

    /// The events that are kept from a plugin, as JSON with the reason, oldest first.
    ///
    /// # Errors
    ///
    /// If the store cannot be read.
    pub async fn dead_letters(&self, plugin: &str) -> Result<Vec<String>, HostError> {
        let own = full(plugin, "");
        self.with(move |kept| kept.letters(&own)).await
    }

    /// The disk may take its time: not on the workers that plugins run on.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Kept) -> Result<T, redb::Error> + Send + 'static,
    ) -> Result<T, HostError> {
        // It is never closed.
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let place = Arc::clone(&self.place);
        let done = tokio::task::spawn_blocking(move || {
            let done = work(place.kept());
            // Not before it is over, even if nobody waits any more.
            drop(turn);
            done
        });
        let done = done.await;
        match done {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(redb::Error::Io(error))) if error.kind() == std::io::ErrorKind::QuotaExceeded => {
                Err(HostError::limit(error.to_string()))
            }
            Ok(Err(error)) => Err(HostError::unavailable(format!("the store failed: {error}"))),
            Err(_) => Err(HostError::unavailable("the store failed")),
        }
    }
}

fn full(plugin: &str, key: &str) -> String {
    format!("{plugin}\0{key}")
}

#[cfg(test)]
mod tests {
    use keepwatch_event::{EventKind, Severity, Timestamp};

    use super::kept::{KEYS, LETTERS_KEPT, SHARE};
    use super::*;
    use crate::error::ErrorKind;

    async fn behaves(store: &Store) {
        store.set("a", "x", b"1").await.unwrap();
        store.set("a", "y", b"2").await.unwrap();
        store.set("ab", "x", b"3").await.unwrap();
        assert_eq!(store.get("a", "x").await.unwrap().as_deref(), Some(&b"1"[..]));
        assert_eq!(store.get("b", "x").await.unwrap(), None);
        assert_eq!(store.keys("a", "").await.unwrap(), ["x", "y"]);
        assert_eq!(store.keys("a", "y").await.unwrap(), ["y"]);
        assert!(store.delete("a", "x").await.unwrap());
        assert!(!store.delete("a", "x").await.unwrap());
        let full = store.set("a", "z", &vec![0; SHARE]).await.unwrap_err();
        assert_eq!(full.kind, ErrorKind::Limit);
    }

    #[tokio::test]
    async fn each_plugin_has_its_own_keys_and_no_more_than_its_share() {
        let path = std::env::temp_dir().join(format!("keepwatch-store-{}.redb", std::process::id()));
        behaves(&Store::in_memory()).await;
        let store = || Store::on_disk(path.clone(), Box::new(|why| panic!("{why}")));
        behaves(&store()).await;
        let again = store();
        assert_eq!(again.get("ab", "x").await.unwrap().as_deref(), Some(&b"3"[..]), "it survives");
        std::fs::remove_file(&path).unwrap();
    }

    #[tokio::test]
    async fn of_dead_letters_the_last_stay_whatever_their_numbers() {
        let path = std::env::temp_dir().join(format!("keepwatch-letters-{}.redb", std::process::id()));
        let store = Store::on_disk(path.clone(), Box::new(|why| panic!("{why}")));
        let letter = |run: u64, seq: u64| {
            let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(run * 1_000_000 + seq);
            let at = Timestamp { wall, monotonic: Duration::ZERO };
            let kind = EventKind::Resynchronised;
            let (id, node, severity) = (format!("h1-{run}-{seq}"), "h1".into(), Severity::Info);
            Event { id, seq, at, node, instance: None, severity, term: 0, kind }
        };
        for seq in 1_001..=1_000 + LETTERS_KEPT as u64 {
            store.keep_dead_letter("a", &letter(1, seq), "no").await;
        }
        // keepwatch was started anew: its numbers are low again.
        store.keep_dead_letter("a", &letter(2, 1), "no").await;
        let letters = store.dead_letters("a").await.unwrap();
        assert_eq!(letters.len(), LETTERS_KEPT);
        assert!(letters.first().unwrap().contains("h1-1-1002"), "the oldest has gone");
        assert!(letters.last().unwrap().contains("h1-2-1"), "the last is there");
        std::fs::remove_file(&path).unwrap();
    }

    #[tokio::test]
    async fn keys_are_few() {
        let store = Store::in_memory();
        for number in 0..KEYS {
            store.set("a", &number.to_string(), b"").await.unwrap();
        }
        assert_eq!(store.set("a", "more", b"").await.unwrap_err().kind, ErrorKind::Limit);
        store.set("a", "7", b"again").await.unwrap();
    }

    #[tokio::test]
    async fn a_damaged_file_is_told_of_and_left_alone() {
        let path = std::env::temp_dir().join(format!("keepwatch-damaged-{}.redb", std::process::id()));
        let intact = Store::on_disk(path.clone(), Box::new(|why| panic!("{why}")));
        intact.set("a", "x", &vec![7; 100_000]).await.unwrap();
        drop(intact);
        let whole = std::fs::read(&path).unwrap();
        // Cut short, overwritten from its start, and from its middle.
        let damages: [fn(&mut Vec<u8>); 3] =
            [|file| file.truncate(5_000), |file| file[..2_000].fill(0xff), |file| file[300..].fill(0xa5)];
        for damage in damages {
            let mut damaged = whole.clone();
            damage(&mut damaged);
            std::fs::write(&path, &damaged).unwrap();
            let (tell, told) = std::sync::mpsc::channel();
            let store = Store::on_disk(path.clone(), Box::new(move |why| tell.send(why).unwrap()));
            store.set("a", "y", b"1").await.unwrap();
            assert_eq!(store.get("a", "y").await.unwrap().as_deref(), Some(&b"1"[..]));
            let why: Vec<String> = told.try_iter().collect();
            assert!(matches!(why.as_slice(), [why] if why.contains("cannot be opened")), "{why:?}");
        }
        // One that was being made, as a full disk leaves it: it is made anew, and what there was is kept beside.
        std::fs::write(&path, vec![0; 73_728]).unwrap();
        let store = Store::on_disk(path.clone(), Box::new(|why| panic!("{why}")));
        store.set("a", "y", b"1").await.unwrap();
        drop(store);
        assert!(std::fs::read(&path).unwrap().starts_with(b"redb"));
        std::fs::remove_file(path.with_extension("unfinished")).unwrap();
        std::fs::remove_file(&path).unwrap();
    }
}
