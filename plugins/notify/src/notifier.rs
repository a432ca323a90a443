//! Notifications at work: a thread of its own that hears events and tells destinations.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use keepwatch_bus::{Bus, Delivery};
use tokio::runtime::Builder;
use tokio::sync::{mpsc, oneshot, watch};

use crate::courier::Haste;
use crate::desk::{Desk, Order};
use crate::destination::Destination;
use crate::letter::Letter;
use crate::mailbox::Mailbox;
use crate::report::{DestinationReport, DestinationSummary, SilenceReport};
use crate::silence::Silence;
use crate::spool::{Spool, Watch};

/// Events that may wait to be looked at; then the oldest of the least grave are given up.
const CAPACITY: usize = 1 << 14;
/// Orders that may wait: those of people and plugins, few.
const ORDERS: usize = 1 << 10;
/// How long writing down what is left may take. A disk that hangs takes longer.
const LAST: Duration = Duration::from_millis(2_500);

/// What notifications need.
pub struct Options {
    /// Where events come from, and where it is told what becomes of letters.
    pub bus: Bus,
    /// The spool's file; none if nothing is to outlive the process.
    pub path: Option<PathBuf>,
    /// The host, as mails call it.
    pub node: Arc<str>,
    /// Told how the disk does, when that changes.
    pub disk: Watch,
    /// Called first on the new thread.
    pub prepare: Box<dyn FnOnce() + Send>,
}

/// Notifications at work.
pub struct Notifier {
    orders: mpsc::Sender<Order>,
    haste: watch::Sender<Haste>,
    mailboxes: watch::Receiver<Vec<Arc<Mailbox>>>,
    thread: Mutex<Option<Thread>>,
}

/// The thread that all of it runs on.
struct Thread {
    handle: JoinHandle<()>,
    /// Closed when it ends.
    ended: oneshot::Receiver<()>,
}

/// Why a letter is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// There is no destination of this name.
    #[error("there is no destination \"{0}\"; write [notify.{0}]")]
    Unknown(String),
    /// It is another kind of destination.
    #[error("{0}")]
    Unfit(String),
    /// Too much is under way, or the daemon ends.
    #[error("too many notifications at once")]
    Busy,
}

/// Why a letter that somebody asked for is not found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// There is no destination of this name.
    #[error("there is no destination \"{0}\"")]
    Destination(String),
    /// There is no letter of this id.
    #[error("nothing of the id {0} waits or was given up")]
    Letter(String),
    /// It is the beginning of several ids.
    #[error("{given} is the beginning of several ids: {ids}")]
    Several {
        /// What was asked for.
        given: String,
        /// The ids, as people read them.
        ids: String,
    },
}

impl Notifier {
    /// Begins to hear events. Nobody is told before there are destinations.
    ///
    /// # Errors
    ///
    /// The kernel's, if there is no room for a thread.
    pub fn start(options: Options) -> io::Result<Self> {
        let Options { bus, path, node, disk, prepare } = options;
        let events = bus.subscribe("notifications", Delivery::Durable, CAPACITY);
        let (spool, found) = Spool::open(path, disk)?;
        let (orders, inbox) = mpsc::channel(ORDERS);
        let (haste, _) = watch::channel(Haste::None);
        let of_desk = haste.clone();
        let (shown, mailboxes) = watch::channel(Vec::new());
        let (running, ended) = oneshot::channel::<()>();
        let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
        let handle = std::thread::Builder::new().name("notify".to_owned()).spawn(move || {
            let _running = running;
            prepare();
            let desk = Desk::new(bus, node, spool, of_desk, shown);
            runtime.block_on(desk.run(events, inbox, found));
            // A look-up that hangs is not waited for.
            runtime.shutdown_background();
        })?;
        Ok(Self { orders, haste, mailboxes, thread: Mutex::new(Some(Thread { handle, ended })) })
    }

    /// Replaces the destinations. What waits for one stays, also for one that is gone; a delivery under way goes on.
    pub fn apply(&self, destinations: Vec<Destination>) {
        // It fails only if it has ended.
        let _ = self.orders.blocking_send(Order::Apply(destinations));
    }

    /// Hands a letter in, for a plugin.
    ///
    /// # Errors
    ///
    /// If there is no such destination, or too much is under way.
    pub async fn hand_in(&self, destination: &str, letter: Letter) -> Result<(), NotTaken> {
        let (tell, told) = oneshot::channel();
        let order = Order::HandIn { destination: destination.to_owned(), letter: Box::new(letter), tell };
        self.orders.try_send(order).map_err(|_| NotTaken::Busy)?;
        told.await.unwrap_or(Err(NotTaken::Busy))
    }

    /// How the destinations are, and what waits for them.
    pub async fn report(&self) -> Vec<DestinationReport> {
        self.ask(Order::Report).await.unwrap_or_default()
    }

    /// How the destinations are, in figures. Waits for nobody.
    #[must_use]
    pub fn summary(&self) -> Vec<DestinationSummary> {
        self.mailboxes.borrow().iter().map(|mailbox| mailbox.summary()).collect()
    }

    /// Has letters tried again at once: what waits, and, of these ids or all, what was given up. How many of those there
    /// were. An id may be given by its beginning.
    ///
    /// # Errors
    ///
    /// If there is no such destination, or one of the ids is none of a letter. Then nothing has changed.
    pub async fn retry(&self, destination: &str, ids: Vec<String>) -> Result<usize, NotFound> {
        let name = destination.to_owned();
        let done = self.ask(|tell| Order::Retry { destination: name, ids, tell }).await;
        done.unwrap_or_else(|| Err(NotFound::Destination(destination.to_owned())))
    }

    /// Throws letters of these ids, or all, away. How many. An id may be given by its beginning.
    ///
    /// # Errors
    ///
    /// If there is no such destination, or one of the ids is none of a letter. Then nothing has changed.
    pub async fn purge(&self, destination: &str, ids: Vec<String>) -> Result<usize, NotFound> {
        let name = destination.to_owned();
        let done = self.ask(|tell| Order::Purge { destination: name, ids, tell }).await;
        done.unwrap_or_else(|| Err(NotFound::Destination(destination.to_owned())))
    }

    /// Begins a silence, or changes the one of its name.
    pub async fn silence(&self, silence: Silence) {
        let _ = self.ask(|tell| Order::Silence { silence, tell }).await;
    }

    /// Ends a silence. Whether there was one.
    pub async fn end_silence(&self, name: String) -> bool {
        self.ask(|tell| Order::EndSilence { name, tell }).await.unwrap_or(false)
    }

    /// The silences there are.
    pub async fn silences(&self) -> Vec<SilenceReport> {
        self.ask(Order::Silences).await.unwrap_or_default()
    }

    async fn ask<T>(&self, order: impl FnOnce(oneshot::Sender<T>) -> Order) -> Option<T> {
        let (tell, told) = oneshot::channel();
        self.orders.send(order(tell)).await.ok()?;
        told.await.ok()
    }

    /// Ends: events that have been published are still told, as far as that can be done within this time, or until
    /// `at_once` ends. The rest waits on disk for the next start. Call it when no more is published, from outside
    /// asynchronous code.
    pub fn stop(&self, within: Duration, at_once: impl Future<Output = ()>) {
        let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let Thread { handle, ended } = thread;
        // Where there is no room for a runtime, there is none for a delivery either.
        if let Ok(runtime) = Builder::new_current_thread().enable_io().enable_time().build() {
            runtime.block_on(async {
                let end = async {
                    // It fails only if it has ended.
                    let _ = self.orders.send(Order::End).await;
                    let _ = ended.await;
                };
                tokio::select! {
                    // First of all it is told.
                    biased;
                    () = end => {}
                    () = tokio::time::sleep(within) => {}
                    () = at_once => {}
                }
            });
        }
        self.haste.send_replace(Haste::Now);
        let until = Instant::now() + LAST;
        while !handle.is_finished() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(2));
        }
        if handle.is_finished() {
            // A panic there has been printed by the thread itself.
            let _ = handle.join();
        }
    }
}

/// Places in queues: later ones are larger, also over restarts.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    last: u64,
}

impl Numbers {
    pub(crate) fn next(&mut self, now: SystemTime) -> u64 {
        let micros = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_micros();
        self.last = u64::try_from(micros).unwrap_or(u64::MAX).max(self.last + 1);
        self.last
    }

    /// One that was used before.
    pub(crate) fn saw(&mut self, number: u64) {
        self.last = self.last.max(number);
    }
}
