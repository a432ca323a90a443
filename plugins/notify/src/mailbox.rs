//! A destination's queue with what its courier needs. It is found again by its name: neither a reload nor a restart
//! takes what waits in it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use keepwatch_bus::{Bus, Draft};
use keepwatch_event::{EventKind, Severity};
use tokio::sync::{Notify, watch};

use crate::destination::Destination;
use crate::entry::Dead;
use crate::gone::Gone;
use crate::letter::Letter;
use crate::notifier::NotFound;
use crate::queue::{Put, Queue};
use crate::report::DestinationSummary;
use crate::spool::Spool;
use crate::transport::Transport;

/// A destination's queue.
pub(crate) struct Mailbox {
    pub(crate) name: Arc<str>,
    /// What the destination is now; none if the configuration has it no longer.
    pub(crate) destination: watch::Sender<Option<Destination>>,
    queue: Mutex<Queue>,
    /// Something is worth a look.
    pub(crate) wake: Notify,
    spool: Spool,
    bus: Bus,
    standing: Mutex<Standing>,
}

/// How a destination does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) delivered: u64,
    pub(crate) failed: u64,
    pub(crate) given_up: u64,
    /// Why the last attempt failed, if it did.
    pub(crate) trouble: Option<String>,
    /// It takes nothing any more.
    pub(crate) gone: Option<Gone>,
    /// When something was last delivered.
    pub(crate) last: Option<SystemTime>,
}

impl Mailbox {
    pub(crate) fn new(name: Arc<str>, queue: Queue, spool: Spool, bus: Bus) -> Self {
        let (destination, _) = watch::channel(None);
        let (queue, standing) = (Mutex::new(queue), Mutex::default());
        Self { name, destination, queue, wake: Notify::new(), spool, bus, standing }
    }

    /// Puts a letter in, and wakes the courier.
    pub(crate) fn put(&self, number: u64, letter: Letter, now: SystemTime) {
        let put = self.change(|queue| queue.put(number, letter, now));
        if let Put::For(dead) = put {
            self.tell_given_up(std::slice::from_ref(&dead));
        }
        self.wake.notify_one();
    }

    /// Changes the queue; the disk hears of it.
    pub(crate) fn change<T>(&self, work: impl FnOnce(&mut Queue) -> T) -> T {
        let mut queue = self.queue();
        let done = work(&mut queue);
        // Under the lock: the disk has to hear of changes in their order.
        let changes = queue.take_changes();
        self.spool.note(&self.name, &changes);
        done
    }

    /// Looks at the queue.
    pub(crate) fn look<T>(&self, work: impl FnOnce(&Queue) -> T) -> T {
        work(&self.queue())
    }

    /// Waits until the disk knows all changes so far, if there is one that answers.
    pub(crate) async fn settled(&self) {
        self.spool.settled().await;
    }

    pub(crate) fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The way to it, if the configuration has it.
    pub(crate) fn label(&self) -> Option<String> {
        self.destination.borrow().as_ref().map(|destination| destination.transport.label())
    }

    /// How it is, without the letters.
    pub(crate) fn summary(&self) -> DestinationSummary {
        let Standing { delivered, failed, given_up: _, trouble, gone, last } = self.standing().clone();
        let (name, label) = (self.name.to_string(), self.label());
        self.look(|queue| DestinationSummary {
            name,
            label,
            delivered,
            failed,
            waiting: queue.waiting().len(),
            dead: queue.dead().len(),
            refusal: queue.dead().last().map(|dead| dead.reason.clone()),
            trouble,
            gone: gone.map(|gone| gone.why),
            last,
            next: queue.next_attempt(),
        })
    }

    pub(crate) fn tell(&self, severity: Severity, kind: EventKind) {
        self.bus.publish(Draft::general(severity, kind));
    }

    pub(crate) fn tell_given_up(&self, dead: &[Dead]) {
        self.standing().given_up += dead.len() as u64;
        for dead in dead {
            let (letter, reason) = (dead.entry.letter.id.clone(), dead.reason.clone());
            let destination = self.name.to_string();
            self.tell(Severity::Error, EventKind::DeliveryGivenUp { destination, letter, reason });
        }
    }

    /// It takes nothing any more. The disk hears of it: a restart is no reason to ask again.
    pub(crate) fn disable(&self, gone: Gone) {
        self.spool.note_gone(&self.name, Some(&gone));
        self.stand_gone(gone);
    }

    /// It takes nothing any more, as far as the disk knows.
    pub(crate) fn stand_gone(&self, gone: Gone) {
        self.standing().gone = Some(gone);
        // It may have become another one since it was asked.
        let transport = self.destination.borrow().as_ref().map(|there| Arc::clone(&there.transport));
        if let Some(transport) = transport {
            self.enable_by(&*transport);
        }
    }

    /// It may be asked again.
    pub(crate) fn enable(&self) {
        if self.standing().gone.take().is_some() {
            self.spool.note_gone(&self.name, None);
        }
    }

    /// It may be asked again if there is another way to it now.
    pub(crate) fn enable_by(&self, transport: &dyn Transport) {
        let is_other = self.standing().gone.as_ref().is_some_and(|gone| !gone.is_of(transport));
        if is_other {
            self.enable();
        }
    }

    /// Gives up what is too old, and says when something will be. What the configuration no longer has is kept for as long
    /// as anything is by default.
    pub(crate) fn expire(&self, now: SystemTime) -> Option<SystemTime> {
        let ttl = self.destination.borrow().as_ref().map_or(TTL, |destination| destination.ttl);
        let (dead, next) = self.change(|queue| (queue.expire(ttl, now), queue.next_expiry(ttl)));
        self.tell_given_up(&dead);
        next
    }

    /// Has it asked again, and tries at once what waits and, of these ids or all, what was given up: how many of those there
    /// were.
    pub(crate) fn retry(&self, ids: &[String]) -> Result<usize, NotFound> {
        let ids = self.look(|queue| queue.meant(ids))?;
        self.enable();
        let revived = self.change(|queue| queue.revive(&ids, SystemTime::now()));
        self.wake.notify_one();
        Ok(revived)
    }

    /// Throws letters of these ids, or all, away: how many.
    pub(crate) fn purge(&self, ids: &[String]) -> Result<usize, NotFound> {
        let ids = self.look(|queue| queue.meant(ids))?;
        // Of one that the configuration has no longer, nothing is to be left.
        if ids.is_empty() && self.label().is_none() {
            self.enable();
        }
        Ok(self.change(|queue| queue.purge(&ids)))
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long something is kept for a destination that the configuration no longer has.
const TTL: Duration = Duration::from_secs(24 * 60 * 60);
