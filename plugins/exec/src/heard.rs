//! What a program has written.

use std::borrow::Cow;

use keepwatch_event::counted;
use keepwatch_host::{LINE, printable};

/// What is kept of a run, both streams together.
pub(crate) const MOST: usize = 64 << 10;
/// What is kept of the end of a stream, for its last line.
const END: usize = 4 << 10;

/// What a program has written: the beginning of it all, and the end of each stream.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) output: Stream,
    pub(crate) errors: Stream,
}

/// One stream.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    beginning: Vec<u8>,
    end: Vec<u8>,
    /// Octets that are not kept.
    missing: u64,
}

impl Heard {
    pub(crate) fn output(&mut self, piece: &[u8]) {
        let room = MOST.saturating_sub(self.errors.beginning.len());
        self.output.add(piece, room);
    }

    pub(crate) fn errors(&mut self, piece: &[u8]) {
        let room = MOST.saturating_sub(self.output.beginning.len());
        self.errors.add(piece, room);
    }

    /// The last line, of what it says went wrong if there is any.
    pub(crate) fn last_line(&self) -> Option<String> {
        self.errors.last_line().or_else(|| self.output.last_line())
    }

    /// The end of what it wrote, of so many octets at most, or a little more: its output, and then what went wrong.
    pub(crate) fn ending(&self, most: usize) -> String {
        let streams = [&self.output, &self.errors].map(|stream| stream.ending(most / 2));
        let texts = streams.iter().map(|text| text.trim_end()).filter(|text| !text.is_empty());
        texts.map(|text| printable(text, usize::MAX)).collect::<Vec<_>>().join("\n")
    }

    /// All that is kept.
    pub(crate) fn text(&self) -> String {
        let mut all = self.output.beginning.clone();
        all.extend(&self.errors.beginning);
        String::from_utf8_lossy(&all).into_owned()
    }

    /// Whether more is not kept, but for the end.
    pub(crate) fn is_full(&self) -> bool {
        self.output.beginning.len() + self.errors.beginning.len() >= MOST
    }

    /// Hands all that is kept over, line by line, of which very long ones are cut. Whoever reads them may have a terminal:
    /// control characters are escaped.
    pub(crate) fn tell(&self, sink: &dyn Fn(&str)) {
        for stream in [&self.output, &self.errors] {
            for line in stream.text().lines().filter(|line| !line.trim().is_empty()) {
                sink(&printable(line, LINE));
            }
        }
        let missing = self.output.missing + self.errors.missing;
        if missing > 0 {
            sink(&format!("({} more)", counted(missing, "octet")));
        }
    }
}

impl Stream {
    /// `room` is for all of the beginning.
    fn add(&mut self, piece: &[u8], room: usize) {
        let room = room.saturating_sub(self.beginning.len());
        let kept = piece.len().min(room);
        self.beginning.extend(piece.iter().take(kept));
        self.missing = self.missing.saturating_add((piece.len() - kept) as u64);
        self.end.extend(piece.iter().skip(piece.len().saturating_sub(END)));
        if self.end.len() > END {
            self.end.drain(..self.end.len() - END);
        }
    }

    fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.beginning)
    }

    /// The first line, blank ones left out.
    pub(crate) fn first_line(&self) -> Option<String> {
        let text = self.text();
        text.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
    }

    fn ending(&self, most: usize) -> Cow<'_, str> {
        let skipped = self.end.len().saturating_sub(most);
        String::from_utf8_lossy(self.end.get(skipped..).unwrap_or_default())
    }

    fn last_line(&self) -> Option<String> {
        let text = String::from_utf8_lossy(&self.end);
        text.lines().rev().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_and_the_last_line_are_kept() {
        let mut heard = Heard::default();
        heard.output(b"\nfirst\n");
        for _ in 0..100_000 {
            heard.output(b"a line\n");
        }
        heard.output(b"the end\n\n");
        assert_eq!(heard.output.first_line().unwrap(), "first");
        assert_eq!(heard.last_line().unwrap(), "the end");
        heard.errors(b"no room is left, but for the last line");
        assert_eq!(heard.last_line().unwrap(), "no room is left, but for the last line");
        assert_eq!(heard.text().len(), MOST);
        assert!(heard.output.end.len() <= END);
        let lines = std::cell::RefCell::new(Vec::new());
        heard.tell(&|line| lines.borrow_mut().push(line.to_owned()));
        let lines = lines.into_inner();
        assert_eq!(lines[..2], ["first", "a line"]);
        // 7 + 700,000 + 9 and 38 octets have come.
        assert_eq!(lines.last().unwrap(), "(634,518 octets more)");
    }

    #[test]
    fn what_a_terminal_would_take_for_commands_is_escaped() {
        let mut heard = Heard::default();
        heard.output(b"a\0b\x0e\tc\n\x1b[2J\n");
        heard.output(&[b'x'; LINE + 1]);
        let lines = std::cell::RefCell::new(Vec::new());
        heard.tell(&|line| lines.borrow_mut().push(line.to_owned()));
        let expected = ["a\\u{0}b\\u{e}\tc".to_owned(), "\\u{1b}[2J".to_owned(), "x".repeat(LINE) + "..."];
        assert_eq!(lines.into_inner(), expected);
        let mut heard = Heard::default();
        heard.errors(b"a\0b\nc");
        assert_eq!(heard.ending(20), "a\\u{0}b\nc");
    }

    #[test]
    fn the_end_of_both_streams_is_bounded() {
        let mut heard = Heard::default();
        assert_eq!(heard.ending(20), "");
        heard.errors(b"oh no\n");
        assert_eq!(heard.ending(20), "oh no");
        heard.output(b"0123456789abcdef\n\n");
        assert_eq!(heard.ending(20), "89abcdef\noh no");
    }

    #[test]
    fn a_long_last_line_is_cut_at_its_beginning() {
        let mut heard = Heard::default();
        heard.output(&[b'x'; 10_000]);
        assert_eq!(heard.last_line().unwrap().len(), END);
        assert_eq!(Heard::default().last_line(), None);
    }
}
