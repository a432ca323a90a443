//! What there is to tell of HAProxy.

use std::time::Duration;

use serde_json::{Value, json};

use crate::demo::teller::{Step, Told, milliseconds, moment, steps_object, ticked, verdict};
use crate::demo::timeline::{CELL, Timeline};

/// Something to tell.
#[derive(Clone, Debug)]
pub(super) enum Scene {
    Opening {
        ask_every: Duration,
    },
    /// HAProxy and keepwatch on both.
    Starting,
    /// What the client gets.
    Answer {
        by: String,
        text: String,
    },
    Killing {
        host: String,
    },
    /// What keepwatch on a host says.
    Log {
        host: String,
        lines: Vec<String>,
    },
    Restarting {
        host: String,
    },
    Requests(Timeline),
    Summary {
        ok: bool,
        steps: Vec<Step>,
        requests: usize,
        answered: usize,
        by_h1: usize,
        by_h2: usize,
        takeover: Duration,
        failback: Duration,
        took: Duration,
    },
}

impl Told for Scene {
    fn text(&self, at: Duration) -> String {
        let at = moment(at);
        match self {
            Self::Opening { ask_every } => format!(
                "Two hosts with HAProxy share 10.1.1.30 by VRRP, a client asks http://10.1.1.30/ every {} ms.\n\
                 They are network namespaces on this machine and end with this program.\n\n\
                 \x20 h1      10.1.1.10   haproxy, keepwatch run --config keepwatch.toml   (priority 101)\n\
                 \x20 h2      10.1.1.20   haproxy, keepwatch run --config keepwatch.toml   (priority 100)\n\
                 \x20 h3      10.1.1.40   the web server behind both\n\
                 \x20 client  10.1.1.200  asks http://10.1.1.30/\n\n\
                 The files are those of examples/haproxy-pair.\n",
                ask_every.as_millis()
            ),
            Self::Starting => format!(
                "\n{at}  starting HAProxy and keepwatch on h1 and h2, which listens for 3.6 s before it takes over\n"
            ),
            Self::Answer { by, text } => {
                format!("\n{at}  http://10.1.1.30/ is answered by {by}: {}\n", text.trim_end())
            }
            Self::Killing { host } => {
                format!("\n{at}  killing HAProxy on {host}; host and keepwatch are well\n")
            }
            Self::Log { host, lines } => {
                let line = |line: &String| format!("  {host}  {line}\n");
                lines.iter().map(line).collect()
            }
            Self::Restarting { host } => format!("\n{at}  starting HAProxy on {host} again\n"),
            Self::Requests(timeline) => timeline.text(&format!(
                "The client's requests, {} ms a character: 1 answered by h1  2 answered by h2  o some not  x none",
                CELL.as_millis()
            )),
            Self::Summary { ok, steps, requests, answered, by_h1, by_h2, takeover, failback, took } => format!(
                "{}\n{requests} requests, {answered} answered ({by_h1} by h1, {by_h2} by h2), {} not.\n\
                 Longest time without an answer: {} when HAProxy on h1 was killed, {} when it came back.\n{}",
                ticked(steps),
                requests - answered,
                milliseconds(*takeover),
                milliseconds(*failback),
                verdict(*ok, *took)
            ),
        }
    }

    fn object(&self) -> Value {
        match self {
            Self::Opening { ask_every } => json!({
                "scene": "opening",
                "address": "10.1.1.30",
                "ask_every_seconds": ask_every.as_secs_f64(),
            }),
            Self::Starting => json!({ "scene": "starting", "hosts": "h1 and h2" }),
            Self::Answer { by, text } => json!({ "scene": "answer", "by": by, "text": text }),
            Self::Killing { host } => json!({ "scene": "killing", "host": host, "what": "haproxy" }),
            Self::Log { host, lines } => json!({ "scene": "log", "host": host, "lines": lines }),
            Self::Restarting { host } => json!({ "scene": "restarting", "host": host, "what": "haproxy" }),
            Self::Requests(timeline) => json!({
                "scene": "requests",
                "cell_seconds": CELL.as_secs_f64(),
                "cells": timeline.cells,
                "marks": timeline.marks,
            }),
            Self::Summary { ok, steps, requests, answered, by_h1, by_h2, takeover, failback, took } => {
                json!({
                    "scene": "summary",
                    "ok": ok,
                    "steps": steps_object(steps),
                    "requests": requests,
                    "answered": answered,
                    "answered_by": { "h1": by_h1, "h2": by_h2 },
                    "takeover_outage_seconds": takeover.as_secs_f64(),
                    "failback_outage_seconds": failback.as_secs_f64(),
                    "took_seconds": took.as_secs_f64(),
                })
            }
        }
    }
}
