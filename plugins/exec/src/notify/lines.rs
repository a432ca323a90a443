//! Lines that wait for room in a FIFO.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

/// So many lines may wait beside those that the pipe itself holds.
const MOST: usize = 10_000;
/// Between two words about lines that were lost.
const EVERY: Duration = Duration::from_secs(60);

/// Lines that wait for room in a FIFO. If too many do, the oldest are lost: the last ones say how things are.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    waiting: VecDeque<Vec<u8>>,
    /// Since the beginning.
    lost: u64,
    told: u64,
    told_at: Option<Instant>,
}

impl Lines {
    pub(crate) fn push(&mut self, line: String) {
        if self.waiting.len() == MOST {
            self.waiting.pop_front();
            self.lost += 1;
        }
        self.waiting.push_back(line.into_bytes());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Writes until there is no room. `write` is a write that does not wait.
    pub(crate) fn write(&mut self, write: impl Fn(&[u8]) -> io::Result<usize>) {
        while let Some(line) = self.waiting.front_mut() {
            match write(line) {
                Ok(written) if written < line.len() => {
                    line.drain(..written);
                }
                Ok(_) => {
                    self.waiting.pop_front();
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => {
                    self.waiting.pop_front();
                    self.lost += 1;
                }
            }
        }
    }

    /// Loses all that still waits: nobody has read for too long.
    pub(crate) fn give_up(&mut self) {
        self.lost += u64::try_from(self.waiting.drain(..).len()).unwrap_or_default();
    }

    /// How many lines are lost so far, if it is time to say so: at once, then once a minute, and when all others are
    /// written.
    pub(crate) fn take_lost(&mut self, now: Instant) -> Option<u64> {
        let is_due =
            self.is_empty() || self.told_at.is_none_or(|at| now.saturating_duration_since(at) >= EVERY);
        if self.lost == self.told || !is_due {
            return None;
        }
        (self.told, self.told_at) = (self.lost, Some(now));
        Some(self.lost)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn what_finds_no_room_waits_and_then_the_oldest_is_lost() {
        let (mut lines, now) = (Lines::default(), Instant::now());
        for number in 0..MOST {
            lines.push(format!("{number}\n"));
        }
        assert_eq!(lines.take_lost(now), None);
        for number in 0..3 {
            lines.push(format!("more {number}\n"));
        }
        assert_eq!(lines.take_lost(now), Some(3));
        lines.push("last\n".to_owned());
        assert_eq!(lines.take_lost(now), None, "it has just been said");
        assert_eq!(lines.take_lost(now + EVERY), Some(4));
        lines.push("the very last\n".to_owned());

        // Room for three octets at once, and for six in all.
        let (written, room) = (RefCell::new(Vec::new()), RefCell::new(6));
        let write = |octets: &[u8]| {
            let count = octets.len().min(3).min(*room.borrow());
            *room.borrow_mut() -= count;
            written.borrow_mut().extend(octets.iter().take(count));
            if count == 0 { Err(ErrorKind::WouldBlock.into()) } else { Ok(count) }
        };
        lines.write(write);
        assert_eq!(written.take(), b"5\n6\n7\n");
        *room.borrow_mut() = usize::MAX;
        lines.write(write);
        assert!(written.take().ends_with(b"last\nthe very last\n"));
        assert!(lines.is_empty());
        assert_eq!(lines.take_lost(now + EVERY), Some(5), "now all is written");
        assert_eq!(lines.take_lost(now + 2 * EVERY), None);
    }

    #[test]
    fn a_line_that_cannot_be_written_is_lost_and_told() {
        let mut lines = Lines::default();
        lines.push("a\n".to_owned());
        lines.write(|_| Err(ErrorKind::Other.into()));
        assert_eq!((lines.is_empty(), lines.take_lost(Instant::now())), (true, Some(1)));
    }
}
