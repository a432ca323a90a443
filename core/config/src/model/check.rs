//! Checks: what is looked at again and again, so that instances can track it.

use std::path::PathBuf;
use std::time::Duration;

use keepwatch_vrrp::{TrackPolicy, TrackWeight};

use super::{
    Command, DnsCheck, FileCheck, GatewayCheck, HaproxyCheck, HttpCheck, IcmpCheck, InterfaceName, Place,
    PluginTable, ProcessCheck, TcpCheck, UnixCheck,
};

/// Something that is looked at again and again, so that instances can track it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name; unique among checks and plugins.
    pub name: String,
    /// What is looked at.
    pub what: CheckKind,
    /// How often.
    pub interval: Duration,
    /// How long it may take.
    pub timeout: Duration,
    /// What its verdicts are worth.
    pub policy: TrackPolicy,
    /// What its result does unless a tracker says otherwise.
    pub weight: TrackWeight,
    /// Where it is written: its command, or its name.
    pub place: Place,
}

/// What a check looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckKind {
    /// How a program ends: `vrrp_script`, or `script` of a native check.
    Script(ScriptCheck),
    /// The number in a file: keepalived's `track_file`.
    TrackFile(TrackFile),
    /// Whether processes run: `vrrp_track_process`, or `process` of a native check.
    Process(ProcessCheck),
    /// Whether somebody listens at a TCP port.
    Tcp(TcpCheck),
    /// What a web server answers.
    Http(HttpCheck),
    /// Whether somebody listens at a Unix socket.
    Unix(UnixCheck),
    /// What a name server answers.
    Dns(DnsCheck),
    /// Whether a host answers to ping.
    Icmp(IcmpCheck),
    /// What is in a file, or whether it is there.
    File(FileCheck),
    /// Whether an interface is up.
    Interface(InterfaceName),
    /// Whether a neighbour on a link answers to ARP or neighbour discovery.
    Gateway(GatewayCheck),
    /// Whether a unit of systemd is active; its name.
    Systemd(String),
    /// Whether HAProxy is well.
    Haproxy(HaproxyCheck),
    /// What a plugin finds.
    Plugin(PluginTable),
}

/// A program that is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptCheck {
    /// What is run, and whom it runs as. A native `script = "TEXT"` is `/bin/sh -c TEXT` here.
    pub command: Command,
    /// What its end means.
    pub reading: Reading,
}

/// What the end of a check script means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// Status 0 is well, any other is not.
    #[default]
    Status,
    /// As Nagios plugins mean it: 0 is well, 1 a warning, 2 not well, all else unknown.
    Nagios,
}

/// keepalived's `track_file`: a file with a number, which is multiplied by the weight. It is read when it changes;
/// the interval of the check is for file systems that do not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackFile {
    /// The file. If it is missing, its number is 0.
    pub path: PathBuf,
    /// `init_file`: what is written to it before it is first read.
    pub init: Option<InitFile>,
}

/// What is written to a `track_file` when keepwatch starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InitFile {
    /// The number.
    pub value: i32,
    /// Whether a file that is there is written, too.
    pub overwrite: Overwrite,
}

/// Whether a file that is there is overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// Only a missing one is written.
    Never,
    /// It is, when keepwatch starts; not at a reload.
    AtStart,
}

impl Check {
    /// Whether the number in a file is tracked, and not up or down.
    #[must_use]
    pub const fn is_number(&self) -> bool {
        matches!(self.what, CheckKind::TrackFile(_))
    }
}
