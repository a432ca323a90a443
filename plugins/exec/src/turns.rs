//! Which checks have a run under way.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use keepwatch_host::Work;
use tokio::sync::OwnedMutexGuard;

/// Which checks have a run under way, by name: a check whose settings have changed is another one, and what the one before
/// has started may still be there.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<BTreeMap<String, Turn>>);

/// The turn of the checks of one name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turn(Arc<tokio::sync::Mutex<()>>);

impl Turns {
    /// The turn of the checks of this name.
    pub(crate) fn of(&self, name: &str) -> Turn {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever has or awaits one has a copy of it.
        turns.retain(|_, turn| Arc::strong_count(&turn.0) > 1);
        turns.entry(name.to_owned()).or_default().clone()
    }

    /// Ends when nobody has any of those that there are now.
    pub(crate) async fn all_free(&self) {
        let turns: Vec<Turn> =
            self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        for turn in turns {
            drop(turn.take().await);
        }
    }
}

impl Turn {
    /// Waits for it. It is had until what this gives is dropped.
    pub(crate) async fn take(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.0).lock_owned().await
    }

    /// Ends when nobody has it; none if nobody has it now.
    pub(crate) fn is_had(&self) -> Option<Work<'_, ()>> {
        let had = self.0.try_lock().is_err();
        had.then(|| Box::pin(async { drop(self.0.lock().await) }) as Work<'_, ()>)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_has_one_turn_as_long_as_anybody_needs_it() {
        let turns = Turns::default();
        let (web, other) = (turns.of("web"), turns.of("other"));
        let had = web.0.try_lock().unwrap();
        assert!(turns.of("web").is_had().is_some());
        assert!(other.is_had().is_none());
        drop(had);
        assert!(turns.of("web").is_had().is_none());
        drop((web, other));
        let _new = turns.of("new");
        assert_eq!(turns.0.lock().unwrap().keys().collect::<Vec<_>>(), ["new"]);
    }
}
