//! What the server asks the daemon.

use std::future::Future;
use std::pin::Pin;

use keepwatch_bus::{Delivery, Subscription};
use keepwatch_event::Explanation;

use crate::explain_request::ExplainRequest;
use crate::plugin_report::{DeadLetter, PluginName, PluginReport};
use crate::reload::{ReloadReport, ReloadRequest};
use crate::spool::{DestinationStatus, Done, Letters, SilenceName, SilenceStatus};
use crate::status::Status;

/// A reload under way. It goes on to its end, whether the client stays or not.
pub type Reloading = Pin<Box<dyn Future<Output = ReloadReport> + Send>>;

/// An answer that another of the daemon's threads gives.
pub type Answering<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The daemon as the server sees it. Nothing here may wait, except for what a reload waits for: all connections are
/// served by one thread.
pub trait Backend: Send + Sync + 'static {
    /// How it is. Its engine is asked what it has counted.
    fn status(&self) -> Answering<Status>;

    /// What it takes for instances to become MASTER, or to stop being it.
    ///
    /// # Errors
    ///
    /// Why that cannot be said.
    fn explain(&self, which: ExplainRequest) -> Answering<Result<Explanation, String>>;

    /// How its plugins are, by name.
    fn plugins(&self) -> Vec<PluginReport>;

    /// Listens to events from now on; `name`, `delivery` and `capacity` are [`keepwatch_bus::Bus::subscribe`]'s.
    fn subscribe(&self, name: &str, delivery: Delivery, capacity: usize) -> Subscription;

    /// Takes the configuration over as it is on disk now, or says what that would do. Two may be asked for at once.
    fn reload(&self, how: ReloadRequest) -> Reloading;

    /// Which events are kept from a plugin.
    ///
    /// # Errors
    ///
    /// Why that cannot be said.
    fn dead_letters(&self, plugin: PluginName) -> Answering<Result<Vec<DeadLetter>, String>>;

    /// How the destinations are, and what waits for them.
    fn spool(&self) -> Answering<Vec<DestinationStatus>>;

    /// Tries letters at once.
    fn spool_retry(&self, letters: Letters) -> Answering<Done>;

    /// Throws letters away.
    fn spool_purge(&self, letters: Letters) -> Answering<Done>;

    /// The silences there are.
    fn silences(&self) -> Answering<Vec<SilenceStatus>>;

    /// Begins a silence, or changes one.
    fn silence(&self, silence: SilenceStatus) -> Answering<Done>;

    /// Ends a silence.
    fn silence_end(&self, name: SilenceName) -> Answering<Done>;
}
