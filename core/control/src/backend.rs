//! What the server asks the daemon.

use std::future::Future;
use std::pin::Pin;

use keepwatch_bus::{Delivery, Subscription};

use crate::plugin_report::PluginReport;
use crate::reload::ReloadReport;
use crate::status::Status;

/// A reload under way. It goes on to its end, whether the client stays or not.
pub type Reloading = Pin<Box<dyn Future<Output = ReloadReport> + Send>>;

/// The daemon as the server sees it. Nothing here may wait, except for what a reload waits for: all connections are
/// served by one thread.
pub trait Backend: Send + Sync + 'static {
    /// How it is.
    fn status(&self) -> Status;

    /// How its plugins are, by name.
    fn plugins(&self) -> Vec<PluginReport>;

    /// Listens to events from now on; `name`, `delivery` and `capacity` are [`keepwatch_bus::Bus::subscribe`]'s.
    fn subscribe(&self, name: &str, delivery: Delivery, capacity: usize) -> Subscription;

    /// Takes the configuration over as it is on disk now. Two may be asked for at once.
    fn reload(&self) -> Reloading;
}
