//! The log: one consumer of the bus. It writes on a thread of its own, so that a log pipe that nobody reads
//! delays no advert.
//!
//! Lines that monitors grep for have keepalived's wording, to the letter.

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use keepwatch_bus::Subscription;
use keepwatch_event::{
    Departure, Event, EventKind, Health, InterfaceState, LogLevel, Reason, Severity, State, Step, StepTook,
};
use tracing::Level;

use crate::terminal::shows_colour;

/// Events that may wait for a slow log.
pub(crate) const QUEUE: usize = 4096;

/// Sets up the log on standard error: time, level, text; without time where the journal adds it.
pub(crate) fn init(verbose: bool) {
    let level = if verbose { Level::DEBUG } else { Level::INFO };
    let builder = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(level)
        .with_target(false)
        .with_ansi(shows_colour(&std::io::stderr()));
    if std::env::var_os("JOURNAL_STREAM").is_some() {
        builder.without_time().init();
    } else {
        builder.init();
    }
}

/// What is said before the first event.
#[derive(Debug)]
pub(crate) struct Preamble {
    /// The configuration's findings, rendered.
    pub(crate) findings: String,
    /// What runs.
    pub(crate) version: String,
    /// A line of detail.
    pub(crate) detail: String,
    /// The checks that are scripts: keepalived has words for these.
    pub(crate) scripts: Vec<String>,
}

/// Writes the preamble, and events until the bus is closed.
pub(crate) fn spawn(preamble: Preamble, mut events: Subscription) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("log".to_owned()).spawn(move || {
        eprint!("{}", preamble.findings);
        tracing::info!("{}", preamble.version);
        tracing::debug!("{}", preamble.detail);
        while let Some(event) = events.recv() {
            write(&event, &preamble.scripts);
        }
    })
}

/// Waits for the log to be written, but not for a log that nobody reads.
pub(crate) fn finish(log: JoinHandle<()>) {
    let until = Instant::now() + Duration::from_secs(1);
    while !log.is_finished() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(1));
    }
    if log.is_finished() {
        // A panic there has been printed by the thread itself.
        let _ = log.join();
    }
}

fn write(event: &Event, scripts: &[String]) {
    for line in script(event, scripts).map_or_else(|| lines(event), |line| vec![line]) {
        match (event.severity, is_detail(&event.kind)) {
            (Severity::Info, true) => tracing::debug!("{line}"),
            (Severity::Info, false) => tracing::info!("{line}"),
            (Severity::Warning, _) => tracing::warn!("{line}"),
            (Severity::Error, _) => tracing::error!("{line}"),
        }
    }
    if let Some(line) = durations(event) {
        tracing::debug!("{line}");
    }
}

/// What keepalived says of a script, if that is it, and what it found.
fn script(event: &Event, scripts: &[String]) -> Option<String> {
    let EventKind::HealthChanged { track, to, text, .. } = &event.kind else { return None };
    let ended = match to {
        Health::Pass => "succeeded",
        Health::Fail => "failed",
        Health::Unknown => return None,
    };
    scripts.contains(track).then(|| format!("VRRP_Script({track}) {ended} ({text})"))
}

/// How long the steps of a transition took.
fn durations(event: &Event) -> Option<String> {
    let EventKind::Transition { steps, .. } = &event.kind else { return None };
    let steps: Vec<String> = steps.iter().map(StepTook::to_string).collect();
    let instance = event.instance.as_ref().filter(|_| !steps.is_empty())?;
    Some(format!("({instance}) {}", steps.join(", ")))
}

/// Said only when asked for: it follows from what is said anyway.
fn is_detail(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::AddressAdded { .. }
            | EventKind::AddressRemoved { .. }
            | EventKind::PluginLog { level: LogLevel::Debug, .. }
    )
}

/// The lines for an event.
fn lines(event: &Event) -> Vec<String> {
    let Some(instance) = &event.instance else {
        return vec![general(&event.kind)];
    };
    match &event.kind {
        EventKind::Transition { from, to, reason, initial, priority, steps } => {
            transition(instance, *from, *to, reason, *initial, *priority, steps)
        }
        EventKind::Leaving { departure, reason, priority, .. } => {
            let mut lines: Vec<String> = outbid(instance, reason, *priority).into_iter().collect();
            if *departure != Departure::Yield {
                lines.push(format!("({instance}) sent 0 priority"));
            }
            lines.push(format!("({instance}) {}", event.kind));
            lines
        }
        EventKind::Left { .. } => {
            vec![format!("({instance}) removing VIPs."), format!("({instance}) {}", event.kind)]
        }
        EventKind::PeerResigned { .. } => {
            vec![format!("({instance}) Backup received priority 0 advertisement")]
        }
        EventKind::Reasserted { source, theirs, ours } if theirs == ours => vec![format!(
            "({instance}) Received advert from {source} with same priority {ours} but lower IP address than ours, \
             forcing new election"
        )],
        EventKind::Reasserted { source, theirs, ours } => vec![format!(
            "({instance}) Received advert from {source} with lower priority {theirs}, ours {ours}, forcing new election"
        )],
        EventKind::LowerDiscarded { source, theirs } => {
            vec![format!("({instance}) received lower priority ({theirs}) advert from {source} - discarding")]
        }
        EventKind::PriorityChanged { from, to } => {
            vec![format!("({instance}) Changing effective priority from {from} to {to}")]
        }
        EventKind::Announcing { addresses } => addresses
            .iter()
            .filter_map(|address| address.split_once(" on "))
            .map(|(address, interface)| {
                let what = if address.contains(':') { "unsolicited NAs" } else { "gratuitous ARPs" };
                format!("({instance}) Sending/queueing {what} on {interface} for {address}")
            })
            .collect(),
        kind => vec![format!("({instance}) {kind}")],
    }
}

fn general(kind: &EventKind) -> String {
    match kind {
        EventKind::Interface { interface, state } => {
            let state = match state {
                InterfaceState::Up => "up",
                InterfaceState::Down => "down",
                InterfaceState::Gone => "deleted",
            };
            format!("Netlink reports {interface} {state}")
        }
        EventKind::GroupChanged { group, to, .. } => {
            format!("VRRP_Group({group}) Syncing instances to {to} state")
        }
        kind => kind.to_string(),
    }
}

fn transition(
    instance: &str,
    from: State,
    to: State,
    reason: &Reason,
    initial: bool,
    priority: u8,
    steps: &[StepTook],
) -> Vec<String> {
    let mut lines = Vec::new();
    match reason {
        Reason::NoAdvert { .. } => lines.push(format!("({instance}) Receive advertisement timeout")),
        // One that kept its addresses has said so when it began to leave.
        Reason::HigherPriority { .. } | Reason::HigherAddress { .. } | Reason::GroupLeft if left(steps) => {}
        Reason::HigherPriority { .. } | Reason::HigherAddress { .. } | Reason::GroupLeft => {
            lines.extend(outbid(instance, reason, priority));
        }
        Reason::Hindered(hindrance) if to == State::Fault => {
            lines.push(format!("({instance}): entering FAULT state ({hindrance})"));
        }
        Reason::Hindered(hindrance) => lines.push(format!("({instance}) {hindrance}")),
        Reason::Stopped if resigned_at_once(steps) => lines.push(format!("({instance}) sent 0 priority")),
        Reason::MasterResigned { .. }
        | Reason::Owner
        | Reason::Started
        | Reason::Recovered
        | Reason::Stopped => {}
        Reason::HandedOver => lines.push(format!("({instance}) {reason}")),
        // Reasons of later versions have a name at least.
        _ => lines.push(format!("({instance}) {reason}")),
    }
    let init = if initial { " (init)" } else { "" };
    match to {
        State::Init => {}
        State::Backup | State::Fault => lines.push(format!("({instance}) Entering {to} STATE{init}")),
        State::Master => {
            lines.push(format!("({instance}) Entering MASTER STATE"));
            lines.push(format!("({instance}) setting VIPs."));
        }
        State::Stopped => lines.push(format!("({instance}) Stopped")),
    }
    if from == State::Master && !left(steps) {
        lines.push(format!("({instance}) removing VIPs."));
    }
    lines
}

/// Who is MASTER instead, and why.
fn outbid(instance: &str, reason: &Reason, priority: u8) -> Option<String> {
    match reason {
        Reason::HigherPriority { source, theirs } => Some(format!(
            "({instance}) Master received advert from {source} with higher priority {theirs}, ours {priority}"
        )),
        Reason::HigherAddress { source } => Some(format!(
            "({instance}) Master received advert from {source} with same priority {priority} but higher IP address \
             than ours"
        )),
        Reason::GroupLeft => Some(format!("({instance}) {reason}")),
        _ => None,
    }
}

/// Whether it left slowly, keeping its addresses, and has told so.
fn left(steps: &[StepTook]) -> bool {
    steps.iter().any(|took| took.step == Step::AddressesGivenUp)
}

fn resigned_at_once(steps: &[StepTook]) -> bool {
    steps.iter().any(|took| took.step == Step::Resigned) && !left(steps)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use keepwatch_event::{Hindrance, Timestamp};

    use super::*;

    fn lines_of(instance: Option<&str>, kind: EventKind) -> Vec<String> {
        lines(&event_of(instance, kind))
    }

    fn event_of(instance: Option<&str>, kind: EventKind) -> Event {
        Event {
            id: "x-1".into(),
            seq: 1,
            at: Timestamp { wall: SystemTime::UNIX_EPOCH, monotonic: Duration::ZERO },
            node: "h1".into(),
            instance: instance.map(Into::into),
            severity: Severity::Info,
            term: 1,
            kind,
        }
    }

    fn change(from: State, to: State, reason: Reason, initial: bool) -> Vec<String> {
        lines_of(
            Some("VI_1"),
            EventKind::Transition { from, to, reason, initial, priority: 100, steps: Vec::new() },
        )
    }

    fn stopped(steps: &[Step]) -> Vec<String> {
        let steps = steps.iter().map(|step| StepTook { step: *step, took: Duration::ZERO }).collect();
        let (from, to, reason) = (State::Master, State::Stopped, Reason::Stopped);
        let kind = EventKind::Transition { from, to, reason, initial: false, priority: 100, steps };
        lines_of(Some("VI_1"), kind)
    }

    #[test]
    fn transitions_have_the_words_that_monitors_grep_for() {
        let source = "10.0.0.2".parse().unwrap();
        let down = Hindrance::InterfaceDown { interface: "eth0".into() };
        let none = Hindrance::NoAddress { interface: "eth0".into(), family: "IPv4".into() };
        let rows = [
            (
                change(State::Init, State::Backup, Reason::Started, true),
                vec!["(VI_1) Entering BACKUP STATE (init)"],
            ),
            (
                change(State::Init, State::Fault, Reason::Hindered(none), true),
                vec![
                    "(VI_1): entering FAULT state (no IPv4 address for interface eth0)",
                    "(VI_1) Entering FAULT STATE (init)",
                ],
            ),
            (
                change(
                    State::Backup,
                    State::Master,
                    Reason::NoAdvert { silent: Duration::from_secs(3) },
                    false,
                ),
                vec![
                    "(VI_1) Receive advertisement timeout",
                    "(VI_1) Entering MASTER STATE",
                    "(VI_1) setting VIPs.",
                ],
            ),
            (
                change(State::Master, State::Backup, Reason::HigherPriority { source, theirs: 110 }, false),
                vec![
                    "(VI_1) Master received advert from 10.0.0.2 with higher priority 110, ours 100",
                    "(VI_1) Entering BACKUP STATE",
                    "(VI_1) removing VIPs.",
                ],
            ),
            (
                change(State::Master, State::Backup, Reason::HigherAddress { source }, false),
                vec![
                    "(VI_1) Master received advert from 10.0.0.2 with same priority 100 but higher IP address than ours",
                    "(VI_1) Entering BACKUP STATE",
                    "(VI_1) removing VIPs.",
                ],
            ),
            (
                change(State::Master, State::Fault, Reason::Hindered(down), false),
                vec![
                    "(VI_1): entering FAULT state (interface eth0 down)",
                    "(VI_1) Entering FAULT STATE",
                    "(VI_1) removing VIPs.",
                ],
            ),
            (
                stopped(&[Step::Resigned]),
                vec!["(VI_1) sent 0 priority", "(VI_1) Stopped", "(VI_1) removing VIPs."],
            ),
            // It has said so when it began to leave.
            (stopped(&[Step::Resigned, Step::AddressesGivenUp]), vec!["(VI_1) Stopped"]),
            (
                lines_of(
                    Some("VI_1"),
                    EventKind::Leaving {
                        departure: Departure::Stop,
                        reason: Reason::Stopped,
                        priority: 100,
                        patience: Duration::from_millis(1_300),
                    },
                ),
                vec![
                    "(VI_1) sent 0 priority",
                    "(VI_1) leaving; keeping the addresses until a successor has announced them; if nobody is heard, for \
                     1.30 s",
                ],
            ),
            (
                lines_of(
                    Some("VI_1"),
                    EventKind::Leaving {
                        departure: Departure::Yield,
                        reason: Reason::HigherPriority { source, theirs: 110 },
                        priority: 100,
                        patience: Duration::from_secs(1),
                    },
                ),
                vec![
                    "(VI_1) Master received advert from 10.0.0.2 with higher priority 110, ours 100",
                    "(VI_1) leaving; keeping the addresses until its successor has announced them",
                ],
            ),
        ];
        for (lines, expected) in rows {
            assert_eq!(lines, expected);
        }
    }

    #[test]
    fn scripts_have_keepalived_s_words_and_other_checks_ours() {
        let scripts = ["check_haproxy".to_owned()];
        let changed = |track: &str, to| {
            let (track, text) = (track.to_owned(), "exited with status 3".to_owned());
            let kind = EventKind::HealthChanged { track, from: Health::Unknown, to, text };
            let event = event_of(None, kind);
            script(&event, &scripts).unwrap_or_else(|| lines(&event).concat())
        };
        let failed = "VRRP_Script(check_haproxy) failed (exited with status 3)";
        assert_eq!(changed("check_haproxy", Health::Fail), failed);
        assert_eq!(changed("web", Health::Fail), "check web fails: exited with status 3");
        let untold = "check check_haproxy cannot tell: exited with status 3";
        assert_eq!(changed("check_haproxy", Health::Unknown), untold);
    }

    #[test]
    fn other_events_have_them_too() {
        let source = "10.0.0.2".parse().unwrap();
        let rows = [
            (
                EventKind::Reasserted { source, theirs: 90, ours: 100 },
                "(VI_1) Received advert from 10.0.0.2 with lower priority 90, ours 100, forcing new election",
            ),
            (
                EventKind::LowerDiscarded { source, theirs: 90 },
                "(VI_1) received lower priority (90) advert from 10.0.0.2 - discarding",
            ),
            (
                EventKind::PriorityChanged { from: 100, to: 90 },
                "(VI_1) Changing effective priority from 100 to 90",
            ),
            (EventKind::PeerResigned { source }, "(VI_1) Backup received priority 0 advertisement"),
            (
                EventKind::Announcing { addresses: vec!["10.0.0.10 on eth0".into()] },
                "(VI_1) Sending/queueing gratuitous ARPs on eth0 for 10.0.0.10",
            ),
        ];
        for (kind, expected) in rows {
            assert_eq!(lines_of(Some("VI_1"), kind), [expected]);
        }
        let down = EventKind::Interface { interface: "eth0".into(), state: InterfaceState::Down };
        assert_eq!(lines_of(None, down), ["Netlink reports eth0 down"]);
    }
}
