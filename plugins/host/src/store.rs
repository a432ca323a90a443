//! What plugins keep: on disk, or in memory where there is no disk to write to.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use keepwatch_event::Event;
use redb::backends::FileBackend;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};
use serde_json::json;

use crate::error::HostError;

/// Keys are the plugin's name, a zero octet, and its own key.
const KV: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("kv");
/// Keys are the plugin's name, a zero octet, and the event's id.
const LETTERS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("dead_letters");

/// A plugin's share.
const SHARE: usize = 1 << 20;
/// Keys a plugin may have.
const KEYS: usize = 1_000;
/// Dead letters kept for a plugin; the oldest go.
const LETTERS_KEPT: usize = 100;
/// redb's own memory.
const CACHE: usize = 1 << 20;

/// What plugins keep. Each sees its own keys only.
#[derive(Debug)]
pub struct Store {
    kept: Arc<Kept>,
}

#[derive(Debug)]
enum Kept {
    Disk(Database),
    Memory(Mutex<BTreeMap<String, Vec<u8>>>),
}

impl Store {
    /// Keeps things in a file, which is created if it is not there.
    ///
    /// # Errors
    ///
    /// If it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, String> {
        let open = || -> Result<Database, redb::Error> {
            // For nobody else's eyes.
            if let Some(folder) = path.parent() {
                DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            }
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .open(path)?;
            let database =
                redb::Builder::new().set_cache_size(CACHE).create_with_backend(FileBackend::new(file)?)?;
            let write = database.begin_write()?;
            write.open_table(KV)?;
            write.open_table(LETTERS)?;
            write.commit()?;
            Ok(database)
        };
        let database = open().map_err(|error| format!("{} cannot be opened: {error}", path.display()))?;
        Ok(Self { kept: Arc::new(Kept::Disk(database)) })
    }

    /// Keeps things until the process ends.
    #[must_use]
    pub fn in_memory() -> Self {
        Self { kept: Arc::new(Kept::Memory(Mutex::default())) }
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
        // The sequence number in front keeps them in order.
        let (own, key) = (full(plugin, ""), full(plugin, &format!("{:020}-{}", event.seq, event.id)));
        let _ = self.with(move |kept| kept.keep_letter(&own, &key, &letter)).await;
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
        let kept = Arc::clone(&self.kept);
        let done = tokio::task::spawn_blocking(move || work(&kept)).await;
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

fn over(what: String) -> redb::Error {
    redb::Error::Io(std::io::Error::new(std::io::ErrorKind::QuotaExceeded, what))
}

impl Kept {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, redb::Error> {
        match self {
            Self::Disk(database) => {
                let table = database.begin_read()?.open_table(KV)?;
                Ok(table.get(key)?.map(|value| value.value().to_vec()))
            }
            Self::Memory(map) => Ok(lock(map).get(key).cloned()),
        }
    }

    fn set(&self, own: &str, key: &str, value: &[u8]) -> Result<(), redb::Error> {
        let others = self.sizes(own)?.into_iter().filter(|(known, _)| known != key);
        let (count, octets) =
            others.fold((0, 0), |(count, octets), (key, value)| (count + 1, octets + key.len() + value));
        if count + 1 > KEYS {
            return Err(over(format!("a plugin may keep {KEYS} keys")));
        }
        if octets + key.len() + value.len() > SHARE {
            return Err(over(format!("a plugin may keep {SHARE} octets")));
        }
        match self {
            Self::Disk(database) => {
                let write = database.begin_write()?;
                write.open_table(KV)?.insert(key, value)?;
                write.commit()?;
            }
            Self::Memory(map) => {
                lock(map).insert(key.to_owned(), value.to_vec());
            }
        }
        Ok(())
    }

    fn delete(&self, key: &str) -> Result<bool, redb::Error> {
        match self {
            Self::Disk(database) => {
                let write = database.begin_write()?;
                let was_there = write.open_table(KV)?.remove(key)?.is_some();
                write.commit()?;
                Ok(was_there)
            }
            Self::Memory(map) => Ok(lock(map).remove(key).is_some()),
        }
    }

    /// Keys that begin so, with the sizes of their values.
    fn sizes(&self, prefix: &str) -> Result<Vec<(String, usize)>, redb::Error> {
        match self {
            Self::Disk(database) => {
                let table = database.begin_read()?.open_table(KV)?;
                let mut found = Vec::new();
                for entry in table.range(prefix..)? {
                    let (key, value) = entry?;
                    if !key.value().starts_with(prefix) {
                        break;
                    }
                    found.push((key.value().to_owned(), value.value().len()));
                }
                Ok(found)
            }
            Self::Memory(map) => {
                let map = lock(map);
                let range = map.range(prefix.to_owned()..);
                let own = range.take_while(|(key, _)| key.starts_with(prefix));
                Ok(own.map(|(key, value)| (key.clone(), value.len())).collect())
            }
        }
    }

    fn keep_letter(&self, own: &str, key: &str, letter: &[u8]) -> Result<(), redb::Error> {
        let Self::Disk(database) = self else { return Ok(()) };
        let write = database.begin_write()?;
        {
            let mut table = write.open_table(LETTERS)?;
            table.insert(key, letter)?;
            let mut keys = Vec::new();
            for entry in table.range(own..)? {
                let (key, _) = entry?;
                if !key.value().starts_with(own) {
                    break;
                }
                keys.push(key.value().to_owned());
            }
            for oldest in keys.iter().take(keys.len().saturating_sub(LETTERS_KEPT)) {
                table.remove(oldest.as_str())?;
            }
        }
        write.commit()?;
        Ok(())
    }

    fn letters(&self, own: &str) -> Result<Vec<String>, redb::Error> {
        let Self::Disk(database) = self else { return Ok(Vec::new()) };
        let table = database.begin_read()?.open_table(LETTERS)?;
        let mut found = Vec::new();
        for entry in table.range(own..)? {
            let (key, letter) = entry?;
            if !key.value().starts_with(own) {
                break;
            }
            found.push(String::from_utf8_lossy(letter.value()).into_owned());
        }
        Ok(found)
    }
}

fn lock(map: &Mutex<BTreeMap<String, Vec<u8>>>) -> std::sync::MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
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
        behaves(&Store::open(&path).unwrap()).await;
        let again = Store::open(&path).unwrap();
        assert_eq!(again.get("ab", "x").await.unwrap().as_deref(), Some(&b"3"[..]), "it survives");
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
}
