//! `vrrp_sync_group`.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::super::keywords::Level;
use super::super::parser::Statement;
use super::super::token::Word;
use super::At;
use super::checks::Checks;
use super::globals::GlobalDefs;
use super::instance::Draft;
use super::notify::Notified;
use super::reader::Reader;
use super::track::Tracked;
use crate::model::SyncGroup;
use crate::similar::shown;

/// What a group says.
pub(super) struct GroupDraft {
    name: String,
    span: Range<usize>,
    members: Vec<At<String>>,
    weights_allowed: bool,
    tracked: Tracked,
    notify: Notified,
    alert: Option<At<bool>>,
}

/// A group whose members are all there.
pub(super) struct Resolved {
    pub(super) name: String,
    pub(super) members: Vec<String>,
    /// `sync_group_tracking_weight`.
    pub(super) weights_allowed: bool,
    pub(super) tracked: Tracked,
    pub(super) notify: Notified,
    /// Its own `smtp_alert`.
    pub(super) alert: Option<At<bool>>,
}

impl GroupDraft {
    /// Reads one block; `None` if keepalived would drop it, which is then reported.
    pub(super) fn read(
        name: &Word<'_>,
        block: &Statement<'_>,
        checks: &Checks,
        reader: &mut Reader<'_>,
    ) -> Option<Self> {
        let mut group = Self {
            name: name.text.clone().into_owned(),
            span: block.line.span.clone(),
            members: Vec::new(),
            weights_allowed: false,
            tracked: Tracked::default(),
            notify: Notified::default(),
            alert: None,
        };
        for statement in block.entries() {
            if reader.accepts(Level::SyncGroup, statement) {
                group.setting(statement, checks, reader);
            }
        }
        let misspelt = reader.take_misspelt(Level::SyncGroup);
        if group.members.is_empty() {
            if misspelt.iter().any(|misspelt| misspelt.keyword == "group") {
                return None;
            }
            let message = format!("the sync group {} has no members", shown(&group.name));
            reader.survived(&group.span, message, "", "leaves it out");
            return None;
        }
        Some(group)
    }

    fn setting(&mut self, statement: &Statement<'_>, checks: &Checks, reader: &mut Reader<'_>) {
        match statement.keyword() {
            "group" if !self.members.is_empty() => {
                let span = &statement.line.keyword.span;
                reader.survived(span, "`group` is there already", "", "uses the first one");
            }
            "group" => {
                let at =
                    |word: &Word<'_>| At { value: word.text.clone().into_owned(), span: word.span.clone() };
                self.members = reader.words(statement).into_iter().map(at).collect();
            }
            "track_interface" => self.tracked.read_interfaces(statement, reader),
            "track_script" | "track_file" | "track_process" => {
                self.tracked.read_checks(statement, checks, reader);
            }
            "smtp_alert" => {
                if let Some(value) = reader.switch(statement) {
                    self.alert = Some(At { value, span: statement.line.span.clone() });
                }
            }
            "sync_group_tracking_weight" | "global_tracking" => self.weights_allowed = true,
            _ => self.notify.read(statement, reader),
        }
    }
}

/// Finds the members of all groups.
pub(super) fn resolve(
    groups: Vec<GroupDraft>,
    instances: &[Draft<'_>],
    reader: &mut Reader<'_>,
) -> Vec<Resolved> {
    let known: HashSet<&str> = instances.iter().map(|draft| draft.name.text.as_ref()).collect();
    let mut taken: HashMap<String, Range<usize>> = HashMap::new();
    let mut resolved = Vec::new();
    for group in groups {
        let mut members = Vec::new();
        // What a misspelt `vrrp_instance` makes of the group is not said again.
        let mut has_misspelt = false;
        for At { value, span } in group.members {
            if !known.contains(value.as_str()) && reader.has_misspelt_block("vrrp_instance", &value) {
                has_misspelt = true;
            } else if !known.contains(value.as_str()) {
                let message = format!("there is no vrrp_instance {}", shown(&value));
                reader.survived(&span, message, "", "leaves this member out");
            } else if taken.contains_key(&value) {
                let message = format!("{} is in a sync group already", shown(&value));
                reader.survived(&span, message, "", "leaves this member out");
            } else {
                taken.insert(value.clone(), span);
                members.push(value);
            }
        }
        let name = shown(&group.name);
        match members.as_slice() {
            [] if has_misspelt => continue,
            [_] if has_misspelt => {}
            [] => {
                let message = format!("the sync group {name} has no members");
                reader.survived(&group.span, message, "", "leaves it out");
                continue;
            }
            [_] => {
                let message = format!("the sync group {name} has one member only");
                reader.survived(&group.span, message, "", "goes on");
            }
            _ => {}
        }
        resolved.push(Resolved {
            name: group.name,
            members,
            weights_allowed: group.weights_allowed,
            tracked: group.tracked,
            notify: group.notify,
            alert: group.alert,
        });
    }
    resolved
}

impl Resolved {
    /// Whether its transitions send mail.
    pub(super) fn sends_mail(&self, globals: &GlobalDefs) -> bool {
        self.alert.as_ref().map_or_else(|| globals.alert(), |alert| alert.value)
    }

    pub(super) fn into_model(self, globals: &GlobalDefs) -> SyncGroup {
        let mail_alert = self.sends_mail(globals);
        SyncGroup {
            name: self.name,
            members: self.members,
            track_interfaces: self.tracked.interfaces.into_iter().map(|at| at.value).collect(),
            track_checks: self.tracked.checks.into_iter().map(|at| at.track).collect(),
            notify: self.notify.of_group(),
            mail_alert,
        }
    }
}
