//! Hears what happens, and tells it to scripts and FIFOs.

use std::collections::BTreeMap;
use std::sync::Arc;

use keepwatch_bus::Subscription;
use keepwatch_event::Event;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{JoinHandle, JoinSet};

use super::fifo::Fifo;
use super::lane::Lane;
use super::occasion::Occasion;
use super::runner::Runner;
use super::settings::{NotifySettings, Subject};

/// What a dispatcher is told to do.
pub(crate) enum Order {
    /// Other scripts and FIFOs from now on. What waits and runs goes on.
    Replace(NotifySettings),
    /// Tell what has been heard, and end.
    Finish,
}

/// Hears what happens, and tells it to scripts and FIFOs.
pub(crate) struct Dispatcher {
    settings: NotifySettings,
    fifos: Vec<Fifo>,
    /// FIFOs that the configuration has no more, until they are.
    ending: Vec<JoinHandle<()>>,
    lanes: BTreeMap<Subject, Lane>,
    /// The scripts that run, and whose they are.
    running: JoinSet<Subject>,
    runner: Runner,
}

impl Dispatcher {
    pub(crate) fn new(settings: NotifySettings, runner: Runner) -> Self {
        let fifos = settings.fifos.iter();
        let fifos =
            fifos.map(|fifo| Fifo::start(fifo.clone(), &settings.policy, &runner, Vec::new())).collect();
        let (ending, lanes, running) = (Vec::new(), BTreeMap::new(), JoinSet::new());
        Self { settings, fifos, ending, lanes, running, runner }
    }

    /// Until it is told to finish, or the bus ends.
    pub(crate) async fn run(mut self, mut events: Subscription, mut orders: UnboundedReceiver<Order>) {
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Replace(settings)) => self.replace(settings),
                    Some(Order::Finish) | None => break,
                },
                event = events.next() => match event {
                    Some(event) => self.hear(&event),
                    None => break,
                },
                Some(done) = self.running.join_next() => self.go_on(done.ok()),
            }
        }
        while let Some(event) = events.try_next() {
            self.hear(&event);
        }
        self.finish().await;
    }

    fn hear(&mut self, event: &Arc<Event>) {
        let wanted = Occasion::of(event).filter(|occasion| occasion.is_wanted(&self.settings));
        let Some(occasion) = wanted else { return };
        let subject = occasion.subject.clone();
        let lane = self.lanes.entry(subject.clone()).or_default();
        if !lane.is_news(occasion.word) {
            return;
        }
        let line = occasion.line();
        for superseded in lane.push(occasion) {
            let tasks = superseded.tasks(&self.settings);
            self.runner.leave_out(
                &superseded,
                &tasks,
                "too much waited, and later things have superseded it",
            );
        }
        self.start_next(&subject);
        for fifo in &self.fifos {
            fifo.write(line.clone());
        }
    }

    /// Starts what is next for an instance or group, if it is its turn.
    fn start_next(&mut self, subject: &Subject) {
        let Some(lane) = self.lanes.get_mut(subject) else { return };
        while let Some(occasion) = lane.next() {
            let tasks = occasion.tasks(&self.settings);
            if tasks.is_empty() {
                lane.is_busy = false;
                continue;
            }
            let (runner, policy, within) =
                (self.runner.clone(), self.settings.policy.clone(), self.settings.within);
            self.running.spawn(async move {
                runner.run(&occasion, &tasks, &policy, within).await;
                occasion.subject
            });
        }
    }

    /// After the scripts of an occasion have ended.
    fn go_on(&mut self, done: Option<Subject>) {
        let Some(subject) = done else { return };
        if let Some(lane) = self.lanes.get_mut(&subject) {
            lane.is_busy = false;
        }
        self.start_next(&subject);
    }

    fn replace(&mut self, settings: NotifySettings) {
        let has_same_policy = settings.policy == self.settings.policy;
        let is_kept = |fifo: &Fifo| has_same_policy && settings.fifos.contains(fifo.settings());
        let (mut fifos, mut gone): (Vec<Fifo>, Vec<Fifo>) = self.fifos.drain(..).partition(is_kept);
        for fifo in &settings.fifos {
            if fifos.iter().any(|kept| kept.settings() == fifo) {
                continue;
            }
            // One that is made anew must not be removed by the one before.
            let same_path = gone.extract_if(.., |gone| gone.settings().path == fifo.path);
            let before = same_path.map(Fifo::finish).collect();
            fifos.push(Fifo::start(fifo.clone(), &settings.policy, &self.runner, before));
        }
        self.ending.retain(|fifo| !fifo.is_finished());
        self.ending.extend(gone.into_iter().map(Fifo::finish));
        self.fifos = fifos;
        self.settings = settings;
    }

    /// Waits until all scripts have run; from the moment on when that is not wanted any more, only for those that are being
    /// stopped.
    async fn finish(mut self) {
        let mut fifos = std::mem::take(&mut self.ending);
        fifos.extend(self.fifos.drain(..).map(Fifo::finish));
        let mut unwanted = self.runner.unwanted.clone();
        loop {
            tokio::select! {
                done = self.running.join_next() => match done {
                    Some(done) => self.go_on(done.ok()),
                    None => break,
                },
                _ = unwanted.wait_for(|unwanted| *unwanted) => {
                    self.give_up();
                    break;
                }
            }
        }
        while self.running.join_next().await.is_some() {}
        for fifo in fifos {
            // A panic there has been printed by the thread itself.
            let _ = fifo.await;
        }
    }

    /// Says what is not run any more.
    fn give_up(&mut self) {
        for lane in self.lanes.values_mut() {
            for occasion in lane.take_waiting() {
                let tasks = occasion.tasks(&self.settings);
                self.runner.leave_out(&occasion, &tasks, "keepwatch was ending");
            }
        }
    }
}
