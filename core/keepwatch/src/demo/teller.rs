//! Telling the story, in plain words or as JSON lines.

use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use keepwatch_lab::SeenAdvert;
use serde_json::{Value, json};

use super::stage::Stage;
use super::story::Leaving;
use super::timeline::{CELL, Timeline};

/// How the story is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Teller {
    /// In plain words.
    Text,
    /// One JSON object a line.
    Json,
}

/// Something that must happen, and whether it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) what: &'static str,
    pub(super) happened: bool,
}

/// Something to tell.
#[derive(Clone, Debug)]
pub(super) enum Scene {
    Opening {
        vip: String,
        ping_every: Duration,
    },
    Starting {
        hosts: String,
    },
    Stopping {
        host: String,
    },
    Master {
        host: String,
    },
    Addresses {
        host: String,
        lines: Vec<String>,
    },
    Advert(SeenAdvert),
    /// What went over the wire, and when.
    Handover(Vec<(Duration, String)>),
    Ping(Timeline),
    Summary {
        ok: bool,
        steps: Vec<Step>,
        pings: usize,
        answered: usize,
        takeover: Duration,
        failback: Duration,
        took: Duration,
        leaving: Leaving,
    },
    Kept {
        process: u32,
        places: Vec<(String, i32)>,
        folder: PathBuf,
    },
}

/// Something that can be told in both ways.
pub(super) trait Told {
    /// In plain words, with the time of the story.
    fn text(&self, at: Duration) -> String;
    /// As a JSON object.
    fn object(&self) -> Value;
}

impl Told for Scene {
    fn text(&self, at: Duration) -> String {
        text(at, self)
    }

    fn object(&self) -> Value {
        object(self)
    }
}

impl Teller {
    pub(super) fn say(self, at: Duration, scene: &impl Told) {
        let text = match self {
            Self::Text => scene.text(at),
            Self::Json => format!("{}\n", timed(at, scene.object())),
        };
        // Nobody to tell it to is no reason to break off.
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

fn text(at: Duration, scene: &Scene) -> String {
    let at = moment(at);
    match scene {
        Scene::Opening { vip, ping_every } => format!(
            "Two hosts share {vip} by VRRP, a client pings it every {} ms.\n\
             They are network namespaces on this machine and end with this program.\n\n\
             \x20 h1      10.1.1.10   keepwatch run --config h1.conf   (priority 101)\n\
             \x20 h2      10.1.1.20   keepwatch run --config h2.conf   (priority 100)\n\
             \x20 client  10.1.1.200  ping {vip}\n",
            ping_every.as_millis()
        ),
        Scene::Starting { hosts } => {
            format!("\n{at}  starting keepwatch on {hosts}, which listens for 3.6 s before it takes over\n")
        }
        Scene::Stopping { host } => format!("\n{at}  stopping keepwatch on {host}\n"),
        Scene::Master { host } => format!("\n{at}  {host} is MASTER\n"),
        Scene::Addresses { host, lines } => {
            let mut text = String::new();
            for (number, line) in lines.iter().enumerate() {
                let name = if number == 0 { host } else { "" };
                text.push_str(&format!("           {name:3} {line}\n"));
            }
            text
        }
        Scene::Advert(advert) => {
            format!("  {} {}: {}\n", clock(advert.at), advert.source, advert.describe())
        }
        Scene::Handover(lines) => {
            let line = |(after, what): &(Duration, String)| {
                format!("  + {:7.1} ms  {what}\n", after.as_secs_f64() * 1e3)
            };
            format!(
                "\nThe hand-over, as the client heard it:\n{}",
                lines.iter().map(line).collect::<String>()
            )
        }
        Scene::Ping(timeline) => ping(timeline),
        Scene::Summary { ok, steps, pings, answered, takeover, failback, took, leaving } => {
            let mut text = ticked(steps);
            text.push_str(&format!(
                "\n{pings} pings, {answered} answered, {} lost.\nLongest silence: {} when h1 stopped, {} when it came back.\n",
                pings - answered,
                milliseconds(*takeover),
                milliseconds(*failback),
            ));
            text.push_str(&verdict(*ok, *took));
            text.push_str(match leaving {
                Leaving::Lossless => "\nWhat a stop costs otherwise: keepwatch demo --rfc\n",
                Leaving::Rfc => "\nThis was the RFC's way (--rfc), which removes the address first. Without --rfc nothing is lost.\n",
            });
            text
        }
        Scene::Kept { process, places, folder } => {
            let mut text = "\nLeft running, as asked. To enter:\n".to_owned();
            for (name, descriptor) in places {
                text.push_str(&format!("  {name:7} {} ip addr\n", enter(*process, *descriptor)));
            }
            let (socket, folder) = (Stage::control_socket(folder, "h1"), folder.display());
            text.push_str(&format!(
                "To ask keepwatch on h1:\n  KEEPWATCH_CONTROL={} keepwatch status\n",
                socket.display()
            ));
            text.push_str(&format!("To end it all:\n  kill -9 {process}; rm -r {folder}\n"));
            text
        }
    }
}

/// The command that enters a namespace held by a process, and its user namespace if it has one of its own.
fn enter(process: u32, descriptor: i32) -> String {
    let user = if keepwatch_lab::has_own_user_namespace() {
        format!("-t {process} -U --preserve-credentials ")
    } else {
        String::new()
    };
    format!("nsenter {user}--net=/proc/{process}/fd/{descriptor}")
}

fn ping(timeline: &Timeline) -> String {
    let unsent = if timeline.cells.contains(' ') { "  (blank: none sent, the machine was busy)" } else { "" };
    let legend = format!(
        "The client's pings, {} ms a character: . answered  o some lost  x all lost{unsent}",
        CELL.as_millis()
    );
    timeline.text(&legend)
}

/// The time of the story.
pub(super) fn moment(at: Duration) -> String {
    format!("{:5.1} s", at.as_secs_f64())
}

/// What was to happen, and whether it did.
pub(super) fn ticked(steps: &[Step]) -> String {
    let line = |step: &Step| format!("  {}  {}\n", if step.happened { "yes" } else { "NO " }, step.what);
    steps.iter().map(line).collect()
}

/// The same as JSON.
pub(super) fn steps_object(steps: &[Step]) -> Value {
    steps.iter().map(|step| json!({ "what": step.what, "happened": step.happened })).collect()
}

/// The last word.
pub(super) fn verdict(ok: bool, took: Duration) -> String {
    let verdict = if ok { "All of it happened" } else { "NOT all of it happened" };
    format!("{verdict}, in {:.0} s.\n", took.as_secs_f64())
}

pub(super) fn milliseconds(duration: Duration) -> String {
    format!("{} ms", duration.as_millis())
}

/// The time of day in UTC, as tcpdump shows it.
fn clock(at: SystemTime) -> String {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seconds = since.as_secs() % 86_400;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}.{:06}", since.subsec_micros())
}

fn object(scene: &Scene) -> Value {
    match scene {
        Scene::Opening { vip, ping_every } => {
            json!({ "scene": "opening", "address": vip, "ping_every_seconds": ping_every.as_secs_f64() })
        }
        Scene::Starting { hosts } => json!({ "scene": "starting", "hosts": hosts }),
        Scene::Stopping { host } => json!({ "scene": "stopping", "host": host }),
        Scene::Master { host } => json!({ "scene": "master", "host": host }),
        Scene::Addresses { host, lines } => json!({ "scene": "addresses", "host": host, "lines": lines }),
        Scene::Advert(advert) => json!({
            "scene": "advert",
            "time": clock(advert.at),
            "source": advert.source,
            "destination": advert.destination,
            "version": advert.version,
            "vrid": advert.vrid,
            "priority": advert.priority,
            "interval_seconds": advert.interval.as_secs_f64(),
        }),
        Scene::Handover(lines) => json!({
            "scene": "handover",
            "frames": lines
                .iter()
                .map(|(after, what)| json!({ "after_seconds": after.as_secs_f64(), "what": what }))
                .collect::<Vec<_>>(),
        }),
        Scene::Ping(timeline) => json!({
            "scene": "ping",
            "cell_seconds": CELL.as_secs_f64(),
            "cells": timeline.cells,
            "marks": timeline.marks,
        }),
        Scene::Summary { ok, steps, pings, answered, takeover, failback, took, leaving } => json!({
            "stop_mode": leaving.stop_mode(),
            "scene": "summary",
            "ok": ok,
            "steps": steps_object(steps),
            "pings": pings,
            "answered": answered,
            "lost": pings - answered,
            "takeover_outage_seconds": takeover.as_secs_f64(),
            "failback_outage_seconds": failback.as_secs_f64(),
            "took_seconds": took.as_secs_f64(),
        }),
        Scene::Kept { process, places, folder } => json!({
            "scene": "kept",
            "process": process,
            "folder": folder,
            "enter": places
                .iter()
                .map(|(name, descriptor)| json!({ "host": name, "command": enter(*process, *descriptor) }))
                .collect::<Vec<_>>(),
        }),
    }
}

fn timed(at: Duration, mut value: Value) -> Value {
    if let Some(object) = value.as_object_mut() {
        object.insert("at_seconds".to_owned(), json!(at.as_secs_f64()));
    }
    value
}
