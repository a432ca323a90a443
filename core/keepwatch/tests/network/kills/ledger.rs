//! What was on disk, what the server has got, and what the daemon knew of that.

use std::collections::{BTreeMap, BTreeSet};

use keepwatch_lab::Daemon;
use libtest_mimic::Failed;

use super::trap::Seen;
use crate::site::ensure;

/// A message as the server has got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Got {
    /// Message-ID, or webhook-id.
    pub(super) id: String,
    /// The ids of the letters in it.
    pub(super) letters: Vec<String>,
}

/// How often a message may come.
#[derive(Clone, Copy, Debug, Default)]
struct Repeats {
    must: usize,
    may: usize,
}

/// What is known over all rounds.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Letters that were on disk at some time.
    pub(super) on_disk: BTreeSet<String>,
    repeats: BTreeMap<String, Repeats>,
    /// Messages of which a daemon said that they have arrived, by their number at the server, from 1.
    known: BTreeSet<usize>,
    /// How a daemon was last killed, until it is known over which message.
    killed: Option<Seen>,
    runs: usize,
}

impl Ledger {
    /// A daemon was killed over a message.
    pub(super) const fn was_killed(&mut self, seen: Seen) {
        self.killed = Some(seen);
    }

    /// Takes in what the server has got of that: its last message is the one, if it was taken at all.
    pub(super) fn account(&mut self, got: &[Got]) {
        let (Some(seen), Some(last)) = (self.killed.take(), got.last()) else { return };
        let repeats = self.repeats.entry(last.id.clone()).or_default();
        match seen {
            Seen::NotTaken => {}
            Seen::Never => repeats.must += 1,
            Seen::Perhaps => repeats.may += 1,
        }
    }

    /// What a daemon has said until its end: of which messages it knew that they had arrived. And nothing is wrong with its
    /// disk.
    pub(super) fn read_log(&mut self, daemon: &Daemon) -> Result<(), Failed> {
        self.runs += 1;
        let output = daemon.output();
        ensure(!output.iter().any(|line| line.contains("spool of notifications")), || output.join("\n"))?;
        let told =
            output.iter().filter_map(|line| line.split_once("it has it").and_then(|(_, rest)| number(rest)));
        self.known.extend(told);
        Ok(())
    }

    pub(super) fn summary(&self, got: &[Got]) -> String {
        let ids: BTreeSet<&String> = got.iter().map(|got| &got.id).collect();
        let letters: BTreeSet<&String> = got.iter().flat_map(|got| &got.letters).collect();
        format!(
            "{} runs, {} letters seen on disk, {} letters in {} messages arrived, {} of them twice or more",
            self.runs,
            self.on_disk.len(),
            letters.len(),
            ids.len(),
            got.len() - ids.len()
        )
    }

    /// Nothing that was on disk is lost, and nothing comes twice that need not.
    pub(super) fn judge(&self, got: &[Got]) -> Result<(), Failed> {
        let mut messages: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut letters: BTreeMap<&str, &str> = BTreeMap::new();
        for (place, message) in got.iter().enumerate() {
            ensure(!message.letters.is_empty(), || format!("an empty one: {message:?}"))?;
            messages.entry(&message.id).or_default().push(place);
            for letter in &message.letters {
                let first = letters.entry(letter).or_insert(&message.id);
                ensure(*first == message.id, || format!("{letter} came in {first} and in {}", message.id))?;
            }
        }
        let lost: Vec<&String> =
            self.on_disk.iter().filter(|id| !letters.contains_key(id.as_str())).collect();
        ensure(lost.is_empty(), || format!("lost: {lost:?}"))?;
        for (id, places) in &messages {
            let same = places.iter().all(|place| got[*place].letters == got[places[0]].letters);
            ensure(same, || format!("{id} has changed"))?;
            let Repeats { must, may } = self.repeats.get(*id).copied().unwrap_or_default();
            let again = places.len() - 1;
            ensure((must..=must + may).contains(&again), || {
                format!("{id} came {again} times again, but {must} must and {may} more may")
            })?;
            // Who knew that it had arrived did not send it once more, nor did those after him.
            let known = places.iter().rev().skip(1).find(|place| self.known.contains(&(**place + 1)));
            ensure(known.is_none(), || format!("{id} came again though it was known to have arrived"))?;
        }
        ensure(!self.known.is_empty(), || "no daemon said that anything had arrived".to_owned())
    }
}

/// The number that the server gave a message: `... taken as 7`.
fn number(line: &str) -> Option<usize> {
    line.split_once("taken as ")?.1.split_whitespace().next()?.parse().ok()
}
