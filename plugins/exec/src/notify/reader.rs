//! The program that reads a FIFO.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use keepwatch_bus::Draft;
use keepwatch_event::{EventKind, Severity};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::runner::{PATIENCE, Runner};
use super::settings::ScriptSettings;
use crate::policy::Policy;
use crate::reading::{Span, ending};

/// How long until it is started anew: at first, at most, and after how long of running it counts as well again.
const SOONEST: Duration = Duration::from_secs(1);
const LATEST: Duration = Duration::from_secs(60);
/// How long it may take with the last lines. It sees the end of the FIFO then.
const LAST_LINES: Duration = Duration::from_secs(2);
/// What an event has of the end of its output, in octets.
const OUTPUT: usize = 1 << 10;

/// Keeps a program running that reads the FIFO at this path, until `closed` becomes true.
pub(crate) async fn keep_reading(
    fifo: &Path,
    script: &ScriptSettings,
    policy: &Policy,
    runner: &Runner,
    mut closed: watch::Receiver<bool>,
) {
    let command = script.command.with(&[fifo.display().to_string()]);
    let script = ScriptSettings { command, ..script.clone() };
    let mut pause = SOONEST;
    loop {
        let began = Instant::now();
        let Some((ended, output)) = run(&script, policy, runner, &mut closed).await else { return };
        if began.elapsed() >= LATEST {
            pause = SOONEST;
        }
        let ended = format!("{ended}; starting it anew in {}", Span(pause));
        let (setting, command) = ("notify_fifo_script".to_owned(), script.command.to_string());
        let took = began.elapsed();
        let kind = EventKind::NotifyScriptRan { setting, group: None, command, ended, output, took };
        runner.bus.publish(Draft::general(Severity::Warning, kind));
        tokio::select! {
            () = sleep(pause) => {}
            _ = closed.wait_for(|closed| *closed) => return,
        }
        pause = (pause * 2).min(LATEST);
    }
}

/// Runs it once; how it ended, and the end of what it wrote. None if it was to end.
async fn run(
    script: &ScriptSettings,
    policy: &Policy,
    runner: &Runner,
    closed: &mut watch::Receiver<bool>,
) -> Option<(String, String)> {
    let start = match runner.examined(script, policy).await {
        Ok(start) => Arc::new(start),
        Err(why) => return Some((format!("cannot run: {why}"), String::new())),
    };
    let mut running = match start.spawn(&runner.accounts).await {
        Ok(running) => running,
        Err(why) => return Some((why, String::new())),
    };
    let ended = tokio::select! {
        ended = running.ended() => Some(ended),
        _ = closed.wait_for(|closed| *closed) => None,
    };
    let output = running.heard.ending(OUTPUT);
    match ended {
        Some(Ok(status)) => return Some((ending(status), output)),
        Some(Err(error)) => {
            running.stop(PATIENCE).await;
            return Some((format!("its end was not to be seen: {error}"), output));
        }
        None => {}
    }
    if timeout(LAST_LINES, running.ended()).await.is_err() {
        running.stop(PATIENCE).await;
    }
    None
}
