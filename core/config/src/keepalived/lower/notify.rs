//! Commands: `script`, `notify*`, and whom they run as.

use super::super::parser::Statement;
use super::super::quoting;
use super::globals::Defaults;
use super::reader::Reader;
use crate::model::{Command, Deleted, Notify, Place, User};
use crate::similar::shown;

/// The `notify*` of an instance or a group.
#[derive(Clone, Default)]
pub(super) struct Notified {
    scripts: Notify,
    /// `notify_priority_changes`, if it says so itself.
    priority_changes: Option<bool>,
}

impl Notified {
    /// Reads one of them; the first of its kind counts.
    pub(super) fn read(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        let keyword = statement.keyword();
        if keyword == "notify_priority_changes" {
            self.priority_changes = reader.switch(statement).or(self.priority_changes);
            return;
        }
        if keyword == "notify_deleted" {
            return self.deleted(statement, reader);
        }
        let slot = match keyword {
            "notify_master" => &mut self.scripts.master,
            "notify_backup" => &mut self.scripts.backup,
            "notify_fault" => &mut self.scripts.fault,
            "notify_stop" => &mut self.scripts.stop,
            "notify_master_rx_lower_pri" => &mut self.scripts.master_rx_lower_priority,
            _ => &mut self.scripts.any,
        };
        if slot.is_some() {
            return there_already(statement, reader);
        }
        *slot = command(statement, reader);
    }

    /// Without a command it only asks for another word than FAULT.
    fn deleted(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        if self.scripts.deleted != Deleted::AsFault {
            return there_already(statement, reader);
        }
        let has_command = !statement.line.arguments.is_empty();
        self.scripts.deleted = Deleted::AsDeleted(has_command.then(|| command(statement, reader)).flatten());
    }

    /// What stands here, for an instance in this group, if it is in one.
    pub(super) fn of_instance(self, group: Option<&Self>, globals: &Defaults) -> Notify {
        let said = self.priority_changes.or_else(|| group?.priority_changes);
        let deleted = match (self.scripts.deleted, group) {
            (Deleted::AsFault, Some(group)) => group.scripts.deleted.clone(),
            (own, _) => own,
        };
        Notify { priority_changes: said.unwrap_or(globals.priority_changes), deleted, ..self.scripts }
    }

    /// What stands here, for a group: `notify_deleted` is for its members, since only instances are told of as deleted.
    pub(super) fn of_group(self) -> Notify {
        Notify { deleted: Deleted::AsFault, ..self.scripts }
    }
}

fn there_already(statement: &Statement<'_>, reader: &mut Reader<'_>) {
    let message = format!("`{}` is there already", statement.keyword());
    reader.survived(&statement.line.span, message, "", "uses the first one");
}

/// A command behind a keyword, and behind it perhaps a user and a group. keepalived refuses to start if
/// nothing follows.
pub(super) fn command(statement: &Statement<'_>, reader: &mut Reader<'_>) -> Option<Command> {
    if statement.line.raw == statement.keyword() {
        reader.value(statement)?;
    }
    let (argv, rest) = argv(statement, reader)?;
    let place = Place::keepalived(statement.line.span.clone());
    let user = user(rest.iter().map(String::as_str), statement);
    Some(Command { argv, user, place })
}

/// Program and arguments, and the words behind the command.
pub(super) fn argv(statement: &Statement<'_>, reader: &mut Reader<'_>) -> Option<(Vec<String>, Vec<String>)> {
    let span = &statement.line.span;
    let Ok(words) = quoting::split(statement.line.raw) else {
        reader.survived(span, "a quotation mark is not closed", "", "leaves the command out");
        return None;
    };
    let mut words = words.into_iter().skip(1);
    let command = words.next().unwrap_or_default();
    match quoting::split(&command) {
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
pub(super) fn user<'w>(mut words: impl Iterator<Item = &'w str>, statement: &Statement<'_>) -> Option<User> {
    let name = words.next()?.to_owned();
    let group = words.next();
    let named = group.map(|group| group.strip_prefix(':').unwrap_or(group)).filter(|group| !group.is_empty());
    Some(User {
        name,
        group: named.map(str::to_owned),
        supplementary_groups: group.is_some_and(|group| group.starts_with(':')),
        place: Place::keepalived(statement.line.span.clone()),
    })
}
