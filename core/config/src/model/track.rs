//! What instances track, and who may say how it is.

use std::collections::BTreeSet;
use std::time::Duration;

use keepwatch_vrrp::{TrackPolicy, TrackWeight};

use super::{Check, CheckKind, Config, InterfaceName, Place, Written};

/// An interface whose state moves the priority or forbids taking part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackInterface {
    /// Which.
    pub interface: InterfaceName,
    /// What its state does.
    pub weight: TrackWeight,
    /// Where it is written.
    pub place: Place,
}

/// A check whose result moves the priority or forbids taking part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackCheck {
    /// Name of a check in the same configuration, or of what a plugin may set.
    pub check: String,
    /// What its result does.
    pub weight: TrackWeight,
}

/// Something that instances can track, whoever finds out how it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trackable {
    /// Its name; unique.
    pub name: String,
    /// What verdicts on it are worth.
    pub policy: TrackPolicy,
    /// How long after the start the first verdict may take.
    pub first_within: Duration,
    /// The number that it counts as until one is known, if it is one: 0, as under keepalived.
    pub number: Option<i32>,
}

/// How long what finds things out may take to begin.
const STARTING: Duration = Duration::from_secs(5);

impl Config {
    /// Everything that instances can track by name: all checks, then what an instance tracks and a plugin may set.
    #[must_use]
    pub fn trackables(&self) -> Vec<Trackable> {
        let checks = self.checks.iter().map(|check| Trackable {
            name: check.name.clone(),
            policy: check.policy,
            first_within: check.timeout + STARTING,
            number: matches!(check.what, CheckKind::TrackFile(_)).then_some(0),
        });
        let tracked: BTreeSet<&str> = self
            .instances
            .iter()
            .flat_map(|instance| &instance.track_checks)
            .map(|tracked| tracked.check.as_str())
            .filter(|name| !self.checks.iter().any(|check| check.name == *name))
            .collect();
        let set = tracked.into_iter().filter(|name| self.may_be_set(name)).map(|name| Trackable {
            name: name.to_owned(),
            policy: TrackPolicy::default(),
            first_within: STARTING,
            number: None,
        });
        checks.chain(set).collect()
    }

    /// Whether a plugin has the grant `track:NAME`.
    #[must_use]
    pub fn may_be_set(&self, name: &str) -> bool {
        let of_plugins = self.extensions.plugins.iter().flat_map(|plugin| &plugin.grants);
        let of_checks = self.checks.iter().flat_map(plugin_grants);
        of_plugins.chain(of_checks).any(|grant| grant.text.strip_prefix("track:") == Some(name))
    }
}

fn plugin_grants(check: &Check) -> &[Written] {
    match &check.what {
        CheckKind::Plugin(plugin) => &plugin.grants,
        _ => &[],
    }
}
