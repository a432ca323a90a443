//! The file of the spool: one table, whose keys are the destination's name, what the row is, and its place or id.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use redb::{Database, ReadableDatabase, ReadableTable};

use super::{Found, Rows};
use crate::entry::{Dead, Entry};
use crate::gone::Gone;
use crate::queue::{Change, Queue};
use crate::silence::Silence;

const TABLE: keepwatch_disk::Table = keepwatch_disk::Table::new("spool");

/// The kinds of rows.
const WAITS: &str = "waits";
const DEAD: &str = "dead";
const SENT: &str = "sent";
const GONE: &str = "gone";
/// Of no destination.
const SILENCE: &str = "silence";

/// The row that a change writes, or removes.
pub(super) fn row(destination: &str, change: &Change) -> (String, Option<Vec<u8>>) {
    let numbered = |kind: &str, number: u64| key(destination, kind, &format!("{number:020}"));
    match change {
        // They have no keys but texts: they always serialise.
        Change::Waits(entry) => {
            (numbered(WAITS, entry.number), Some(serde_json::to_vec(entry).unwrap_or_default()))
        }
        Change::IsDead(dead) => {
            (numbered(DEAD, dead.entry.number), Some(serde_json::to_vec(dead).unwrap_or_default()))
        }
        Change::Sent(id, at) => {
            let text = humantime::format_rfc3339_seconds(*at).to_string();
            (key(destination, SENT, id), Some(text.into_bytes()))
        }
        Change::NoLongerWaits(number) => (numbered(WAITS, *number), None),
        Change::NoLongerDead(number) => (numbered(DEAD, *number), None),
        Change::Forgotten(id) => (key(destination, SENT, id), None),
    }
}

/// The row of a silence, or its removal.
pub(super) fn silence(name: &str, silence: Option<&Silence>) -> (String, Option<Vec<u8>>) {
    (key("", SILENCE, name), silence.map(|silence| serde_json::to_vec(silence).unwrap_or_default()))
}

/// The row that says that a destination takes nothing any more, or its removal.
pub(super) fn gone(destination: &str, gone: Option<&Gone>) -> (String, Option<Vec<u8>>) {
    (key(destination, GONE, ""), gone.map(|gone| serde_json::to_vec(gone).unwrap_or_default()))
}

fn key(destination: &str, kind: &str, rest: &str) -> String {
    format!("{destination}\0{kind}\0{rest}")
}

/// What belongs to one queue.
#[derive(Default)]
struct Parts {
    waiting: Vec<Entry>,
    dead: Vec<Dead>,
    sent: Vec<(String, SystemTime)>,
}

/// The file, open.
pub(super) struct Table {
    database: Database,
    path: PathBuf,
}

impl Table {
    /// Opens the file, and makes it if it is not there.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        Ok(Self { database: keepwatch_disk::open(path, &[TABLE])?, path: path.to_owned() })
    }

    /// Everything that is there. Rows of a later version, or broken ones, are left alone.
    pub(super) fn read(&self, now: SystemTime) -> Result<Found, String> {
        let rows = keepwatch_disk::attempt(&self.path, "read", || self.rows())?;
        let mut silences = Vec::new();
        let mut gone = BTreeMap::new();
        let mut parts: BTreeMap<String, Parts> = BTreeMap::new();
        for (key, value) in rows {
            let mut words = key.splitn(3, '\0');
            let (Some(destination), Some(kind), Some(rest)) = (words.next(), words.next(), words.next())
            else {
                continue;
            };
            if kind == SILENCE {
                silences.extend(serde_json::from_slice::<Silence>(&value));
                continue;
            }
            if kind == GONE {
                gone.extend(
                    serde_json::from_slice::<Gone>(&value).map(|gone| (destination.to_owned(), gone)),
                );
                continue;
            }
            let parts = parts.entry(destination.to_owned()).or_default();
            match kind {
                WAITS => parts.waiting.extend(serde_json::from_slice::<Entry>(&value)),
                DEAD => parts.dead.extend(serde_json::from_slice::<Dead>(&value)),
                SENT => {
                    let at =
                        std::str::from_utf8(&value).ok().and_then(|at| humantime::parse_rfc3339(at).ok());
                    parts.sent.push((rest.to_owned(), at.unwrap_or(now)));
                }
                _ => {}
            }
        }
        let restored =
            |(name, parts): (String, Parts)| (name, Queue::restored(parts.waiting, parts.dead, parts.sent));
        Ok(Found { queues: parts.into_iter().map(restored).collect(), silences, gone })
    }

    fn rows(&self) -> Result<Vec<(String, Vec<u8>)>, redb::Error> {
        let table = self.database.begin_read()?.open_table(TABLE)?;
        let mut rows = Vec::new();
        for row in table.iter()? {
            let (key, value) = row?;
            rows.push((key.value().to_owned(), value.value().to_vec()));
        }
        Ok(rows)
    }

    /// Writes and removes rows, all of them or none. On disk when it returns.
    pub(super) fn write(&self, changed: &Rows) -> Result<(), String> {
        keepwatch_disk::attempt(&self.path, "written", || self.commit(changed))
    }

    fn commit(&self, changed: &Rows) -> Result<(), redb::Error> {
        let write = self.database.begin_write()?;
        {
            let mut table = write.open_table(TABLE)?;
            for (key, value) in changed {
                match value {
                    Some(value) => table.insert(key.as_str(), value.as_slice())?,
                    None => table.remove(key.as_str())?,
                };
            }
        }
        write.commit()?;
        Ok(())
    }
}
