//! `vrrp_rt_priority`, `vrrp_priority`, `vrrp_cpu_affinity` and `vrrp_no_swap`.

use std::collections::BTreeSet;

use super::super::number;
use super::super::parser::Statement;
use super::reader::Reader;
use crate::model::Scheduling;
use crate::similar::shown;

/// Reads one of them.
pub(super) fn read(scheduling: &mut Scheduling, statement: &Statement<'_>, reader: &mut Reader<'_>) {
    match statement.keyword() {
        "vrrp_rt_priority" => {
            scheduling.real_time = real_time(statement, reader).or(scheduling.real_time);
        }
        // 0 is what a process has anyway.
        "vrrp_priority" => {
            scheduling.nice =
                nice(statement, reader).map_or(scheduling.nice, |nice| (nice != 0).then_some(nice));
        }
        "vrrp_cpu_affinity" => {
            if let Some(processors) = processors(statement, reader) {
                scheduling.processors = processors;
            }
        }
        _ => scheduling.locks_memory = true,
    }
}

fn real_time(statement: &Statement<'_>, reader: &mut Reader<'_>) -> Option<u8> {
    const HIGHEST: u8 = Scheduling::HIGHEST_REAL_TIME;
    let word = reader.value(statement)?;
    let number = number::whole(&word.text);
    let label = format!("must be 1 to {HIGHEST}");
    if !number.clean {
        reader.out_of_range(statement, word, label, "ignores the line");
        return None;
    }
    let value = u8::try_from(number.value.clamp(1, HIGHEST.into())).ok()?;
    if i64::from(value) != number.value {
        reader.out_of_range(statement, word, label, &format!("uses {value}"));
    }
    Some(value)
}

fn nice(statement: &Statement<'_>, reader: &mut Reader<'_>) -> Option<i8> {
    let word = reader.value(statement)?;
    let number = number::whole(&word.text);
    let nice = i8::try_from(number.value).ok().filter(|nice| number.clean && (-20..=19).contains(nice));
    if nice.is_none() {
        reader.out_of_range(statement, word, "must be -20 to 19".to_owned(), "ignores the line");
    }
    nice
}

/// keepalived takes all of the line or nothing.
fn processors(statement: &Statement<'_>, reader: &mut Reader<'_>) -> Option<BTreeSet<u16>> {
    reader.value(statement)?;
    let mut processors = BTreeSet::new();
    for word in &statement.line.arguments {
        let number = number::whole(&word.text);
        let value = u16::try_from(number.value).ok();
        let Some(value) = value.filter(|value| number.clean && *value <= Scheduling::LAST_PROCESSOR) else {
            let message = format!("{} is no processor", shown(&word.text));
            let label = "must be its number, from 0 on";
            reader.survived(&word.span, message, label, "ignores the line");
            return None;
        };
        processors.insert(value);
    }
    Some(processors)
}
