//! `[check.NAME]`: what all checks have.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use keepwatch_vrrp::{TrackPolicy, TrackStart, Unknown};
use toml::de::DeTable;

use super::instance::{weight, weighted};
use super::keys::{CHECK, names};
use super::kinds::{self, KINDS, Kind};
use super::reader::{Reader, optional};
use super::track_file;
use crate::lint;
use crate::model::{Check, CheckKind, Place};
use crate::similar::{choice, shown, there_is};

/// How often something is looked at unless the file says otherwise.
const INTERVAL: Duration = Duration::from_secs(1);

pub(super) fn read(
    reader: &mut Reader<'_>,
    name: &str,
    table: &DeTable<'_>,
    folder: &Path,
    span: &Range<usize>,
) -> Option<Check> {
    let kind = kind(reader, name, table, span);
    only(reader, table, kind);
    let interval = optional(table, "interval", |value| reader.duration(value)).unwrap_or(INTERVAL);
    let given = optional(table, "timeout", |value| reader.duration(value));
    let timeout = given.unwrap_or(interval);
    if let Some(value) = table.get("timeout")
        && let Some(finding) = lint::timeout(&value.span(), name, interval, timeout)
    {
        reader.findings.push(finding);
    }
    let policy = policy(reader, table);
    let reverse = optional(table, "reverse", |value| reader.flag(value)).unwrap_or(false);
    let weight = optional(table, "weight", |value| weight(reader, value));
    let what = kinds::read(reader, kind?, name, table, folder)?;
    let default = if matches!(what, CheckKind::TrackFile(_)) { track_file::WEIGHT } else { 0 };
    let place = Place::native(span.clone());
    Some(Check {
        name: name.to_owned(),
        what,
        interval,
        timeout,
        policy,
        weight: weighted(weight.unwrap_or(default), reverse),
        place,
    })
}

/// What is looked at: exactly one of the keys that say so.
fn kind(
    reader: &mut Reader<'_>,
    name: &str,
    table: &DeTable<'_>,
    span: &Range<usize>,
) -> Option<&'static Kind> {
    // The interface of a gateway is where it is asked.
    let is_there = |kind: &&Kind| {
        table.contains_key(kind.key) && !(kind.key == "interface" && table.contains_key("gateway"))
    };
    let mut found = KINDS.iter().filter(is_there);
    let Some(first) = found.next() else {
        let keys: Vec<&str> = KINDS.iter().map(|kind| kind.key).collect();
        let label = format!("add one of {}", keys.join(", "));
        reader.error(span, format!("check {} looks at nothing", shown(name)), label);
        return None;
    };
    for second in found {
        if let Some((key, _)) = table.get_key_value(second.key) {
            let message = format!("check {} looks at `{}` already", shown(name), first.key);
            reader.error(&key.span(), message, "write a check of its own for this");
        }
    }
    Some(first)
}

/// Refuses keys that do not belong to the kind.
fn only(reader: &mut Reader<'_>, table: &DeTable<'_>, kind: Option<&Kind>) {
    let common = names(&[CHECK]);
    for key in table.keys() {
        let word = key.get_ref().as_ref();
        let of_kind = |kind: &Kind| kind.key == word || kind.keys().contains(&word);
        let is_kind = KINDS.iter().any(|kind| kind.key == word);
        if common.contains(&word) || is_kind || kind.is_some_and(of_kind) {
            continue;
        }
        let Some(kind) = kind else {
            // Whose key it is cannot be told.
            if !KINDS.iter().any(of_kind) {
                let known = KINDS.iter().map(|kind| kind.key).chain(common.iter().copied());
                let label = choice(word, &known.collect::<Vec<_>>(), "");
                reader.error(&key.span(), format!("unknown key {} in [check]", shown(word)), label);
            }
            continue;
        };
        let known = [kind.keys(), common.clone()].concat();
        let label = choice(word, &known, &there_is(&known));
        let message = format!("unknown key {} in a check with `{}`", shown(word), kind.key);
        reader.error(&key.span(), message, label);
    }
}

fn policy(reader: &mut Reader<'_>, table: &DeTable<'_>) -> TrackPolicy {
    let default = TrackPolicy::default();
    let init_fail = optional(table, "init_fail", |value| reader.flag(value)).unwrap_or(false);
    let words = [("keep", Unknown::Keep), ("fail", Unknown::Fail)];
    TrackPolicy {
        rise: optional(table, "rise", |value| reader.count(value)).unwrap_or(default.rise),
        fall: optional(table, "fall", |value| reader.count(value)).unwrap_or(default.fall),
        start: if init_fail { TrackStart::Down } else { default.start },
        unknown: optional(table, "unknown", |value| reader.one_of(value, &words)).unwrap_or(default.unknown),
    }
}
