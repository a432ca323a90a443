//! Reloading whenever a file of the configuration says something else (`run --watch`).

use std::sync::Arc;
use std::time::Duration;

use keepwatch_bus::{Bus, Draft};
use keepwatch_event::{EventKind, Severity};
use keepwatch_host::{Folders, quiet};
use tokio::sync::Notify;

use crate::reloading::Reloader;

/// How often files are looked at without a sign, as where a network file system gives none.
const POLL: Duration = Duration::from_secs(60);

/// Watches until nobody waits for it any more. What comes of a reload is told as events.
pub(crate) async fn watch(reloader: Reloader, bus: Bus) {
    let touched = Arc::new(Notify::new());
    let mut folders = Folders::new(Arc::clone(&touched));
    let mut is_told = false;
    loop {
        match folders.set(&reloader.files()) {
            Ok(()) => is_told = false,
            Err(error) if !is_told => {
                is_told = true;
                let setting = "watching the files of the configuration".to_owned();
                let consequence = "changes are found within a minute, or by `keepwatch reload`".to_owned();
                let kind = EventKind::SettingRefused { setting, error, consequence };
                bus.publish(Draft::general(Severity::Warning, kind));
            }
            Err(_) => {}
        }
        // Too late is no matter.
        let _ = tokio::time::timeout(POLL, quiet(&touched)).await;
        drop(reloader.reload_if_changed().await);
    }
}
