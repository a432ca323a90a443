//! What has been defined to be tracked by name: `vrrp_script`, `track_file` and `vrrp_track_process`.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use keepwatch_vrrp::TrackWeight;

use super::reader::Reader;
use crate::diagnostic::Diagnostic;
use crate::model::Check;
use crate::similar::shown;

/// Which of keepalived's trackers: each has names of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Script,
    File,
    Process,
}

impl Kind {
    /// The kind that this block of an instance or a group tracks.
    pub(super) fn of_tracker(keyword: &str) -> Option<Self> {
        match keyword {
            "track_script" => Some(Self::Script),
            "track_file" => Some(Self::File),
            "track_process" => Some(Self::Process),
            _ => None,
        }
    }

    /// The block that defines one.
    pub(super) const fn block(self) -> &'static str {
        match self {
            Self::Script => "vrrp_script",
            Self::File => "track_file",
            Self::Process => "vrrp_track_process",
        }
    }

    /// What it is, for messages.
    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::File => "track file",
            Self::Process => "track process",
        }
    }

    /// How far a weight may go here.
    pub(super) const fn most(self) -> i64 {
        match self {
            Self::Script => 253,
            Self::File | Self::Process => 254,
        }
    }
}

/// A check, and where what stands.
pub(super) struct CheckAt {
    pub(super) check: Check,
    pub(super) kind: Kind,
    /// Its name in the file.
    pub(super) written: String,
    /// The line that opens the block.
    pub(super) span: Range<usize>,
    /// Where its `timeout` stands.
    pub(super) timeout_at: Option<Range<usize>>,
}

/// The checks defined so far.
#[derive(Default)]
pub(super) struct Checks {
    list: Vec<CheckAt>,
    known: HashMap<(Kind, String), Known>,
    names: HashSet<String>,
    /// Those left out because what they need is misspelt.
    misspelt: HashSet<(Kind, String)>,
}

/// What a tracker needs to know of a check.
#[derive(Clone)]
pub(super) struct Known {
    /// Its name in the model.
    pub(super) name: String,
    pub(super) weight: TrackWeight,
}

impl Checks {
    /// Adds one. Of two kinds with one name the second gets another one here, where there is but one set of names.
    pub(super) fn add(&mut self, mut at: CheckAt, reader: &mut Reader<'_>) {
        if self.names.contains(&at.check.name) {
            let name = format!("{} ({})", at.check.name, at.kind.noun());
            let message = format!("{} is the name of another check, too", shown(&at.written));
            let label = format!("keepwatch calls this one {}", shown(&name));
            reader.report(Diagnostic::remark(&at.span, message, label));
            at.check.name = name;
        }
        self.names.insert(at.check.name.clone());
        let known = Known { name: at.check.name.clone(), weight: at.check.weight };
        self.known.insert((at.kind, at.written.clone()), known);
        self.list.push(at);
    }

    /// The check of this kind and name.
    pub(super) fn get(&self, kind: Kind, name: &str) -> Option<&Known> {
        self.known.get(&(kind, name.to_owned()))
    }

    /// Remembers that a check is left out because of a misspelling, which has been reported.
    pub(super) fn miss(&mut self, kind: Kind, name: String) {
        self.misspelt.insert((kind, name));
    }

    /// Whether it is left out because of that.
    pub(super) fn is_missed(&self, kind: Kind, name: &str) -> bool {
        self.misspelt.contains(&(kind, name.to_owned()))
    }

    /// Those that something tracks; keepalived leaves out the others. `used` are their names in the model.
    pub(super) fn used(self, used: &HashSet<&str>, reader: &mut Reader<'_>) -> Vec<CheckAt> {
        let mut kept = Vec::new();
        for at in self.list {
            if used.contains(at.check.name.as_str()) {
                kept.push(at);
                continue;
            }
            // Why its tracker is not kept has been said there.
            if reader.tracked.contains(&(at.kind, at.written.clone())) {
                continue;
            }
            let message = format!("nothing tracks the {} {}", at.kind.noun(), shown(&at.written));
            reader.survived(&at.span, message, "", "leaves it out");
        }
        kept
    }
}
