//! What `keepwatch check` says about the programs of checks: whether they can run, as whom, and what is odd about them.

use std::ops::Range;

use keepwatch_config::model::{ActionKind, Check, CheckKind, Format, ScriptCheck};
use keepwatch_config::{Diagnostic, Site};
use keepwatch_exec::{Account, Accounts, Command, Policy, Trouble, examine};

use crate::checks::{policy, what_runs};

/// Looks at the programs of all checks and actions, on this host, and adds what there is to say.
pub(crate) fn add_findings(site: &mut Site) {
    let Some(config) = &site.config else { return };
    let (policy, accounts) = (policy(&config.globals), Accounts::new());
    let mut found = Vec::new();
    for table in &config.extensions.actions {
        let ActionKind::Exec { exec, user } = &table.does else { continue };
        let command = Command::Argv(exec.clone());
        let account = user.as_ref().map(Account::of);
        let Err(hindrances) = examine(&command, account.as_ref(), &Policy::default(), &accounts) else {
            continue;
        };
        found.extend(hindrances.iter().map(|trouble| {
            let message = format!("action {} cannot run here: {trouble}", table.name);
            (0, Diagnostic::warning(&table.place.span, message, "").help(trouble.remedy()))
        }));
    }
    for check in &config.checks {
        let CheckKind::Script(script) = &check.what else { continue };
        let (command, account) = what_runs(script);
        let (hindrances, remarks) = match examine(&command, account.as_ref(), &policy, &accounts) {
            Ok(ready) => (Vec::new(), ready.remarks),
            Err(hindrances) => (hindrances, Vec::new()),
        };
        let Some(text) = text(site, check) else { continue };
        let span = &command_at(site, text, check, script);
        found.extend(hindrances.iter().map(|trouble| (text, cannot(check, trouble, span))));
        found.extend(remarks.iter().map(|trouble| (text, odd(check, trouble, span))));
    }
    for (text, finding) in found {
        if let Some((_, findings)) = site.texts.get_mut(text) {
            findings.push(finding);
            findings.sort();
        }
    }
}

fn cannot(check: &Check, trouble: &Trouble, span: &Range<usize>) -> Diagnostic {
    let note = match check.place.format {
        Format::Keepalived => {
            "keepalived would do without it in silence; keepwatch says that it cannot tell, and what tracks it stays as it is"
        }
        Format::Native => "it cannot tell, then, and what tracks it stays as it is",
    };
    let message = format!("check {} cannot run here: {trouble}", check.name);
    Diagnostic::warning(span, message, "").note(note).help(trouble.remedy())
}

fn odd(check: &Check, trouble: &Trouble, span: &Range<usize>) -> Diagnostic {
    Diagnostic::warning(span, format!("check {}: {trouble}", check.name), "").help(trouble.remedy())
}

/// Where the program of a check stands, or else the check.
fn command_at(site: &Site, text: usize, check: &Check, script: &ScriptCheck) -> Range<usize> {
    let start = check.place.span.end;
    // A native text, which a shell reads, is what is written.
    let written = match script.command.argv.as_slice() {
        [shell, dash_c, text] if shell == "/bin/sh" && dash_c == "-c" => text,
        [program, ..] => program,
        [] => return check.place.span.clone(),
    };
    let rest = site.texts.get(text).and_then(|(source, _)| source.text.get(start..));
    let found = rest.and_then(|rest| rest.find(written.as_str()));
    found.map_or_else(|| check.place.span.clone(), |at| start + at..start + at + written.len())
}

/// The number of the text that has the check, if it was read.
fn text(site: &Site, check: &Check) -> Option<usize> {
    // A native file stands first.
    match check.place.format {
        Format::Native => Some(0),
        Format::Keepalived => site.texts.len().checked_sub(1),
    }
}
