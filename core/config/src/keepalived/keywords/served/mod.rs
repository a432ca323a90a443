//! What stands behind each keyword that is served, its range, and what holds without it: the book's reference of a
//! keepalived.conf, which a test holds against the reader.

mod blocks;
mod globals;
mod instance;
mod page;
#[cfg(test)]
mod tests;

pub use self::page::keepalived_reference;
use super::Level;

/// A keyword that is served.
pub(super) struct Served {
    pub(super) keyword: &'static str,
    /// What stands behind it.
    pub(super) takes: Takes,
    /// What it is about.
    pub(super) means: &'static str,
    /// What holds without it.
    pub(super) absent: Absent,
}

/// What stands behind a keyword.
#[derive(Clone, Copy)]
pub(super) enum Takes {
    /// Nothing: that it is there says all.
    Nothing,
    /// On or off in keepalived's words, or nothing for on.
    Switch,
    /// A whole number between these.
    Whole(i64, i64),
    /// Seconds between these, which are microseconds here. The last number is the step in which they are read.
    Seconds(i64, i64, i64),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Words of this form, one for an example, and numbers within.
    Form(&'static str, &'static str, &'static [Within]),
    /// A block with such entries, one for an example, and numbers within.
    Entries(&'static str, &'static str, &'static [Within]),
    /// A block with keywords of its own, behind a name if there are several.
    Block,
}

/// A number between two others within something else, which has `%` in its place.
pub(super) type Within = (&'static str, i64, i64);

/// What holds without a keyword.
#[derive(Clone, Copy)]
pub(super) enum Absent {
    /// Nothing can: it is needed.
    Needed,
    /// The same as with this value.
    As(&'static str),
    /// The same as what this keyword of `global_defs` says.
    Global(&'static str),
    /// What these words say.
    Words(&'static str),
}

impl Level {
    /// The keywords of this level that are served, in the order of the book.
    pub(super) const fn served(self) -> &'static [Served] {
        match self {
            Self::Root => blocks::ROOT,
            Self::Globals => globals::GLOBALS,
            Self::Instance => instance::INSTANCE,
            Self::Authentication => blocks::AUTHENTICATION,
            Self::Script => blocks::SCRIPT,
            Self::SyncGroup => blocks::SYNC_GROUP,
            Self::TrackFile => blocks::TRACK_FILE,
            Self::TrackProcess => blocks::TRACK_PROCESS,
            Self::GarpGroup => blocks::GARP_GROUP,
        }
    }
}

const fn served(keyword: &'static str, takes: Takes, means: &'static str, absent: Absent) -> Served {
    Served { keyword, takes, means, absent }
}

/// Whole seconds that keepalived counts in microseconds of 32 bits.
const PAUSE: Takes = Takes::Whole(0, 4294);
/// The time between announcements.
const SPACING: Takes = Takes::Seconds(0, 4_294_967_295, 1);
/// A program, perhaps with whom it runs as behind it.
const SCRIPT: Takes = Takes::Form("COMMAND [USER [[:]GROUP]]", "\"/usr/local/bin/told now\" nobody", &[]);
const WEIGHTS: &str = "NAME [weight NUMBER [reverse\\|noreverse]]";
