//! `vrrp_track_process`.

use std::time::Duration;

use keepwatch_vrrp::{TrackPolicy, TrackWeight};

use super::super::keywords::Level;
use super::super::parser::Statement;
use super::checks::{CheckAt, Checks, Kind};
use super::reader::Reader;
use super::{track, track_file};
use crate::model::{Check, CheckKind, Place, ProcessCheck, ProcessMatch};
use crate::similar::{choice, shown};

/// What a block has said so far.
#[derive(Default)]
struct Said {
    /// Program and arguments.
    process: Option<(String, Vec<String>)>,
    matching: Option<Matching>,
    weight: Option<TrackWeight>,
    /// `None`: 1.
    quorum: Option<u32>,
    most: Option<u32>,
    fork_delay: Duration,
    terminate_delay: Duration,
}

/// `full_command` and `param_match`.
#[derive(Clone, Copy)]
enum Matching {
    Full,
    Exactly,
    First,
    Beginning,
}

/// Reads one block; `None` if keepalived would drop it, which is then reported.
pub(super) fn read(block: &Statement<'_>, checks: &mut Checks, reader: &mut Reader<'_>) -> Option<CheckAt> {
    let name = reader.value(block)?.text.clone().into_owned();
    let mut said = Said::default();
    for statement in block.entries() {
        if reader.accepts(Level::TrackProcess, statement) {
            said.read(statement, reader);
        }
    }
    let span = block.line.span.clone();
    let misspelt = reader.take_misspelt(Level::TrackProcess);
    let weight = said.weight.unwrap_or(TrackWeight::Fault { reverse: false });
    let Some(process) = said.complete() else {
        if misspelt.iter().any(|misspelt| misspelt.keyword == "process") {
            checks.miss(Kind::Process, name);
            return None;
        }
        let message = format!("the track process {} has no `process`", shown(&name));
        reader.survived(&span, message, "", "leaves it out");
        return None;
    };
    let check = Check {
        name: name.clone(),
        what: CheckKind::Process(process),
        interval: track_file::INTERVAL,
        timeout: track_file::INTERVAL,
        policy: TrackPolicy::default(),
        weight,
        place: Place::keepalived(span.clone()),
    };
    Some(CheckAt { check, kind: Kind::Process, written: name, span, timeout_at: None })
}

impl Said {
    fn read(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        match statement.keyword() {
            keyword @ "process" if self.process.is_some() => reader.there_already(statement, keyword),
            "process" => {
                let Some(program) = reader.value(statement) else { return };
                let arguments = statement.line.arguments.iter().skip(1);
                let arguments = arguments.map(|word| word.text.clone().into_owned()).collect();
                self.process = Some((program.text.clone().into_owned(), arguments));
            }
            "param_match" => self.matching = param_match(statement, reader).or(self.matching),
            "full_command" => {
                self.matching.get_or_insert(Matching::Full);
            }
            keyword @ "weight" if matches!(self.weight, Some(TrackWeight::Adjust { .. })) => {
                reader.there_already(statement, keyword);
            }
            "weight" => self.weight = track::number_weight(statement, 0, reader).or(self.weight),
            "quorum" => self.quorum(statement, reader),
            "quorum_max" => self.quorum_max(statement, reader),
            keyword => {
                let range = Duration::from_micros(1)..=Duration::from_secs(3600);
                let Some(delay) = reader.seconds(statement, range, 6, "ignores the line") else { return };
                if keyword != "fork_delay" {
                    self.terminate_delay = delay;
                }
                if keyword != "terminate_delay" {
                    self.fork_delay = delay;
                }
            }
        }
    }

    fn quorum(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        let Some(quorum) = reader.whole(statement, 1..=65535, "ignores the line") else { return };
        if self.most.is_some_and(|most| quorum > most) {
            let message = "`quorum` is more than `quorum_max`";
            return reader.survived(&statement.line.span, message, "", "ignores the line");
        }
        self.quorum = Some(quorum);
    }

    fn quorum_max(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        let Some(most) = reader.whole(statement, 0..=65535, "ignores the line") else { return };
        // 0 stands for "none may run", which goes with the quorum that nobody has asked for.
        let quorum = self.quorum.unwrap_or(1);
        if most < quorum && (most > 0 || quorum > 1) {
            let message = "`quorum_max` is less than `quorum`";
            return reader.survived(&statement.line.span, message, "", "ignores the line");
        }
        self.most = Some(most);
        self.quorum = Some(if most == 0 { 0 } else { quorum.max(1) });
    }

    fn complete(self) -> Option<ProcessCheck> {
        let (program, arguments) = self.process?;
        let matching = match self.matching {
            None if arguments.is_empty() => ProcessMatch::Name,
            Some(Matching::Full) if arguments.is_empty() => ProcessMatch::Program,
            None | Some(Matching::Full | Matching::Exactly) => ProcessMatch::Exactly(arguments),
            Some(Matching::First) => ProcessMatch::First(arguments),
            Some(Matching::Beginning) => ProcessMatch::Beginning(arguments),
        };
        Some(ProcessCheck {
            program,
            matching,
            quorum: self.quorum.unwrap_or(1),
            quorum_max: self.most,
            fork_delay: self.fork_delay,
            terminate_delay: self.terminate_delay,
        })
    }
}

fn param_match(statement: &Statement<'_>, reader: &mut Reader<'_>) -> Option<Matching> {
    let Some(word) = statement.argument(0) else { return Some(Matching::Exactly) };
    match word.text.as_ref() {
        "initial" => Some(Matching::Beginning),
        "partial" => Some(Matching::First),
        other => {
            let message = format!("`param_match` cannot be {}", shown(other));
            let label = choice(other, &["initial", "partial"], "must be initial, partial, or nothing");
            reader.survived(&word.span, message, label, "ignores the line");
            None
        }
    }
}
