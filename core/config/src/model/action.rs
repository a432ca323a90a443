//! What plugins may have done, by name.

use std::path::PathBuf;
use std::time::Duration;

use super::{HaproxySocket, Place};

/// One `[action.NAME]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionTable {
    /// Its name; unique.
    pub name: String,
    /// What is done.
    pub does: ActionKind,
    /// How long it may take.
    pub timeout: Duration,
    /// Where it is written: its name.
    pub place: Place,
}

/// What an action does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionKind {
    /// `exec`: runs a program.
    Exec {
        /// The program, an absolute path, and its arguments; never empty.
        exec: Vec<String>,
        /// Whom it runs as.
        user: Option<String>,
    },
    /// `haproxy = "reload"`
    HaproxyReload {
        /// `program`: HAProxy itself.
        program: PathBuf,
        /// `config`: its files, or directories of files, as it is started with; never empty.
        config: Vec<PathBuf>,
        /// How it is told.
        by: ReloadBy,
    },
    /// `haproxy = "enable"`, `"disable"` or `"drain"`
    HaproxyServer {
        /// Where HAProxy is asked.
        socket: HaproxySocket,
        /// `server`: BACKEND/SERVER.
        server: String,
        /// What becomes of it.
        to: ServerState,
    },
}

/// How HAProxy is told to reload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReloadBy {
    /// By its master's socket: an absolute path, or an IP address and a port.
    Master(String),
    /// `pid_file`: by a signal to its master.
    Signal {
        /// Where the number of its master stands.
        pid_file: PathBuf,
        /// Where HAProxy is asked what came of it.
        watch: HaproxySocket,
    },
    /// `systemd`: by systemctl.
    Systemd {
        /// Its unit.
        unit: String,
        /// Where HAProxy is asked what came of it.
        watch: HaproxySocket,
    },
}

/// What becomes of a server of HAProxy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerState {
    /// It gets connections.
    Enabled,
    /// It gets none, and is not checked.
    Disabled,
    /// It gets no new ones.
    Drained,
    /// `wait = true`: the same, and the action goes on until it has none.
    DrainedAndIdle,
}
