//! `vrrp_garp_interval`, `vrrp_gna_interval` and `garp_group`: the least time between announcements.

use std::time::Duration;

use toml::de::DeTable;

use super::keys::GARP_GROUP;
use super::reader::{Entry, Reader, optional};
use crate::diagnostic::Diagnostic;
use crate::model::{self, InterfaceName, Intervals, SpacingGroup};
use crate::similar::shown;

/// What is said of it.
#[derive(Debug, Default)]
pub(super) struct Spacing {
    garp: Option<Duration>,
    gna: Option<Duration>,
    groups: Vec<SpacingGroup>,
}

impl Spacing {
    /// Takes precedence over what the keepalived.conf says, of the same interfaces.
    pub(super) fn over(self, spacing: &mut model::Spacing) {
        let Self { garp, gna, groups } = self;
        spacing.each.garp = garp.unwrap_or(spacing.each.garp);
        spacing.each.gna = gna.unwrap_or(spacing.each.gna);
        let is_here = |interface: &InterfaceName| groups.iter().any(|own| own.interfaces.contains(interface));
        for known in &mut spacing.groups {
            known.interfaces.retain(|interface| !is_here(interface));
        }
        spacing.groups.retain(|known| !known.interfaces.is_empty());
        spacing.groups.extend(groups);
    }
}

/// Reads what stands above all tables.
pub(super) fn read(reader: &mut Reader<'_>, root: &DeTable<'_>) -> Spacing {
    let garp = optional(root, "vrrp_garp_interval", |value| interval(reader, value));
    let gna = optional(root, "vrrp_gna_interval", |value| interval(reader, value));
    let groups = root.get("garp_group").map(|groups| read_groups(reader, groups)).unwrap_or_default();
    Spacing { garp, gna, groups }
}

fn read_groups(reader: &mut Reader<'_>, groups: Entry<'_, '_>) -> Vec<SpacingGroup> {
    const WHAT: &str = "a list of tables: [{ interfaces = [\"eth0\"], garp_interval = \"1ms\" }]";
    let Some(entries) = groups.get_ref().as_array() else {
        reader.wrong(groups, WHAT);
        return Vec::new();
    };
    let mut known = Vec::new();
    let mut read = Vec::new();
    for entry in entries {
        let Some(table) = reader.table(entry, WHAT) else { continue };
        reader.only(table, &[GARP_GROUP], "a `garp_group`");
        let interfaces = table.get("interfaces").map(|names| interfaces(reader, names, &mut known));
        let garp = optional(table, "garp_interval", |value| interval(reader, value));
        let gna = optional(table, "gna_interval", |value| interval(reader, value));
        let Some(interfaces) = interfaces.filter(|interfaces| !interfaces.is_empty()) else {
            if table.get("interfaces").is_none() {
                reader.error(&entry.span(), "this group has no interfaces", "write interfaces = [\"eth0\"]");
            }
            continue;
        };
        let intervals = Intervals { garp: garp.unwrap_or_default(), gna: gna.unwrap_or_default() };
        read.push(SpacingGroup { interfaces, intervals });
    }
    read
}

fn interfaces(
    reader: &mut Reader<'_>,
    names: Entry<'_, '_>,
    known: &mut Vec<InterfaceName>,
) -> Vec<InterfaceName> {
    let Some(entries) = names.get_ref().as_array().filter(|entries| !entries.is_empty()) else {
        reader.wrong(names, "a list of interfaces: [\"eth0\"]");
        return Vec::new();
    };
    let mut read = Vec::new();
    for entry in entries {
        let Some(text) = reader.text(entry) else { continue };
        let Some(name) = InterfaceName::new(&text) else {
            let message = format!("{} cannot be the name of an interface", shown(&text));
            reader.error(&entry.span(), message, "must be 1 to 15 octets without `/` and `:`");
            continue;
        };
        if known.contains(&name) {
            let message = format!("{} is in a group already", shown(&text));
            reader.error(&entry.span(), message, "remove one of them");
            continue;
        }
        known.push(name.clone());
        read.push(name);
    }
    read
}

fn interval(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<Duration> {
    let interval = reader.pause(value)?;
    let (most, span) = (model::Spacing::MOST, value.span());
    if interval > most {
        reader.error(&span, "this is longer than announcements can be apart", "at most \"4294s\"");
        return None;
    }
    if interval >= model::Spacing::LONG {
        let message = format!("announcements are {} s apart", interval.as_secs_f64());
        let label =
            "neighbours of the last address hear of a take-over this much later for each one before it";
        reader.findings.push(Diagnostic::remark(&span, message, label));
    }
    Some(interval)
}
