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
    /// What it counts, if it is a number.
    pub number: Option<TrackedNumber>,
}

/// What a number counts that instances track.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrackedNumber {
    /// What it is until one is known: 0, as under keepalived.
    pub at_first: i32,
    /// Each weight by which an instance multiplies it, once.
    pub weights: Vec<TrackWeight>,
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
            number: match check.what {
                CheckKind::TrackFile(_) => {
                    Some(TrackedNumber { at_first: 0, weights: self.weights_of(&check.name) })
                }
                _ => None,
            },
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

    fn weights_of(&self, name: &str) -> Vec<TrackWeight> {
        let mut weights = Vec::new();
        let tracked = self.instances.iter().flat_map(|instance| &instance.track_checks);
        for tracked in tracked.filter(|tracked| tracked.check == name) {
            if !weights.contains(&tracked.weight) {
                weights.push(tracked.weight);
            }
        }
        weights
    }

    /// Whether a plugin has the grant `track:NAME`.
    #[must_use]
    pub fn may_be_set(&self, name: &str) -> bool {
        self.set_by_plugins().any(|(set, _)| set == name)
    }

    /// What plugins may set, and the grants that say so.
    pub(crate) fn set_by_plugins(&self) -> impl Iterator<Item = (&str, &Written)> {
        let of_plugins = self.extensions.plugins.iter().flat_map(|plugin| &plugin.grants);
        let of_checks = self.checks.iter().flat_map(plugin_grants);
        of_plugins.chain(of_checks).filter_map(|grant| Some((grant.text.strip_prefix("track:")?, grant)))
    }
}

fn plugin_grants(check: &Check) -> &[Written] {
    match &check.what {
        CheckKind::Plugin(plugin) => &plugin.grants,
        _ => &[],
    }
}
