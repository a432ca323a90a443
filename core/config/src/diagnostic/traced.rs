//! A text that was put together, and where each part of it comes from.

use std::ops::Range;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Which file, counted from 0 in the order in which they were first read.
    pub(crate) file: usize,
    /// Octets of it.
    pub(crate) span: Range<usize>,
}

/// A text with the origin of each of its parts.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Traced {
    pub(crate) text: String,
    /// In the order of the text, none of them empty, all of it covered.
    parts: Vec<Part>,
}

#[derive(Clone, PartialEq, Eq)]
struct Part {
    /// Where it begins in the text.
    at: usize,
    /// As long as the part if it is a copy; of any length if it stands for something else.
    origin: Origin,
}

impl Traced {
    /// Adds a piece.
    pub(crate) fn push(&mut self, piece: &str, origin: Origin) {
        if piece.is_empty() {
            return;
        }
        let at = self.text.len();
        self.text.push_str(piece);
        let is_copy = origin.span.len() == piece.len();
        if let Some(last) = self.parts.last_mut()
            && is_copy
            && last.origin.file == origin.file
            && last.origin.span.end == origin.span.start
            && last.origin.span.len() == at - last.at
        {
            last.origin.span.end = origin.span.end;
            return;
        }
        self.parts.push(Part { at, origin });
    }

    /// Adds another one.
    pub(crate) fn append(&mut self, other: &Self) {
        for (index, part) in other.parts.iter().enumerate() {
            let piece = other.text.get(part.at..other.end(index)).unwrap_or_default();
            self.push(piece, part.origin.clone());
        }
    }

    /// Adds what comes from nowhere: its origin is where the last part ends.
    pub(crate) fn close(&mut self, piece: &str) {
        let end =
            |part: &Part| Origin { file: part.origin.file, span: part.origin.span.end..part.origin.span.end };
        let origin = self.parts.last().map_or(Origin { file: 0, span: 0..0 }, end);
        self.push(piece, origin);
    }

    /// A part of it.
    pub(crate) fn slice(&self, range: Range<usize>) -> Self {
        let mut out = Self::default();
        for (index, part) in self.parts.iter().enumerate() {
            let from = part.at.max(range.start);
            let to = self.end(index).min(range.end);
            if from < to {
                out.push(self.text.get(from..to).unwrap_or_default(), self.within(index, from..to));
            }
        }
        out
    }

    /// Where `span` of the text comes from. Of a span over several files what is in the first one.
    pub(crate) fn origin(&self, span: &Range<usize>) -> Option<Origin> {
        let first = self.parts.partition_point(|part| part.at <= span.start).checked_sub(1)?;
        let last = self.parts.partition_point(|part| part.at < span.end).saturating_sub(1).max(first);
        let begin = self.within(first, span.start..span.end.min(self.end(first)).max(span.start));
        let end = self.within(last, self.parts.get(last)?.at..span.end);
        let is_one = begin.file == end.file && begin.span.start <= end.span.end && first != last;
        let until = if is_one { end.span.end } else { begin.span.end };
        Some(Origin { file: begin.file, span: begin.span.start..until })
    }

    fn end(&self, index: usize) -> usize {
        self.parts.get(index + 1).map_or(self.text.len(), |next| next.at)
    }

    /// Where `range`, which lies in the part with this index, comes from.
    fn within(&self, index: usize, range: Range<usize>) -> Origin {
        let Some(Part { at, origin }) = self.parts.get(index) else { return Origin { file: 0, span: 0..0 } };
        if origin.span.len() != self.end(index) - at {
            return origin.clone();
        }
        let place = |to: usize| origin.span.start + to.saturating_sub(*at).min(origin.span.len());
        Origin { file: origin.file, span: place(range.start)..place(range.end) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(file: usize, span: Range<usize>) -> Origin {
        Origin { file, span }
    }

    /// `ab` copied, `VALUE` for a name of two octets, `ef` copied, `x` from another file.
    fn traced() -> Traced {
        let mut traced = Traced::default();
        traced.push("a", from(0, 0..1));
        traced.push("b", from(0, 1..2));
        traced.push("VALUE", from(0, 2..4));
        traced.push("ef", from(0, 4..6));
        traced.push("x", from(1, 9..10));
        traced
    }

    #[test]
    fn every_span_has_an_origin() {
        let table = [
            (0..1, from(0, 0..1)),
            (1..2, from(0, 1..2)),
            (3..4, from(0, 2..4)),
            (1..4, from(0, 1..4)),
            (4..8, from(0, 2..5)),
            (7..9, from(0, 4..6)),
            (9..10, from(1, 9..10)),
            (8..10, from(0, 5..6)),
            (10..10, from(1, 10..10)),
            (8..8, from(0, 5..5)),
        ];
        for (span, expected) in table {
            assert_eq!(traced().origin(&span), Some(expected), "{span:?}");
        }
        assert_eq!(Traced::default().origin(&(0..0)), None);
    }

    #[test]
    fn a_part_keeps_its_origins() {
        let mut out = Traced::default();
        out.append(&traced().slice(1..5));
        out.append(&traced().slice(8..10));
        assert_eq!(out.text, "bVALfx");
        let table =
            [(0..1, from(0, 1..2)), (1..2, from(0, 2..4)), (4..5, from(0, 5..6)), (5..6, from(1, 9..10))];
        for (span, expected) in table {
            assert_eq!(out.origin(&span), Some(expected), "{span:?}");
        }
    }
}
