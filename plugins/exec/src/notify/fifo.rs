//! A FIFO, and whoever reads it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use keepwatch_bus::Draft;
use keepwatch_event::{EventKind, Severity};
use tokio::net::unix::pipe::Sender;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

use super::lines::Lines;
use super::pipe::Pipe;
use super::reader::keep_reading;
use super::runner::Runner;
use super::settings::FifoSettings;
use crate::policy::Policy;

/// How long the last lines may wait for room.
const LAST_LINES: Duration = Duration::from_secs(2);

/// A FIFO. Lines are written to it in order, as soon as there is room.
#[derive(Debug)]
pub(crate) struct Fifo {
    settings: FifoSettings,
    lines: mpsc::UnboundedSender<String>,
    task: JoinHandle<()>,
}

impl Fifo {
    /// Makes and opens it as soon as those before it are no more.
    pub(crate) fn start(
        settings: FifoSettings,
        policy: &Policy,
        runner: &Runner,
        before: Vec<JoinHandle<()>>,
    ) -> Self {
        let (lines, coming) = mpsc::unbounded_channel();
        let served = Served { settings: settings.clone(), policy: policy.clone(), runner: runner.clone() };
        let task = tokio::spawn(async move {
            for before in before {
                // A panic there has been printed by the thread itself.
                let _ = before.await;
            }
            served.serve(coming).await;
        });
        Self { settings, lines, task }
    }

    pub(crate) const fn settings(&self) -> &FifoSettings {
        &self.settings
    }

    /// Writes a line, or has it wait.
    pub(crate) fn write(&self, line: String) {
        // One that could not be opened has said so.
        let _ = self.lines.send(line);
    }

    /// No more lines come. Ends when those that wait are written and read, within a few seconds.
    pub(crate) fn finish(self) -> JoinHandle<()> {
        drop(self.lines);
        self.task
    }
}

/// What a FIFO's task has.
struct Served {
    settings: FifoSettings,
    policy: Policy,
    runner: Runner,
}

impl Served {
    async fn serve(self, coming: mpsc::UnboundedReceiver<String>) {
        let (pipe, sender) = match self.open().await {
            Ok(opened) => opened,
            Err(error) => return self.cannot(error),
        };
        let (close, closed) = watch::channel(false);
        let reading = async {
            let Some(script) = &self.settings.script else { return };
            keep_reading(&self.settings.path, script, &self.policy, &self.runner, closed).await;
        };
        let writing = async {
            self.write(coming, &sender).await;
            // Removed first: a reader that opens it again and again finds it no more. Then it sees the end.
            drop(pipe);
            drop(sender);
            let _ = close.send(true);
        };
        tokio::join!(reading, writing);
    }

    async fn open(&self) -> Result<(Pipe, Sender), String> {
        let (settings, policy) = (self.settings.clone(), self.policy.clone());
        let accounts = Arc::clone(&self.runner.accounts);
        let opened = spawn_blocking(move || Pipe::open(&settings, &policy, &accounts)).await;
        let mut pipe = opened.unwrap_or_else(|_| Err("keepwatch is ending".to_owned()))?;
        let file = pipe.take_file().ok_or("it is not open")?;
        let sender = Sender::from_file(file).map_err(|error| error.to_string())?;
        Ok((pipe, sender))
    }

    /// Writes what comes, until no more does and all is written.
    async fn write(&self, mut coming: mpsc::UnboundedReceiver<String>, sender: &Sender) {
        let mut lines = Lines::default();
        loop {
            tokio::select! {
                line = coming.recv() => match line {
                    Some(line) => lines.push(line),
                    None => break,
                },
                _ = sender.writable(), if !lines.is_empty() => {}
            }
            lines.write(|octets| sender.try_write(octets));
            self.tell_lost(&mut lines);
        }
        let rest = async {
            while !lines.is_empty() && sender.writable().await.is_ok() {
                lines.write(|octets| sender.try_write(octets));
            }
        };
        let _ = timeout(LAST_LINES, rest).await;
        lines.give_up();
        self.tell_lost(&mut lines);
    }

    fn tell_lost(&self, lines: &mut Lines) {
        let Some(lost) = lines.take_lost(Instant::now()) else { return };
        let kind = EventKind::NotifyFifoBehind { fifo: self.settings.path.display().to_string(), lost };
        self.runner.bus.publish(Draft::general(Severity::Warning, kind));
    }

    fn cannot(&self, error: String) {
        let part = format!("the notify FIFO {}", self.settings.path.display());
        let consequence = "no lines are written there".to_owned();
        let kind = EventKind::Degraded { part, error, consequence };
        self.runner.bus.publish(Draft::general(Severity::Warning, kind));
    }
}
