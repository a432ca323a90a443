//! Destinations of mails and webhooks: how they are, and what is wrong with them.

use std::time::SystemTime;

use keepwatch_control::{DestinationSummary, Status};
use keepwatch_event::{Severity, counted};

use super::wrong::{Wrong, indented};
use crate::terminal::Paint;
use crate::words::{clock, lasting};

/// A line for each destination: `admins: mail to admin@example.com by mail.example.com:587, 12 letters, last 3 min 5 s ago`.
pub(super) fn lines(status: &Status, paint: Paint) -> Vec<String> {
    let is_worth_it =
        |summary: &&DestinationSummary| summary.way.is_some() || summary.waiting > 0 || summary.dead > 0;
    let shown = status.destinations.iter().filter(is_worth_it);
    shown.map(|summary| line(summary, status.at.wall, paint)).collect()
}

fn line(summary: &DestinationSummary, now: SystemTime, paint: Paint) -> String {
    let mut parts = vec![summary.way.clone().unwrap_or_else(|| "no longer in the configuration".to_owned())];
    if summary.delivered > 0 {
        parts.push(format!("{} delivered", counted(summary.delivered, "letter")));
    }
    if let Some(last) = summary.last.as_deref().and_then(time) {
        parts.push(format!("last {} ago", lasting(now.duration_since(last).unwrap_or_default())));
    }
    if summary.waiting > 0 {
        parts.push(paint.warning(&format!("{} waiting", counted(summary.waiting, "letter"))));
    }
    if summary.dead > 0 {
        parts.push(paint.warning(&format!("{} given up", counted(summary.dead, "letter"))));
    }
    if summary.gone.is_some() {
        parts.push(paint.error("disabled"));
    }
    format!("destination {}: {}", paint.bold(&summary.name), parts.join(", "))
}

/// What is wrong with one.
pub(super) fn wrong(summary: &DestinationSummary, now: SystemTime) -> Vec<Wrong> {
    let DestinationSummary { name, waiting, dead, refusal, trouble, gone, next, .. } = summary;
    let mut found = Vec::new();
    match (gone, trouble) {
        (Some(gone), _) if summary.way.is_some() => {
            let text = format!(
                "destination {name} takes nothing any more: {} (`keepwatch spool retry {name}` tries it again)",
                indented(gone)
            );
            found.push(Wrong { severity: Severity::Error, text });
        }
        (None, Some(trouble)) if *waiting > 0 => {
            let next = next.as_deref().and_then(time);
            let next = next.map(|next| format!(", next try {}", clock(next, now))).unwrap_or_default();
            let wait = format!("{} waiting{next}", counted(*waiting, "letter"));
            let text = format!("{name} cannot be told: {} ({wait})", indented(trouble));
            found.push(Wrong { severity: Severity::Warning, text });
        }
        (_, _) if *waiting > 0 && summary.way.is_none() => {
            let wait = counted(*waiting, "letter");
            let text = format!(
                "{wait} waiting for {name}, which the configuration has no longer (`keepwatch spool purge {name} --all`)"
            );
            found.push(Wrong { severity: Severity::Warning, text });
        }
        (_, _) => {}
    }
    if *dead > 0 {
        let given_up = counted(*dead, "letter");
        let why = refusal.as_ref().map(|why| format!(": {}", indented(why))).unwrap_or_default();
        let text = format!(
            "{given_up} to {name} given up{why} (`keepwatch spool list --dead` has all; `spool retry {name}` tries again)"
        );
        found.push(Wrong { severity: Severity::Warning, text });
    }
    found
}

fn time(written: &str) -> Option<SystemTime> {
    humantime::parse_rfc3339(written).ok()
}
