//! Events in plain words.

use std::fmt;
use std::time::Duration;

use crate::kind::{
    Anomaly, Departure, Ending, EventKind, Hindrance, InterfaceState, Reason, State, Step, StepTook,
};

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Init => "INIT",
            Self::Backup => "BACKUP",
            Self::Master => "MASTER",
            Self::Fault => "FAULT",
            Self::Stopped => "STOPPED",
        })
    }
}

impl fmt::Display for InterfaceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Gone => "gone",
        })
    }
}

/// A duration with three figures: `3.61 s`, `36.1 ms`.
struct Rounded(Duration);

impl fmt::Display for Rounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        match seconds {
            s if s >= 100.0 => write!(f, "{s:.0} s"),
            s if s >= 10.0 => write!(f, "{s:.1} s"),
            s if s >= 1.0 => write!(f, "{s:.2} s"),
            s if s >= 0.1 => write!(f, "{:.0} ms", s * 1e3),
            s => write!(f, "{:.1} ms", s * 1e3),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started => f.write_str("started"),
            Self::Owner => f.write_str("it owns the addresses (priority 255)"),
            Self::NoAdvert { silent } => write!(f, "no advert heard for {}", Rounded(*silent)),
            Self::MasterResigned { source } => write!(f, "{source} resigned"),
            Self::HigherPriority { source, theirs } => {
                write!(f, "{source} advertises the higher priority {theirs}")
            }
            Self::HigherAddress { source } => {
                write!(f, "{source} advertises the same priority and has the higher address")
            }
            Self::Hindered(hindrance) => hindrance.fmt(f),
            Self::Recovered => f.write_str("able to take part again"),
            Self::Stopped => f.write_str("stopped"),
            Self::HandedOver => f.write_str("handed over"),
            Self::GroupLeft => f.write_str("another member of its group left"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AddressesInPlace => "addresses in place",
            Self::Announced => "announced",
            Self::Advertised => "advertised",
            Self::Resigned => "resigned",
            Self::SuccessorNoticed => "successor noticed",
            Self::AddressesGivenUp => "addresses given up",
        })
    }
}

impl fmt::Display for StepTook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} +{}", self.step, Rounded(self.took))
    }
}

impl fmt::Display for Hindrance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InterfaceMissing { interface } => write!(f, "interface {interface} does not exist"),
            Self::InterfaceDown { interface } => write!(f, "interface {interface} down"),
            Self::NoAddress { interface, family } => {
                write!(f, "no {family} address for interface {interface}")
            }
            Self::NoSocket { interface } => write!(f, "no socket for adverts on interface {interface}"),
            Self::LinkLocalTentative { interface } => {
                write!(f, "waiting for a usable link-local address on {interface}")
            }
            Self::TrackedInterfaceDown { interface } => write!(f, "tracked interface {interface} down"),
            Self::AddressUnstable { address } => {
                write!(f, "{address} does not stay in place: something else removes it; next try in a minute")
            }
        }
    }
}

impl fmt::Display for Anomaly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { why } => write!(f, "dropped: {why}"),
            Self::Ttl { ttl } => write!(f, "dropped: TTL {ttl}, so it did not come from this network"),
            Self::Version { theirs, ours } => {
                write!(f, "dropped: it is VRRP version {theirs}, here version {ours} is configured")
            }
            Self::AuthType { theirs } => {
                let theirs = match theirs {
                    0 => "no authentication",
                    1 => "auth_type PASS",
                    _ => "another auth_type",
                };
                write!(f, "dropped: it has {theirs}, which is not what is configured here")
            }
            Self::AuthFailed => f.write_str("dropped: its password is not ours"),
            Self::IntervalRefused { theirs, ours } => {
                write!(f, "dropped: its interval is {}, ours {}", Rounded(*theirs), Rounded(*ours))
            }
            Self::IntervalLearned { theirs, ours } => {
                write!(f, "its interval is {}, ours {}; following it", Rounded(*theirs), Rounded(*ours))
            }
            Self::Destination => {
                f.write_str("dropped: one side is configured for unicast and the other for multicast")
            }
            Self::UnknownPeer { dropped: true } => f.write_str("dropped: it is no unicast_peer"),
            Self::UnknownPeer { dropped: false } => f.write_str("it is no unicast_peer; accepted"),
            Self::AddressList => f.write_str("it lists other addresses than ours, though some are the same"),
            Self::DuplicateVrid { vrid, theirs } => {
                let theirs = theirs.map(|address| format!(" but {address}")).unwrap_or_default();
                write!(
                    f,
                    "ignored: it lists none of our addresses{theirs}: either one of the lists is wrong, or another \
                     virtual router uses VRID {vrid} too and needs another virtual_router_id"
                )
            }
            Self::OtherVrid { theirs, ours, address } => write!(
                f,
                "ignored: it lists our {address} under VRID {theirs}, ours is {ours}, so both hosts may hold it; give \
                 both the same virtual_router_id"
            ),
            Self::ChecksumForm => {
                f.write_str("its checksum has the other form (see v3_checksum_as_v2); accepted")
            }
            Self::OwnAddress => f.write_str("ignored: its sender has our own address"),
            Self::DualMaster { theirs, adverts, mac } => {
                let mac = mac.as_ref().map(|mac| format!("at {mac}, ")).unwrap_or_default();
                write!(
                    f,
                    "it also claims to be MASTER ({mac}priority {theirs}, {adverts} adverts): it probably does not \
                     hear us; look for a filter for IP protocol 112 here, there or on the way"
                )
            }
        }
    }
}

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
            Self::ConfigLoaded { path, instances: 1 } => write!(f, "{path} loaded: 1 instance"),
            Self::ConfigLoaded { path, instances } => write!(f, "{path} loaded: {instances} instances"),
            Self::ConfigRejected { path, reason } => write!(f, "{path} not loaded: {reason}"),
            Self::SignalIgnored { signal } => write!(f, "{signal} does nothing in this version; running on"),
            Self::Stopping { reason } => write!(f, "stopping: {reason}"),
            Self::Failed { error } => write!(f, "cannot go on: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_figures() {
        for (nanos, text) in [
            (3_609_375_000, "3.61 s"),
            (36_093_750, "36.1 ms"),
            (613_000_000, "613 ms"),
            (78_125, "0.1 ms"),
            (12_340_000_000, "12.3 s"),
            (1_234_000_000_000, "1234 s"),
        ] {
            assert_eq!(Rounded(Duration::from_nanos(nanos)).to_string(), text);
        }
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
