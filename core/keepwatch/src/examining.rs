//! What `keepwatch check` says about the programs of checks, actions and notifications: whether they can run, as whom, and
//! what is odd about them.

use std::fs::OpenOptions;
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use keepwatch_config::model::{
    ActionKind, Check, CheckKind, Command as Written, Config, FileAt, Format, HttpCheck, Place, ScriptCheck,
    Verify,
};
use keepwatch_config::{Diagnostic, Site, Unknown};
use keepwatch_engine::Host;
use keepwatch_exec::{Account, Accounts, Command, Policy, Trouble, examine};

use crate::checks::{policy, what_runs};
use crate::{net_namespace, notify_scripts};

/// What comes of a check that cannot be asked.
const fn untold(check: &Check) -> &'static str {
    match check.policy.unknown {
        Unknown::Keep => "it cannot tell, then, and what tracks it stays as it is",
        Unknown::Fail => "it cannot tell, then, which counts as a failure: `unknown` is \"fail\"",
    }
}

/// Looks at the programs of all checks, actions and notifications, on this host, and adds what there is to say.
pub(crate) fn add_findings(site: &mut Site) {
    let Some(config) = site.draft() else { return };
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
        let Some(text) = text(site, &script.command.place) else { continue };
        let program = Place { span: program_at(site, text, script), ..script.command.place.clone() };
        for trouble in hindrances {
            let place = blamed(&trouble, &script.command, &program, config);
            found.extend(self::text(site, place).map(|text| (text, cannot(check, &trouble, &place.span))));
        }
        found.extend(remarks.iter().map(|trouble| (text, odd(check, trouble, &program.span))));
    }
    for (place, finding) in of_notifications(config, &policy, &accounts) {
        found.extend(text(site, place).map(|text| (text, finding)));
    }
    found.extend(config.checks.iter().filter_map(of_ca_file).map(|finding| (0, finding)));
    found.extend(of_destinations(config).into_iter().map(|finding| (0, finding)));
    add(site, found);
}

/// Adds what a configuration would meet on this host: interfaces and addresses, and who else is at work.
pub(crate) fn add_host_findings(site: &mut Site) {
    let Some(config) = site.draft() else { return };
    let mut found = Vec::new();
    if let Some(name) = &config.globals.net_namespace
        && let Err(error) = net_namespace::enter(name)
    {
        // Nothing is known of interfaces there.
        found.push((0, Diagnostic::warning(&(0..0), error.to_string(), "")));
    } else {
        match Host::look() {
            Ok(host) => {
                for (place, finding) in host.findings(config) {
                    found.extend(text(site, place).map(|text| (text, finding)));
                }
            }
            Err(error) => {
                let message = format!("the kernel does not say what interfaces there are: {error}");
                found.push((0, Diagnostic::warning(&(0..0), message, "")));
            }
        }
    }
    if let Some(process) = running_keepalived() {
        let message = format!("keepalived runs on this host, as process {process}");
        let help = "stop it before keepwatch starts: both would hold the addresses";
        found.push((0, Diagnostic::warning(&(0..0), message, "").help(help)));
    }
    add(site, found);
}

/// keepalived writes its process there.
fn running_keepalived() -> Option<u32> {
    let process = std::fs::read_to_string("/run/keepalived.pid").ok()?.trim().parse().ok()?;
    let name = std::fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    (name.trim() == "keepalived").then_some(process)
}

fn add(site: &mut Site, found: Vec<(usize, Diagnostic)>) {
    for (text, finding) in found {
        if let Some((_, findings)) = site.texts.get_mut(text) {
            findings.push(finding);
            findings.sort();
        }
    }
}

/// Of each program and user once, where it stands first: one script often hears everything.
fn of_notifications<'c>(
    config: &'c Config,
    policy: &Policy,
    accounts: &Accounts,
) -> Vec<(&'c Place, Diagnostic)> {
    let (mut found, mut seen) = (Vec::new(), Vec::new());
    for (setting, written) in notify_scripts::commands(config) {
        let script = notify_scripts::script(written);
        let program = (written.argv.first(), &written.user);
        if seen.contains(&program) {
            continue;
        }
        seen.push(program);
        let place = &written.place;
        let note = match place.format {
            Format::Keepalived => {
                "keepalived would do without it; keepwatch says each time that it was not run"
            }
            Format::Native => "each time it will be said that it was not run",
        };
        match examine(&script.command, script.account.as_ref(), policy, accounts) {
            Ok(ready) => found.extend(ready.remarks.iter().map(|trouble| {
                let message = format!("{setting}: {trouble}");
                (place, Diagnostic::warning(&place.span, message, "").help(trouble.remedy()))
            })),
            Err(hindrances) => found.extend(hindrances.iter().map(|trouble| {
                let place = blamed(trouble, written, place, config);
                let message = format!("{setting} cannot run here: {trouble}");
                let finding = Diagnostic::warning(&place.span, message, "");
                (place, finding.note(note).help(trouble.remedy()))
            })),
        }
    }
    found
}

/// Files that destinations need for each letter, and that cannot be read here.
fn of_destinations(config: &Config) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for table in &config.extensions.destinations {
        for (key, FileAt { path, place }) in table.files() {
            let Some(why) = unreadable(path) else { continue };
            let message = format!("{key} {} cannot be read here: {why}", path.display());
            found.push(
                Diagnostic::warning(&place.span, message, "")
                    .note(format!("until it can be, what {} is told waits", table.name))
                    .help("write it, or correct the path; it is read for each delivery, and needs no reload"),
            );
        }
    }
    found
}

/// The CA certificates of a check, if they cannot be read here.
fn of_ca_file(check: &Check) -> Option<Diagnostic> {
    let CheckKind::Http(HttpCheck { url, ca_file, verify: Verify::On, .. }) = &check.what else {
        return None;
    };
    let FileAt { path, place } = ca_file.as_ref()?;
    if !url.starts_with("https://") {
        return None;
    }
    let message = format!(
        "check {}: ca_file {} cannot be read here: {}",
        check.name,
        path.display(),
        unreadable(path)?
    );
    let warning = Diagnostic::warning(&place.span, message, "");
    let help = "write it, or correct the path; it is read when it is there, and needs no reload";
    Some(warning.note(untold(check)).help(help))
}

/// Why a file cannot be read, if so.
fn unreadable(path: &Path) -> Option<String> {
    // Should it be a FIFO, nobody is waited for.
    let nonblock = nix::fcntl::OFlag::O_NONBLOCK.bits();
    let error = OpenOptions::new().read(true).custom_flags(nonblock).open(path).err()?.to_string();
    Some(error.split(" (os error").next().unwrap_or(&error).to_owned())
}

fn cannot(check: &Check, trouble: &Trouble, span: &Range<usize>) -> Diagnostic {
    let note = match check.place.format {
        Format::Keepalived => {
            "keepalived would do without it in silence; keepwatch says that it cannot tell, and what tracks it stays as it is"
        }
        Format::Native => untold(check),
    };
    let message = format!("check {} cannot run here: {trouble}", check.name);
    Diagnostic::warning(span, message, "").note(note).help(trouble.remedy())
}

fn odd(check: &Check, trouble: &Trouble, span: &Range<usize>) -> Diagnostic {
    Diagnostic::warning(span, format!("check {}: {trouble}", check.name), "").help(trouble.remedy())
}

/// What a trouble is about: whom the program runs as, if that is said somewhere, else the program.
fn blamed<'p>(trouble: &Trouble, command: &'p Written, program: &'p Place, config: &'p Config) -> &'p Place {
    match trouble {
        Trouble::NoUser(_) | Trouble::NoGroup(_) | Trouble::LookUp { .. } => {
            let user = command.user.as_ref().or(config.globals.script_user.as_ref());
            user.map_or(program, |user| &user.place)
        }
        _ => program,
    }
}

/// Where the program of a check stands within its command, or else the command.
fn program_at(site: &Site, text: usize, script: &ScriptCheck) -> Range<usize> {
    let whole = &script.command.place.span;
    // A native text, which a shell reads, is what is written.
    let written = match script.command.argv.as_slice() {
        [shell, dash_c, text] if shell == "/bin/sh" && dash_c == "-c" => text,
        [program, ..] => program,
        [] => return whole.clone(),
    };
    let command = site.texts.get(text).and_then(|(source, _)| source.text.get(whole.clone()));
    let found = command.and_then(|command| command.find(written.as_str()));
    let start = found.map(|at| whole.start + at);
    start.map_or_else(|| whole.clone(), |start| start..start + written.len())
}

/// The number of the text that this place is in, if it was read.
fn text(site: &Site, place: &Place) -> Option<usize> {
    // A native file stands first.
    match place.format {
        Format::Native => Some(0),
        Format::Keepalived => site.texts.len().checked_sub(1),
    }
}
