//! Keys, and the shapes that their values have.

/// A key that a table can have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    /// What it means, in Markdown without links.
    pub(crate) means: &'static str,
    /// What holds without it; empty if nothing does.
    pub(crate) default: &'static str,
}

/// A key: name, shape, what it means, and what holds without it.
pub(crate) const fn key(name: &'static str, shape: Shape, means: &'static str, default: &'static str) -> Key {
    Key { name, shape, means, default }
}

/// The names of all these keys.
pub(crate) fn names(lists: &[&[Key]]) -> Vec<&'static str> {
    lists.iter().flat_map(|list| list.iter()).map(|key| key.name).collect()
}

/// What can stand behind a key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// A text, such as this one.
    Text(&'static str),
    /// A file or folder, such as this one; one that is not absolute counts from the file that names it.
    Path(&'static str),
    /// A time with its unit, more than none.
    Duration,
    /// A time with its unit, perhaps none.
    Pause,
    /// A time of whole seconds, with its unit, two at least.
    Seconds,
    /// Octets with their unit.
    Size,
    /// `true` or `false`.
    Flag,
    /// A whole number within these bounds.
    Whole(i64, i64),
    /// One of these words.
    Words(&'static [&'static str]),
    /// A list.
    List(&'static Self),
    /// One of several shapes.
    Either(&'static [Self]),
    /// A table with these keys, of which the second list names those that it cannot do without.
    Table(&'static [Key], &'static [&'static str]),
    /// A table whose names are free.
    Map(&'static Self),
    /// A table with anything in it.
    Anything,
}

/// How a program is named that no shell reads.
pub(crate) const PROGRAM: Shape = Shape::List(&Shape::Text("/usr/bin/true"));

/// `[KIND.NAME]`
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    /// What stands before the dot.
    pub(crate) kind: &'static str,
    pub(crate) means: &'static str,
    /// The keys that each has.
    pub(crate) common: &'static [&'static [Key]],
    /// The keys that one of a sort has beside them: each is of one sort, if there are any.
    pub(crate) sorts: &'static [Sort],
    /// What it cannot do without.
    pub(crate) required: &'static [&'static str],
    /// A key that may stand alone, without those.
    pub(crate) alone: Option<&'static str>,
}

/// One sort of what a table can be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sort {
    /// The keys of which one makes it that; they are among [`Self::keys`].
    pub(crate) by: &'static [&'static str],
    /// If this one is there, too, it is of that one's sort.
    pub(crate) unless: Option<&'static str>,
    pub(crate) means: &'static str,
    pub(crate) keys: &'static [Key],
}
