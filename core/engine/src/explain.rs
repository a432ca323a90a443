//! How the instances stand, for whoever asks: what the next transition of each depends on.

use keepwatch_event::{
    BackupExplanation, GroupExplanation, GroupMember, InstanceExplanation, LastHeard, Preemption, Timers,
    Tracked, TrackerEffect, TrackerExplanation, TrackerStanding,
};
use keepwatch_vrrp::{
    Instant, LinkTracking, Outlook, RouterId, Standing, Start, StopMode, TrackWeight, VirtualRouter, Waiting,
};

use crate::engine::Engine;
use crate::instance::{Tenure, Tracker};
use crate::report::state;

impl Engine {
    /// How the instances stand now.
    pub(crate) fn explain(&self, now: Instant) -> Vec<InstanceExplanation> {
        let routers = (0..self.parts.instances.len()).map(RouterId);
        routers.filter_map(|router| self.explain_one(now, router)).collect()
    }

    fn explain_one(&self, now: Instant, id: RouterId) -> Option<InstanceExplanation> {
        let instance = self.parts.instances.get(id.0).filter(|instance| instance.tenure != Tenure::Vacant)?;
        let router = self.parts.routers.get(id)?;
        let context = self.context(id)?;
        let (params, outlook) = (router.params(), router.outlook());
        let hindrances = router.hindrances(now).into_iter().map(|hindrance| context.hindrance(hindrance));
        Some(InstanceExplanation {
            name: instance.name.to_string(),
            interface: context.interface.to_owned(),
            virtual_router_id: params.vrid.get(),
            version: params.version.number(),
            state: state(router.state()),
            state_for: outlook.state_since.map(|since| now.since(since)),
            reason: None,
            leaving: router.departure().is_some(),
            source: router.source(),
            base_priority: params.priority.get(),
            priority: router.priority().get(),
            trackers: trackers(&instance.trackers, router),
            timers: timers(router, &outlook),
            preemption: preemption(now, router, &outlook),
            asserts_itself: params.start == Start::Asserting,
            resigns: params.stop_mode != StopMode::Silent,
            tracks_interface: params.link_tracking == LinkTracking::Tracked,
            tracks_source: instance.source.is_none() || instance.tracks_source,
            hindrances: hindrances.collect(),
            group: self.group_of(id),
            last_heard: outlook.last_heard.map(|(source, priority, at)| LastHeard {
                source,
                priority: priority.get(),
                ago: now.since(at),
            }),
            backup: outlook.waiting.map(|waiting| backup(now, &waiting)),
            starts_in: self.start_at.map(|at| at.since(now)),
        })
    }

    fn group_of(&self, id: RouterId) -> Option<GroupExplanation> {
        let group = self.parts.groups.iter().find(|group| group.members.contains(&id))?;
        let member = |member: &RouterId| {
            let instance = self.parts.instances.get(member.0)?.name.to_string();
            Some(GroupMember { instance, state: state(self.parts.routers.get(*member)?.state()) })
        };
        let others = group.members.iter().filter(|member| **member != id).filter_map(member).collect();
        Some(GroupExplanation { name: group.name.clone(), others })
    }
}

fn timers(router: &VirtualRouter, outlook: &Outlook) -> Timers {
    Timers {
        advert_interval: router.params().interval.duration(),
        master_advert_interval: outlook.interval.duration(),
        down_timer_adverts: router.params().missed_adverts,
        skew: outlook.skew,
        master_down: outlook.master_down,
    }
}

fn preemption(now: Instant, router: &VirtualRouter, outlook: &Outlook) -> Preemption {
    use keepwatch_vrrp::Preemption as From;
    match router.params().preemption {
        From::Immediate => Preemption::Immediate,
        From::Never => Preemption::Never,
        From::After(delay) => {
            let at = outlook.waiting.and_then(|waiting| waiting.preempts_at);
            Preemption::After { delay, left: at.map(|at| at.since(now)) }
        }
    }
}

fn backup(now: Instant, waiting: &Waiting) -> BackupExplanation {
    BackupExplanation {
        takes_over_in: waiting.master_down_at.since(now),
        follows: waiting.follows,
        resigned: waiting.resigned,
        waits_for_group: waiting.waits_for_group,
        has_handed_over: waiting.has_handed_over,
    }
}

fn trackers(trackers: &[Tracker], router: &VirtualRouter) -> Vec<TrackerExplanation> {
    let known = router.params().trackers.iter().zip(router.standings());
    trackers.iter().zip(known).map(|(what, (weight, standing))| tracker(what, *weight, *standing)).collect()
}

fn tracker(tracker: &Tracker, weight: TrackWeight, standing: Standing) -> TrackerExplanation {
    let (what, name) = match tracker {
        Tracker::Interface(_, name) => (Tracked::Interface, name),
        Tracker::Check(_, name) => (Tracked::Check, name),
    };
    let effect =
        |standing| TrackerEffect { adds: weight.adjustment(standing), fault: weight.faults(standing) };
    // What is not known yet has nothing added: it could only fail, unless passing adds something.
    let adds_by_passing = weight.adjustment(Standing::Up) > weight.adjustment(Standing::Pending);
    let (shown, other) = match standing {
        Standing::Pending if adds_by_passing => (TrackerStanding::Pending, Some(Standing::Up)),
        Standing::Pending => (TrackerStanding::Pending, Some(Standing::Down)),
        Standing::Up => (TrackerStanding::Up, Some(Standing::Down)),
        Standing::Down => (TrackerStanding::Down, Some(Standing::Up)),
        Standing::Value(value) => (TrackerStanding::Value(value), None),
    };
    let (weight, reverse) = match weight {
        TrackWeight::Fault { reverse } => (0, reverse),
        TrackWeight::Adjust { weight, reverse } => (weight, reverse),
    };
    TrackerExplanation {
        name: name.clone(),
        what,
        weight,
        reverse,
        standing: shown,
        effect: effect(standing),
        otherwise: other.map(effect),
        health: None,
        verdicts_to_change: None,
    }
}

#[cfg(test)]
mod tests {
    use keepwatch_vrrp::InterfaceId;

    use super::*;

    #[test]
    fn a_tracker_says_what_it_does_and_would_do() {
        let adjust = |weight, reverse| TrackWeight::Adjust { weight, reverse };
        let fault = |reverse| TrackWeight::Fault { reverse };
        let does = |adds, fault| TrackerEffect { adds, fault };
        let table = [
            (adjust(-20, false), Standing::Up, does(0, false), Some(does(-20, false))),
            (adjust(-20, false), Standing::Down, does(-20, false), Some(does(0, false))),
            (adjust(20, false), Standing::Up, does(20, false), Some(does(0, false))),
            (adjust(20, true), Standing::Down, does(0, false), Some(does(-20, false))),
            (adjust(2, false), Standing::Value(7), does(14, false), None),
            (adjust(1, false), Standing::Value(-254), does(-254, true), None),
            (adjust(20, false), Standing::Pending, does(0, false), Some(does(20, false))),
            (adjust(20, true), Standing::Pending, does(0, false), Some(does(0, false))),
            (fault(false), Standing::Up, does(0, false), Some(does(0, true))),
            (fault(true), Standing::Up, does(0, true), Some(does(0, false))),
        ];
        for (weight, standing, effect, otherwise) in table {
            let check = Tracker::Check(0, "web".to_owned());
            let told = tracker(&check, weight, standing);
            assert_eq!((told.effect, told.otherwise), (effect, otherwise), "{weight:?} {standing:?}");
            assert_eq!((told.name.as_str(), told.what), ("web", Tracked::Check));
        }
        let eth1 = Tracker::Interface(InterfaceId(1), "eth1".to_owned());
        let told = tracker(&eth1, fault(true), Standing::Down);
        assert_eq!((told.what, told.weight, told.reverse), (Tracked::Interface, 0, true));
        assert_eq!(told.standing, TrackerStanding::Down);
    }
}
