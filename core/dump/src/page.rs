//! A text that grows line by line.

use std::fmt::{Display, Write};

/// A text that grows line by line.
#[derive(Debug, Default)]
pub(crate) struct Page(String);

impl Page {
    /// Adds a line.
    pub(crate) fn line(&mut self, text: impl Display) {
        // Writing to a String does not fail.
        let _ = writeln!(self.0, "{text}");
    }

    /// Adds `key = value`, indented as what belongs to a thing.
    pub(crate) fn set(&mut self, key: &str, value: impl Display) {
        let _ = writeln!(self.0, "   {key} = {value}");
    }

    /// Adds a heading with what stands below it; nothing if nothing does.
    pub(crate) fn list<T: Display>(&mut self, heading: impl Display, entries: impl IntoIterator<Item = T>) {
        let mut entries = entries.into_iter().peekable();
        if entries.peek().is_none() {
            return;
        }
        let _ = writeln!(self.0, "   {heading}:");
        for entry in entries {
            let _ = writeln!(self.0, "     {entry}");
        }
    }

    pub(crate) fn text(self) -> String {
        self.0
    }
}
