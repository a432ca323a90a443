//! From VRRP's notices to events.

use std::net::IpAddr;
use std::sync::Arc;

use keepwatch_bus::Draft;
use keepwatch_event::{Anomaly, Departure, Ending, EventKind, Hindrance, Reason, Severity, State, StepTook};
use keepwatch_vrrp::{AddressTrouble, Family, Notice, Params, RouterId, StateName, TransitionReason};

use crate::addresses::Held;
use crate::instance::{InstanceState, Tenure, Tracker};
use crate::interfaces::Interface;
use crate::tracks::Tracks;

/// What a notice's numbers stand for.
pub(crate) struct Context<'a> {
    pub(crate) name: &'a Arc<str>,
    pub(crate) term: u64,
    pub(crate) params: &'a Params,
    pub(crate) interfaces: &'a [Interface],
    /// The instance's own interface.
    pub(crate) interface: &'a str,
    /// The address to send from, if taking part depends on it.
    pub(crate) tracked_source: Option<IpAddr>,
    pub(crate) held: &'a [Held],
    pub(crate) trackers: &'a [Tracker],
    pub(crate) tracks: &'a Tracks,
    pub(crate) instances: &'a [InstanceState],
    /// How long the instance is to be there.
    pub(crate) tenure: Tenure,
}

impl Context<'_> {
    /// `steps` are those of a transition.
    pub(crate) fn draft(&self, notice: Notice, steps: Vec<StepTook>) -> Draft {
        let (severity, kind) = self.kind(notice, steps);
        Draft { instance: Some(Arc::clone(self.name)), severity, term: self.term, kind }
    }

    fn kind(&self, notice: Notice, steps: Vec<StepTook>) -> (Severity, EventKind) {
        match notice {
            Notice::Transition { from, to, reason, initial, priority } => {
                let severity = if to == StateName::Fault { Severity::Error } else { Severity::Info };
                let (from, to, reason) = (state(from), state(to), self.reason(reason));
                let priority = priority.get();
                (severity, EventKind::Transition { from, to, reason, initial, priority, steps })
            }
            Notice::PriorityChanged { from, to } => {
                (Severity::Info, EventKind::PriorityChanged { from: from.get(), to: to.get() })
            }
            Notice::AdvertAnomaly { anomaly, source, both_master } => {
                let (severity, anomaly) = self.anomaly(anomaly);
                let severity = if both_master { Severity::Error } else { severity };
                (severity, EventKind::AdvertAnomaly { source, anomaly, both_master })
            }
            Notice::PeerSeen { source, priority } => {
                (Severity::Info, EventKind::PeerSeen { source, priority: priority.get() })
            }
            Notice::PeerLost { source, silent } => {
                (Severity::Warning, EventKind::PeerLost { source, silent })
            }
            Notice::PeerResigned { source } => (Severity::Info, EventKind::PeerResigned { source }),
            Notice::LowerDiscarded { source, theirs } => {
                (Severity::Info, EventKind::LowerDiscarded { source, theirs: theirs.get() })
            }
            Notice::Reasserted { source, theirs, ours } => {
                (Severity::Warning, EventKind::Reasserted { source, theirs: theirs.get(), ours: ours.get() })
            }
            Notice::Announcing => {
                let in_place = self.held.iter().filter(|held| held.state.is_in_place());
                let addresses =
                    in_place.map(|held| format!("{} on {}", held.address(), self.interface_name(held)));
                (Severity::Info, EventKind::Announcing { addresses: addresses.collect() })
            }
            Notice::Address { address, trouble } => self.trouble(address, trouble),
            Notice::Leaving { departure: why, reason, priority, patience } => {
                let (departure, reason, priority) = (departure(why), self.reason(reason), priority.get());
                (Severity::Info, EventKind::Leaving { departure, reason, priority, patience })
            }
            Notice::Left { departure: why, ending: how, took } => {
                use keepwatch_vrrp::Ending as From;
                let severity = match how {
                    From::NobodyCame | From::TakenOver { successor: None, .. } => Severity::Warning,
                    From::TakenOver { successor: Some(_), .. } | From::CutShort => Severity::Info,
                };
                (severity, EventKind::Left { departure: departure(why), ending: ending(how), took })
            }
            Notice::HandoverRefused { waited } => (Severity::Warning, EventKind::HandoverRefused { waited }),
            Notice::Contested { address, mac } => {
                let held = self.held.get(address);
                let interface = held.map_or_else(String::new, |held| self.interface_name(held));
                let address = held.map_or_else(String::new, Held::describe);
                (Severity::Warning, EventKind::Contested { address, interface, mac: mac.to_string() })
            }
            Notice::Deaf { mac, source } => {
                (Severity::Error, EventKind::OneWay { source, mac: mac.to_string() })
            }
            Notice::Stalled { late } => (Severity::Warning, EventKind::Stalled { late }),
        }
    }

    fn interface_name(&self, held: &Held) -> String {
        usize::try_from(held.interface.0)
            .ok()
            .and_then(|index| self.interfaces.get(index))
            .map_or_else(String::new, |interface| interface.name.clone())
    }

    fn trouble(&self, address: usize, trouble: AddressTrouble) -> (Severity, EventKind) {
        let held = self.held.get(address);
        let interface = held.map_or_else(String::new, |held| self.interface_name(held));
        let address = held.map_or_else(String::new, Held::describe);
        match trouble {
            AddressTrouble::RemovedExternally => {
                (Severity::Warning, EventKind::AddressLost { address, interface })
            }
            AddressTrouble::Lapsed => (Severity::Warning, EventKind::AddressRemoved { address, interface }),
            AddressTrouble::PutBack => (Severity::Info, EventKind::AddressPutBack { address, interface }),
            AddressTrouble::AddFailed => {
                let error = "the kernel refused".to_owned();
                (Severity::Error, EventKind::AddressFailed { address, interface, error })
            }
            AddressTrouble::Duplicate => {
                (Severity::Error, EventKind::AddressDuplicate { address, interface })
            }
            AddressTrouble::NotUsable => {
                (Severity::Warning, EventKind::AddressNotUsable { address, interface })
            }
        }
    }

    fn reason(&self, reason: TransitionReason) -> Reason {
        match reason {
            TransitionReason::Started => Reason::Started,
            TransitionReason::Owner => Reason::Owner,
            TransitionReason::MasterDown { silent } => Reason::NoAdvert { silent },
            TransitionReason::MasterResigned { source } => Reason::MasterResigned { source },
            TransitionReason::HigherPriority { source, theirs } => {
                Reason::HigherPriority { source, theirs: theirs.get() }
            }
            TransitionReason::HigherAddress { source } => Reason::HigherAddress { source },
            TransitionReason::Hindered(hindrance) => Reason::Hindered(self.hindrance(hindrance)),
            TransitionReason::Recovered => Reason::Recovered,
            TransitionReason::Stopped if self.tenure == Tenure::Departs => Reason::Removed,
            TransitionReason::Stopped => Reason::Stopped,
            TransitionReason::HandedOver => Reason::HandedOver,
            TransitionReason::GroupLeft => Reason::GroupLeft,
        }
    }

    pub(crate) fn hindrance(&self, hindrance: keepwatch_vrrp::Hindrance) -> Hindrance {
        use keepwatch_vrrp::Hindrance as From;
        let interface = self.interface.to_owned();
        match hindrance {
            From::InterfaceMissing => Hindrance::InterfaceMissing { interface },
            From::LinkDown => Hindrance::InterfaceDown { interface },
            From::NoSource => {
                if let Some(source) = self.tracked_source {
                    return Hindrance::SourceMissing { interface, source };
                }
                let family = match self.params.family {
                    Family::V4 => "IPv4",
                    Family::V6 => "IPv6",
                };
                Hindrance::NoAddress { interface, family: family.to_owned() }
            }
            From::NoTransport => Hindrance::NoSocket { interface },
            From::SourceTentative => Hindrance::LinkLocalTentative { interface },
            From::Tracker(tracker) => match self.trackers.get(tracker) {
                Some(Tracker::Check(_, check)) => {
                    Hindrance::CheckFailed { check: check.clone(), text: self.tracks.text_of(check) }
                }
                tracker => Hindrance::TrackedInterfaceDown { interface: tracked(tracker) },
            },
            From::TrackerPending(tracker) => {
                Hindrance::CheckPending { check: tracked(self.trackers.get(tracker)) }
            }
            From::Mate(mate) => Hindrance::GroupMember { instance: self.instance(mate) },
            From::MateWaits(mate) => Hindrance::GroupMemberWaits { instance: self.instance(mate) },
            From::AddressUnstable(address) => Hindrance::AddressUnstable {
                address: self.held.get(address).map_or_else(String::new, Held::describe),
            },
        }
    }

    fn instance(&self, router: RouterId) -> String {
        self.instances.get(router.0).map_or_else(String::new, |instance| instance.name.to_string())
    }

    fn anomaly(&self, anomaly: keepwatch_vrrp::Anomaly) -> (Severity, Anomaly) {
        use keepwatch_vrrp::Anomaly as From;
        let ours = self.params.interval.duration();
        match anomaly {
            From::Malformed(why) => (Severity::Warning, Anomaly::Malformed { why: why.to_string() }),
            From::Ttl { ttl } => (Severity::Warning, Anomaly::Ttl { ttl }),
            From::Version { theirs } => {
                let ours = self.params.version.number();
                (Severity::Warning, Anomaly::Version { theirs: theirs.number(), ours })
            }
            From::AuthType { theirs } => (Severity::Warning, Anomaly::AuthType { theirs }),
            From::AuthFailed => (Severity::Warning, Anomaly::AuthFailed),
            From::IntervalRefused { theirs } => {
                (Severity::Warning, Anomaly::IntervalRefused { theirs: theirs.duration(), ours })
            }
            From::IntervalLearned { theirs } => {
                (Severity::Warning, Anomaly::IntervalLearned { theirs: theirs.duration(), ours })
            }
            From::Destination => (Severity::Warning, Anomaly::Destination),
            From::UnknownPeer { dropped } => (Severity::Warning, Anomaly::UnknownPeer { dropped }),
            From::AddressList => (Severity::Warning, Anomaly::AddressList),
            From::OtherVrid { theirs, address } => {
                let (theirs, ours) = (theirs.get(), self.params.vrid.get());
                (Severity::Error, Anomaly::OtherVrid { theirs, ours, address })
            }
            From::DuplicateVrid { theirs } => {
                (Severity::Error, Anomaly::DuplicateVrid { vrid: self.params.vrid.get(), theirs })
            }
            From::ChecksumForm => (Severity::Info, Anomaly::ChecksumForm),
            From::OwnAddress => (Severity::Error, Anomaly::OwnAddress),
            From::DualMaster { theirs, adverts, mac } => {
                let mac = mac.map(|mac| mac.to_string());
                (Severity::Error, Anomaly::DualMaster { theirs: theirs.get(), adverts, mac })
            }
        }
    }
}

fn tracked(tracker: Option<&Tracker>) -> String {
    match tracker {
        Some(Tracker::Interface(_, name) | Tracker::Check(_, name)) => name.clone(),
        None => String::new(),
    }
}

const fn ending(ending: keepwatch_vrrp::Ending) -> Ending {
    use keepwatch_vrrp::Ending as From;
    match ending {
        From::TakenOver { successor, after } => Ending::TakenOver { successor, after },
        From::NobodyCame => Ending::NobodyCame,
        From::CutShort => Ending::CutShort,
    }
}

const fn departure(departure: keepwatch_vrrp::Departure) -> Departure {
    use keepwatch_vrrp::Departure as From;
    match departure {
        From::Stop => Departure::Stop,
        From::HandOver => Departure::HandOver,
        From::Yield => Departure::Yield,
        From::Group => Departure::Group,
    }
}

pub(crate) const fn state(state: StateName) -> State {
    match state {
        StateName::Init => State::Init,
        StateName::Backup => State::Backup,
        StateName::Master => State::Master,
        StateName::Fault => State::Fault,
        StateName::Stopped => State::Stopped,
    }
}
