//! The clock that guests are interrupted by.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

use wasmtime::{Engine, EngineWeak};

/// From one tick to the next.
pub(crate) const TICK: Duration = Duration::from_millis(10);
/// Ticks without any call after which the thread goes to sleep: 1 s.
const IDLE: u32 = 100;

/// Moves an engine's epoch on while calls are under way; sleeps while there are none. Ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Ticker {
    shared: Arc<Shared>,
    thread: Thread,
}

#[derive(Debug, Default)]
struct Shared {
    calls: AtomicUsize,
    asleep: AtomicBool,
    ended: AtomicBool,
}

/// As long as this lives, the epoch moves on.
#[derive(Debug)]
pub(crate) struct Ticking(Arc<Shared>);

impl Ticker {
    /// A ticker for this engine.
    pub(crate) fn start(engine: &Engine) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let (engine, of_thread) = (engine.weak(), Arc::clone(&shared));
        let thread = thread::Builder::new().name("wasm-ticker".to_owned());
        let thread = thread.spawn(move || run(&engine, &of_thread))?.thread().clone();
        Ok(Self { shared, thread })
    }

    /// A call begins.
    pub(crate) fn tick(&self) -> Ticking {
        self.shared.calls.fetch_add(1, Ordering::SeqCst);
        // Either this sees that the thread is about to sleep, or the thread sees the call: both orders are total.
        if self.shared.asleep.load(Ordering::SeqCst) {
            self.thread.unpark();
        }
        Ticking(Arc::clone(&self.shared))
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.0.calls.fetch_sub(1, Ordering::SeqCst);
    }
}

fn run(engine: &EngineWeak, shared: &Shared) {
    let mut idle = 0;
    while !shared.ended.load(Ordering::SeqCst) {
        idle = if shared.calls.load(Ordering::SeqCst) == 0 { idle + 1 } else { 0 };
        if idle > IDLE {
            shared.asleep.store(true, Ordering::SeqCst);
            if shared.calls.load(Ordering::SeqCst) == 0 && !shared.ended.load(Ordering::SeqCst) {
                thread::park();
            }
            shared.asleep.store(false, Ordering::SeqCst);
            idle = 0;
            continue;
        }
        thread::sleep(TICK);
        let Some(engine) = engine.upgrade() else { return };
        engine.increment_epoch();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sleeps_without_calls_and_wakes_for_one() {
        let engine = Engine::default();
        let ticker = Ticker::start(&engine).unwrap();
        let until = |asleep: bool| {
            for _ in 0..1_000 {
                if ticker.shared.asleep.load(Ordering::SeqCst) == asleep {
                    return;
                }
                thread::sleep(TICK);
            }
            panic!("asleep is not {asleep}");
        };
        until(true);
        let call = ticker.tick();
        until(false);
        thread::sleep(2 * IDLE * TICK);
        assert!(!ticker.shared.asleep.load(Ordering::SeqCst), "a call is under way");
        drop(call);
        until(true);
    }
}
