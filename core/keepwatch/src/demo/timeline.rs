//! What became of the client's requests as a line of characters.

use std::time::{Duration, Instant};

use keepwatch_lab::Probes;
use serde::Serialize;

/// Each character stands for this long.
pub(super) const CELL: Duration = Duration::from_millis(200);

/// What became of the client's requests, cell by cell, and what happened when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Timeline {
    /// Of pings `.` all answered, `o` some, `x` none.
    pub(super) cells: String,
    /// Cell number, and what happened there.
    pub(super) marks: Vec<(usize, String)>,
}

impl Timeline {
    /// Draws the pings from the first on.
    pub(super) fn of(probes: &Probes, marks: &[(Instant, &str)]) -> Self {
        let Some((first, last)) = probes.first_and_last() else {
            return Self { cells: String::new(), marks: Vec::new() };
        };
        Self::draw(first, last, marks, |from, to| symbol(probes.between(from, to)))
    }

    /// Draws the time from the first request to the last, a character for each cell.
    pub(super) fn draw(
        first: Instant,
        last: Instant,
        marks: &[(Instant, &str)],
        symbol: impl Fn(Instant, Instant) -> char,
    ) -> Self {
        let count = cell(last.saturating_duration_since(first)) + 1;
        let cells = (0..count).map(|number| {
            let from = first + CELL * u32::try_from(number).unwrap_or(u32::MAX);
            symbol(from, from + CELL)
        });
        let marks =
            marks.iter().map(|(at, what)| (cell(at.saturating_duration_since(first)), (*what).to_owned()));
        Self { cells: cells.collect(), marks: marks.collect() }
    }

    /// The line of characters, and below it what happened when.
    pub(super) fn text(&self, legend: &str) -> String {
        let mut text = format!("\n{legend}\n\n  {}\n", self.cells);
        for (cell, what) in &self.marks {
            text.push_str(&format!("  {:width$}^ {what}\n", "", width = cell));
        }
        text.push('\n');
        text
    }
}

fn cell(since: Duration) -> usize {
    usize::try_from(since.as_millis() / CELL.as_millis()).unwrap_or(usize::MAX)
}

const fn symbol((sent, answered): (usize, usize)) -> char {
    match (sent, answered) {
        (0, _) => ' ',
        (_, 0) => 'x',
        (sent, answered) if answered < sent => 'o',
        _ => '.',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols() {
        assert_eq!([(0, 0), (5, 0), (5, 4), (5, 5)].map(symbol), [' ', 'x', 'o', '.']);
    }

    #[test]
    fn moments_fall_into_cells() {
        assert_eq!([0, 199, 200, 1_000].map(|ms| cell(Duration::from_millis(ms))), [0, 0, 1, 5]);
    }
}
