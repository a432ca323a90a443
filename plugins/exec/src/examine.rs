//! Whether a command can run, before it ever does.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::account::Account;
use crate::accounts::Accounts;
use crate::command::Command;
use crate::component::{Component, Kind};
use crate::identity::Identity;
use crate::policy::{Fallback, Policy, Security};
use crate::start::{Start, takes_rights};
use crate::trouble::Trouble;
use crate::walk::{Astray, Walk, walk};

/// What is read of a program, to see which sort it is.
const BEGINNING: u64 = 256;
const SHELL: &str = "/bin/sh";
/// Where a list for particular users and groups stands beside the mode.
const LIST: &str = "system.posix_acl_access";

/// A command that can run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// What runs.
    pub start: Start,
    /// What does not hinder it, but may not be meant.
    pub remarks: Vec<Trouble>,
}

/// Whether a command can run, as whom, and what is odd about it. Waits for the disk and for the user data base.
///
/// # Errors
///
/// All that hinders it.
pub fn examine(
    command: &Command,
    account: Option<&Account>,
    policy: &Policy,
    accounts: &Accounts,
) -> Result<Ready, Vec<Trouble>> {
    let mut found = Found::default();
    let account = match whom(account, policy, accounts) {
        Ok(account) => account,
        Err(trouble) => {
            found.hindrances.push(trouble);
            None
        }
    };
    let identity = match account.as_ref().map(|account| accounts.find_waiting(account)) {
        None => Identity::own(),
        Some(Ok(identity)) => identity,
        Some(Err(trouble)) => {
            // The rest of the way is looked at all the same.
            found.hindrances.push(trouble);
            Identity::own()
        }
    };
    if takes_rights(&identity) && !keepwatch_system::may_start_as_others() {
        found.hindrances.push(Trouble::NoRight { user: identity.name(), own: Identity::own().known_name() });
    }
    let start = match command {
        Command::Argv(argv) => program(argv, &identity, policy, &mut found),
        Command::Shell(text) => Some(shell(text, &mut found)),
    };
    match start {
        Some(start) if found.hindrances.is_empty() => {
            Ok(Ready { start: Start { account, ..start }, remarks: found.remarks })
        }
        Some(_) | None => Err(found.hindrances),
    }
}

/// What has been found.
#[derive(Default)]
struct Found {
    hindrances: Vec<Trouble>,
    remarks: Vec<Trouble>,
}

/// Whom it runs as; this process's user if none.
pub(crate) fn whom(
    account: Option<&Account>,
    policy: &Policy,
    accounts: &Accounts,
) -> Result<Option<Account>, Trouble> {
    if let Some(account) = account {
        return Ok(Some(account.clone()));
    }
    match &policy.fallback {
        Fallback::Process => Ok(None),
        Fallback::Account(account) => Ok(Some(account.clone())),
        Fallback::Keepalived => {
            let default = Account::of("keepalived_script");
            match (accounts.find_waiting(&default), policy.security) {
                (Ok(_), _) => Ok(Some(default)),
                (Err(Trouble::NoUser(_)), Security::Off) => Ok(None),
                (Err(Trouble::NoUser(_)), Security::On) => Err(Trouble::NoDefaultUser),
                // Whether there is one is not known: it must not run as root for that.
                (Err(trouble), _) => Err(trouble),
            }
        }
    }
}

fn shell(text: &str, found: &mut Found) -> Start {
    let opens = text.trim_start_matches(['<', '>']).trim_start();
    let is_bash = || std::fs::canonicalize(SHELL).is_ok_and(|shell| shell.ends_with("bash"));
    if opens.len() < text.len() && opens.starts_with("/dev/tcp/") && !is_bash() {
        found.remarks.push(Trouble::NotBash(text.to_owned()));
    }
    Start::shell(text)
}

fn program(argv: &[String], identity: &Identity, policy: &Policy, found: &mut Found) -> Option<Start> {
    let Some((name, arguments)) = argv.split_first().filter(|(name, _)| !name.is_empty()) else {
        found.hindrances.push(Trouble::Empty);
        return None;
    };
    let path = match place(name, identity, policy, found) {
        Ok(path) => path,
        Err(trouble) => {
            found.hindrances.push(trouble);
            return None;
        }
    };
    match walk(&path) {
        Ok(way) => judge(&path, &way, identity, policy.security, found),
        Err(astray) => found.hindrances.push(lost(&path, astray)),
    }
    Some(Start::new(path, arguments.to_vec()))
}

/// The absolute path of a program.
fn place(name: &str, identity: &Identity, policy: &Policy, found: &mut Found) -> Result<PathBuf, Trouble> {
    if name.starts_with('/') {
        return Ok(name.into());
    }
    if name.contains('/') {
        // As a daemon sees it, and keepalived.
        let taken: PathBuf = Path::new("/").join(name).components().collect();
        found.remarks.push(Trouble::Relative { name: name.to_owned(), taken: taken.clone() });
        return Ok(taken);
    }
    let mut almost = None;
    for folder in policy.path.split(':').filter(|folder| folder.starts_with('/')) {
        let path = Path::new(folder).join(name);
        let Ok(way) = walk(&path) else { continue };
        let Some(end) = way.end().filter(|end| end.kind == Kind::File) else { continue };
        if end.lets_execute(identity) || has_list(end) {
            return Ok(path);
        }
        almost.get_or_insert_with(|| end.clone());
    }
    Err(Trouble::NotInPath { name: name.to_owned(), path: policy.path.clone(), almost })
}

fn lost(program: &Path, astray: Astray) -> Trouble {
    let Astray { at, error, walk } = astray;
    match error.kind() {
        io::ErrorKind::NotFound => Trouble::Missing { program: program.to_owned(), part: at },
        io::ErrorKind::NotADirectory => match walk.met.last() {
            Some(file) => {
                Trouble::Unreachable { part: file.path.clone(), why: "it is no directory".to_owned() }
            }
            None => Trouble::Unreachable { part: at, why: "it is no directory".to_owned() },
        },
        io::ErrorKind::InvalidInput => {
            Trouble::Unreachable { part: at, why: "there are too many links".to_owned() }
        }
        io::ErrorKind::PermissionDenied => {
            Trouble::Unreachable { part: at, why: "only root can look there".to_owned() }
        }
        _ => Trouble::Unreachable { part: at, why: error.to_string() },
    }
}

fn judge(path: &Path, way: &Walk, identity: &Identity, security: Security, found: &mut Found) {
    let Some((end, above)) = way.met.split_last() else { return };
    if end.kind != Kind::File {
        found.hindrances.push(Trouble::NotAFile(end.clone()));
        return;
    }
    let user = identity.name();
    for component in above.iter().filter(|component| component.kind == Kind::Directory) {
        if !component.lets_execute(identity) && !has_list(component) {
            let (component, user) = (component.clone(), user.clone());
            let class = component.class(identity);
            found.hindrances.push(Trouble::NoEntry { component, user, class });
        }
    }
    let class = end.class(identity);
    let reader = reader(&end.path);
    if !end.lets_execute(identity) && !has_list(end) {
        found.hindrances.push(Trouble::NotExecutable { component: end.clone(), user, class });
    } else if reader != Reader::Kernel && !end.lets_read(identity) && !has_list(end) {
        found.hindrances.push(Trouble::NotReadable { component: end.clone(), user, class });
    }
    match reader {
        Reader::Kernel => {}
        Reader::Nobody => found.remarks.push(Trouble::NoInterpreter(path.to_owned())),
        Reader::Interpreter(interpreter) => {
            // As a daemon sees it.
            if Path::new("/").join(&interpreter).try_exists().is_ok_and(|exists| !exists) {
                let program = path.to_owned();
                found.remarks.push(Trouble::NoSuchInterpreter { program, interpreter });
            }
        }
    }
    if !identity.is_mighty() && !end.becomes_mighty() {
        return;
    }
    let into = match security {
        Security::On => &mut found.hindrances,
        Security::Off => &mut found.remarks,
    };
    let insecure = |component: &Component| {
        let writers = component.writers()?;
        Some(Trouble::Insecure { component: component.clone(), writers })
    };
    into.extend(way.met.iter().filter_map(insecure));
}

/// What reads a program.
#[derive(Clone, PartialEq, Eq)]
enum Reader {
    /// It is machine code.
    Kernel,
    /// The program that its first line names.
    Interpreter(String),
    /// It does not say.
    Nobody,
}

fn reader(path: &Path) -> Reader {
    let mut beginning = Vec::new();
    // A pipe could have taken its place, and opening that waits for ever.
    let open = || File::options().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path);
    let Ok(read) = open().and_then(|file| file.take(BEGINNING).read_to_end(&mut beginning)) else {
        // One that cannot be opened here is not judged.
        return Reader::Kernel;
    };
    match read {
        _ if beginning.starts_with(b"#!") => Reader::Interpreter(interpreter(&beginning)),
        // Machine code has zeros in it. The kernel may know more sorts of it than are known here.
        _ if beginning.contains(&0) => Reader::Kernel,
        _ => Reader::Nobody,
    }
}

/// What the first line of a script names.
fn interpreter(beginning: &[u8]) -> String {
    let line = String::from_utf8_lossy(beginning);
    let line = line.trim_start_matches("#!").split('\n').next().unwrap_or_default();
    line.trim_start_matches([' ', '\t']).split([' ', '\t']).next().unwrap_or_default().to_owned()
}

/// Whether more is allowed than the mode says: then it is not judged.
fn has_list(component: &Component) -> bool {
    rustix::fs::getxattr(&component.path, LIST, &mut [0_u8; 0]).is_ok_and(|size| size > 0)
}
