//! Another configuration for an engine that runs: made ready by whoever has the time, taken over by the engine in one piece.
//!
//! What may fail, or take long, is done before the engine hears of it. What is left to it is to go through what has changed:
//! an instance that is as it was costs nothing.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use keepwatch_config::model::{Config, Firewall, Instance, LinkDelay, Spacing, SyncGroup};
use keepwatch_config::{Deed, Diff};
use keepwatch_system::{LockError, Wakeup};
use keepwatch_vrrp::InvalidParams;

use crate::locks::Locks;
use crate::other_fixtures::OtherStatics;
use crate::running::Command;
use crate::standings::Standings;
use crate::tracks::Tracks;

/// Why an engine cannot go on with another configuration: it goes on with the one it has.
#[derive(Debug, thiserror::Error)]
pub enum ReconfigureError {
    /// An interface is in another keepwatch's hands.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// An instance contradicts itself in a way the configuration should not have allowed.
    #[error("instance {name}: {error}")]
    Instance {
        /// Its name.
        name: String,
        /// The contradiction.
        #[source]
        error: InvalidParams,
    },
    /// It is stopping, or has ended.
    #[error("keepwatch is stopping")]
    Stopping,
}

/// Another configuration, made ready.
#[derive(Debug)]
pub(crate) struct Reconfiguration {
    pub(crate) steps: Vec<Step>,
    pub(crate) groups: Vec<SyncGroup>,
    pub(crate) link_delays: Vec<LinkDelay>,
    pub(crate) firewall: Firewall,
    /// None if they are as they were.
    pub(crate) statics: Option<OtherStatics>,
    pub(crate) spacing: Spacing,
    pub(crate) vip_lifetime: Option<Duration>,
    pub(crate) board: Arc<Standings>,
    /// Where to tell how long it took.
    pub(crate) done: SyncSender<Duration>,
}

/// What becomes of an instance.
#[derive(Debug)]
pub(crate) enum Step {
    /// The one of this name leaves.
    Remove(String),
    /// The one of this name goes on as another one.
    Update(String, Arrival),
    /// The one of this name leaves, and another one begins.
    Restart(String, Arrival),
    /// One begins.
    Add(Arrival),
}

/// An instance of the configuration, with what the engine needs to know beside.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) instance: Instance,
    /// Where the checks that it tracks are found.
    pub(crate) places: Vec<usize>,
    /// What of it is different, if it was there before.
    pub(crate) changes: Option<Vec<String>>,
    /// Transitions that it has had before.
    pub(crate) term: u64,
}

/// Gives a running engine other configurations. Clones give them to the same engine; one at a time, please.
#[derive(Clone, Debug)]
pub struct Reconfigurer {
    pub(crate) commands: SyncSender<Command>,
    pub(crate) wakeup: Wakeup,
    pub(crate) tracks: Tracks,
    pub(crate) locks: Locks,
}

impl Reconfigurer {
    /// Has the engine go on with `after` instead of `before`, and waits until it does. Gives how long the engine was busy with
    /// it: for so long no advert was sent.
    ///
    /// # Errors
    ///
    /// [`ReconfigureError`]: nothing has changed.
    pub fn reconfigure(
        &self,
        before: &Config,
        after: &Config,
        diff: &Diff,
    ) -> Result<Duration, ReconfigureError> {
        for instance in &after.instances {
            let name = || instance.name.clone();
            instance.params().check().map_err(|error| ReconfigureError::Instance { name: name(), error })?;
        }
        self.locks.take(after)?;
        self.tracks.follow(&after.trackables());
        let (done, told) = sync_channel(1);
        let reconfiguration = Reconfiguration {
            steps: self.steps(after, diff),
            groups: after.groups.clone(),
            link_delays: after.link_delays.clone(),
            firewall: after.globals.firewall.clone(),
            statics: OtherStatics::between(&before.statics, &after.statics),
            spacing: after.globals.spacing.clone(),
            vip_lifetime: after.globals.vip_lifetime,
            board: self.tracks.standings(),
            done,
        };
        let command = Command::Reconfigure(Box::new(reconfiguration));
        self.commands.send(command).map_err(|_| ReconfigureError::Stopping)?;
        self.wakeup.ring();
        let took = told.recv().map_err(|_| ReconfigureError::Stopping)?;
        // Those that leave may still be about it: what is theirs is given up a configuration later.
        self.locks.keep_only([before, after]);
        Ok(took)
    }

    fn steps(&self, after: &Config, diff: &Diff) -> Vec<Step> {
        let mut steps = Vec::new();
        for change in &diff.instances {
            let wanted = change.after.as_ref();
            let instance = after.instances.iter().find(|instance| Some(&instance.name) == wanted);
            let arrival = |changes| {
                let instance = instance?.clone();
                let places = self.tracks.places_of(&instance);
                Some(Arrival { instance, places, changes, term: 0 })
            };
            let before = change.before.clone().unwrap_or_default();
            let changes = || Some(change.changes.clone());
            steps.extend(match change.deed {
                Deed::Keep => None,
                Deed::Update => arrival(changes()).map(|arrival| Step::Update(before, arrival)),
                Deed::Restart => arrival(changes()).map(|arrival| Step::Restart(before, arrival)),
                Deed::Add => arrival(None).map(Step::Add),
                Deed::Remove => Some(Step::Remove(before)),
            });
        }
        steps
    }
}
