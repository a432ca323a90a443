//! The bus as its publishers and those who subscribe see it.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use keepwatch_event::{EventKind, Severity, Snapshot, Timestamp};

use crate::backlog::Delivery;
use crate::intake::{self, Intake};
use crate::pump::Pump;
use crate::subscription::Subscription;

/// What a publisher knows of an event; the bus adds number, time and place.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The VRRP instance it concerns, if one.
    pub instance: Option<Arc<str>>,
    /// How grave.
    pub severity: Severity,
    /// The instance's term.
    pub term: u64,
    /// What happened.
    pub kind: EventKind,
}

impl Draft {
    /// An event that concerns no single instance.
    #[must_use]
    pub const fn general(severity: Severity, kind: EventKind) -> Self {
        Self { instance: None, severity, term: 0, kind }
    }
}

/// The bus. Clones share one; it ends with the last of them, after all that was published has been handed on.
#[derive(Clone, Debug)]
pub struct Bus {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    intake: Arc<Intake>,
    pump: Arc<Pump>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.intake.close();
    }
}

impl Bus {
    /// A bus, and the thread that hands events on. `snapshot` is how things are before the first event.
    ///
    /// # Errors
    ///
    /// The kernel's, if there is no room for a thread.
    pub fn start(snapshot: Snapshot) -> io::Result<Self> {
        let intake = Arc::new(Intake::new(&snapshot.node));
        let pump = Arc::new(Pump::new(Arc::clone(&intake), snapshot));
        let thread = {
            let pump = Arc::clone(&pump);
            std::thread::Builder::new().name("bus".to_owned()).spawn(move || pump.run())?
        };
        intake.set_pump(thread.thread().clone());
        Ok(Self { shared: Arc::new(Shared { intake, pump }) })
    }

    /// Now, on both clocks.
    #[must_use]
    pub fn now() -> Timestamp {
        intake::now()
    }

    /// Publishes an event. Never waits for whoever listens; allocates the event and, if they come faster than they are
    /// handed on, room for 16,384 of them and one for each subject.
    pub fn publish(&self, draft: Draft) {
        self.shared.intake.publish(draft);
    }

    /// Listens from now on: a snapshot first, then the events after it. Of these at most `capacity` wait before the
    /// subscriber misses what `delivery` says. `name` is what it is called when it does not keep up.
    #[must_use]
    pub fn subscribe(&self, name: &str, delivery: Delivery, capacity: usize) -> Subscription {
        self.shared.pump.subscribe(name, delivery, capacity)
    }

    /// Waits until all that has been published so far is handed on; for so long at most. Whether it is.
    pub fn flush(&self, within: Duration) -> bool {
        let until = Instant::now() + within;
        let published = self.shared.intake.published();
        while self.shared.pump.handed_on() < published {
            if Instant::now() >= until {
                return false;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        true
    }

    /// How things are, as far as events have been handed on.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.shared.pump.snapshot()
    }
}
