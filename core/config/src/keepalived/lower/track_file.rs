//! `track_file`, which was called `vrrp_track_file`.

use std::time::Duration;

use keepwatch_vrrp::{TrackPolicy, TrackWeight};

use super::super::keywords::Level;
use super::super::number;
use super::super::parser::Statement;
use super::checks::{CheckAt, Checks, Kind};
use super::reader::Reader;
use super::track;
use crate::model::{Check, CheckKind, InitFile, Overwrite, Place, TrackFile};
use crate::similar::{choice, shown};

/// How often a file is read that does not tell when it changes. keepalived only hears of changes.
pub(super) const INTERVAL: Duration = Duration::from_secs(1);

/// What the number counts unless the file says otherwise.
const WEIGHT: TrackWeight = TrackWeight::Adjust { weight: 1, reverse: false };

/// Reads one block; `None` if keepalived would drop it, which is then reported.
pub(super) fn read(block: &Statement<'_>, checks: &mut Checks, reader: &mut Reader<'_>) -> Option<CheckAt> {
    let name = reader.value(block)?.text.clone().into_owned();
    let mut path = None;
    let mut weight = None;
    let mut init = None;
    for statement in block.entries() {
        if !reader.accepts(Level::TrackFile, statement) {
            continue;
        }
        match statement.keyword() {
            keyword @ "file" if path.is_some() => reader.there_already(statement, keyword),
            "file" => path = reader.value(statement).map(|word| reader.below_root(word)),
            keyword @ "weight" if weight.is_some_and(|weight| weight != WEIGHT) => {
                reader.there_already(statement, keyword);
            }
            "weight" => weight = track::number_weight(statement, 1, reader).or(weight),
            _ => init = Some(init_file(statement, reader)),
        }
    }
    let span = block.line.span.clone();
    let misspelt = reader.take_misspelt(Level::TrackFile);
    let Some(path) = path else {
        if misspelt.iter().any(|misspelt| misspelt.keyword == "file") {
            checks.miss(Kind::File, name);
            return None;
        }
        let message = format!("the track file {} has no `file`", shown(&name));
        reader.survived(&span, message, "", "leaves it out");
        return None;
    };
    let check = Check {
        name: name.clone(),
        what: CheckKind::TrackFile(TrackFile { path, init }),
        interval: INTERVAL,
        timeout: INTERVAL,
        policy: TrackPolicy::default(),
        weight: weight.unwrap_or(WEIGHT),
        place: Place::keepalived(span.clone()),
    };
    Some(CheckAt { check, kind: Kind::File, written: name, span, timeout_at: None })
}

/// `init_file [VALUE] [overwrite]`, in any order.
fn init_file(statement: &Statement<'_>, reader: &mut Reader<'_>) -> InitFile {
    let mut init = InitFile { value: 0, overwrite: Overwrite::Never };
    for word in &statement.line.arguments {
        let text = word.text.as_ref();
        if text == "overwrite" {
            init.overwrite = Overwrite::AtStart;
            continue;
        }
        if !text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
            let message = format!("{} is no option of `init_file`", shown(text));
            let label = choice(text, &["overwrite"], "must be a number or `overwrite`");
            reader.survived(&word.span, message, label, "ignores it");
            continue;
        }
        let number = number::whole(text);
        let Some(value) = i32::try_from(number.value).ok().filter(|_| number.clean) else {
            let message = format!("{} is no whole number", shown(text));
            reader.survived(&word.span, message, "", "uses 0");
            init.value = 0;
            continue;
        };
        if !(-254..=254).contains(&value) {
            let message = format!("the number {value} is more than any priority");
            reader.survived(&word.span, message, "-254 to 254 make sense", "uses it");
        }
        init.value = value;
    }
    init
}
