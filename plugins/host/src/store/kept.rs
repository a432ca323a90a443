//! Where what plugins keep lies.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use keepwatch_disk::Table;
use redb::{Database, ReadableDatabase, ReadableTable};

/// Keys are the plugin's name, a zero octet, and its own key.
const KV: Table = Table::new("kv");
/// Keys are the plugin's name, a zero octet, the event's time and its id.
const LETTERS: Table = Table::new("dead_letters");

/// A plugin's share.
pub(super) const SHARE: usize = 1 << 20;
/// Keys a plugin may have.
pub(super) const KEYS: usize = 1_000;
/// Dead letters kept for a plugin; the oldest go.
pub(super) const LETTERS_KEPT: usize = 100;

/// Where what plugins keep lies.
#[derive(Debug)]
pub(super) enum Kept {
    Disk(Database),
    Memory(Mutex<BTreeMap<String, Vec<u8>>>),
}

/// Opens the file, and makes it if it is not there.
pub(super) fn open(path: &Path) -> Result<Kept, String> {
    keepwatch_disk::open(path, &[KV, LETTERS]).map(Kept::Disk)
}

impl Kept {
    pub(super) fn get(&self, key: &str) -> Result<Option<Vec<u8>>, redb::Error> {
        match self {
            Self::Disk(database) => {
                let table = database.begin_read()?.open_table(KV)?;
                Ok(table.get(key)?.map(|value| value.value().to_vec()))
            }
            Self::Memory(map) => Ok(lock(map).get(key).cloned()),
        }
    }

    pub(super) fn set(&self, own: &str, key: &str, value: &[u8]) -> Result<(), redb::Error> {
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

    pub(super) fn delete(&self, key: &str) -> Result<bool, redb::Error> {
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
    pub(super) fn sizes(&self, prefix: &str) -> Result<Vec<(String, usize)>, redb::Error> {
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

    pub(super) fn keep_letter(&self, own: &str, key: &str, letter: &[u8]) -> Result<(), redb::Error> {
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

    pub(super) fn letters(&self, own: &str) -> Result<Vec<String>, redb::Error> {
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

fn over(what: String) -> redb::Error {
    redb::Error::Io(io::Error::new(io::ErrorKind::QuotaExceeded, what))
}

fn lock(map: &Mutex<BTreeMap<String, Vec<u8>>>) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}
