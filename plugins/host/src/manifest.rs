//! What a plugin says of itself before it runs.

use std::ops::Range;

use keepwatch_event::Event;

use crate::grant::{Facility, Grant};

/// What a plugin says of itself, or what its file tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Its author's name for it; may be empty.
    pub name: String,
    /// Its version; may be empty.
    pub version: String,
    /// One line for people; may be empty.
    pub description: String,
    /// What it can do.
    pub roles: Roles,
    /// The settings it understands; none if it takes any.
    pub settings: Option<Vec<Setting>>,
    /// The kinds of events it wants; all if empty.
    pub kinds: Vec<String>,
    /// What it cannot do without.
    pub needs: Vec<Need>,
}

impl Manifest {
    /// Whether it hears an event. Those about plugins and deliveries go to those only that ask for their kind.
    #[must_use]
    pub fn wants(&self, event: &Event) -> bool {
        if !self.roles.handler {
            return false;
        }
        if self.kinds.is_empty() {
            return event.kind.is_general();
        }
        self.kinds.iter().any(|kind| kind == event.kind.name())
    }
}

/// What a plugin can do. One of them at least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// It hears events.
    pub handler: bool,
    /// It answers checks.
    pub checker: bool,
}

/// A setting that a plugin understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its key.
    pub name: String,
    /// What its value is.
    pub kind: SettingKind,
    /// Whether it must be there.
    pub required: bool,
    /// One line for people; may be empty.
    pub help: String,
}

/// What a setting's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingKind {
    /// A string.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// An array.
    List,
    /// A table.
    Table,
    /// Whatever the plugin makes of it.
    Any,
}

/// Something a plugin cannot do without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// What.
    pub what: Wanted,
    /// Where in the file it is asked for, in octets, if it is a text.
    pub place: Option<Range<usize>>,
}

/// What is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Exactly this.
    Grant(Grant),
    /// Some grant of this facility; which, the settings decide.
    Facility(Facility),
}
