//! `keepwatch reload`: the configuration as it is on disk now.

use std::process::ExitCode;

use keepwatch_control::{Answer, ReloadReport, Request};

use crate::ask;
use crate::cli::Reload;

pub(crate) fn reload(arguments: &Reload) -> ExitCode {
    let answer = ask::ask(&Request::Reload, |line| {
        let raw = ask::raw(&line)?;
        let Answer::Reload(report) = line.answer else { return None };
        Some((raw, report))
    });
    match answer {
        Ok((raw, report)) if arguments.json => ask::printed(&raw, report.exit_status),
        Ok((_, report)) => {
            eprint!("{}", refused(&report));
            ask::printed(&done(&report), report.exit_status)
        }
        Err(error) => ask::failed(&error),
    }
}

/// What has changed.
fn done(report: &ReloadReport) -> String {
    if report.done.is_empty() && report.refused.is_empty() {
        return "Nothing has changed.\n".to_owned();
    }
    report.done.iter().map(|done| format!("{}\n", done.trim_end())).collect()
}

/// What was refused, and that all goes on as before.
fn refused(report: &ReloadReport) -> String {
    let line = |text: &String| {
        // A configuration's findings say themselves what they are.
        let found = ["error", "warning", "remark"].iter().any(|word| text.starts_with(&format!("{word}: ")));
        format!("{}{}\n", if found { "" } else { "error: " }, text.trim_end())
    };
    report.refused.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_as_sentences() {
        let report = |done: &[&str], refused: &[&str]| ReloadReport {
            done: done.iter().map(|text| (*text).to_owned()).collect(),
            refused: refused.iter().map(|text| (*text).to_owned()).collect(),
            exit_status: 0,
        };
        let rows = [
            (report(&[], &[]), "Nothing has changed.\n", ""),
            (report(&["plugin chat reloaded"], &[]), "plugin chat reloaded\n", ""),
            (report(&["a"], &["b\n  --> c\n"]), "a\n", "error: b\n  --> c\n"),
            (report(&[], &["b"]), "", "error: b\n"),
            (report(&[], &["remark: b\nerror: c"]), "", "remark: b\nerror: c\n"),
        ];
        for (report, expected_done, expected_refused) in rows {
            assert_eq!(
                (done(&report).as_str(), refused(&report).as_str()),
                (expected_done, expected_refused)
            );
        }
    }
}
