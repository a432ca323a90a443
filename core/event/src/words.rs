//! Events in plain words.

use std::fmt;

use crate::counted::{counted, grouped};
use crate::hand_over::{Departure, Ending};
use crate::kind::EventKind;
use crate::one_line::one_line;
use crate::rounded::Rounded;
use crate::state::Health;
use crate::unsteady::{Steady, Unsteady};
use serde_json::Value;

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transition { from, to, reason, initial: false, .. } => {
                write!(f, "{from} -> {to}: {reason}")
            }
            Self::Transition { to, reason, initial: true, .. } => write!(f, "{to}: {reason}"),
            Self::Leaving { departure: Departure::Yield, .. } => {
                f.write_str("leaving; keeping the addresses until its successor has announced them")
            }
            Self::Leaving { patience, .. } => write!(
                f,
                "leaving; keeping the addresses until a successor has announced them; if nobody is heard, for {}",
                Rounded(*patience)
            ),
            Self::Left { ending: Ending::NobodyCame, took, .. } => {
                write!(f, "left after {}: nobody took over", Rounded(*took))
            }
            Self::Left { ending: Ending::CutShort, took, .. } => {
                write!(f, "left after {}, without waiting for a successor", Rounded(*took))
            }
            Self::Left { ending: Ending::TakenOver { successor: Some(successor), after }, took, .. } => {
                write!(f, "left after {}: {successor} took over after {}", Rounded(*took), Rounded(*after))
            }
            Self::Left { ending: Ending::TakenOver { successor: None, after }, took, .. } => write!(
                f,
                "left after {}: another host announced the addresses after {}, but no advert of it was heard",
                Rounded(*took),
                Rounded(*after)
            ),
            Self::HandoverRefused { waited } => {
                write!(f, "nobody took over within {}; MASTER as before", Rounded(*waited))
            }
            Self::Contested { address, interface, mac } => write!(
                f,
                "another host claims {address} on {interface}: {mac}; answering. If this goes on, look for the address \
                 on that host"
            ),
            Self::OneWay { source, mac } => {
                let source = source.map(|source| format!(" (probably {source})")).unwrap_or_default();
                write!(
                    f,
                    "two hosts hold the addresses: {mac}{source} goes on announcing them, and none of its adverts reaches \
                     this host: IP protocol 112 is filtered, here or on the way, or its VRRP daemon died and left the \
                     addresses there"
                )
            }
            Self::NothingReceived { interface, listened } => write!(
                f,
                "{interface} is up but has received nothing since the take-over {} ago: if this host is deaf, another one \
                 may be MASTER, too",
                Rounded(*listened)
            ),
            Self::SettingRefused { setting, error, consequence } => {
                write!(f, "cannot set {setting}: {error}; {consequence}")
            }
            Self::PriorityChanged { from, to } => write!(f, "effective priority {from} -> {to}"),
            Self::AdvertAnomaly { source, anomaly, both_master: false } => {
                write!(f, "advert from {source}: {anomaly}")
            }
            Self::AdvertAnomaly { source, anomaly, both_master: true } => write!(
                f,
                "{source} is MASTER too, and both hosts hold the addresses, because its adverts are {anomaly}; set the \
                 same on both"
            ),
            Self::PeerSeen { source, priority } => write!(f, "{source} is MASTER with priority {priority}"),
            Self::PeerLost { source, silent } => write!(f, "{source} not heard for {}", Rounded(*silent)),
            Self::PeerResigned { source } => write!(f, "{source} resigned"),
            Self::LowerDiscarded { source, theirs } => {
                write!(f, "about to take over from {source}, whose priority {theirs} is lower")
            }
            Self::Reasserted { source, theirs, ours } => {
                write!(f, "asserted priority {ours} against {source} with {theirs}")
            }
            Self::Announcing { addresses } => write!(f, "announcing {}", addresses.join(", ")),
            Self::AddressAdded { address, interface } => write!(f, "{address} added to {interface}"),
            Self::AddressRemoved { address, interface } => write!(f, "{address} removed from {interface}"),
            Self::AddressLost { address, interface } => {
                write!(f, "something else removed {address} from {interface}; putting it back")
            }
            Self::AddressPutBack { address, interface } => write!(f, "{address} is back on {interface}"),
            Self::AddressFailed { address, interface, error } => {
                write!(f, "{address} cannot be added to {interface}: {error}; trying again")
            }
            Self::AddressDuplicate { address, interface } => {
                write!(f, "{address} on {interface} is in use on another host (dadfailed); replacing it")
            }
            Self::AddressNotUsable { address, interface } => {
                write!(f, "{address} on {interface} is not usable yet; going on")
            }
            Self::AddressCleaned { address, interface } => {
                write!(
                    f,
                    "{address} was on {interface} already, left by a killed run, another VRRP daemon, or set by hand; \
                 removed"
                )
            }
            Self::AddressStuck { address, interface, error } => {
                write!(f, "{address} cannot be removed from {interface}: {error}; remove it by hand")
            }
            Self::AddressKept { address, interface } => write!(
                f,
                "{address} is this host's only such address on {interface} and stays: a virtual address must not be a \
                 host's own, except with priority 255"
            ),
            Self::Interface { interface, state } => write!(f, "interface {interface} {state}"),
            Self::SendFailed { interface, error } => write!(f, "cannot send on {interface}: {error}"),
            Self::Stalled { late } => write!(f, "did not run for {}", Rounded(*late)),
            Self::ClockJumped { by, backwards } => {
                let way = if *backwards { "back" } else { "forward" };
                write!(f, "the wall clock was set {way} by {}; timers are not affected", Rounded(*by))
            }
            Self::Resynchronised => f.write_str("the kernel dropped notifications; its state was read anew"),
            Self::ConfigLoaded { path, instances, waits, .. } => {
                let s = if *instances == 1 { "" } else { "s" };
                write!(f, "{path} loaded: {instances} instance{s}")?;
                waits.as_ref().map_or(Ok(()), |waits| write!(f, "; {waits}"))
            }
            Self::InstanceAdded { settings } => write!(
                f,
                "added: {}, VRID {}, priority {}",
                settings.interface, settings.virtual_router_id, settings.base_priority
            ),
            Self::InstanceChanged { changes, .. } => write!(f, "changed: {}", changes.join("; ")),
            Self::InstanceRemoved { .. } => f.write_str("removed"),
            Self::ConfigRejected { path, reason } => write!(f, "{path} not loaded: {reason}"),
            Self::SignalIgnored { signal } => write!(f, "{signal} does nothing in this version; running on"),
            Self::DumpWritten { path } => {
                write!(f, "{path} written; from now on without a word, each time a signal asks for it")
            }
            Self::DumpFailed { path, error } => write!(f, "{path} cannot be written: {error}"),
            Self::Stopping { reason } => write!(f, "stopping: {reason}"),
            Self::Failed { error } => write!(f, "cannot go on: {error}"),
            Self::HealthChanged { track, to, text, .. } => {
                let health = match to {
                    Health::Pass => "passes",
                    Health::Fail => "fails",
                    Health::Unknown => "cannot tell",
                };
                write!(f, "check {track} {health}")?;
                if text.is_empty() { Ok(()) } else { write!(f, ": {text}") }
            }
            Self::FlappingStarted { track, changes, within } => {
                let changes = counted(u64::from(*changes), "change");
                write!(f, "check {track} is flapping: {changes} within {}", Rounded(*within))
            }
            Self::FlappingStopped { track, health: Health::Unknown } => {
                write!(f, "check {track} has settled: it cannot tell")
            }
            Self::FlappingStopped { track, health } => write!(f, "check {track} has settled: {health}"),
            Self::GroupChanged { group, from, to } => write!(f, "group {group}: {from} -> {to}"),
            Self::PluginLoaded { plugin, path, role } => write!(f, "plugin {plugin} loaded: {role}, {path}"),
            Self::PluginReloaded { plugin, path } => write!(f, "plugin {plugin} reloaded: {path}"),
            Self::PluginRefused { plugin, reason, kept: true, .. } => {
                write!(f, "plugin {plugin} not reloaded, the version before runs on: {reason}")
            }
            Self::PluginRefused { plugin, reason, kept: false, .. } => {
                write!(f, "plugin {plugin} not loaded: {reason}")
            }
            Self::PluginUnloaded { plugin } => write!(f, "plugin {plugin} unloaded"),
            Self::PluginError { plugin, error } => write!(f, "plugin {plugin} reports: {error}"),
            Self::PluginFailed { plugin, failure, restart_after } => {
                write!(f, "plugin {plugin} {failure}; starting it anew in {}", Rounded(*restart_after))
            }
            Self::PluginRestarted { plugin } => write!(f, "plugin {plugin} runs again"),
            Self::PluginDisabled { plugin, failure, retry_after } => write!(
                f,
                "plugin {plugin} failed too often and is left alone for {}; at last it {failure}",
                Rounded(*retry_after)
            ),
            Self::DeadLettered { plugin, event, reason } => {
                write!(f, "event {event} is kept from plugin {plugin} from now on: it {reason}")
            }
            Self::PluginLog { plugin, text, .. } => write!(f, "[{plugin}] {text}"),
            Self::ActionRan { action, plugin, ended, took } => {
                write!(f, "action {action}, run for {plugin}, ended after {}: {ended}", Rounded(*took))
            }
            Self::SubscriberBehind { subscriber } => {
                write!(f, "{subscriber} does not keep up with the events")
            }
            Self::SubscriberCaughtUp { subscriber, conflated, dropped } => write!(
                f,
                "{subscriber} keeps up again; {} conflated and {} dropped for it",
                counted(*conflated, "event"),
                grouped(*dropped)
            ),
            Self::Degraded { part, error, consequence } => write!(f, "{part}: {error}; {consequence}"),
            Self::Recovered { part } => write!(f, "{part}: works again"),
            Self::UnsteadyStarted(Unsteady { group, changes, within }) => {
                of_group(f, group.as_deref())?;
                let within = Rounded(*within);
                let changes = counted(u64::from(*changes), "transition");
                write!(f, "unsteady: {changes} within {within}; told again when it has settled")
            }
            Self::UnsteadyStopped(Steady { group, state, untold }) => {
                of_group(f, group.as_deref())?;
                write!(f, "settled: {state}, after {} not told", counted(u64::from(*untold), "transition"))
            }
            Self::DeliverySucceeded { destination, attempt: 1, said, .. } => {
                write!(f, "{destination} has it: {said}")
            }
            Self::DeliverySucceeded { destination, attempt, said, .. } => {
                write!(f, "{destination} has it, at attempt {attempt}: {said}")
            }
            Self::DeliveryFailed { destination, error, retry_after, .. } => {
                write!(f, "{destination} cannot be told: {error}; trying again in {}", Rounded(*retry_after))
            }
            Self::DeliveryGivenUp { destination, reason, .. } => {
                write!(
                    f,
                    "{destination} is not told of something: {reason}; `keepwatch spool list --dead` shows it"
                )
            }
            Self::DestinationDisabled { destination, reason } => write!(
                f,
                "{destination} takes nothing any more: {reason}; what is for it waits until its configuration changes"
            ),
            Self::SilenceBegan { silence, comment, lasts } => {
                write!(f, "silence {silence} for {}: {comment}", Rounded(*lasts))
            }
            Self::SilenceEnded { silence, untold } => {
                write!(f, "silence {silence} is over; {} not sent", counted(*untold, "letter"))
            }
            Self::NotifyScriptRan { setting, group, command, ended, took, output } => {
                let of = group.as_ref().map(|group| format!(" of group {group}")).unwrap_or_default();
                write!(f, "{setting}{of} {command} ended after {}: {ended}", Rounded(*took))?;
                let said = one_line(output);
                if said.is_empty() { Ok(()) } else { write!(f, ": {said}") }
            }
            Self::NotifyFifoBehind { fifo, lost } => {
                write!(f, "nobody reads {fifo}: {} lost", counted(*lost, "line"))
            }
            Self::Custom { plugin, name, data } if data.is_empty() => write!(f, "{plugin}: {name}"),
            Self::Custom { plugin, name, data } => {
                // JSON escapes line breaks, but not what some terminals take for an escape.
                write!(f, "{plugin}: {name} {}", one_line(&Value::Object(data.clone()).to_string()))
            }
            // Whoever wrote it down may have had words for it.
            Self::Unknown(fields) => match fields.get("text").and_then(Value::as_str) {
                Some(text) => write!(f, "{}: {} (of a later version)", self.name(), one_line(text)),
                None => write!(f, "{} (of a later version)", self.name()),
            },
        }
    }
}

/// What stands before words about a sync group, as the instance's name stands before those about one.
fn of_group(f: &mut fmt::Formatter<'_>, group: Option<&str>) -> fmt::Result {
    group.map_or(Ok(()), |group| write!(f, "group {group}: "))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::reason::Reason;
    use crate::state::State;

    #[test]
    fn what_a_notify_script_wrote_stays_on_its_line() {
        let kind = EventKind::NotifyScriptRan {
            setting: "notify".to_owned(),
            group: Some("G".to_owned()),
            command: "/n GROUP G MASTER 0".to_owned(),
            ended: "exited with status 1".to_owned(),
            output: "one\n\n(VI_1) Entering MASTER STATE\r\n".to_owned(),
            took: Duration::from_millis(1_500),
        };
        let expected = "notify of group G /n GROUP G MASTER 0 ended after 1.50 s: exited with status 1: one / (VI_1) Entering \
                        MASTER STATE";
        assert_eq!(kind.to_string(), expected);
    }

    #[test]
    fn one_of_something_is_told_as_one() {
        let lost = |lost| EventKind::NotifyFifoBehind { fifo: "/f".to_owned(), lost };
        let ended = |untold| EventKind::SilenceEnded { silence: "s".to_owned(), untold };
        let settled =
            |untold| EventKind::UnsteadyStopped(Steady { group: None, state: State::Master, untold });
        let caught_up = |conflated, dropped| {
            let subscriber = "mail".to_owned();
            EventKind::SubscriberCaughtUp { subscriber, conflated, dropped }
        };
        for (kind, text) in [
            (lost(1), "nobody reads /f: 1 line lost"),
            (lost(1_200), "nobody reads /f: 1,200 lines lost"),
            (ended(1), "silence s is over; 1 letter not sent"),
            (ended(0), "silence s is over; 0 letters not sent"),
            (settled(1), "settled: MASTER, after 1 transition not told"),
            (settled(7), "settled: MASTER, after 7 transitions not told"),
            (caught_up(1, 0), "mail keeps up again; 1 event conflated and 0 dropped for it"),
        ] {
            assert_eq!(kind.to_string(), text);
        }
    }

    #[test]
    fn a_group_that_is_unsteady_is_named() {
        let settled = |group: Option<&str>| {
            EventKind::UnsteadyStopped(Steady {
                group: group.map(str::to_owned),
                state: State::Fault,
                untold: 9,
            })
        };
        assert_eq!(settled(Some("G")).to_string(), "group G: settled: FAULT, after 9 transitions not told");
        assert_eq!(settled(None).to_string(), "settled: FAULT, after 9 transitions not told");
    }

    #[test]
    fn a_transition_reads_as_a_sentence() {
        let kind = EventKind::Transition {
            from: State::Backup,
            to: State::Master,
            reason: Reason::NoAdvert { silent: Duration::from_millis(3_609) },
            initial: false,
            priority: 101,
            steps: Vec::new(),
        };
        assert_eq!(kind.to_string(), "BACKUP -> MASTER: no advert heard for 3.61 s");
    }
}
