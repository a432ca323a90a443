//! The reference as the book has it.

use super::super::{Level, Status};
use super::{Absent, Served, Takes};

/// Every keyword of a keepalived.conf that is served, with what stands behind it and what holds without it: Markdown tables, one
/// for each block. The book holds them, and a test compares.
#[must_use]
pub fn keepalived_reference() -> String {
    Level::ALL.into_iter().map(table).collect::<Vec<_>>().join("\n")
}

fn table(level: Level) -> String {
    let mut out = format!(
        "## {}\n\n| keyword | value | means | default |\n|---|---|---|---|\n",
        super::super::table::capitalised(level.place())
    );
    for served in level.served() {
        out.push_str(&row(level, served));
    }
    out
}

fn row(level: Level, served: &Served) -> String {
    let Served { keyword, takes, means, absent } = served;
    let but = match level.status(keyword) {
        Some(Status::Partly(but)) => format!(" ({but})"),
        _ => String::new(),
    };
    format!("| `{keyword}` | {} | {means}{but} | {} |\n", value(*takes), default(*absent))
}

fn value(takes: Takes) -> String {
    let example = |form: &str, example: &str| match form == example {
        true => format!("`{form}`"),
        false => format!("{}, such as `{example}`", shape(form)),
    };
    let within = |numbers: &[super::Within]| -> String {
        let one = |(text, least, most): &super::Within| format!("; `{text}`: {least} to {most}");
        numbers.iter().map(one).collect::<String>().replace('%', "N")
    };
    match takes {
        Takes::Nothing => "nothing".to_owned(),
        Takes::Switch => "switch".to_owned(),
        Takes::Whole(least, most) => format!("{least} to {most}"),
        Takes::Seconds(least, most, step) => {
            let step = if step == 1 { String::new() } else { format!(" in steps of {}", seconds(step)) };
            format!("{} to {} seconds{step}", seconds(least), seconds(most))
        }
        Takes::OneOf(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        Takes::Form(form, of, numbers) => example(form, of) + &within(numbers),
        Takes::Entries(form, of, numbers) => {
            format!("block of: {}{}", example(form, of), within(numbers))
        }
        Takes::Block => "block, below".to_owned(),
    }
}

/// Words that stand for others are code, prose is not.
fn shape(form: &str) -> String {
    let is_prose = form.chars().next().is_some_and(char::is_lowercase);
    if is_prose { form.to_owned() } else { format!("`{form}`") }
}

/// Microseconds as keepalived writes them.
pub(super) fn seconds(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let (whole, rest) = (micros.abs() / 1_000_000, micros.abs() % 1_000_000);
    let text = format!("{sign}{whole}.{rest:06}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn default(absent: Absent) -> String {
    match absent {
        Absent::Needed => "it is needed".to_owned(),
        Absent::As("") => "so".to_owned(),
        Absent::As(value) => format!("`{value}`"),
        Absent::Global(keyword) => format!("as `{keyword}`"),
        Absent::Words(words) => words.to_owned(),
    }
}
