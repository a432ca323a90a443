//! One plugin at work: it gets its events in order, one call at a time, and is started anew when it fails.

use std::sync::Arc;
use std::time::{Duration, Instant};

use keepwatch_bus::Gauge;
use keepwatch_event::{Event, EventKind, Health, Severity, Snapshot, counted};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, sleep_until, timeout};

use crate::beat;
use crate::context::Context;
use crate::failure::Failure;
use crate::guard::{guarded, handled};
use crate::hearing::Hearing;
use crate::host::{Host, LINE, one_line, printable};
use crate::metrics::Metrics;
use crate::plugin::{CheckRequest, Leaving, Outcome, Plugin, Program, Verdict};
use crate::rate::Rate;
use crate::restart::{Pause, Restarts, jitter};
use crate::spec::{PluginSpec, Schedule};

/// An event that a plugin wants again and again is kept from it after so many times.
const RETRIES: u32 = 100;
/// A plugin may not ask for an event again sooner, nor later.
const SOONEST: Duration = Duration::from_millis(10);
const LATEST: Duration = Duration::from_secs(60 * 60);
/// An event that makes a plugin fail so often is kept from it.
const STRIKES: u32 = 2;
/// Errors of a plugin that are told at once, and then a second. Plugins that ask to hear of errors, and fail at it, would
/// answer each other for ever, and leave the log no room for anything else.
const ERRORS: u32 = 20;
const ERRORS_A_SECOND: u32 = 1;
/// How long the answer to a check may still take when the plugin is to be replaced or to end.
const MOMENT: Duration = Duration::from_millis(500);

/// What a plugin's actor can be told.
pub(crate) enum Command {
    /// Let this version take over, with these settings.
    Replace {
        /// The new version.
        program: Arc<dyn Program>,
        /// What the administrator wants of it.
        spec: Box<PluginSpec>,
        /// Told whether it took over, and how it keeps up with events, if it hears any.
        reply: oneshot::Sender<Result<Option<Gauge>, Failure>>,
    },
    /// Handle what waits, until the deadline, and end.
    Stop {
        /// Why.
        reason: String,
        /// When to end in any case.
        deadline: Instant,
    },
}

/// One plugin at work.
pub(crate) struct Actor {
    context: Arc<Context>,
    spec: PluginSpec,
    program: Arc<dyn Program>,
    metrics: Arc<Metrics>,
    commands: mpsc::Receiver<Command>,
    hearing: Hearing,
    /// How things are after all events that the plugin is done with.
    snapshot: Snapshot,
    life: Life,
    pending: Option<Pending>,
    restarts: Restarts,
    /// How many of its errors are told.
    error_rate: Rate,
    next_check: Option<Instant>,
    /// Whether its checks have a place in their interval that chance has chosen.
    has_phase: bool,
}

enum Life {
    Running(Running),
    /// Started anew then.
    Down(Instant),
}

struct Running {
    plugin: Box<dyn Plugin>,
    host: Host,
    /// Whether it, or one that was asked the same, has answered a check. Until then what is known is another one's answer.
    has_answered: bool,
}

/// An event that is to be handled again, before all others.
struct Pending {
    event: Arc<Event>,
    at: Instant,
    retries: u32,
    strikes: u32,
}

/// What an actor does next.
enum Turn {
    Command(Option<Command>),
    Start,
    Again,
    Check,
    Event(Option<Arc<Event>>),
}

impl Actor {
    /// An actor whose plugin has begun.
    ///
    /// # Errors
    ///
    /// Why it has not.
    pub(crate) async fn begin(
        context: Arc<Context>,
        spec: PluginSpec,
        program: Arc<dyn Program>,
        metrics: Arc<Metrics>,
        commands: mpsc::Receiver<Command>,
        hearing: Hearing,
    ) -> Result<Self, Failure> {
        let snapshot = hearing.snapshot();
        let running = start(&context, &metrics, &spec, program.as_ref(), &snapshot, None).await?;
        // At once: instances wait for the first verdict.
        let next_check = spec.schedule.map(|_| Instant::now());
        let (life, restarts) = (Life::Running(running), Restarts::default());
        Ok(Self {
            context,
            spec,
            program,
            metrics,
            commands,
            hearing,
            snapshot,
            life,
            pending: None,
            restarts,
            error_rate: Rate::new(ERRORS, ERRORS_A_SECOND),
            next_check,
            has_phase: false,
        })
    }

    /// Works until it is told to stop, or the bus has ended.
    pub(crate) async fn run(mut self) {
        let mut next = None;
        loop {
            let turn = match next.take() {
                Some(turn) => turn,
                None => self.turn().await,
            };
            match turn {
                Turn::Command(Some(Command::Replace { program, spec, reply })) => {
                    // Nobody waits if whoever asked has been stopped.
                    let _ = reply.send(self.replace(program, *spec).await);
                }
                Turn::Command(Some(Command::Stop { reason, deadline })) => {
                    return self.finish(&reason, deadline).await;
                }
                Turn::Command(None) | Turn::Event(None) => {
                    let deadline = Instant::now() + self.spec.limits.call;
                    return self.finish("keepwatch stops", deadline).await;
                }
                Turn::Start => self.start_anew().await,
                Turn::Again => self.handle_again().await,
                Turn::Check => next = self.check().await,
                Turn::Event(Some(event)) => self.handle(event, 0, 0).await,
            }
        }
    }

    async fn turn(&mut self) -> Turn {
        let (plugin, start) = match &mut self.life {
            Life::Running(running) => (Some(&mut running.plugin), None),
            Life::Down(until) => (None, Some(*until)),
        };
        let running = plugin.is_some();
        let is_asked = running && self.next_check.is_some();
        let again = self.pending.as_ref().map(|pending| pending.at);
        tokio::select! {
            biased;
            command = self.commands.recv() => Turn::Command(command),
            () = at(start), if start.is_some() => Turn::Start,
            () = at(again), if running && again.is_some() => Turn::Again,
            event = self.hearing.next(), if running && again.is_none() => Turn::Event(event),
            () = at(self.next_check), if is_asked => Turn::Check,
            () = changed(plugin), if is_asked => Turn::Check,
        }
    }

    async fn handle_again(&mut self) {
        if let Some(Pending { event, retries, strikes, .. }) = self.pending.take() {
            self.handle(event, retries, strikes).await;
        }
    }

    async fn handle(&mut self, event: Arc<Event>, retries: u32, strikes: u32) {
        if !self.wants(&event) {
            self.snapshot.apply(&event);
            return;
        }
        let Life::Running(Running { plugin, host, .. }) = &mut self.life else { return };
        let began = Instant::now();
        let answer = handled(host, self.spec.limits.call, plugin.as_mut(), &event).await;
        self.metrics.called(began, answer.is_ok(), plugin.memory());
        match answer {
            Ok(Outcome::Done) => {}
            Ok(Outcome::Skipped(_)) => self.metrics.count(|counts| counts.skipped += 1),
            Ok(Outcome::RetryAfter(pause)) if retries < RETRIES => {
                self.metrics.count(|counts| counts.retries += 1);
                let at = Instant::now() + pause.clamp(SOONEST, LATEST);
                self.pending = Some(Pending { event, at, retries: retries + 1, strikes });
                return;
            }
            Ok(Outcome::RetryAfter(_)) => {
                self.keep_from_it(&event, &format!("asked for it again {RETRIES} times")).await;
            }
            Err(Failure::Reported(error)) => self.reported(&error),
            Err(failure) if strikes + 1 >= STRIKES => {
                let reason = format!("twice {}", one_line(&failure.to_string(), LINE));
                self.keep_from_it(&event, &reason).await;
                self.failed(&failure);
            }
            Err(failure) => {
                let at = Instant::now();
                self.pending = Some(Pending { event, at, retries, strikes: strikes + 1 });
                self.failed(&failure);
                return;
            }
        }
        self.snapshot.apply(&event);
    }

    /// Nobody hears what itself has caused, and only those hear about plugins who ask: plugins that answer each other
    /// would never end.
    fn wants(&self, event: &Event) -> bool {
        event.kind.plugin() != Some(&*self.spec.name) && self.program.manifest().wants(event)
    }

    /// Asks the plugin; gives what came first, if that was a command.
    async fn check(&mut self) -> Option<Turn> {
        let (Some(schedule), Life::Running(running)) = (self.spec.schedule, &mut self.life) else {
            return None;
        };
        let Running { plugin, host, has_answered } = running;
        let due = Instant::now();
        // Checks that began together are spread over their interval from the second time on.
        let phase = if std::mem::replace(&mut self.has_phase, true) { 1.0 } else { 0.5 + jitter() / 2.0 };
        self.next_check = Some(beat::shared(due + schedule.interval.mul_f64(phase), schedule.interval));
        // What was asked before has had its verdict. Whoever begins late because of it has the whole time all the same: else
        // one hang could be two failures.
        let within = schedule.timeout;
        let request = CheckRequest { name: self.spec.name.to_string(), within };
        let asked = async {
            if let Some(done) = plugin.busy() {
                timeout(within, done).await.ok()?;
            }
            let began = Instant::now();
            Some((began, guarded(host, within, plugin.check(&request)).await))
        };
        let (leaving, mut next) = (self.program.leaving(), None);
        let asked = tokio::select! {
            biased;
            () = interrupted(&mut self.commands, &mut next, leaving) => {
                // Whoever takes over has still to find out what this one has not.
                self.next_check = Some(due);
                if leaving == Leaving::AfterMoment {
                    self.life = Life::Down(due);
                }
                return next;
            }
            asked = asked => asked,
        };
        let ttl = holds(schedule);
        let Some((began, answer)) = asked else {
            self.metrics.count(|counts| counts.skipped += 1);
            let holds = if *has_answered { ttl } else { Duration::ZERO };
            self.context.verdicts.skipped(&self.spec.name, holds);
            return next;
        };
        *has_answered = true;
        let value = plugin.value();
        self.metrics.called(began, answer.is_ok(), plugin.memory());
        let (verdict, failure) = match answer {
            Ok(verdict) => (verdict, None),
            Err(Failure::Reported(error)) => {
                self.metrics.count(|counts| counts.errors += 1);
                // The rest, the place in the script, is for its author.
                let text = error.lines().next().unwrap_or_default();
                (Verdict { health: Health::Fail, text: text.to_owned() }, None)
            }
            Err(failure) => {
                let text = format!("the check {failure}");
                (Verdict { health: Health::Unknown, text }, Some(failure))
            }
        };
        let verdict = Verdict { text: one_line(&verdict.text, LINE), ..verdict };
        self.context.verdicts.report(&self.spec.name, verdict, value, ttl);
        if let Some(failure) = failure {
            self.failed(&failure);
        }
        next
    }

    fn reported(&self, error: &str) {
        self.metrics.count(|counts| counts.errors += 1);
        let Some(skipped) = self.error_rate.take() else { return };
        let mut error = printable(error, LINE);
        if skipped > 0 {
            error.push_str(&format!(" ({} before it too many to tell)", counted(skipped, "error")));
        }
        let plugin = self.spec.name.to_string();
        self.context.tell(Severity::Warning, EventKind::PluginError { plugin, error });
    }

    /// Drops the instance, and says when it is started anew.
    fn failed(&mut self, failure: &Failure) {
        self.metrics.count(|counts| counts.failures += 1);
        let (plugin, text) = (self.spec.name.to_string(), one_line(&failure.to_string(), LINE));
        let pause = self.restarts.failed(Instant::now(), jitter());
        let kind = match pause {
            Pause::Restart(restart_after) => EventKind::PluginFailed { plugin, failure: text, restart_after },
            Pause::Rest(retry_after) => EventKind::PluginDisabled { plugin, failure: text, retry_after },
        };
        self.context.tell(Severity::Error, kind);
        self.life = Life::Down(Instant::now() + pause.length());
    }

    /// Keeps an event from the plugin, and keeps it for whoever wants to look at it.
    fn keep_from_it<'a>(&self, event: &'a Event, reason: &'a str) -> impl Future<Output = ()> + use<'a> {
        self.metrics.count(|counts| counts.dead_letters += 1);
        let (context, plugin) = (Arc::clone(&self.context), self.spec.name.to_string());
        async move {
            context.store.keep_dead_letter(&plugin, event, reason).await;
            let (event, reason) = (event.id.clone(), reason.to_owned());
            context.tell(Severity::Error, EventKind::DeadLettered { plugin, event, reason });
        }
    }

    /// What hears no events has to look up how things are.
    fn look_up(&mut self) {
        if let Hearing::Questions(bus) = &self.hearing {
            self.snapshot = bus.snapshot();
        }
    }

    async fn start_anew(&mut self) {
        self.look_up();
        let began =
            start(&self.context, &self.metrics, &self.spec, self.program.as_ref(), &self.snapshot, None)
                .await;
        match began {
            Ok(running) => {
                self.metrics.count(|counts| counts.restarts += 1);
                self.life = Life::Running(running);
                let plugin = self.spec.name.to_string();
                self.context.tell(Severity::Info, EventKind::PluginRestarted { plugin });
            }
            Err(failure) => self.failed(&failure),
        }
    }

    /// Lets another version take over between two events: the old one's state and the snapshot go with it, and what
    /// waits is for the new one.
    async fn replace(
        &mut self,
        program: Arc<dyn Program>,
        spec: PluginSpec,
    ) -> Result<Option<Gauge>, Failure> {
        let state = self.save().await;
        // A plugin may have become a check, and the other way round.
        let hearing =
            (self.spec.schedule.is_some() != spec.schedule.is_some()).then(|| self.context.hearing(&spec));
        match &hearing {
            Some(hearing) => self.snapshot = hearing.snapshot(),
            None => self.look_up(),
        }
        let mut running =
            start(&self.context, &self.metrics, &spec, program.as_ref(), &self.snapshot, state.as_deref())
                .await?;
        running.has_answered =
            matches!(&self.life, Life::Running(old) if old.has_answered) && asks_the_same(&self.spec, &spec);
        if let Some(schedule) = spec.schedule.filter(|_| running.has_answered) {
            // Its next answer may come later than the old rhythm has it.
            self.context.verdicts.holds_on(&spec.name, holds(schedule));
        }
        match hearing {
            Some(hearing) => self.hearing = hearing,
            None => self.hearing.set_capacity(spec.limits.queue),
        }
        if let Life::Running(mut old) = std::mem::replace(&mut self.life, Life::Running(running)) {
            // It has been replaced, whatever it says.
            let _ =
                guarded(&old.host, self.spec.limits.call, old.plugin.stop("a new version takes over")).await;
        }
        if self.spec.schedule != spec.schedule {
            self.next_check = spec.schedule.map(|_| Instant::now());
        }
        if let Some(pending) = &mut self.pending {
            // Those were the old one's.
            pending.strikes = 0;
        }
        self.program = program;
        self.spec = spec;
        self.restarts = Restarts::default();
        Ok(self.hearing.gauge())
    }

    /// What the running version hands on. If that is not what it should be, it is told why.
    async fn save(&mut self) -> Option<Vec<u8>> {
        let Life::Running(Running { plugin, host, .. }) = &mut self.life else { return None };
        let most = self.spec.limits.state;
        let why = match guarded(host, self.spec.limits.call, plugin.save()).await {
            Ok(Some(state)) if state.len() > most => {
                format!("it has {} octets, {most} are allowed", state.len())
            }
            Ok(state) => return state,
            Err(Failure::Reported(error)) => error,
            Err(failure) => {
                self.metrics.count(|counts| counts.failures += 1);
                // Should the new one not begin, the old one is started anew, not called again.
                self.life = Life::Down(Instant::now());
                format!("`save` {failure}")
            }
        };
        self.reported(&format!("its state was not handed on to the new version: {why}"));
        None
    }

    /// Handles what waits, as long as there is time, and ends.
    async fn finish(mut self, reason: &str, deadline: Instant) {
        if matches!(self.life, Life::Down(_)) && (self.pending.is_some() || self.hearing.waiting() > 0) {
            self.start_anew().await;
        }
        while Instant::now() < deadline && matches!(self.life, Life::Running(_)) {
            let next = match self.pending.take() {
                Some(Pending { event, at, .. }) if at >= deadline => {
                    self.keep_from_it(&event, "wanted it again later than keepwatch runs").await;
                    continue;
                }
                Some(Pending { event, at: then, retries, strikes }) => {
                    at(Some(then)).await;
                    Some((event, retries, strikes))
                }
                None => self.hearing.try_next().map(|event| (event, 0, 0)),
            };
            let Some((event, retries, strikes)) = next else { break };
            self.handle(event, retries, strikes).await;
        }
        let Life::Running(Running { mut plugin, host, .. }) = self.life else { return };
        let within = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(100));
        // It ends, whatever it says.
        let _ = guarded(&host, within, plugin.stop(reason)).await;
    }
}

/// How long an answer holds.
fn holds(schedule: Schedule) -> Duration {
    (schedule.interval + schedule.timeout) * 2
}

/// Whether an answer of the one is an answer of the other. What a file holds, that may have changed without a word here.
fn asks_the_same(one: &PluginSpec, other: &PluginSpec) -> bool {
    one.made.file().is_none() && one.made == other.made && one.config == other.config
}

/// Starts a plugin: it begins with its settings and state, and learns how things are.
async fn start(
    context: &Arc<Context>,
    metrics: &Metrics,
    spec: &PluginSpec,
    program: &dyn Program,
    snapshot: &Snapshot,
    state: Option<&[u8]>,
) -> Result<Running, Failure> {
    let host = context.host(spec, metrics);
    let within = spec.limits.call;
    let mut plugin = guarded(&host, within, program.start(host.clone())).await?;
    guarded(&host, within, plugin.init(state)).await?;
    guarded(&host, within, plugin.sync(snapshot)).await?;
    Ok(Running { plugin, host, has_answered: false })
}

/// Ends when a check's answer is not waited for any longer, because of a command, which is what is to be done `next`.
async fn interrupted(commands: &mut mpsc::Receiver<Command>, next: &mut Option<Turn>, leaving: Leaving) {
    *next = Some(Turn::Command(commands.recv().await));
    if leaving == Leaving::AfterMoment {
        sleep(MOMENT).await;
    }
}

/// Waits until a plugin may have another answer.
async fn changed(plugin: Option<&mut Box<dyn Plugin>>) {
    match plugin {
        Some(plugin) => plugin.changed().await,
        None => std::future::pending().await,
    }
}

/// Waits for a moment; for ever if there is none.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}
