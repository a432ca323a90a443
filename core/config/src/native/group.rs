//! `[group.NAME]`: instances that are MASTER together, or none of them.

use std::ops::Range;

use toml::de::DeTable;

use super::instance::{self, Track};
use super::keys::{GROUP, NOTIFY_SCRIPTS};
use super::notify_scripts;
use super::reader::{Reader, optional};
use super::router::{Router, ipv6_name};
use crate::diagnostic::Diagnostic;
use crate::model::{Deleted, Instance, Notify, SyncGroup, Written};
use crate::similar::{choice, shown, there_is};
use crate::site::Refused;

/// A group, as it is written.
pub(super) struct Group {
    pub(super) name: String,
    pub(super) span: Range<usize>,
    /// What all members track.
    pub(super) tracks: Vec<Track>,
    /// `sync_group_tracking_weight`: whether members may move by themselves.
    pub(super) weights_allowed: bool,
    members: Vec<Written>,
    notify: Notify,
}

pub(super) fn read(
    reader: &mut Reader<'_>,
    name: &str,
    table: &DeTable<'_>,
    span: &Range<usize>,
) -> Option<Group> {
    reader.only(table, &[GROUP, NOTIFY_SCRIPTS], "[group]");
    let (tracks, notify) = (instance::tracks(reader, table), notify_scripts::read(reader, table));
    let Some(value) = table.get("members") else {
        let finding = Diagnostic::error(span, format!("the group {} has no members", shown(name)), "")
            .help("add members = [\"INSTANCE\", \"INSTANCE\"]");
        reader.findings.push(finding);
        return None;
    };
    let allowed = optional(table, "sync_group_tracking_weight", |value| reader.flag(value));
    let weights_allowed = allowed.unwrap_or_default();
    let members = reader.texts(value, "a list: [\"INSTANCE\", \"INSTANCE\"]")?;
    Some(Group { name: name.to_owned(), span: span.clone(), tracks, weights_allowed, members, notify })
}

/// The sync groups: those that are written, and one for each other instance with both families, which is one thing to
/// its users.
pub(super) fn resolve(
    reader: &mut Reader<'_>,
    groups: &[Group],
    routers: &[Router],
    refused: &Refused,
    instances: &[Instance],
) -> Vec<SyncGroup> {
    let names: Vec<&str> = instances.iter().map(|instance| instance.name.as_str()).collect();
    let mut resolved: Vec<SyncGroup> = Vec::new();
    for group in groups {
        let mut members: Vec<String> = Vec::new();
        for member in &group.members {
            let name = &member.text;
            if refused.has("instance", name) {
                continue;
            }
            if !names.contains(&name.as_str()) {
                // The second half of an instance belongs to its group by itself.
                let is_half = |name: &&str| {
                    routers.iter().any(|router| router.is_two() && ipv6_name(&router.name) == **name)
                };
                let whole = names.iter().copied().filter(|name| !is_half(name));
                let known: Vec<&str> = whole.chain(refused.of("instance")).collect();
                let label = choice(name, &known, &there_is(&known));
                reader.error(&member.span, format!("there is no instance {}", shown(name)), label);
                continue;
            }
            let is_taken = |taken: &SyncGroup| taken.members.contains(name);
            if members.contains(name) || resolved.iter().any(is_taken) {
                let message = format!("{} is in a group already", shown(name));
                reader.error(&member.span, message, "an instance can be in one group only");
                continue;
            }
            members.push(name.clone());
            members.extend(second_of(name, routers));
        }
        resolved.push(SyncGroup { notify: group.notify.clone(), ..sync_group(group.name.clone(), members) });
    }
    for router in routers {
        let is_member = resolved.iter().any(|group| group.members.contains(&router.name));
        if let Some(second) = second_of(&router.name, routers).filter(|_| !is_member) {
            resolved.push(sync_group(router.name.clone(), vec![router.name.clone(), second]));
        }
    }
    resolved
}

/// Gives `notify_deleted` and `notify_priority_changes` of a group to those of its members that say nothing of it: only
/// instances are told of as deleted, and have a priority.
pub(super) fn hand_down(groups: &mut [SyncGroup], routers: &[Router], instances: &mut [Instance]) {
    let says_otherwise = |name: &str| {
        let is_of = |router: &&Router| router.instances.iter().any(|instance| instance.name == name);
        routers.iter().find(is_of).is_some_and(|router| router.priority_changes == Some(false))
    };
    for group in groups {
        let deleted = std::mem::take(&mut group.notify.deleted);
        let priority_changes = std::mem::take(&mut group.notify.priority_changes);
        let is_member = |instance: &&mut Instance| group.members.contains(&instance.name);
        for member in instances.iter_mut().filter(is_member) {
            if member.notify.deleted == Deleted::AsFault {
                member.notify.deleted = deleted.clone();
            }
            member.notify.priority_changes |= priority_changes && !says_otherwise(&member.name);
        }
    }
}

/// The IPv6 half of an instance with both families.
fn second_of(name: &str, routers: &[Router]) -> Option<String> {
    let router = routers.iter().find(|router| router.name == name)?;
    router.is_two().then(|| ipv6_name(name))
}

fn sync_group(name: String, members: Vec<String>) -> SyncGroup {
    let (track_interfaces, track_checks) = (Vec::new(), Vec::new());
    SyncGroup { name, members, track_interfaces, track_checks, notify: Notify::default(), mail_alert: false }
}
