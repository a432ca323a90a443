//! One ear for all checks of processes: each message of the kernel comes once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::connector::{Connector, Told};
use super::event::Event;
use super::matching::Process;
use super::watch::Watch;

/// Where the kernel did not tell, it is asked again after this time.
const RETRY: Duration = Duration::from_secs(60);

/// The one listener, as long as a check needs it.
pub(super) struct Shared(tokio::sync::Mutex<State>);

enum State {
    /// There has been none, or its checks are gone.
    Idle,
    Listening(Weak<Listener>),
    Refused {
        why: String,
        at: Instant,
    },
}

impl State {
    /// The listener or why there is none, unless the kernel has to be asked.
    fn known(&self) -> Option<Result<Arc<Listener>, String>> {
        match self {
            Self::Listening(listener) => listener.upgrade().filter(|listener| listener.hears()).map(Ok),
            Self::Refused { why, at } => (at.elapsed() < RETRY).then(|| Err(why.clone())),
            Self::Idle => None,
        }
    }
}

impl Shared {
    pub(super) const fn new() -> Self {
        Self(tokio::sync::Mutex::const_new(State::Idle))
    }

    /// The listener; it is started where there is none.
    ///
    /// # Errors
    ///
    /// Why there can be none, in words.
    pub(super) async fn listener(&'static self) -> Result<Arc<Listener>, String> {
        if let Some(known) = self.0.try_lock().ok().and_then(|state| state.known()) {
            return known;
        }
        // On its own: whoever has no time to wait for it need not ask anew the next time.
        tokio::spawn(self.start()).await.unwrap_or_else(|_| Err("keepwatch is ending".to_owned()))
    }

    async fn start(&self) -> Result<Arc<Listener>, String> {
        let mut state = self.0.lock().await;
        if let Some(known) = state.known() {
            return known;
        }
        match Listener::start().await {
            Ok(listener) => {
                *state = State::Listening(Arc::downgrade(&listener));
                Ok(listener)
            }
            Err(why) => {
                *state = State::Refused { why: why.clone(), at: Instant::now() };
                Err(why)
            }
        }
    }
}

/// Tells checks what the kernel tells.
pub(super) struct Listener {
    watches: Mutex<Vec<Weak<Watch>>>,
    hears: AtomicBool,
}

impl Listener {
    async fn start() -> Result<Arc<Self>, String> {
        let connector = Connector::open().await?;
        let listener = Arc::new(Self { watches: Mutex::default(), hears: AtomicBool::new(true) });
        tokio::spawn(listen(connector, Hears(Arc::downgrade(&listener))));
        Ok(listener)
    }

    fn hears(&self) -> bool {
        self.hears.load(Ordering::SeqCst)
    }

    fn watches(&self) -> MutexGuard<'_, Vec<Weak<Watch>>> {
        self.watches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells a check from now on.
    pub(super) fn tell(&self, watch: &Arc<Watch>) {
        let mut watches = self.watches();
        watches.retain(|told| told.strong_count() > 0 && !told.ptr_eq(&Arc::downgrade(watch)));
        watches.push(Arc::downgrade(watch));
    }
}

/// That a listener hears, until the task that does it ends or its runtime does.
struct Hears(Weak<Listener>);

impl Drop for Hears {
    fn drop(&mut self) {
        let Some(listener) = self.0.upgrade() else { return };
        listener.hears.store(false, Ordering::SeqCst);
        // Their next questions will find another listener.
        listener.watches().iter().filter_map(Weak::upgrade).for_each(|watch| watch.ask_again());
    }
}

/// Ends with the last check that holds the listener: processes come and go all the time, so that it notices soon.
async fn listen(connector: Connector, hears: Hears) {
    while let Ok(told) = connector.next().await {
        let Some(listener) = hears.0.upgrade() else { return };
        // Read once, however many ask for it.
        let process = match told {
            Told::Event(Event::Renamed(id)) => Process::read(id),
            Told::Event(_) | Told::Lost => None,
        };
        let watches: Vec<Arc<Watch>> = listener.watches().iter().filter_map(Weak::upgrade).collect();
        for watch in watches {
            match told {
                Told::Event(event) => watch.hear(event, process.as_ref()),
                Told::Lost => {
                    // If that fails, the last known stays until the next message.
                    let _ = tokio::task::spawn_blocking(move || watch.look()).await;
                }
            }
        }
    }
}
