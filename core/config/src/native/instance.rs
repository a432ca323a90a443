//! `[instance.NAME]`: what an instance tracks, be it of this file or of the keepalived.conf.

use std::ops::Range;

use keepwatch_vrrp::TrackWeight;
use toml::de::DeTable;

use super::keys::{ADDED, GARP, NOTIFY_SCRIPTS, ROUTER, TRACK};
use super::reader::{Entry, Reader};
use crate::model::InterfaceName;
use crate::similar::shown;

/// Where an instance is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// Here.
    Own,
    /// In the keepalived.conf.
    Keepalived,
}

/// What is added to an instance.
pub(super) struct Addition {
    pub(super) instance: String,
    /// Where its name stands.
    pub(super) span: Range<usize>,
    pub(super) whose: Whose,
    pub(super) tracks: Vec<Track>,
}

/// One entry of `track`.
pub(super) struct Track {
    pub(super) what: What,
    /// Where the name stands.
    pub(super) name_at: Range<usize>,
    /// Where all of it stands.
    pub(super) span: Range<usize>,
    /// `None`: what the check says, or 0.
    pub(super) weight: Option<i16>,
    pub(super) reverse: Option<bool>,
}

/// What is tracked.
pub(super) enum What {
    Check(String),
    Interface(InterfaceName),
}

pub(super) fn read(
    reader: &mut Reader<'_>,
    name: &str,
    table: &DeTable<'_>,
    span: &Range<usize>,
    whose: Whose,
) -> Addition {
    match whose {
        Whose::Own => {
            reader.only(table, &[ROUTER, GARP, NOTIFY_SCRIPTS, ADDED], "[instance]");
        }
        Whose::Keepalived => {
            reader.only(table, &[ADDED], "[instance]: its other settings are in the keepalived.conf");
        }
    }
    let tracks = tracks(reader, table);
    Addition { instance: name.to_owned(), span: span.clone(), whose, tracks }
}

/// The list under `track`.
pub(super) fn tracks(reader: &mut Reader<'_>, table: &DeTable<'_>) -> Vec<Track> {
    let Some(list) = table.get("track") else { return Vec::new() };
    let Some(entries) = list.get_ref().as_array() else {
        reader.wrong(list, "a list: [\"CHECK\", { check = \"CHECK\", weight = -50 }]");
        return Vec::new();
    };
    entries.iter().filter_map(|entry| track(reader, entry)).collect()
}

fn track(reader: &mut Reader<'_>, entry: Entry<'_, '_>) -> Option<Track> {
    let span = entry.span();
    if let Some(name) = entry.get_ref().as_str() {
        let what = What::Check(name.to_owned());
        return Some(Track { what, name_at: span.clone(), span, weight: None, reverse: None });
    }
    let what = "the name of a check, or { check = \"NAME\" } or { interface = \"NAME\" }";
    let table = reader.table(entry, what)?;
    reader.only(table, &[TRACK], "an entry of `track`");
    let weight = table.get("weight").map(|value| weight(reader, value));
    let reverse = table.get("reverse").map(|value| reader.flag(value));
    let (what, name_at) = match (table.get("check"), table.get("interface")) {
        (Some(check), None) => (What::Check(reader.text(check)?), check.span()),
        (None, Some(interface)) => (What::Interface(reader.interface(interface)?), interface.span()),
        (Some(_), Some(second)) => {
            reader.error(
                &second.span(),
                "an entry of `track` names one thing",
                "write another entry for this",
            );
            return None;
        }
        (None, None) => {
            reader.error(&span, "this entry of `track` names nothing", "add check = \"NAME\"");
            return None;
        }
    };
    Some(Track { what, name_at, span, weight: lift(weight)?, reverse: lift(reverse)? })
}

/// A value that is wrong makes the entry wrong; one that is absent does not.
fn lift<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    match value {
        Some(None) => None,
        Some(read) => Some(read),
        None => Some(None),
    }
}

/// A weight, from -254 to 254: what a number in a file comes to is FAULT from -254 down.
pub(super) fn weight(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<i16> {
    reader.whole(value, -254..=254).and_then(|weight| i16::try_from(weight).ok())
}

/// What a weight does.
pub(super) fn weighted(weight: i16, reverse: bool) -> TrackWeight {
    if weight == 0 { TrackWeight::Fault { reverse } } else { TrackWeight::Adjust { weight, reverse } }
}

impl Track {
    /// What it does, if nothing else is said here than `default`.
    pub(super) fn weight(&self, default: TrackWeight) -> TrackWeight {
        let (weight, reverse) = match default {
            TrackWeight::Fault { reverse } => (0, reverse),
            TrackWeight::Adjust { weight, reverse } => (weight, reverse),
        };
        weighted(self.weight.unwrap_or(weight), self.reverse.unwrap_or(reverse))
    }

    pub(super) fn name(&self) -> String {
        match &self.what {
            What::Check(name) => shown(name),
            What::Interface(interface) => shown(interface.as_str()),
        }
    }
}
