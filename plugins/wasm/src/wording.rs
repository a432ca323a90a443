//! Events translated once for all plugins.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use keepwatch_event::Event;

use crate::bindings::types;
use crate::words;

/// Events that are remembered.
const REMEMBERED: usize = 16;

/// The last events in the contract's words. All plugins get the same event at about the same time, and its JSON is
/// most of the work.
#[derive(Default)]
pub(crate) struct Wording {
    /// As long as one is here its event's address is not used again: it says which event is meant.
    events: Mutex<VecDeque<(Weak<Event>, Arc<types::Event>)>>,
}

impl Wording {
    /// An event in the contract's words.
    pub(crate) fn of(&self, event: &Arc<Event>) -> Arc<types::Event> {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, words)) = events.iter().find(|(known, _)| known.as_ptr() == Arc::as_ptr(event)) {
            return Arc::clone(words);
        }
        let words = Arc::new(words::event(event));
        events.truncate(REMEMBERED - 1);
        events.push_front((Arc::downgrade(event), Arc::clone(&words)));
        words
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(seq: u64) -> Arc<Event> {
        let json = json!({
            "id": format!("run-{seq}"), "seq": seq, "node": "h1", "severity": "info", "kind": "resynchronised",
            "at": { "wall": "2026-11-22T10:00:00Z", "monotonic_seconds": 1.0 },
        });
        Arc::new(serde_json::from_value(json).unwrap())
    }

    #[test]
    fn an_event_is_translated_once_and_never_taken_for_another() {
        let wording = Wording::default();
        let first = event(1);
        assert!(Arc::ptr_eq(&wording.of(&first), &wording.of(&first)));
        for seq in 2..200 {
            assert_eq!(wording.of(&event(seq)).seq, seq);
        }
        assert_eq!(wording.events.lock().unwrap().len(), REMEMBERED);
    }
}
