//! What waits to be told to the scripts of one instance or group.

use std::collections::VecDeque;

use super::occasion::{Occasion, Word};

/// So much may wait. A script that is this far behind is told how things are now, and where it left off.
const MOST: usize = 64;

/// What waits to be told to the scripts of one instance or group: one occasion after the other.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    waiting: VecDeque<Occasion>,
    /// Whether an occasion's scripts run.
    pub(crate) is_busy: bool,
    /// The state that was told last.
    pub(crate) told: Option<Word>,
}

impl Lane {
    /// Whether this is to be told: a state that is the one told last is none. An instance may pass INIT meanwhile, which
    /// keepalived does not know.
    pub(crate) fn is_news(&mut self, word: Word) -> bool {
        !word.is_state() || self.told.replace(word).map(Word::text) != Some(word.text())
    }

    /// Adds an occasion. If too many wait, only the first, the last and the last state stay; what gives way is given back.
    pub(crate) fn push(&mut self, occasion: Occasion) -> Vec<Occasion> {
        self.waiting.push_back(occasion);
        if self.waiting.len() <= MOST {
            return Vec::new();
        }
        let last = self.waiting.len() - 1;
        let last_state = self.waiting.iter().rposition(|occasion| occasion.word.is_state());
        let mut superseded = Vec::new();
        for (at, occasion) in std::mem::take(&mut self.waiting).into_iter().enumerate() {
            if at == 0 || at == last || Some(at) == last_state {
                self.waiting.push_back(occasion);
            } else {
                superseded.push(occasion);
            }
        }
        superseded
    }

    /// The next one, if none is under way.
    pub(crate) fn next(&mut self) -> Option<Occasion> {
        if self.is_busy {
            return None;
        }
        let next = self.waiting.pop_front();
        self.is_busy = next.is_some();
        next
    }

    /// Whether nothing is to be told any more: whose it is is gone, and all scripts have run.
    pub(crate) fn is_over(&self) -> bool {
        !self.is_busy && self.waiting.is_empty() && self.told.is_some_and(Word::is_last)
    }

    /// All that waits.
    pub(crate) fn take_waiting(&mut self) -> VecDeque<Occasion> {
        std::mem::take(&mut self.waiting)
    }
}

#[cfg(test)]
mod tests {
    use keepwatch_event::State;

    use super::super::occasion::tests::{self, reasserted, transition};
    use super::*;

    fn occasion(to: State) -> Occasion {
        tests::occasion(&transition(to)).unwrap()
    }

    fn words(occasions: impl IntoIterator<Item = Occasion>) -> Vec<Word> {
        occasions.into_iter().map(|occasion| occasion.word).collect()
    }

    #[test]
    fn one_after_the_other() {
        let mut lane = Lane::default();
        assert_eq!(lane.push(occasion(State::Master)), []);
        assert_eq!(lane.push(occasion(State::Backup)), []);
        assert_eq!(lane.next().unwrap().word, Word::Master);
        assert_eq!(lane.next(), None, "the first is under way");
        lane.is_busy = false;
        assert_eq!(lane.next().unwrap().word, Word::Backup);
        lane.is_busy = false;
        assert_eq!(lane.next(), None);
        assert!(!lane.is_busy);
    }

    #[test]
    fn when_too_many_wait_the_first_and_the_last_stay() {
        let mut lane = Lane::default();
        for _ in 0..MOST / 2 {
            assert_eq!(lane.push(occasion(State::Fault)), []);
            assert_eq!(lane.push(occasion(State::Backup)), []);
        }
        assert_eq!(lane.push(occasion(State::Master)).len(), MOST - 1);
        assert_eq!(words(lane.take_waiting()), [Word::Fault, Word::Master]);
    }

    #[test]
    fn a_state_does_not_give_way_to_what_is_none() {
        let mut lane = Lane::default();
        lane.push(occasion(State::Fault));
        lane.push(occasion(State::Backup));
        lane.push(occasion(State::Master));
        let superseded: Vec<Occasion> =
            (0..MOST).flat_map(|_| lane.push(tests::occasion(&reasserted()).unwrap())).collect();
        assert_eq!(words(superseded).first(), Some(&Word::Backup));
        assert_eq!(words(lane.take_waiting())[..2], [Word::Fault, Word::Master]);
    }

    #[test]
    fn a_state_is_news_once() {
        let mut lane = Lane::default();
        let news = [
            Word::Backup,
            Word::Backup,
            Word::MasterRxLowerPriority,
            Word::MasterRxLowerPriority,
            Word::Backup,
        ];
        assert_eq!(news.map(|word| lane.is_news(word)), [true, false, true, true, false]);
        assert!(lane.is_news(Word::Master));
    }

    #[test]
    fn one_that_is_gone_is_no_news_if_it_was_in_fault_and_is_said_to_be() {
        let mut lane = Lane::default();
        assert!(!lane.is_over());
        assert_eq!([Word::Fault, Word::DeletedAsFault].map(|word| lane.is_news(word)), [true, false]);
        assert!(lane.is_over());
        let mut lane = Lane::default();
        assert_eq!([Word::Fault, Word::Deleted].map(|word| lane.is_news(word)), [true, true]);
        lane.push(occasion(State::Fault));
        assert!(!lane.is_over(), "a script is to run");
    }
}
