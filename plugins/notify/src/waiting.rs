//! What waits for a destination, in order, and found by its id.

use std::collections::vec_deque::IterMut;
use std::collections::{HashMap, VecDeque};
use std::ops::Deref;

use crate::entry::Entry;

/// What waits, in the order of its numbers.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    entries: VecDeque<Entry>,
    /// Numbers by letters' ids.
    numbers: HashMap<String, u64>,
}

impl Waiting {
    /// Whether a letter of this id waits.
    pub(crate) fn has(&self, id: &str) -> bool {
        self.numbers.contains_key(id)
    }

    /// Adds one behind all others.
    pub(crate) fn push(&mut self, entry: Entry) {
        self.numbers.insert(entry.letter.id.clone(), entry.number);
        self.entries.push_back(entry);
    }

    /// Adds one at its place.
    pub(crate) fn insert(&mut self, entry: Entry) {
        let place = self.entries.partition_point(|waiting| waiting.number < entry.number);
        self.numbers.insert(entry.letter.id.clone(), entry.number);
        self.entries.insert(place, entry);
    }

    /// Takes one away.
    pub(crate) fn remove(&mut self, place: usize) -> Option<Entry> {
        let entry = self.entries.remove(place)?;
        self.forget(&entry);
        Some(entry)
    }

    /// Takes those away that are meant.
    pub(crate) fn take(&mut self, is_meant: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        let (taken, left) = std::mem::take(&mut self.entries).into_iter().partition(|entry| is_meant(entry));
        self.entries = left;
        let taken: VecDeque<Entry> = taken;
        taken.iter().for_each(|entry| self.forget(entry));
        taken.into()
    }

    /// To change them in place: not their ids, nor their numbers.
    pub(crate) fn iter_mut(&mut self) -> IterMut<'_, Entry> {
        self.entries.iter_mut()
    }

    fn forget(&mut self, entry: &Entry) {
        // A file may hold an id twice.
        if self.numbers.get(&entry.letter.id) == Some(&entry.number) {
            self.numbers.remove(&entry.letter.id);
        }
    }
}

impl FromIterator<Entry> for Waiting {
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> Self {
        let mut waiting = Self::default();
        entries.into_iter().for_each(|entry| waiting.push(entry));
        waiting
    }
}

impl Deref for Waiting {
    type Target = VecDeque<Entry>;

    fn deref(&self) -> &Self::Target {
        &self.entries
    }
}
