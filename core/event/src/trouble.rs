//! What an administrator should look at, as events have told it.

use serde::{Deserialize, Serialize};

use crate::class::Subject;
use crate::event::{Event, Severity};
use crate::time::Timestamp;

/// Something that an administrator should look at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trouble {
    /// The event's kind.
    pub kind: String,
    /// How grave.
    pub severity: Severity,
    /// What it said last.
    pub text: String,
    /// When it was first told.
    pub first: Timestamp,
    /// When it was last told.
    pub last: Timestamp,
    /// How often it was told.
    pub times: u64,
    /// What it is about.
    #[serde(skip)]
    pub subject: Subject,
    /// The virtual address it is about, with prefix length, if the configuration can take the trouble away with it.
    #[serde(skip)]
    pub address: Option<String>,
}

/// Troubles kept for an instance: more of them at once say the same.
const TROUBLES: usize = 16;

/// Notes what an event tells; what was told before is the same trouble once more.
pub(crate) fn note(troubles: &mut Vec<Trouble>, event: &Event) {
    let (subject, text, at) = (event.subject(), event.kind.to_string(), event.at);
    if let Some(known) = troubles.iter_mut().find(|known| known.subject == subject) {
        known.text = text;
        known.severity = event.severity;
        known.last = at;
        known.times += 1;
    } else if troubles.len() < TROUBLES {
        let (kind, severity) = (event.kind.name().to_owned(), event.severity);
        let address = event.kind.address_to_serve().map(str::to_owned);
        troubles.push(Trouble { kind, severity, text, first: at, last: at, times: 1, subject, address });
    }
}
