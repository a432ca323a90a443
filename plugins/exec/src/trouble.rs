//! What is wrong with a command, and what to do about it.

use std::fmt;
use std::path::PathBuf;

use crate::account::Account;
use crate::component::Component;

/// What is wrong with a command. It says what; [`Self::remedy`] says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// There are no words.
    Empty,
    /// There is no such user.
    NoUser(String),
    /// There is no such group.
    NoGroup(String),
    /// The user data base did not answer.
    LookUp {
        /// Who was looked for.
        account: String,
        /// What it, or the system, said.
        why: String,
    },
    /// keepwatch has no right to start programs as another user.
    NoRight {
        /// Whom it would run as.
        user: String,
        /// Whom keepwatch runs as.
        own: String,
    },
    /// Security is on, nobody has said whom it runs as, and there is no user `keepalived_script`.
    NoDefaultUser,
    /// It has no `/` in its name, and is in none of these directories.
    NotInPath {
        /// Its name.
        name: String,
        /// Where it was looked for.
        path: String,
        /// The first of that name that may not be executed.
        almost: Option<Component>,
    },
    /// It does not exist.
    Missing {
        /// The program, as written.
        program: PathBuf,
        /// The part of its path that does not exist.
        part: PathBuf,
    },
    /// Its path cannot be followed.
    Unreachable {
        /// Where that is.
        part: PathBuf,
        /// What the system said.
        why: String,
    },
    /// It is a directory, a socket, a device.
    NotAFile(Component),
    /// Its user may not enter a directory above it.
    NoEntry {
        /// The directory.
        component: Component,
        /// The user.
        user: String,
        /// The class of users, for chmod.
        class: char,
    },
    /// Its user may not execute it.
    NotExecutable {
        /// The file.
        component: Component,
        /// The user.
        user: String,
        /// The class of users, for chmod.
        class: char,
    },
    /// It is a script that its user may not read, nor then its interpreter.
    NotReadable {
        /// The file.
        component: Component,
        /// The user.
        user: String,
        /// The class of users, for chmod.
        class: char,
    },
    /// Root would run what others can write.
    Insecure {
        /// The part of its path that they can write.
        component: Component,
        /// Who.
        writers: Writers,
    },
    /// It names no place: what it is depends on where one stands.
    Relative {
        /// The program, as written.
        name: String,
        /// What is taken for it.
        taken: PathBuf,
    },
    /// Its first line does not say what reads it.
    NoInterpreter(PathBuf),
    /// What its first line names does not exist.
    NoSuchInterpreter {
        /// The program.
        program: PathBuf,
        /// What is to read it.
        interpreter: String,
    },
    /// `/dev/tcp` is known to bash only, and `/bin/sh` is another one.
    NotBash(String),
}

/// Who beside root can write a part of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writers {
    /// Its owner, who is not root.
    Owner,
    /// Its group, which is not root's.
    Group,
    /// Everybody.
    Others,
}

impl Trouble {
    pub(crate) fn look_up(account: &Account, why: &str) -> Self {
        Self::LookUp { account: account.to_string(), why: why.to_owned() }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Empty => "write the program's path".to_owned(),
            Self::NoUser(user) => format!("create it: useradd --system {user}; or name another one"),
            Self::NoGroup(group) => format!("create it: groupadd --system {group}; or name another one"),
            Self::LookUp { account, .. } => format!("getent passwd {account} shows whether it is back"),
            Self::NoRight { own, .. } => format!(
                "give keepwatch CAP_SETUID, CAP_SETGID and CAP_KILL, as root has them; or let it run as {own}, with `user` or \
                 `script_user`"
            ),
            Self::NoDefaultUser => {
                "say whom it runs as, with `user` or `script_user`; or: useradd --system keepalived_script"
                    .to_owned()
            }
            Self::NotInPath { almost: Some(component), .. } => {
                format!("chmod a+x {}", component.path.display())
            }
            Self::NotInPath { almost: None, .. } => "write its whole path".to_owned(),
            Self::Missing { .. } => "install it, or correct the path".to_owned(),
            Self::Unreachable { part, .. } => format!("ls -ld {} shows more", part.display()),
            Self::NotAFile(_) => "write the path of a program".to_owned(),
            Self::NoEntry { component, user, class } => {
                format!("chmod {class}+x {}, or run it as another user than {user}", component.path.display())
            }
            Self::NotExecutable { component, class, .. } => {
                format!("chmod {class}+x {}", component.path.display())
            }
            Self::NotReadable { component, class, .. } => {
                format!("chmod {class}+r {}", component.path.display())
            }
            Self::Insecure { component, writers: Writers::Owner } => {
                format!("chown root {}, or run it as another user than root", component.path.display())
            }
            Self::Insecure { component, writers: Writers::Group } => {
                format!("chmod g-w {}, or run it as another user than root", component.path.display())
            }
            Self::Insecure { component, writers: Writers::Others } => {
                format!("chmod o-w {}, or run it as another user than root", component.path.display())
            }
            Self::Relative { taken, .. } => format!("write {}", taken.display()),
            Self::NoInterpreter(_) => "begin it with #!/bin/sh".to_owned(),
            Self::NoSuchInterpreter { program, interpreter } if interpreter.ends_with('\r') => {
                format!("its lines end as in Windows: sed -i 's/\\r$//' {}", program.display())
            }
            Self::NoSuchInterpreter { .. } => "install it, or correct the first line".to_owned(),
            Self::NotBash(text) => format!("write /bin/bash -c '{text}', or use a tcp check"),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("there is no program"),
            Self::NoUser(user) => write!(f, "there is no user {user}"),
            Self::NoGroup(group) => write!(f, "there is no group {group}"),
            Self::LookUp { account, why } => write!(f, "{account} cannot be looked up: {why}"),
            Self::NoRight { user, own } => {
                write!(f, "keepwatch, as {own}, has no right to start it as {user}")
            }
            Self::NoDefaultUser => f.write_str(
                "nobody has said whom it runs as, there is no user keepalived_script, and script security is on",
            ),
            Self::NotInPath { almost: Some(component), .. } => {
                write!(f, "{component} may not be executed")
            }
            Self::NotInPath { name, path, almost: None } => write!(f, "{name} is not in {path}"),
            Self::Missing { program, part } if program == part => {
                write!(f, "{} does not exist", program.display())
            }
            Self::Missing { program, part } => {
                write!(f, "{} does not exist: there is no {}", program.display(), part.display())
            }
            Self::Unreachable { part, why } => write!(f, "{} cannot be followed: {why}", part.display()),
            Self::NotAFile(component) => write!(f, "{} is no file", component.path.display()),
            Self::NoEntry { component, user, .. } => write!(f, "{user} may not enter {component}"),
            Self::NotExecutable { component, user, .. } => write!(f, "{user} may not execute {component}"),
            Self::NotReadable { component, user, .. } => {
                write!(f, "{user} may not read {component}, which is a script")
            }
            Self::Insecure { component, writers } => {
                let who = match writers {
                    Writers::Owner => format!("its owner {}", component.owner()),
                    Writers::Group => format!("everybody in group {}", component.group()),
                    Writers::Others => "everybody".to_owned(),
                };
                write!(f, "{who} can change {component}, and root would run it")
            }
            Self::Relative { name, taken } => write!(f, "{name} is taken for {}", taken.display()),
            Self::NoInterpreter(path) => write!(
                f,
                "the first line of {} does not say what reads it: /bin/sh does",
                path.display()
            ),
            Self::NoSuchInterpreter { program, interpreter } => write!(
                f,
                "the first line of {} names {}, which does not exist: it always fails",
                program.display(),
                interpreter.escape_debug()
            ),
            Self::NotBash(text) => {
                write!(f, "`{text}` needs bash, and /bin/sh is another shell here: it always fails")
            }
        }
    }
}
