//! The signals that the daemon hears.

use std::process::ExitCode;

use clap::ValueEnum;
use keepwatch_bus::{Bus, Draft};
use keepwatch_event::{EventKind, Severity};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::dumper::{Dumper, Wanted};
use crate::output::Output;
use crate::reloading::Reloader;
use crate::{exit, reap};

/// keepalived's real-time signals, as glibc numbers them on Linux: SIGRTMIN is 34, SIGRTMAX is 64. Exporters send numbers.
const JSON: i32 = 36;
const STATS_CLEAR: i32 = 63;
const THREAD_DUMP: i32 = 64;

/// What a signal can be for, in keepalived's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SignalFor {
    /// End
    #[value(name = "STOP")]
    Stop,
    /// Take the configuration over as it is on disk now
    #[value(name = "RELOAD")]
    Reload,
    /// Write how everything is into /tmp/keepalived.data
    #[value(name = "DATA")]
    Data,
    /// Write what was counted into /tmp/keepalived.stats
    #[value(name = "STATS")]
    Stats,
    /// The same, and begin to count at zero
    #[value(name = "STATS_CLEAR")]
    StatsClear,
    /// Write both for programs into /tmp/keepalived.json
    #[value(name = "JSON")]
    Json,
}

impl SignalFor {
    fn number(self) -> i32 {
        match self {
            Self::Stop => SignalKind::terminate().as_raw_value(),
            Self::Reload => SignalKind::hangup().as_raw_value(),
            Self::Data => SignalKind::user_defined1().as_raw_value(),
            Self::Stats => SignalKind::user_defined2().as_raw_value(),
            Self::StatsClear => STATS_CLEAR,
            Self::Json => JSON,
        }
    }
}

/// `keepwatch --signum=WHAT`.
pub(crate) fn print_number(wanted: Option<SignalFor>) -> ExitCode {
    // Without any argument the command line has shown its help already.
    let Some(wanted) = wanted else { return exit::with(exit::USAGE) };
    let mut output = Output::default();
    output.print(&format!("{}\n", wanted.number()));
    output.end(exit::OK)
}

/// The signals that the daemon hears.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
    hangup: Signal,
    user1: Signal,
    user2: Signal,
    json: Signal,
    stats_clear: Signal,
    alarm: Signal,
    thread_dump: Signal,
    children: Signal,
}

impl Signals {
    /// Catches all of them: what is not caught ends the process with addresses in place.
    pub(crate) fn catch() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            hangup: signal(SignalKind::hangup())?,
            user1: signal(SignalKind::user_defined1())?,
            user2: signal(SignalKind::user_defined2())?,
            json: signal(SignalKind::from_raw(JSON))?,
            stats_clear: signal(SignalKind::from_raw(STATS_CLEAR))?,
            alarm: signal(SignalKind::alarm())?,
            thread_dump: signal(SignalKind::from_raw(THREAD_DUMP))?,
            children: signal(SignalKind::child())?,
        })
    }

    /// Waits until the daemon is told to stop. Other signals have no meaning any more.
    pub(crate) async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = self.quit.recv() => {}
        }
    }

    /// Waits until the daemon is told to stop, by the signal given back, or its engine has ended.
    pub(crate) async fn wait(
        &mut self,
        ended: &mut oneshot::Receiver<()>,
        listeners: &Listeners<'_>,
    ) -> Option<&'static str> {
        if ended.is_terminated() {
            return None;
        }
        let Listeners { bus, reloader, dumper } = listeners;
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return Some("SIGTERM"),
                _ = self.interrupt.recv() => return Some("SIGINT"),
                _ = self.quit.recv() => return Some("SIGQUIT"),
                _ = self.user1.recv() => dumper.ask(Wanted::Data),
                _ = self.user2.recv() => dumper.ask(Wanted::Stats),
                _ = self.json.recv() => dumper.ask(Wanted::Json),
                _ = self.stats_clear.recv() => dumper.ask(Wanted::StatsThenZero),
                // Fingers and scripts know it from keepalived.
                _ = self.thread_dump.recv() => ignore(bus, "SIGRTMAX"),
                _ = self.alarm.recv() => ignore(bus, "SIGALRM"),
                // What comes of it is told as events; nobody waits for the answer.
                _ = self.hangup.recv() => reloader.reload_soon(),
                _ = child_of_first_process(&mut self.children) => drop(tokio::spawn(reap::reap_orphans())),
                _ = &mut *ended => return None,
            }
        }
    }
}

/// Who does what signals ask for.
pub(crate) struct Listeners<'a> {
    pub(crate) bus: &'a Bus,
    pub(crate) reloader: &'a Reloader,
    pub(crate) dumper: &'a Dumper,
}

/// Only process 1 gets children that it did not start itself.
async fn child_of_first_process(children: &mut Signal) -> Option<()> {
    if reap::is_first_process() { children.recv().await } else { std::future::pending().await }
}

fn ignore(bus: &Bus, signal: &str) {
    bus.publish(Draft::general(Severity::Warning, EventKind::SignalIgnored { signal: signal.to_owned() }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_have_keepalived_s_numbers() {
        let table = [
            (SignalFor::Stop, 15),
            (SignalFor::Reload, 1),
            (SignalFor::Data, 10),
            (SignalFor::Stats, 12),
            (SignalFor::StatsClear, 63),
            (SignalFor::Json, 36),
        ];
        for (wanted, number) in table {
            assert_eq!(wanted.number(), number, "{wanted:?}");
        }
    }
}
