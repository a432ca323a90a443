//! Scripts, files and processes as `[check.NAME]`.

use keepwatch_vrrp::{TrackPolicy, TrackStart, TrackWeight, Unknown};

use super::document::Table;
use super::{user_of, value};
use crate::model::{
    Check, CheckKind, Config, InitFile, Overwrite, ProcessCheck, ProcessMatch, ScriptCheck, TrackFile,
};

/// `[check.NAME]`; none of what no keepalived.conf has.
pub(super) fn table(check: &Check, config: &Config) -> Option<Table> {
    let Check { name, what, interval, timeout, policy, weight, place: _ } = check;
    let mut table = match what {
        CheckKind::Script(script) => script_table(name, script, config),
        CheckKind::Process(process) => process_table(name, process),
        CheckKind::TrackFile(file) => file_table(name, file),
        _ => return None,
    };
    let is_number = check.is_number();
    // keepalived reads a file when it changes, and says nothing of an interval.
    if !is_number {
        table.set("interval", "interval", value::duration(*interval));
    }
    if timeout != interval {
        table.set("timeout", "timeout", value::duration(*timeout));
    }
    write_policy(policy, &mut table);
    let (weight, reverse) = match weight {
        TrackWeight::Fault { reverse } => (0, *reverse),
        TrackWeight::Adjust { weight, reverse } => (*weight, *reverse),
    };
    if weight != i16::from(is_number) {
        table.set("weight", "weight", weight.to_string());
    }
    if reverse {
        table.set("reverse", "weight", "true".to_owned());
    }
    Some(table)
}

fn write_policy(policy: &TrackPolicy, table: &mut Table) {
    let TrackPolicy { rise, fall, start, unknown } = policy;
    if *rise != 1 {
        table.set("rise", "rise", rise.to_string());
    }
    if *fall != 1 {
        table.set("fall", "fall", fall.to_string());
    }
    if *start == TrackStart::Down {
        table.set("init_fail", "init_fail", "true".to_owned());
    }
    if *unknown == Unknown::Fail {
        table.set("unknown", "script", value::text("fail"));
    }
}

/// The table for a block; of two that have one name the second has its kind behind it here.
fn of_block(name: &str, block: &str, noun: &str) -> Table {
    let called = name.strip_suffix(&format!(" ({noun})")).unwrap_or(name);
    Table::new("check", name, block, called)
}

fn script_table(name: &str, script: &ScriptCheck, config: &Config) -> Table {
    let mut table = of_block(name, "vrrp_script", "script");
    table.set("script", "script", value::texts(&script.command.argv));
    for (key, value) in user_of(script.command.user.as_ref(), &config.globals) {
        table.set(key, "user", value);
    }
    table
}

fn file_table(name: &str, TrackFile { path, init }: &TrackFile) -> Table {
    let mut table = of_block(name, "track_file", "track file");
    table.set("track_file", "file", value::text(&path.to_string_lossy()));
    if let Some(InitFile { value, overwrite }) = init {
        let written = match overwrite {
            Overwrite::Never => value.to_string(),
            Overwrite::AtStart => {
                value::inline(&[("value", value.to_string()), ("overwrite", "true".to_owned())])
            }
        };
        table.set("init_file", "init_file", written);
    }
    table
}

fn process_table(name: &str, process: &ProcessCheck) -> Table {
    let ProcessCheck { program, matching, quorum, quorum_max, fork_delay, terminate_delay } = process;
    let mut table = of_block(name, "vrrp_track_process", "track process");
    table.set("process", "process", value::text(program));
    let (word, arguments) = match matching {
        ProcessMatch::Name => ("name", None),
        ProcessMatch::Program => ("program", None),
        ProcessMatch::Exactly(arguments) => ("exact", Some(arguments)),
        ProcessMatch::First(arguments) => ("first", Some(arguments)),
        ProcessMatch::Beginning(arguments) => ("beginning", Some(arguments)),
    };
    table.set("match", "param_match", value::text(word));
    if let Some(arguments) = arguments {
        table.set("arguments", "process", value::texts(arguments));
    }
    table.set("quorum", "quorum", quorum.to_string());
    if let Some(most) = quorum_max {
        table.set("quorum_max", "quorum_max", most.to_string());
    }
    for (key, delay) in [("fork_delay", fork_delay), ("terminate_delay", terminate_delay)] {
        if !delay.is_zero() {
            table.set(key, key, value::duration(*delay));
        }
    }
    table
}
