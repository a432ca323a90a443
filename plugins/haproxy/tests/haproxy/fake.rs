//! A feigned HAProxy: a Unix socket that answers as a test wants.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use keepwatch_haproxy::Address;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixListener;
use tokio::task::{JoinHandle, JoinSet};

/// What comes back for a command: an answer, or nothing at all, ever.
pub(crate) type Answer = Option<Vec<u8>>;

/// A Unix socket that answers as a test wants.
pub(crate) struct Fake {
    path: PathBuf,
    serving: JoinHandle<()>,
}

impl Fake {
    pub(crate) fn new(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("keepwatch-haproxy-fake-{}-{next}", std::process::id()));
        let listener = UnixListener::bind(&path).unwrap();
        let answer = Arc::new(answer);
        let serving = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((connection, _)) = listener.accept().await {
                let answer = Arc::clone(&answer);
                connections.spawn(async move {
                    let mut connection = BufReader::new(connection);
                    let mut command = String::new();
                    let _ = connection.read_line(&mut command).await;
                    match answer(command.trim()) {
                        // Who has heard enough hangs up.
                        Some(answer) => drop(connection.write_all(&answer).await),
                        None => std::future::pending().await,
                    }
                });
            }
        });
        Self { path, serving }
    }

    pub(crate) fn address(&self) -> Address {
        Address::Unix(self.path.clone())
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.serving.abort();
        let _ = std::fs::remove_file(&self.path);
    }
}
