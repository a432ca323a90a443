//! What must hold whatever happens, checked at each step beside the routers.

use std::fmt;
use std::time::Duration;

use keepwatch_vrrp::Claim;
use keepwatch_vrrp::{Action, Instant, Notice, Params, RouterId, StateName};

use crate::host::{Deed, Host, HostId, View};
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
    /// A resignation is sent on leaving MASTER, twice at most, and never else.
    ResignsOnlyOnLeaving,
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

/// What the checker knows of one router, from its actions alone.
#[derive(Clone, Debug)]
pub(crate) struct Shadow {
    /// Where the last transition told led to.
    told: StateName,
    /// When it last advertised while serving, and how long its host had slept by then.
    advertised: Option<(Instant, Duration)>,
    /// Since when each address has been missing from a serving MASTER, and how long the host had slept.
    missing: Vec<Option<(Instant, Duration)>>,
}

impl Shadow {
    pub(crate) fn new(params: &Params) -> Self {
        Self { told: StateName::Init, advertised: None, missing: vec![None; params.addresses.len()] }
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
        Action::SendAdvert(Claim::Resigns)
            if before.state != StateName::Master || after.state == StateName::Master =>
        {
            fail(Rule::ResignsOnlyOnLeaving)
        }
        Action::AddAddress(_) if after.state != StateName::Master => fail(Rule::NoAddressWithoutMastership),
        Action::Tell(Notice::Transition { from, to, initial, .. }) => {
            let chains = from == shadow.told && (from != to || initial);
            shadow.told = to;
            if chains { Ok(()) } else { fail(Rule::TransitionsChain) }
        }
        Action::SendAdvert(_)
        | Action::AddAddress(_)
        | Action::RemoveAddress(_)
        | Action::Announce(_)
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
    if let Claim::Holds(_) = claim {
        on_time(host, now, router)?;
        host.shadows[router.0].advertised = Some((now, host.slept));
    }
    Ok(())
}

/// Checks that a serving MASTER has not been silent for too long.
fn on_time(host: &Host, now: Instant, router: RouterId) -> Result<(), (Rule, String)> {
    let Some((at, slept_by_then)) = host.shadows[router.0].advertised else { return Ok(()) };
    let (silent, asleep) = (now.since(at), host.slept - slept_by_then);
    if silent > host.params[router.0].interval.duration() + host.lateness + asleep {
        return Err((Rule::AdvertsOnTime, format!("silent for {silent:?}, asleep for {asleep:?} of it")));
    }
    Ok(())
}

/// Checks a host whose process has done all it had to do for now.
pub(crate) fn at_rest(host: &mut Host, now: Instant) -> Result<(), (RouterId, Rule, String)> {
    let late = host.lateness;
    let slept = host.slept;
    for index in 0..host.params.len() {
        let router = RouterId(index);
        let View { state, is_serving } = host.views[index];
        if state != StateName::Master
            && let Some(((_, address), _)) = host.present.range((router, 0)..(RouterId(index + 1), 0)).next()
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
        let shadow = &mut host.shadows[index];
        for (address, missing) in shadow.missing.iter_mut().enumerate() {
            if host.present.contains_key(&(router, address)) {
                *missing = None;
                continue;
            }
            let (since, slept_by_then) = *missing.get_or_insert((now, slept));
            let patience = MISSING_AT_MOST + late * 2;
            if now.since(since) > patience + (slept - slept_by_then) {
                let found = format!("serves without address {address} for {:?}", now.since(since));
                return Err((router, Rule::NoMastershipWithoutAddress, found));
            }
        }
    }
    Ok(())
}
