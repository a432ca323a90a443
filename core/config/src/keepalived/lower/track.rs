//! `track_interface` and `track_script`, and what their verdicts weigh.

use std::collections::HashSet;

use keepwatch_vrrp::TrackWeight;

use super::super::number;
use super::super::parser::Statement;
use super::super::token::Word;
use super::At;
use super::reader::Reader;
use super::script::Scripts;
use crate::model::{InterfaceName, TrackCheck, TrackInterface};
use crate::similar::{choice, shown};

/// What an instance or a group tracks.
#[derive(Default)]
pub(super) struct Tracked {
    pub(super) interfaces: Vec<At<TrackInterface>>,
    pub(super) scripts: Vec<At<TrackCheck>>,
    known_interfaces: HashSet<InterfaceName>,
    known_scripts: HashSet<String>,
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
            if let Some(weight) = weight(entry, TrackWeight::Fault { reverse: false }, reader) {
                self.interfaces
                    .push(At { value: TrackInterface { interface, weight }, span: entry.line.span.clone() });
            }
        }
    }

    /// Reads a `track_script` block; `scripts` are those defined before it.
    pub(super) fn read_scripts(&mut self, block: &Statement<'_>, scripts: &Scripts, reader: &mut Reader<'_>) {
        for entry in reader.entries(block) {
            let word = &entry.line.keyword;
            let script = word.text.clone().into_owned();
            reader.tracked_scripts.insert(script.clone());
            let Some(default) = scripts.weight(&script) else {
                // Why there is none has been said where the keyword is misspelt.
                if scripts.is_misspelt(&script) || reader.has_misspelt_block("vrrp_script", &script) {
                    continue;
                }
                let message = format!("there is no script {}", shown(&script));
                let label = "no vrrp_script of this name stands above";
                reader.survived(&word.span, message, label, "does not track it");
                continue;
            };
            if !self.known_scripts.insert(script.clone()) {
                reader.survived(&word.span, "this script is tracked already", "", "uses the first one");
                continue;
            }
            if let Some(weight) = weight(entry, default, reader) {
                self.scripts
                    .push(At { value: TrackCheck { check: script, weight }, span: entry.line.span.clone() });
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

/// What the options of an entry say; `None` if keepalived drops the entry.
fn weight(entry: &Statement<'_>, default: TrackWeight, reader: &mut Reader<'_>) -> Option<TrackWeight> {
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
    let weight = match number.value {
        -254..=254 => {
            let weight = number.value.clamp(-253, 253);
            reader.check_clean(value, number, || weight.to_string());
            if weight != number.value {
                let outcome = format!("uses {weight}");
                reader.survived(&value.span, "a weight is out of range", "must be -253 to 253", &outcome);
            }
            weight
        }
        _ => {
            let outcome = format!("uses {default_weight}");
            reader.survived(&value.span, "a weight is out of range", "must be -253 to 253", &outcome);
            default_weight
        }
    };
    match entry.argument(2).map(|word| (word, word.text.as_ref())) {
        Some((_, "reverse")) => reverse = true,
        Some((_, "noreverse")) => reverse = false,
        Some((word, other)) => {
            let message = format!("{} is no option of a weight", shown(other));
            let label = choice(other, &["reverse", "noreverse"], "must be `reverse`");
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
    let option = statement.argument(1);
    if let Some(word) = option.filter(|word| word.text != "reverse") {
        let message = format!("{} is no option of a weight", shown(&word.text));
        let label = choice(&word.text, &["reverse"], "must be `reverse`");
        reader.survived(&word.span, message, label, "ignores it");
    }
    Some(weighted(weight, option.is_some_and(|word| word.text == "reverse")))
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
