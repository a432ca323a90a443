//! The crews of a runtime: one for each size of stack.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::crew::Crew;

/// Crews by the stacks that their threads have. Most scripts need the usual one.
#[derive(Default)]
pub(crate) struct Crews(Mutex<BTreeMap<usize, Arc<Crew>>>);

impl Crews {
    pub(crate) fn with(&self, stack: usize) -> Arc<Crew> {
        let mut crews = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(crews.entry(stack).or_insert_with(|| Arc::new(Crew::new(stack))))
    }
}
