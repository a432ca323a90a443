//! Commands: `script`, `notify*`, and whom they run as.

use super::super::parser::Statement;
use super::super::quoting;
use super::reader::Reader;
use crate::model::{Command, Notify, Place, User};
use crate::similar::shown;

/// The `notify*` of an instance or a group.
#[derive(Clone, Default)]
pub(super) struct Notified {
    pub(super) scripts: Notify,
}

impl Notified {
    /// Reads one of them; the first of its kind counts.
    pub(super) fn read(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        let keyword = statement.keyword();
        let slot = match keyword {
            "notify_master" => &mut self.scripts.master,
            "notify_backup" => &mut self.scripts.backup,
            "notify_fault" => &mut self.scripts.fault,
            "notify_stop" => &mut self.scripts.stop,
            "notify_deleted" => &mut self.scripts.deleted,
            "notify_master_rx_lower_pri" => &mut self.scripts.master_rx_lower_priority,
            _ => &mut self.scripts.any,
        };
        if slot.is_some() {
            let message = format!("`{keyword}` is there already");
            return reader.survived(&statement.line.span, message, "", "uses the first one");
        }
        // Without a command it only asks for another word in the FIFO.
        if keyword == "notify_deleted" && statement.line.arguments.is_empty() {
            return;
        }
        *slot = command(statement, reader);
    }
}

/// A command behind a keyword, and behind it perhaps a user and a group. keepalived refuses to start if
/// nothing follows.
pub(super) fn command(statement: &Statement<'_>, reader: &mut Reader<'_>) -> Option<Command> {
    if statement.line.raw == statement.keyword() {
        reader.value(statement)?;
    }
    let (argv, rest) = argv(statement, reader)?;
    let place = Place::keepalived(statement.line.span.clone());
    Some(Command { argv, user: user(rest.iter().map(String::as_str)), place })
}

/// Program and arguments, and the words behind the command.
pub(super) fn argv(statement: &Statement<'_>, reader: &mut Reader<'_>) -> Option<(Vec<String>, Vec<String>)> {
    let span = &statement.line.span;
    let Ok(words) = quoting::words(statement.line.raw) else {
        reader.survived(span, "a quotation mark is not closed", "", "leaves the command out");
        return None;
    };
    let mut words = words.into_iter().skip(1);
    let command = words.next().unwrap_or_default();
    match quoting::argv(&command) {
        Ok(argv) if argv.first().is_some_and(|program| !program.is_empty()) => Some((argv, words.collect())),
        Ok(_) => {
            reader.survived(span, "the command is empty", "", "leaves it out");
            None
        }
        Err(quoting::Unfinished) => {
            let message = format!("a quotation mark within {} is not closed", shown(&command));
            reader.survived(span, message, "", "leaves the command out");
            None
        }
    }
}

/// `USER [[:]GROUP]`; a colon asks for the user's supplementary groups too.
pub(super) fn user<'w>(mut words: impl Iterator<Item = &'w str>) -> Option<User> {
    let name = words.next()?.to_owned();
    let group = words.next();
    let named = group.map(|group| group.strip_prefix(':').unwrap_or(group)).filter(|group| !group.is_empty());
    Some(User {
        name,
        group: named.map(str::to_owned),
        supplementary_groups: group.is_some_and(|group| group.starts_with(':')),
    })
}
