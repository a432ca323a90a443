//! Plugins with their figures.

use std::time::Duration;

use keepwatch_control::{PluginReport, Status};
use keepwatch_event::{PluginState, PluginStatus, Timestamp, counted, grouped};

use crate::terminal::Paint;
use crate::words::{lasting, since};

/// What a plugin does, in a word.
const fn state(state: PluginState) -> &'static str {
    match state {
        PluginState::Running => "running",
        PluginState::Restarting => "restarting",
        PluginState::Disabled => "disabled",
        PluginState::Refused => "not loaded",
        _ => "in a state of a later version",
    }
}

fn painted(state_now: PluginState, paint: Paint) -> String {
    match state_now {
        PluginState::Running => paint.good(state(state_now)),
        PluginState::Restarting => paint.warning(state(state_now)),
        _ => paint.error(state(state_now)),
    }
}

/// A line for each plugin: `plugin haproxy: running for 3 h 12 min, handler, 12 calls, last 3.0 s ago`.
pub(super) fn lines(status: &Status, paint: Paint) -> Vec<String> {
    let reported = |plugin: &PluginStatus| status.plugins.iter().any(|report| report.name == plugin.name);
    let others = status.snapshot.plugins.iter().filter(|plugin| !reported(plugin));
    let others = others.map(|plugin| {
        line(&PluginReport::new(plugin.name.clone(), plugin.state, plugin.since), status.at, paint)
    });
    let mut lines: Vec<String> = status.plugins.iter().map(|report| line(report, status.at, paint)).collect();
    lines.extend(others);
    lines
}

fn line(report: &PluginReport, now: Timestamp, paint: Paint) -> String {
    let mut parts =
        vec![format!("{} for {}", painted(report.state, paint), lasting(since(report.since, now)))];
    if !report.role.is_empty() {
        parts.push(report.role.clone());
    }
    if report.calls > 0 {
        parts.push(counted(report.calls, "call"));
    }
    if report.failures > 0 {
        parts.push(counted(report.failures, "failure"));
    }
    if report.skipped > 0 {
        parts.push(format!("{} skipped", grouped(report.skipped)));
    }
    if report.messages > 0 {
        parts.push(counted(report.messages, "message"));
    }
    if report.messages_refused > 0 {
        parts.push(format!("{} refused, as too many", counted(report.messages_refused, "message")));
    }
    if report.waiting > 0 {
        parts.push(format!("{} waiting", counted(report.waiting, "event")));
    }
    if let Some(last) = report.last_success {
        parts.push(format!("last success {} ago", lasting(since(last, now))));
    }
    format!("plugin {}: {}", paint.bold(&report.name), parts.join(", "))
}

/// All plugins as a table, and what went wrong last with each.
pub(crate) fn table(reports: &[PluginReport], paint: Paint) -> String {
    if reports.is_empty() {
        return "No plugins are loaded.\n".to_owned();
    }
    let head = ["PLUGIN", "ROLE", "STATE", "CALLS", "ERRORS", "FAILURES", "WAITING", "P99", "MEMORY", "FILE"];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(reports.iter().map(row));
    let widths: Vec<usize> = (0..head.len())
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            // Figures stand right.
            if (3..9).contains(&column) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        let line = cells.collect::<Vec<_>>().join("  ");
        text.push_str(&if number == 0 { paint.dim(line.trim_end()) } else { line.trim_end().to_owned() });
        text.push('\n');
    }
    for report in reports {
        if let Some(error) = &report.last_error {
            let words = error.trim_end().replace('\n', "\n  ");
            text.push_str(&format!("\n{}: {words}\n", paint.bold(&report.name)));
        }
    }
    text
}

fn row(report: &PluginReport) -> [String; 10] {
    let or_none = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    [
        report.name.clone(),
        or_none(&report.role),
        state(report.state).to_owned(),
        report.calls.to_string(),
        report.errors.to_string(),
        report.failures.to_string(),
        report.waiting.to_string(),
        report.call_times.map_or_else(|| "-".to_owned(), |times| brief(times.p99)),
        report.memory_bytes.map_or_else(|| "-".to_owned(), size),
        or_none(&report.path),
    ]
}

/// `41 us`, `3.1 ms`, `1.20 s`.
fn brief(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match seconds {
        s if s >= 1.0 => format!("{s:.2} s"),
        s if s >= 1e-3 => format!("{:.1} ms", s * 1e3),
        s => format!("{:.0} us", s * 1e6),
    }
}

fn size(bytes: u64) -> String {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    if bytes < MIB {
        format!("{} KiB", bytes.div_ceil(KIB))
    } else {
        format!("{}.{} MiB", bytes / MIB, bytes % MIB * 10 / MIB)
    }
}
