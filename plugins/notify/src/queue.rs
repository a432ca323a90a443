//! What waits for one destination, and in which order it goes. No clock, no disk: both are whoever calls'.
//!
//! Letters about one instance keep their order, and several that come together go as one message. A message that was
//! tried is closed: at each attempt it is the same. While one about an instance cannot be delivered, later ones about it
//! wait behind it; those about others go on, unless nothing can be delivered at all.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, SystemTime};

use crate::backoff;
use crate::destination::Grouping;
use crate::entry::{Dead, Entry};
use crate::ids;
use crate::letter::{Letter, digest};
use crate::notifier::NotFound;
use crate::transport::{Outcome, Scope};
use crate::waiting::Waiting;

/// Letters that may wait for a destination.
const CAPACITY: usize = 5_000;
/// Of one message, before letters in its middle are left out.
pub(crate) const IN_MESSAGE: usize = 200;
/// Letters kept that were given up; the oldest go.
const DEAD: usize = 200;
/// Ids remembered of letters that were delivered, and for how long.
const SENT: usize = 10_000;
const REMEMBERED: Duration = Duration::from_secs(48 * 60 * 60);

/// What waits for one destination.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    waiting: Waiting,
    dead: VecDeque<Dead>,
    /// Letters that it has got: when, by id.
    sent: BTreeMap<String, SystemTime>,
    /// When anything is tried again, and how often nothing could be delivered.
    paused: Option<SystemTime>,
    failures: u32,
    changes: Vec<Change>,
}

/// A change that the disk has to know of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    Waits(Entry),
    IsDead(Dead),
    Sent(String, SystemTime),
    NoLongerWaits(u64),
    NoLongerDead(u64),
    Forgotten(String),
}

/// What became of a letter that was handed in.
#[derive(Debug, PartialEq)]
pub(crate) enum Put {
    /// It waits.
    Taken,
    /// It was handed in before.
    Known,
    /// It waits, and another one was given up for it.
    For(Box<Dead>),
}

/// What to do next.
#[derive(Debug, PartialEq)]
pub(crate) enum Next {
    /// Nothing, until something is handed in.
    Nothing,
    /// Nothing before this time.
    At(SystemTime),
    /// Deliver this.
    Message(Message),
}

/// What is delivered at once.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) letters: Vec<Letter>,
    /// Letters left out in the middle.
    pub(crate) omitted: u64,
    /// Which attempt this is, from 1.
    pub(crate) attempt: u32,
    /// When the first of its letters was taken in.
    pub(crate) since: SystemTime,
    /// Who has got it already.
    pub(crate) served: Vec<String>,
}

/// How an attempt ended.
#[derive(Debug, PartialEq)]
pub(crate) enum Settled {
    /// It is delivered.
    Delivered,
    /// It is tried again after this time.
    Again(Duration),
    /// It is given up: these letters.
    GivenUp(Vec<Dead>),
}

impl Queue {
    /// What was on disk.
    pub(crate) fn restored(
        mut waiting: Vec<Entry>,
        mut dead: Vec<Dead>,
        sent: impl IntoIterator<Item = (String, SystemTime)>,
    ) -> Self {
        waiting.sort_by_key(|entry| entry.number);
        dead.sort_by_key(|dead| dead.entry.number);
        let (waiting, dead, sent) = (waiting.into_iter().collect(), dead.into(), sent.into_iter().collect());
        Self { waiting, dead, sent, ..Self::default() }
    }

    /// Takes in what was on disk, which is older than all that came meanwhile.
    pub(crate) fn join(&mut self, older: Self) {
        for new in std::mem::replace(&mut self.waiting, older.waiting).take(|_| true) {
            if older.sent.contains_key(&new.letter.id) || self.waiting.has(&new.letter.id) {
                self.changes.push(Change::NoLongerWaits(new.number));
            } else {
                self.waiting.push(new);
            }
        }
        let mut dead = older.dead;
        dead.extend(self.dead.drain(..));
        self.dead = dead;
        self.sent.extend(older.sent);
    }

    /// Takes a letter in.
    pub(crate) fn put(&mut self, number: u64, letter: Letter, now: SystemTime) -> Put {
        if self.sent.contains_key(&letter.id) || self.waiting.has(&letter.id) {
            return Put::Known;
        }
        let entry = Entry {
            number,
            letter,
            since: now,
            message: None,
            attempts: 0,
            next: now,
            trouble: None,
            omitted: 0,
            served: Vec::new(),
        };
        self.thin(&entry);
        let crowded_out = (self.waiting.len() >= CAPACITY).then(|| self.crowded_out(now)).flatten();
        self.changes.push(Change::Waits(entry.clone()));
        self.waiting.push(entry);
        crowded_out.map_or(Put::Taken, |dead| Put::For(Box::new(dead)))
    }

    /// Leaves a letter in the middle out if there would be too many about one thing: the first and the last tell most.
    fn thin(&mut self, new: &Entry) {
        if self.waiting.len() < IN_MESSAGE || !new.letter.content.is_grouped() {
            return;
        }
        let is_same = |entry: &Entry| entry.message.is_none() && entry.letter.goes_with(&new.letter);
        let same: Vec<usize> =
            (0..self.waiting.len()).filter(|place| is_same(&self.waiting[*place])).collect();
        if same.len() < IN_MESSAGE {
            return;
        }
        let (before, middle) = (same[IN_MESSAGE / 2 - 1], same[IN_MESSAGE / 2]);
        let Some(gone) = self.waiting.remove(middle) else { return };
        self.changes.push(Change::NoLongerWaits(gone.number));
        let Some(before) = self.waiting.iter_mut().nth(before) else { return };
        before.omitted += 1 + gone.omitted;
        self.changes.push(Change::Waits(before.clone()));
    }

    /// Gives up the oldest of the least grave that wait.
    fn crowded_out(&mut self, now: SystemTime) -> Option<Dead> {
        let least = self.waiting.iter().map(|entry| entry.letter.severity).min()?;
        let place = self.waiting.iter().position(|entry| entry.letter.severity == least)?;
        let entry = self.waiting.remove(place)?;
        Some(self.bury(entry, "too much waits for this destination".to_owned(), now))
    }

    fn bury(&mut self, entry: Entry, reason: String, now: SystemTime) -> Dead {
        let dead = Dead { entry, at: now, reason };
        self.changes.push(Change::NoLongerWaits(dead.entry.number));
        self.changes.push(Change::IsDead(dead.clone()));
        self.dead.push_back(dead.clone());
        while self.dead.len() > DEAD {
            if let Some(oldest) = self.dead.pop_front() {
                self.changes.push(Change::NoLongerDead(oldest.entry.number));
            }
        }
        dead
    }

    /// Gives up what has waited for longer than this.
    pub(crate) fn expire(&mut self, ttl: Duration, now: SystemTime) -> Vec<Dead> {
        let is_old = |entry: &Entry| now.duration_since(entry.since).is_ok_and(|waited| waited > ttl);
        // Not only the first ones: what people have had tried again is younger than its place.
        if !self.waiting.iter().any(is_old) {
            return Vec::new();
        }
        let mut given_up = Vec::new();
        for entry in self.waiting.take(is_old) {
            let why =
                entry.trouble.as_ref().map(|trouble| format!("; at last: {trouble}")).unwrap_or_default();
            let reason = format!("it could not be delivered in {}{why}", crate::parcel::in_words(ttl));
            given_up.push(self.bury(entry, reason, now));
        }
        given_up
    }

    /// When the next letter will have waited for this long.
    pub(crate) fn next_expiry(&self, ttl: Duration) -> Option<SystemTime> {
        self.waiting.iter().map(|entry| entry.since).min()?.checked_add(ttl)
    }

    /// What is to be delivered now. What it gives is closed.
    pub(crate) fn next(&mut self, grouping: Grouping, now: SystemTime) -> Next {
        if let Some(paused) = self.paused.map(|paused| sane(paused, now))
            && paused > now
            && !self.waiting.is_empty()
        {
            return Next::At(paused);
        }
        let mut earliest: Option<SystemTime> = None;
        let mut seen: Vec<usize> = Vec::new();
        for place in 0..self.waiting.len() {
            let entry = &self.waiting[place];
            // One behind another about the same waits for that.
            if seen.iter().any(|before| self.waiting[*before].letter.is_about_same(&entry.letter)) {
                continue;
            }
            let due = match (&entry.message, grouping) {
                (Some(_), _) => sane(entry.next, now),
                (None, Grouping::Together(wait)) if entry.letter.content.is_grouped() => {
                    sane(entry.since + wait, now)
                }
                (None, Grouping::Together(_) | Grouping::Each) => now,
            };
            if due <= now {
                return Next::Message(self.close(place, grouping));
            }
            earliest = Some(earliest.map_or(due, |earliest| earliest.min(due)));
            seen.push(place);
        }
        earliest.map_or(Next::Nothing, Next::At)
    }

    /// Makes a message of a letter and of those that go with it.
    fn close(&mut self, first: usize, grouping: Grouping) -> Message {
        let head = self.waiting[first].clone();
        let id = head.message.clone().unwrap_or_else(|| message_id(&head));
        let mut message = Message {
            id,
            letters: Vec::new(),
            omitted: 0,
            attempt: head.attempts + 1,
            since: head.since,
            served: head.served.clone(),
        };
        for entry in self.waiting.iter_mut().skip(first) {
            let belongs = match (&head.message, grouping) {
                (Some(id), _) => entry.message.as_ref() == Some(id),
                (None, _) if entry.number == head.number => true,
                (None, Grouping::Together(_)) => {
                    entry.message.is_none() && entry.letter.goes_with(&head.letter)
                }
                (None, Grouping::Each) => false,
            };
            if !belongs || message.letters.len() >= IN_MESSAGE {
                continue;
            }
            entry.message = Some(message.id.clone());
            entry.attempts = message.attempt;
            message.omitted += entry.omitted;
            message.letters.push(entry.letter.clone());
            self.changes.push(Change::Waits(entry.clone()));
        }
        message
    }

    /// Takes in how an attempt ended.
    pub(crate) fn settle(&mut self, id: &str, outcome: &Outcome, chance: f64, now: SystemTime) -> Settled {
        match outcome {
            Outcome::Delivered { .. } => {
                self.reached();
                for entry in self.take(id) {
                    self.changes.push(Change::NoLongerWaits(entry.number));
                    self.remember(entry.letter.id, now);
                }
                Settled::Delivered
            }
            Outcome::Later { why, after, scope: Scope::Destination } => {
                self.failures = self.failures.saturating_add(1);
                let pause = backoff::pause(self.failures, *after, chance);
                self.paused = Some(now + pause);
                self.put_off(id, why, now + pause);
                Settled::Again(pause)
            }
            Outcome::Later { why, after, scope: Scope::Parcel } => {
                self.reached();
                let pause = backoff::pause(self.attempts(id), *after, chance);
                self.put_off(id, why, now + pause);
                Settled::Again(pause)
            }
            Outcome::Partly { served, why } => {
                self.reached();
                for entry in self.waiting.iter_mut().filter(|entry| entry.message.as_deref() == Some(id)) {
                    entry.served.extend_from_slice(served);
                }
                let pause = backoff::pause(self.attempts(id), None, chance);
                self.put_off(id, why, now + pause);
                Settled::Again(pause)
            }
            Outcome::Refused { why } | Outcome::Gone { why } => {
                let refused = self.take(id);
                Settled::GivenUp(
                    refused.into_iter().map(|entry| self.bury(entry, why.clone(), now)).collect(),
                )
            }
        }
    }

    /// A message waits until then.
    fn put_off(&mut self, id: &str, why: &str, until: SystemTime) {
        let mut changed = Vec::new();
        for entry in self.waiting.iter_mut().filter(|entry| entry.message.as_deref() == Some(id)) {
            entry.next = until;
            entry.trouble = Some(why.to_owned());
            changed.push(Change::Waits(entry.clone()));
        }
        self.changes.append(&mut changed);
    }

    /// Something could be delivered, or was at least looked at.
    fn reached(&mut self) {
        self.paused = None;
        self.failures = 0;
    }

    /// It is tried again at once, whatever it was waiting for.
    pub(crate) fn hurry(&mut self, now: SystemTime) {
        self.reached();
        for entry in self.waiting.iter_mut() {
            entry.next = now;
        }
    }

    /// The ids of the letters that are meant by these, which may be beginnings of them.
    pub(crate) fn meant(&self, given: &[String]) -> Result<Vec<String>, NotFound> {
        let dead = self.dead.iter().map(|dead| &dead.entry);
        let ids: Vec<&str> = self.waiting.iter().chain(dead).map(|entry| entry.letter.id.as_str()).collect();
        given.iter().map(|given| ids::meant(given, ids.iter().copied()).map(str::to_owned)).collect()
    }

    /// Has letters tried again that were given up: those of these ids, or all.
    pub(crate) fn revive(&mut self, ids: &[String], now: SystemTime) -> usize {
        let mut revived = 0;
        for dead in std::mem::take(&mut self.dead) {
            if !ids.is_empty() && !ids.contains(&dead.entry.letter.id) {
                self.dead.push_back(dead);
                continue;
            }
            revived += 1;
            self.changes.push(Change::NoLongerDead(dead.entry.number));
            // It may have been handed in anew meanwhile.
            if self.waiting.has(&dead.entry.letter.id) {
                continue;
            }
            let entry = Entry { since: now, next: now, ..dead.entry };
            self.changes.push(Change::Waits(entry.clone()));
            self.waiting.insert(entry);
        }
        self.hurry(now);
        revived
    }

    /// Throws away what waits and what was given up: letters of these ids, or all.
    pub(crate) fn purge(&mut self, ids: &[String]) -> usize {
        let is_meant = |entry: &Entry| ids.is_empty() || ids.contains(&entry.letter.id);
        let waited = self.waiting.take(is_meant);
        self.changes.extend(waited.iter().map(|entry| Change::NoLongerWaits(entry.number)));
        let before = self.dead.len();
        for dead in self.dead.iter().filter(|dead| is_meant(&dead.entry)) {
            self.changes.push(Change::NoLongerDead(dead.entry.number));
        }
        self.dead.retain(|dead| !is_meant(&dead.entry));
        waited.len() + before - self.dead.len()
    }

    /// When what waits because an attempt failed is tried again, if anything does.
    pub(crate) fn next_attempt(&self) -> Option<SystemTime> {
        let tried = self.waiting.iter().filter(|entry| entry.trouble.is_some());
        let next = tried.map(|entry| entry.next).min()?;
        Some(self.paused.map_or(next, |paused| paused.max(next)))
    }

    /// What waits, in order.
    pub(crate) fn waiting(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.waiting.iter()
    }

    /// What was given up, in order.
    pub(crate) fn dead(&self) -> impl ExactSizeIterator<Item = &Dead> {
        self.dead.iter()
    }

    /// What has changed since it was last asked.
    pub(crate) fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// How often a message was tried.
    fn attempts(&self, id: &str) -> u32 {
        let head = self.waiting.iter().find(|entry| entry.message.as_deref() == Some(id));
        head.map_or(1, |entry| entry.attempts)
    }

    fn take(&mut self, id: &str) -> Vec<Entry> {
        self.waiting.take(|entry| entry.message.as_deref() == Some(id))
    }

    fn remember(&mut self, id: String, now: SystemTime) {
        self.changes.push(Change::Sent(id.clone(), now));
        self.sent.insert(id, now);
        if self.sent.len() <= SENT {
            return;
        }
        let is_old = |at: &SystemTime| now.duration_since(*at).is_ok_and(|age| age > REMEMBERED);
        let mut old: Vec<String> =
            self.sent.iter().filter(|(_, at)| is_old(at)).map(|(id, _)| id.clone()).collect();
        if old.is_empty() {
            // Ten thousand letters in two days: the oldest tenth has to do.
            let mut by_age: Vec<(&SystemTime, &String)> = self.sent.iter().map(|(id, at)| (at, id)).collect();
            by_age.sort();
            old = by_age.into_iter().take(SENT / 10).map(|(_, id)| id.clone()).collect();
        }
        for id in old {
            self.sent.remove(&id);
            self.changes.push(Change::Forgotten(id));
        }
    }
}

/// A time that can be waited for; now, if the clock was set back since it was noted.
fn sane(at: SystemTime, now: SystemTime) -> SystemTime {
    if at > now + backoff::LONGEST { now } else { at }
}

/// The same at each attempt: of the first letter, made of what servers take in an id.
fn message_id(head: &Entry) -> String {
    let id = &head.letter.id;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if id.len() <= 100 && !id.is_empty() && id.chars().all(is_plain) {
        return id.clone();
    }
    let plain: String = id.chars().filter(|c| is_plain(*c)).take(60).collect();
    format!("{plain}-{}", digest(id))
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
