//! Reloading whenever a file of the configuration says something else (`run --watch`).

use std::sync::Arc;

use keepwatch_host::{Folders, quiet};
use tokio::sync::Notify;

use crate::reloading::Reloader;

/// Watches until nobody waits for it any more. What comes of a reload is told as events.
pub(crate) async fn watch(reloader: Reloader) {
    let touched = Arc::new(Notify::new());
    let mut folders = Folders::new(Arc::clone(&touched));
    loop {
        folders.set(&reloader.files());
        quiet(&touched).await;
        drop(reloader.reload_if_changed().await);
    }
}
