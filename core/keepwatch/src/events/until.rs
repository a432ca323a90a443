//! When it is enough: a signal, or the end of a time.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use keepwatch_control::Stopper;
use rustix::event::{PollFd, PollFlags, poll};
use tokio::signal::unix::{SignalKind, signal};

/// How long writing the last line may take, before the process ends although nobody reads it.
const FAREWELL: Duration = Duration::from_secs(1);

/// Waits until whoever read standard output has gone: `| head -1` has had enough, and no event may come for hours.
async fn nobody_reads() {
    let gone = tokio::task::spawn_blocking(|| {
        let stdout = io::stdout();
        loop {
            let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
            match poll(&mut watched, None) {
                Ok(_) if watched.iter().any(|fd| fd.revents().contains(PollFlags::ERR)) => return true,
                // A terminal that was closed says so by a signal.
                Ok(_) => return false,
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return false,
            }
        }
    });
    if !gone.await.unwrap_or(false) {
        std::future::pending().await
    }
}

/// Ends a connection when it is enough.
#[derive(Debug)]
pub(super) struct Enough(Arc<AtomicBool>);

impl Enough {
    /// Watches for SIGINT, SIGTERM, the end of `limit` and that of whoever reads standard output, on a thread of its own: this one waits for the daemon.
    pub(super) fn watch(connection: Stopper, limit: Option<Duration>) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // Before the first line: a signal that came then would be a rude end.
        let (mut interrupt, mut terminate) = runtime.block_on(async {
            io::Result::Ok((signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?))
        })?;
        let enough = Arc::new(AtomicBool::new(false));
        let tell = Arc::clone(&enough);
        std::thread::Builder::new().name("until".to_owned()).spawn(move || {
            runtime.block_on(async {
                let over = async {
                    match limit {
                        Some(limit) => tokio::time::sleep(limit).await,
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    () = over => {}
                    () = nobody_reads() => {}
                }
            });
            tell.store(true, Ordering::Release);
            connection.stop();
            std::thread::sleep(FAREWELL);
            std::process::exit(0);
        })?;
        Ok(Self(enough))
    }

    /// Whether it is enough.
    pub(super) fn is_enough(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}
