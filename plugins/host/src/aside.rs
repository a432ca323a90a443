//! Work that may hang, away from the threads that tasks share, and never twice at once.

use tokio::sync::Mutex;
use tokio::task::{JoinHandle, spawn_blocking};

/// Does one work at a time, on a thread where it may wait for a disk or a name server. One that hangs is not begun again
/// beside itself: sooner or later all such threads would hang.
#[derive(Debug)]
pub struct Aside<T>(Mutex<Option<JoinHandle<T>>>);

impl<T> Default for Aside<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Send + 'static> Aside<T> {
    /// Does this work and gives what comes of it; none if it panics or the runtime ends. If nobody waits any more, it goes
    /// on: while it does, whoever comes next gets what comes of that, and `work` is not done.
    pub async fn run(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let mut under_way = self.0.lock().await;
        // What nobody has waited for may be long outdated.
        let begun = under_way.take().filter(|begun| !begun.is_finished());
        let done = under_way.insert(begun.unwrap_or_else(|| spawn_blocking(work))).await;
        *under_way = None;
        done.ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn what_hangs_is_begun_once_and_then_waited_for() {
        let (aside, begun) = (Aside::default(), Arc::<AtomicU32>::default());
        let (go, gate) = channel::<()>();
        let gate = Arc::new(std::sync::Mutex::new(gate));
        let work = || {
            let (begun, gate) = (Arc::clone(&begun), Arc::clone(&gate));
            move || {
                let number = begun.fetch_add(1, Ordering::SeqCst);
                let _ = gate.lock().unwrap().recv();
                number
            }
        };
        for _ in 0..20 {
            assert!(timeout(Duration::from_millis(1), aside.run(work())).await.is_err());
        }
        // Somebody waits before it ends.
        let (first, ()) = tokio::join!(aside.run(work()), async { go.send(()).unwrap() });
        assert_eq!(first, Some(0), "what comes of the first");
        assert_eq!(begun.load(Ordering::SeqCst), 1);
        drop(go);
        assert_eq!(aside.run(work()).await, Some(1), "the next one is begun");
    }

    #[tokio::test]
    async fn what_came_when_nobody_waited_is_not_given_later() {
        let aside = Aside::default();
        let (tell, told) = channel::<()>();
        let (go, gate) = channel::<()>();
        let first = move || {
            let _ = gate.recv();
            drop(tell);
            1
        };
        assert!(timeout(Duration::from_millis(1), aside.run(first)).await.is_err());
        go.send(()).unwrap();
        told.recv().unwrap_err();
        // Its thread is about to say that it has ended.
        while !aside.0.lock().await.as_ref().unwrap().is_finished() {
            tokio::task::yield_now().await;
        }
        assert_eq!(aside.run(|| 2).await, Some(2));
        assert_eq!(aside.run(|| panic!("on purpose")).await, None);
        assert_eq!(aside.run(|| 3).await, Some(3));
    }
}
