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
