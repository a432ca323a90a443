//! `vrrp_script`.

use std::time::Duration;

use keepwatch_vrrp::{TrackPolicy, TrackStart, TrackWeight};

use super::super::keywords::Level;
use super::super::parser::Statement;
use super::checks::{CheckAt, Checks, Kind};
use super::reader::Reader;
use super::twice::Twice;
use super::{notify, track};
use crate::diagnostic::Diagnostic;
use crate::lint::{self, Unread};
use crate::model::{Check, CheckKind, Command, Place, Reading, ScriptCheck};
use crate::similar::shown;

/// keepalived's longest interval: `UINT_MAX` microseconds.
const LONGEST: Duration = Duration::from_secs(4294);

/// Reads one block; `None` if keepalived would drop it, which is then reported.
pub(super) fn read(block: &Statement<'_>, checks: &mut Checks, reader: &mut Reader<'_>) -> Option<CheckAt> {
    let name = reader.value(block)?.text.clone().into_owned();
    let mut argv = None;
    let mut user = None;
    let mut interval = Duration::from_secs(1);
    let mut timeout = None;
    let mut weight = TrackWeight::Fault { reverse: false };
    let mut twice = Twice::default();
    let (mut place, mut timeout_at) = (block.line.span.clone(), None);
    let (mut rise, mut fall, mut init_fail) = (1, 1, false);
    for statement in block.entries() {
        if !reader.accepts(Level::Script, statement) {
            continue;
        }
        let before = reader.count();
        match statement.keyword() {
            "script" => {
                argv = command(statement, reader);
                place = statement.line.span.clone();
            }
            "interval" => interval = period(statement, reader).unwrap_or(interval),
            "timeout" => {
                timeout = period(statement, reader).or(timeout);
                timeout_at = Some(statement.line.span.clone());
            }
            "weight" => weight = track::script_weight(statement, reader).unwrap_or(weight),
            "rise" => rise = reader.whole(statement, 1..=0x7fff_ffff, "uses 1").unwrap_or(1),
            "fall" => fall = reader.whole(statement, 1..=0x7fff_ffff, "uses 1").unwrap_or(1),
            "user" => {
                if reader.value(statement).is_some() {
                    let words = statement.line.arguments.iter().map(|word| word.text.as_ref());
                    user = notify::user(words, statement);
                }
            }
            _ => init_fail = true,
        }
        twice.check(statement, before, reader);
    }
    let span = block.line.span.clone();
    let misspelt = reader.take_misspelt(Level::Script);
    let Some(argv) = argv else {
        if misspelt.iter().any(|misspelt| misspelt.keyword == "script") {
            checks.miss(Kind::Script, name);
            return None;
        }
        let message = format!("the script {} has no command", shown(&name));
        reader.survived(&span, message, "", "leaves it out");
        return None;
    };
    let place = Place::keepalived(place);
    let start = if init_fail { TrackStart::Down } else { TrackStart::Pending };
    let what =
        ScriptCheck { command: Command { argv, user, place: place.clone() }, reading: Reading::Status };
    let check = Check {
        name: name.clone(),
        what: CheckKind::Script(what),
        interval,
        timeout: timeout.unwrap_or(interval),
        policy: TrackPolicy { rise, fall, start, ..TrackPolicy::default() },
        weight,
        place,
    };
    Some(CheckAt { check, kind: Kind::Script, written: name, span, timeout_at })
}

fn command(statement: &Statement<'_>, reader: &mut Reader<'_>) -> Option<Vec<String>> {
    let (argv, rest) = notify::argv(statement, reader)?;
    if let (false, Some(second)) = (rest.is_empty(), statement.argument(1)) {
        let span = second.span.start..statement.line.span.end;
        reader.report(
            Diagnostic::warning(&span, "only the first word behind `script` is run", "these are not")
                .note("keepalived ignores them silently; keepwatch does the same")
                .help("put the whole command in double quotes"),
        );
    }
    if let Some(unread) = lint::for_no_shell(&argv) {
        reader.report(for_no_shell(unread, statement));
    }
    Some(argv)
}

fn for_no_shell(Unread { word, program }: Unread<'_>, statement: &Statement<'_>) -> Diagnostic {
    let line = &statement.line;
    // Behind the program: the word may occur in the keyword, too. With escapes in it, it is not found.
    let behind = line.raw.find(program).unwrap_or_default();
    let found = line.raw.get(behind..).and_then(|rest| rest.find(word));
    let span = match found {
        Some(at) => {
            let start = line.span.start + behind + at;
            start..start + word.len()
        }
        None => line.span.clone(),
    };
    let (word, program) = (shown(word), shown(program));
    Diagnostic::warning(&span, format!("no shell reads this command: {word} is handed to {program}"), "")
        .note("keepalived runs programs without a shell; keepwatch does the same")
        .help("put the command into a script file and name that, or write `/bin/sh -c '...'` around it")
}

fn period(statement: &Statement<'_>, reader: &mut Reader<'_>) -> Option<Duration> {
    let time = reader.seconds(statement, Duration::ZERO..=LONGEST, 3, "ignores the line")?;
    if time.is_zero() {
        let message = format!("`{}` must be greater than 0", statement.keyword());
        reader.survived(&statement.line.span, message, "", "uses 1 second");
        return Some(Duration::from_secs(1));
    }
    Some(time)
}
