//! `keepwatch reload`: the configuration as it is on disk now.

use std::process::ExitCode;

use keepwatch_control::{Answer, PlannedChange, ReloadReport, ReloadRequest, Request};

use crate::ask;
use crate::cli::Reload;

pub(crate) fn reload(arguments: &Reload) -> ExitCode {
    let how = ReloadRequest { dry_run: arguments.dry_run };
    let answer = ask::ask(&Request::Reload(how), |line| {
        let raw = ask::raw(&line)?;
        let Answer::Reload(report) = line.answer else { return None };
        Some((raw, report))
    });
    match answer {
        Ok((raw, report)) if arguments.json => ask::printed(&raw, report.exit_status),
        Ok((_, report)) => {
            eprint!("{}", refused(&report));
            ask::printed(&done(&report, how), report.exit_status)
        }
        Err(error) => ask::failed(&error),
    }
}

/// What has changed, or would.
fn done(report: &ReloadReport, how: ReloadRequest) -> String {
    let changes = report.plan.iter().filter(|change| change.deed != "keep").map(planned);
    let mut lines: Vec<String> =
        changes.chain(report.done.iter().map(|done| done.trim_end().to_owned())).collect();
    match (lines.is_empty(), how.dry_run) {
        (true, true) if report.refused.is_empty() => {
            lines.push("No instance, group, check or global setting would change.".to_owned());
        }
        (true, false) if report.refused.is_empty() => lines.push("Nothing has changed.".to_owned()),
        (false, true) => lines.push("Nothing was done: this was a dry run.".to_owned()),
        (true | false, _) => {}
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// `VI_1: address 10.1.1.31/24 added, stays MASTER`
fn planned(change: &PlannedChange) -> String {
    let name = change.name.as_deref().unwrap_or_default();
    let what = match change.object.as_str() {
        "instance" => name.to_owned(),
        "link_delay" => format!("delays of {name}"),
        "globals" => "global settings".to_owned(),
        other => format!("{} {name}", other.replace('_', " ")),
    };
    format!("{what}: {}", change.effect)
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

    const WET: ReloadRequest = ReloadRequest { dry_run: false };
    const DRY: ReloadRequest = ReloadRequest { dry_run: true };

    #[test]
    fn a_report_reads_as_sentences() {
        let report = |done: &[&str], refused: &[&str]| ReloadReport {
            done: done.iter().map(|text| (*text).to_owned()).collect(),
            refused: refused.iter().map(|text| (*text).to_owned()).collect(),
            ..ReloadReport::default()
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
                (done(&report, WET).as_str(), refused(&report).as_str()),
                (expected_done, expected_refused)
            );
        }
    }

    #[test]
    fn a_plan_reads_as_sentences() {
        let change = |object: &str, name: Option<&str>, deed: &str, effect: &str| PlannedChange {
            object: object.to_owned(),
            name: name.map(str::to_owned),
            deed: deed.to_owned(),
            effect: effect.to_owned(),
        };
        let mut report = ReloadReport {
            plan: vec![change("instance", Some("VI_2"), "keep", "as it was, stays BACKUP")],
            ..ReloadReport::default()
        };
        let nothing = "No instance, group, check or global setting would change.\n";
        assert_eq!(
            (done(&report, WET).as_str(), done(&report, DRY).as_str()),
            ("Nothing has changed.\n", nothing)
        );
        report.plan.extend([
            change("instance", Some("VI_1"), "update", "address 10.1.1.31/24 added, stays MASTER"),
            change("group", Some("G"), "remove", "removed"),
            change("static_address", Some("10.1.1.60/24 dev eth0"), "add", "added"),
            change("globals", None, "update", "mail settings"),
        ]);
        let said = "VI_1: address 10.1.1.31/24 added, stays MASTER\ngroup G: removed\n\
                    static address 10.1.1.60/24 dev eth0: added\nglobal settings: mail settings\n";
        assert_eq!(done(&report, WET), said);
        assert_eq!(done(&report, DRY), format!("{said}Nothing was done: this was a dry run.\n"));
    }
}
