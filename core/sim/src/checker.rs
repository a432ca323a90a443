//! What must hold whatever happens, checked at each step beside the routers.

use std::fmt;
use std::time::Duration;

use keepwatch_vrrp::{
    Action, Claim, Departure, Instant, Notice, Params, RouterId, StateName, TransitionReason, VirtualRouter,
};

use crate::host::{Deed, Host, HostId};
use crate::leaves::Leave;
use crate::trace::Seconds;

/// A rule that was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A healed segment has exactly one serving MASTER within its bound, and it stays the only one.
    OneMaster,
    /// That MASTER has at least the priority of everybody who preempts.
    HighestPriority,
    /// A resignation hands over within the skew time.
    HandsOver,
    /// A priority above zero is advertised only by a serving MASTER.
    AdvertsOnlyWhileServing,
    /// An address is announced only by a serving MASTER.
    AnnouncesOnlyWhileServing,
    /// A resignation is sent on leaving MASTER, twice at most, and never else.
    ResignsOnlyOnLeaving,
    /// It is never repeated later: that would keep the successor waiting.
    ResignsOnce,
    /// A router that leaves has given its addresses up within its bound.
    LeavesInTime,
    /// After a hand-over one host has each address; that of a leaver that died has gone by itself.
    OneHolderAfterwards,
    /// Whoever neighbours send packets to has the address they are for. In hand-overs of healthy hosts only:
    /// [`crate::Simulation::watch`].
    LosesNothing,
    /// Nothing is sent after STOPPED.
    SilentOnceStopped,
    /// Addresses are added only on the way to MASTER or in it, and all are gone outside.
    NoAddressWithoutMastership,
    /// A serving MASTER has its addresses, or stands down.
    NoMastershipWithoutAddress,
    /// After a timeout the next deadline lies ahead.
    DeadlineAhead,
    /// A serving MASTER's adverts are no further apart than the interval, and what its host slept.
    AdvertsOnTime,
    /// Transitions tell where the last one led to.
    TransitionsChain,
}

/// A broken rule, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// When.
    pub at: Instant,
    /// Whose, if it is one host's.
    pub host: Option<HostId>,
    /// Which router.
    pub router: RouterId,
    /// What.
    pub rule: Rule,
    /// What was found.
    pub found: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {} s", self.rule, Seconds(self.at))?;
        if let Some(host) = self.host {
            write!(f, ", host {host}")?;
        }
        write!(f, ", router {}: {}", self.router.0, self.found)
    }
}

/// A moment, and how long the host had slept by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) at: Instant,
    pub(crate) slept: Duration,
}

impl Moment {
    /// How long ago it was, without what the host slept of it, if it has slept for `slept` altogether.
    pub(crate) fn awake_since(self, now: Instant, slept: Duration) -> Duration {
        now.since(self.at).saturating_sub(slept - self.slept)
    }
}

/// What can be seen of a router before and after it is given something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) state: StateName,
    pub(crate) is_serving: bool,
    pub(crate) departure: Option<Departure>,
}

impl View {
    pub(crate) fn of(router: &VirtualRouter) -> Self {
        Self { state: router.state(), is_serving: router.is_serving(), departure: router.departure() }
    }
}

/// What the checker knows of one router, from its actions alone.
#[derive(Clone, Debug)]
pub(crate) struct Shadow {
    /// Where the last transition told led to.
    told: StateName,
    /// Whether that was because it handed over: it does not take mastership back then.
    pub(crate) has_handed_over: bool,
    /// When it last advertised while serving.
    pub(crate) advertised: Option<Moment>,
    /// How often it has resigned since.
    resigned: u32,
    /// Since when each address has been missing from a serving MASTER.
    pub(crate) missing: Vec<Option<Moment>>,
    /// Its leaving, while it leaves.
    pub(crate) leave: Option<Leave>,
}

impl Shadow {
    pub(crate) fn new(params: &Params) -> Self {
        Self {
            told: StateName::Init,
            has_handed_over: false,
            advertised: None,
            resigned: 0,
            missing: vec![None; params.addresses.len()],
            leave: None,
        }
    }

    /// Whether it serves without one of its addresses.
    pub(crate) fn is_lacking(&self) -> bool {
        self.missing.iter().any(Option::is_some)
    }
}

/// An address may be missing for three seconds; then it takes up to one try, 100 ms, until that is noticed.
const MISSING_AT_MOST: Duration = Duration::from_millis(3_200);

/// Checks an action when it is decided.
pub(crate) fn decided(shadow: &mut Shadow, deed: &Deed) -> Result<(), (Rule, String)> {
    let Deed { action, before, after, .. } = *deed;
    let fail = |rule| Err((rule, format!("{action:?}, {before:?} -> {after:?}")));
    match action {
        Action::SendAdvert(_) if before.state == StateName::Stopped => fail(Rule::SilentOnceStopped),
        Action::SendAdvert(Claim::Holds(_)) if !before.is_serving && !after.is_serving => {
            fail(Rule::AdvertsOnlyWhileServing)
        }
        Action::SendAdvert(Claim::Resigns) if !before.is_serving || after.is_serving => {
            fail(Rule::ResignsOnlyOnLeaving)
        }
        Action::AddAddress(_) if after.state != StateName::Master || after.departure.is_some() => {
            fail(Rule::NoAddressWithoutMastership)
        }
        Action::Tell(Notice::Transition { from, to, initial, reason, .. }) => {
            let chains = from == shadow.told && (from != to || initial);
            shadow.told = to;
            shadow.has_handed_over = reason == TransitionReason::HandedOver;
            if chains { Ok(()) } else { fail(Rule::TransitionsChain) }
        }
        Action::SendAdvert(_)
        | Action::AddAddress(_)
        | Action::RemoveAddress(_)
        | Action::ExpireAddress { .. }
        | Action::KeepAddress(_)
        | Action::Announce(_)
        | Action::Renumber
        | Action::Tell(_) => Ok(()),
    }
}

/// Checks how many resignations were decided at once.
pub(crate) fn decided_resignations(count: usize) -> Result<(), (Rule, String)> {
    if count == 0 || count == 2 {
        return Ok(());
    }
    Err((Rule::ResignsOnlyOnLeaving, format!("{count} resignations at once")))
}

/// Checks an advert that leaves the host, decided by a router that looked like this before and after.
pub(crate) fn sent(
    host: &mut Host,
    now: Instant,
    router: RouterId,
    claim: Claim,
    decided_by: [View; 2],
) -> Result<(), (Rule, String)> {
    if decided_by[0].state == StateName::Stopped {
        return Err((Rule::SilentOnceStopped, format!("{claim:?}")));
    }
    match claim {
        Claim::Holds(_) => {
            on_time(host, now, router)?;
            host.shadows[router.0].advertised = Some(host.moment(now));
            host.shadows[router.0].resigned = 0;
        }
        Claim::Resigns => {
            let shadow = &mut host.shadows[router.0];
            shadow.resigned += 1;
            if shadow.resigned > 2 {
                return Err((Rule::ResignsOnce, format!("{} resignations in a row", shadow.resigned)));
            }
        }
    }
    Ok(())
}

/// Checks an announcement that leaves the host.
pub(crate) fn announced(decided_by: [View; 2]) -> Result<(), (Rule, String)> {
    let [before, after] = decided_by;
    if before.is_serving || after.is_serving {
        return Ok(());
    }
    Err((Rule::AnnouncesOnlyWhileServing, format!("{before:?} -> {after:?}")))
}

/// Checks an announcement that leaves the host after it had to wait.
pub(crate) fn announced_late(router: View, is_in_place: bool) -> Result<(), (Rule, String)> {
    if router.is_serving && is_in_place {
        return Ok(());
    }
    Err((Rule::AnnouncesOnlyWhileServing, format!("{router:?}, address in place: {is_in_place}")))
}

/// Checks that a serving MASTER has not been silent for too long.
fn on_time(host: &Host, now: Instant, router: RouterId) -> Result<(), (Rule, String)> {
    let Some(advertised) = host.shadows[router.0].advertised else { return Ok(()) };
    let silent = advertised.awake_since(now, host.slept);
    if silent > host.params[router.0].interval.duration() + host.lateness {
        let since = Seconds(advertised.at);
        return Err((Rule::AdvertsOnTime, format!("silent since {since}, for {silent:?} of it awake")));
    }
    Ok(())
}

/// Checks a host whose process has done all it had to do for now.
pub(crate) fn at_rest(host: &mut Host, now: Instant) -> Result<(), (RouterId, Rule, String)> {
    let moment = host.moment(now);
    for index in 0..host.params.len() {
        let router = RouterId(index);
        let View { state, is_serving, .. } = host.views[index];
        if state != StateName::Master
            && let Some(address) = host.any_in_place(router)
        {
            let found = format!("{state:?} with address {address} in place");
            return Err((router, Rule::NoAddressWithoutMastership, found));
        }
        let shadow = &mut host.shadows[index];
        if !is_serving {
            shadow.advertised = None;
            shadow.missing.fill(None);
            continue;
        }
        on_time(host, now, router).map_err(|(rule, found)| (router, rule, found))?;
        let patience = MISSING_AT_MOST + host.lateness * 2;
        for (address, missing) in host.shadows[index].missing.iter_mut().enumerate() {
            if host.present.contains_key(&(router, address)) {
                *missing = None;
                continue;
            }
            let since = *missing.get_or_insert(moment);
            if since.awake_since(now, moment.slept) > patience {
                let found = format!("serves without address {address} for {:?}", now.since(since.at));
                return Err((router, Rule::NoMastershipWithoutAddress, found));
            }
        }
    }
    Ok(())
}
