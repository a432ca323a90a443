//! Where events become letters, and letters get into queues.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use keepwatch_bus::{Bus, Draft, Subscription};
use keepwatch_event::{Event, EventKind, Severity, State, Unsteady};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::courier::{Courier, Haste};
use crate::destination::Destination;
use crate::letter::{Content, Letter};
use crate::mailbox::Mailbox;
use crate::notifier::{NotFound, NotTaken, Numbers};
use crate::queue::Queue;
use crate::report::{DestinationReport, SilenceReport};
use crate::route::is_tellable;
use crate::silence::{Over, Silence, Silences};
use crate::spool::{Found, Spool};
use crate::steady::{Settled, Steadiness, Until, Verdict};

/// How long it is waited at first for what is on disk.
const FIRST_LOOK: Duration = Duration::from_secs(5);

/// What people and plugins ask for.
pub(crate) enum Order {
    Apply(Vec<Destination>),
    HandIn { destination: String, letter: Box<Letter>, tell: oneshot::Sender<Result<(), NotTaken>> },
    Report(oneshot::Sender<Vec<DestinationReport>>),
    Retry { destination: String, ids: Vec<String>, tell: oneshot::Sender<Result<usize, NotFound>> },
    Purge { destination: String, ids: Vec<String>, tell: oneshot::Sender<Result<usize, NotFound>> },
    Silence { silence: Silence, tell: oneshot::Sender<()> },
    EndSilence { name: String, tell: oneshot::Sender<bool> },
    Silences(oneshot::Sender<Vec<SilenceReport>>),
    End,
}

/// Where events become letters.
pub(crate) struct Desk {
    bus: Bus,
    node: Arc<str>,
    spool: Spool,
    haste: watch::Sender<Haste>,
    mailboxes: BTreeMap<Arc<str>, Arc<Mailbox>>,
    /// The same, for who wants to look at them.
    shown: watch::Sender<Vec<Arc<Mailbox>>>,
    couriers: Vec<JoinHandle<()>>,
    steadiness: Steadiness,
    silences: Silences,
    /// Instances in FAULT: since when, and the event that said so.
    faults: BTreeMap<Arc<str>, (Instant, Arc<Event>)>,
    /// Reminders sent, by destination and instance.
    reminded: BTreeMap<(Arc<str>, Arc<str>), u32>,
    numbers: Numbers,
}

impl Desk {
    pub(crate) fn new(
        bus: Bus,
        node: Arc<str>,
        spool: Spool,
        haste: watch::Sender<Haste>,
        shown: watch::Sender<Vec<Arc<Mailbox>>>,
    ) -> Self {
        Self {
            bus,
            node,
            spool,
            haste,
            mailboxes: BTreeMap::new(),
            shown,
            couriers: Vec::new(),
            steadiness: Steadiness::default(),
            silences: Silences::default(),
            faults: BTreeMap::new(),
            reminded: BTreeMap::new(),
            numbers: Numbers::default(),
        }
    }

    /// Works until it is told to end or the bus has ended, and then until nothing can be delivered any more.
    ///
    /// What was on disk is known before the first event is judged and the first order obeyed: a silence holds from then on,
    /// and what waited goes first. A disk that does not say what it holds is not waited for long.
    pub(crate) async fn run(
        mut self,
        mut events: Subscription,
        mut orders: mpsc::Receiver<Order>,
        mut found: mpsc::UnboundedReceiver<Found>,
    ) {
        if let Ok(Some(on_disk)) = timeout(FIRST_LOOK, found.recv()).await {
            self.restore(on_disk);
        }
        let haste = loop {
            let next = self.next();
            tokio::select! {
                biased;
                Some(on_disk) = found.recv() => self.restore(on_disk),
                order = orders.recv() => match order {
                    Some(Order::End) => break Haste::Last,
                    // Nobody waits for this.
                    None => break Haste::Now,
                    Some(order) => self.obey(order),
                },
                event = events.next() => match event {
                    Some(event) => self.hear(&event),
                    None => break Haste::Last,
                },
                () = at(next), if next.is_some() => self.look(),
            }
        };
        while let Some(event) = events.try_next() {
            self.hear(&event);
        }
        self.settle(Until::TheEnd);
        // Not before: a courier that has nothing to bring ends when it hears of it.
        self.haste.send_if_modified(|told| {
            let is_first = *told == Haste::None;
            if is_first {
                *told = haste;
            }
            is_first
        });
        self.finish().await;
    }

    /// When something is due here.
    fn next(&self) -> Option<Instant> {
        let (now, wall) = (Instant::now(), SystemTime::now());
        let silence = self.silences.next().map(|at| now + at.duration_since(wall).unwrap_or_default());
        let remind = self.reminders().map(|(at, ..)| at).min();
        [self.steadiness.next(), silence, remind].into_iter().flatten().min()
    }

    fn look(&mut self) {
        self.settle(Until::Settled);
        for over in self.silences.over(SystemTime::now()) {
            self.break_silence(over);
        }
        self.remind();
    }

    fn hear(&mut self, event: &Arc<Event>) {
        if !is_tellable(&event.kind) {
            return;
        }
        self.note_fault(event);
        match self.steadiness.note(event, Instant::now()) {
            Verdict::Told => self.tell(event),
            // What it publishes comes back here, as everybody hears it.
            Verdict::Begins { changes, within } => {
                let group = event.kind.group().map(str::to_owned);
                let kind = EventKind::UnsteadyStarted(Unsteady { group, changes, within });
                let (instance, severity, term) = (event.instance.clone(), Severity::Warning, event.term);
                self.bus.publish(Draft { instance, severity, term, kind });
            }
            Verdict::Untold => {}
        }
    }

    fn settle(&mut self, until: Until) {
        for Settled { instance, term, severity, kind } in self.steadiness.settled(Instant::now(), until) {
            let draft = Draft { instance, severity, term, kind };
            match until {
                Until::Settled => self.bus.publish(draft),
                // Nobody hears it any more but the destinations.
                Until::TheEnd => {
                    let at = Bus::now();
                    let micros =
                        at.wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_micros();
                    let event = Event {
                        id: format!("{}-end-{micros:x}-{}", self.node, self.numbers.next(at.wall)),
                        seq: 0,
                        at,
                        node: Arc::clone(&self.node),
                        instance: draft.instance,
                        severity,
                        term,
                        kind: draft.kind,
                    };
                    self.tell(&Arc::new(event));
                }
            }
        }
    }

    /// Puts an event into the queues of those who want to hear of it.
    fn tell(&mut self, event: &Arc<Event>) {
        let now = SystemTime::now();
        let wants = |mailbox: &&Arc<Mailbox>| {
            mailbox.destination.borrow().as_ref().is_some_and(|destination| destination.route.wants(event))
        };
        let mailboxes: Vec<Arc<Mailbox>> = self.mailboxes.values().filter(wants).cloned().collect();
        for mailbox in mailboxes {
            if !self.silences.keep(event, &mailbox.name, now) {
                mailbox.put(self.numbers.next(now), Letter::of_event(event), now);
            }
        }
    }

    fn note_fault(&mut self, event: &Arc<Event>) {
        let (EventKind::Transition { to, .. }, Some(instance)) = (&event.kind, &event.instance) else {
            return;
        };
        if *to == State::Fault {
            self.faults.insert(Arc::clone(instance), (Instant::now(), Arc::clone(event)));
        } else {
            self.faults.remove(instance);
        }
        self.reminded.retain(|(_, of), _| of != instance);
    }

    /// Who is to be reminded of which FAULT, and when.
    fn reminders(&self) -> impl Iterator<Item = (Instant, &Arc<Mailbox>, &Arc<str>, u32)> {
        self.mailboxes.values().flat_map(move |mailbox| {
            let destination = mailbox.destination.borrow().clone();
            self.faults.iter().filter_map(move |(instance, (since, event))| {
                let destination = destination.as_ref()?;
                let every = destination.remind.filter(|_| destination.route.wants(event))?;
                let so_far = self.reminded.get(&(Arc::clone(&mailbox.name), Arc::clone(instance)));
                let number = so_far.copied().unwrap_or(0) + 1;
                Some((*since + every * number, mailbox, instance, number))
            })
        })
    }

    fn remind(&mut self) {
        let (now, wall) = (Instant::now(), SystemTime::now());
        let due: Vec<(Arc<Mailbox>, Arc<str>, u32)> = self
            .reminders()
            .filter(|(at, ..)| *at <= now)
            .map(|(_, mailbox, instance, number)| (Arc::clone(mailbox), Arc::clone(instance), number))
            .collect();
        for (mailbox, instance, number) in due {
            let Some((_, event)) = self.faults.get(&instance) else { continue };
            if !self.silences.keep(event, &mailbox.name, wall) {
                let letter = Letter {
                    id: format!("{}-still-{number}", event.id),
                    at: wall,
                    content: Content::Reminder(Box::new(Event::clone(event)), number),
                    ..Letter::of_event(event)
                };
                mailbox.put(self.numbers.next(wall), letter, wall);
            }
            self.reminded.insert((Arc::clone(&mailbox.name), instance), number);
        }
    }

    fn break_silence(&mut self, over: Over) {
        let Over { name, untold, last } = over;
        self.spool.note_silence(&name, None);
        let now = SystemTime::now();
        for (destination, event) in last {
            if let Some(mailbox) = self.mailboxes.get(destination.as_str()) {
                mailbox.put(self.numbers.next(now), Letter::of_event(&event), now);
            }
        }
        self.bus.publish(Draft::general(Severity::Info, EventKind::SilenceEnded { silence: name, untold }));
    }

    /// Takes in what was on disk.
    fn restore(&mut self, found: Found) {
        for (name, queue) in found.queues {
            for entry in queue.waiting() {
                self.numbers.saw(entry.number);
            }
            let mailbox = self.mailbox(&name.into());
            mailbox.change(|newer| {
                newer.join(queue);
                // What kept it then need not do so now; and so the order stays.
                newer.hurry(SystemTime::now());
            });
            mailbox.wake.notify_one();
        }
        for (name, gone) in found.gone {
            self.mailbox(&name.into()).stand_gone(gone);
        }
        let now = SystemTime::now();
        for silence in found.silences.into_iter().filter(|silence| silence.until > now) {
            self.silences.add_older(silence);
        }
    }

    /// The mailbox of a name, with its courier.
    fn mailbox(&mut self, name: &Arc<str>) -> Arc<Mailbox> {
        if let Some(known) = self.mailboxes.get(name) {
            return Arc::clone(known);
        }
        let new = Mailbox::new(Arc::clone(name), Queue::default(), self.spool.clone(), self.bus.clone());
        let mailbox = Arc::new(new);
        self.mailboxes.insert(Arc::clone(name), Arc::clone(&mailbox));
        self.shown.send_replace(self.mailboxes.values().cloned().collect());
        let courier = Courier {
            mailbox: Arc::clone(&mailbox),
            bus: self.bus.clone(),
            node: Arc::clone(&self.node),
            haste: self.haste.subscribe(),
        };
        self.couriers.push(tokio::spawn(courier.run()));
        mailbox
    }

    fn known(&self, destination: &str) -> Result<&Mailbox, NotFound> {
        let known = self.mailboxes.get(destination).map(|mailbox| &**mailbox);
        known.ok_or_else(|| NotFound::Destination(destination.to_owned()))
    }

    fn obey(&mut self, order: Order) {
        // Whoever asked may have gone: what it asked for is done all the same.
        match order {
            Order::Apply(destinations) => self.apply(destinations),
            Order::HandIn { destination, letter, tell } => {
                let _ = tell.send(self.hand_in(&destination, *letter));
            }
            Order::Report(tell) => {
                let reports = self.mailboxes.values().map(|mailbox| report(mailbox)).collect();
                let spool = self.spool.clone();
                tokio::spawn(async move {
                    // What is said to wait outlives the process, where there is a disk.
                    spool.settled().await;
                    let _ = tell.send(reports);
                });
            }
            Order::Retry { destination, ids, tell } => {
                let _ = tell.send(self.known(&destination).and_then(|mailbox| mailbox.retry(&ids)));
            }
            Order::Purge { destination, ids, tell } => {
                let _ = tell.send(self.known(&destination).and_then(|mailbox| mailbox.purge(&ids)));
            }
            Order::Silence { silence, tell } => {
                let lasts = silence.until.duration_since(SystemTime::now()).unwrap_or_default();
                let (name, comment) = (silence.name.clone(), silence.comment.clone());
                self.spool.note_silence(&name, Some(&silence));
                self.silences.add(silence);
                let kind = EventKind::SilenceBegan { silence: name, comment, lasts };
                self.bus.publish(Draft::general(Severity::Info, kind));
                let _ = tell.send(());
            }
            Order::EndSilence { name, tell } => {
                let over = self.silences.end(&name);
                let _ = tell.send(over.is_some());
                if let Some(over) = over {
                    self.break_silence(over);
                }
            }
            Order::Silences(tell) => {
                let list = self.silences.list().into_iter();
                let _ = tell.send(list.map(|(silence, untold)| SilenceReport { silence, untold }).collect());
            }
            Order::End => {}
        }
    }

    fn apply(&mut self, destinations: Vec<Destination>) {
        for mailbox in self.mailboxes.values() {
            if !destinations.iter().any(|destination| destination.name == mailbox.name) {
                mailbox.destination.send_replace(None);
            }
        }
        for mut destination in destinations {
            let mailbox = self.mailbox(&destination.name);
            let before = mailbox.destination.borrow().clone();
            if let Some(before) = &before {
                destination.route.follow(&before.route);
            }
            if before.as_ref() != Some(&destination) {
                match before {
                    Some(_) => mailbox.enable(),
                    // It may be as it was before a restart.
                    None => mailbox.enable_by(&*destination.transport),
                }
                mailbox.change(|queue| queue.hurry(SystemTime::now()));
                mailbox.destination.send_replace(Some(destination));
            }
        }
    }

    fn hand_in(&mut self, destination: &str, letter: Letter) -> Result<(), NotTaken> {
        let unknown = || NotTaken::Unknown(destination.to_owned());
        let mailbox = self.mailboxes.get(destination).ok_or_else(unknown)?;
        let medium = mailbox.destination.borrow().as_ref().map(|there| there.transport.medium());
        if let Some(why) = medium.ok_or_else(unknown)?.objects_to(&letter.content) {
            return Err(NotTaken::Unfit(format!("{destination} {why}")));
        }
        let now = SystemTime::now();
        if self.silences.withhold(&letter, &mailbox.name, now) {
            return Ok(());
        }
        mailbox.put(self.numbers.next(now), letter, now);
        Ok(())
    }

    /// Waits for the couriers, and for the disk.
    async fn finish(mut self) {
        for courier in std::mem::take(&mut self.couriers) {
            // It ends by itself when nothing can be delivered any more; a panic was printed.
            let _ = courier.await;
        }
        self.spool.end().await;
    }
}

fn report(mailbox: &Mailbox) -> DestinationReport {
    let standing = mailbox.standing().clone();
    let (waiting, dead) =
        mailbox.look(|queue| (queue.waiting().cloned().collect(), queue.dead().cloned().collect()));
    DestinationReport {
        name: mailbox.name.to_string(),
        label: mailbox.label(),
        delivered: standing.delivered,
        failed: standing.failed,
        given_up: standing.given_up,
        trouble: standing.trouble,
        gone: standing.gone.map(|gone| gone.why),
        last: standing.last,
        waiting,
        dead,
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => tokio::time::sleep(Duration::MAX).await,
    }
}

#[cfg(test)]
#[path = "desk_tests.rs"]
mod tests;
