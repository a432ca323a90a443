//! `track_interface`, `track_script`, `track_file` and `track_process`, and what their verdicts weigh.

use std::collections::HashSet;
use std::ops::Range;

use keepwatch_vrrp::TrackWeight;

use super::super::number;
use super::super::parser::Statement;
use super::super::token::Word;
use super::At;
use super::checks::{Checks, Kind};
use super::reader::Reader;
use crate::model::{InterfaceName, Place, TrackCheck, TrackInterface};
use crate::similar::{choice, shown};

/// What an instance or a group tracks.
#[derive(Default)]
pub(super) struct Tracked {
    pub(super) interfaces: Vec<At<TrackInterface>>,
    pub(super) checks: Vec<Checked>,
    known_interfaces: HashSet<InterfaceName>,
    known_checks: HashSet<(Kind, String)>,
}

/// A check that is tracked.
#[derive(Clone)]
pub(super) struct Checked {
    pub(super) kind: Kind,
    pub(super) track: TrackCheck,
    pub(super) span: Range<usize>,
}

impl Tracked {
    /// Reads a `track_interface` block.
    pub(super) fn read_interfaces(&mut self, block: &Statement<'_>, reader: &mut Reader<'_>) {
        for entry in reader.entries(block) {
            let word = &entry.line.keyword;
            let Some(interface) = interface_name(word, reader) else { continue };
            if !self.known_interfaces.insert(interface.clone()) {
                reader.survived(&word.span, "this interface is tracked already", "", "uses the first one");
                continue;
            }
            if let Some(weight) = weight(entry, TrackWeight::Fault { reverse: false }, None, reader) {
                let span = entry.line.span.clone();
                let place = Place::keepalived(span.clone());
                self.interfaces.push(At { value: TrackInterface { interface, weight, place }, span });
            }
        }
    }

    /// Reads a `track_script`, `track_file` or `track_process` block; `checks` are those defined before it.
    pub(super) fn read_checks(&mut self, block: &Statement<'_>, checks: &Checks, reader: &mut Reader<'_>) {
        let Some(kind) = Kind::of_tracker(block.keyword()) else { return };
        for entry in reader.entries(block) {
            let word = &entry.line.keyword;
            let key = (kind, word.text.clone().into_owned());
            reader.tracked.insert(key.clone());
            let Some(known) = checks.get(kind, &key.1) else {
                // Why there is none has been said where the keyword is misspelt.
                if checks.is_missed(kind, &key.1) || reader.has_misspelt_block(kind.block(), &key.1) {
                    continue;
                }
                let message = format!("there is no {} {}", kind.noun(), shown(&key.1));
                let label = format!("no {} of this name stands above", kind.block());
                reader.survived(&word.span, message, label, "does not track it");
                continue;
            };
            if !self.known_checks.insert(key) {
                let message = format!("this {} is tracked already", kind.noun());
                reader.survived(&word.span, message, "", "uses the first one");
                continue;
            }
            if let Some(weight) = weight(entry, known.weight, Some(kind), reader) {
                let track = TrackCheck { check: known.name.clone(), weight };
                self.checks.push(Checked { kind, track, span: entry.line.span.clone() });
            }
        }
    }
}

/// A name that an interface can have. keepalived refuses to start without the interface; so does this.
pub(super) fn interface_name(word: &Word<'_>, reader: &mut Reader<'_>) -> Option<InterfaceName> {
    let name = InterfaceName::new(&word.text);
    if name.is_none() {
        let message = format!("{} cannot be the name of an interface", shown(&word.text));
        let label = "must be 1 to 15 octets without `/` and `:`";
        reader.report(crate::diagnostic::Diagnostic::error(&word.span, message, label));
    }
    name
}

/// How far the weight of an interface may go.
const MOST: i64 = 253;

/// What the options of an entry say, of a check of this kind or of an interface; `None` if keepalived drops the entry.
fn weight(
    entry: &Statement<'_>,
    default: TrackWeight,
    kind: Option<Kind>,
    reader: &mut Reader<'_>,
) -> Option<TrackWeight> {
    let Some(option) = entry.argument(0) else { return Some(default) };
    let value = entry.argument(1).filter(|_| option.text == "weight");
    let Some(value) = value else {
        let label = match option.text.as_ref() {
            "weight" => "a number should follow".to_owned(),
            other => choice(other, &["weight"], "must be `weight` and a number"),
        };
        reader.survived(&option.span, "an entry has an option that cannot be", label, "does not track it");
        return None;
    };
    let (default_weight, mut reverse) = parts(default);
    let number = number::whole(&value.text);
    let most = kind.map_or(MOST, Kind::most);
    let label = format!("must be -{most} to {most}");
    let weight = match number.value {
        -254..=254 => {
            let weight = number.value.clamp(-most, most);
            reader.check_clean(value, number, || weight.to_string());
            if weight != number.value {
                let outcome = format!("uses {weight}");
                reader.survived(&value.span, "a weight is out of range", label, &outcome);
            }
            weight
        }
        _ => {
            let outcome = format!("uses {default_weight}");
            reader.survived(&value.span, "a weight is out of range", label, &outcome);
            default_weight
        }
    };
    match entry.argument(2).map(|word| (word, word.text.as_ref())) {
        Some((_, "reverse")) => reverse = true,
        Some((_, "noreverse")) => reverse = false,
        Some((word, other)) => {
            let message = format!("{} is no option of a weight", shown(other));
            let label = choice(other, &["reverse", "noreverse"], "must be `reverse`");
            if kind == Some(Kind::File) {
                reader.survived(&word.span, message, label, "does not track the file");
                return None;
            }
            reader.survived(&word.span, message, label, "ignores it");
        }
        None => {}
    }
    Some(weighted(weight, reverse))
}

/// `weight` in a `vrrp_script`.
pub(super) fn script_weight(statement: &Statement<'_>, reader: &mut Reader<'_>) -> Option<TrackWeight> {
    let word = reader.value(statement)?;
    let number = number::whole(&word.text);
    let weight = number.value.clamp(-253, 253);
    if weight == number.value {
        reader.check_clean(word, number, || weight.to_string());
    } else {
        let outcome = format!("moves the priority as far as it goes, as {weight} does");
        reader.survived(&word.span, "a weight is out of range", "must be -253 to 253", &outcome);
    }
    Some(weighted(weight, reverses(statement, reader)))
}

/// `weight` in a `track_file` or a `vrrp_track_process`; `default` is what counts if it cannot be.
pub(super) fn number_weight(
    statement: &Statement<'_>,
    default: i64,
    reader: &mut Reader<'_>,
) -> Option<TrackWeight> {
    let word = reader.value(statement)?;
    let number = number::whole(&word.text);
    let weight = if (-254..=254).contains(&number.value) {
        reader.check_clean(word, number, || number.value.to_string());
        number.value
    } else {
        let outcome = format!("uses {default}");
        reader.survived(&word.span, "a weight is out of range", "must be -254 to 254", &outcome);
        default
    };
    Some(weighted(weight, reverses(statement, reader)))
}

fn reverses(statement: &Statement<'_>, reader: &mut Reader<'_>) -> bool {
    let Some(word) = statement.argument(1) else { return false };
    if word.text != "reverse" {
        let message = format!("{} is no option of a weight", shown(&word.text));
        let label = choice(&word.text, &["reverse"], "must be `reverse`");
        reader.survived(&word.span, message, label, "ignores it");
        return false;
    }
    true
}

fn weighted(weight: i64, reverse: bool) -> TrackWeight {
    match i16::try_from(weight) {
        Ok(weight) if weight != 0 => TrackWeight::Adjust { weight, reverse },
        _ => TrackWeight::Fault { reverse },
    }
}

fn parts(weight: TrackWeight) -> (i64, bool) {
    match weight {
        TrackWeight::Fault { reverse } => (0, reverse),
        TrackWeight::Adjust { weight, reverse } => (weight.into(), reverse),
    }
}
