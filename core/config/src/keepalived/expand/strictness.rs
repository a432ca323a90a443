//! What is wrong with an `include` for good, and what keepalived only logs.

use super::super::lexer::is_blank;

/// What can go wrong with an `include`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A file is there, and cannot be read.
    Unreadable,
    /// A file without wildcards in its name is not there.
    Missing,
    /// Nothing matches the wildcards.
    NoMatch,
    /// One of the alternatives in braces is not there.
    NoAlternative,
}

/// Which faults forbid to use the configuration: those of `include_check`, or of `includer` and its kin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Strictness(u8);

const UNREADABLE: u8 = 1;
const MISSING: u8 = 2;
const NO_MATCH: u8 = 4;
const NO_ALTERNATIVE: u8 = 8;

impl Strictness {
    const ALL: Self = Self(UNREADABLE | MISSING | NO_MATCH | NO_ALTERNATIVE);

    pub(super) const fn forbids(self, fault: Fault) -> bool {
        let bit = match fault {
            Fault::Unreadable => UNREADABLE,
            Fault::Missing => MISSING,
            Fault::NoMatch => NO_MATCH,
            Fault::NoAlternative => NO_ALTERNATIVE,
        };
        self.0 & bit != 0
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What the words of `include_check` make of it. `Err` is a word that is none.
    pub(super) fn checked<'w>(self, words: impl Iterator<Item = &'w str>) -> Result<Self, &'w str> {
        let mut words = words.peekable();
        if words.peek().is_none() {
            return Ok(Self::ALL);
        }
        let mut strictness = self;
        let mut is_first = true;
        for word in words {
            let (sign, name) = match word.split_at_checked(1) {
                Some((sign @ ("+" | "-"), name)) => (sign, name),
                _ => ("", word),
            };
            let (own, implied) = match name {
                // The manual's word, and the one that keepalived 2.4.3 knows.
                "readable" | "read" => (UNREADABLE, 0),
                "match" => (MISSING, UNREADABLE),
                "wildcard_match" => (NO_MATCH, UNREADABLE | MISSING),
                "brace_match" => (NO_ALTERNATIVE, UNREADABLE),
                _ => return Err(word),
            };
            strictness.0 = match sign {
                "-" => strictness.0 & !own,
                "" if is_first => own | implied,
                _ => strictness.0 | own | implied,
            };
            is_first = false;
        }
        Ok(strictness)
    }
}

/// What an `include` line asks for: the pattern, where it begins, and how strictly.
pub(super) fn include(line: &str) -> Option<(usize, Strictness)> {
    let rest = line.strip_prefix("include")?;
    let (strictness, rest) = match rest.split_at_checked(1) {
        Some(("r", rest)) => (Strictness(UNREADABLE), rest),
        Some(("m", rest)) => (Strictness(UNREADABLE | MISSING), rest),
        Some(("w", rest)) => (Strictness(UNREADABLE | MISSING | NO_MATCH), rest),
        Some(("b", rest)) => (Strictness(UNREADABLE | NO_ALTERNATIVE), rest),
        Some(("a", rest)) => (Strictness::ALL, rest),
        _ => (Strictness::default(), rest),
    };
    if !rest.is_empty() && !rest.starts_with(is_blank) {
        return None;
    }
    Some((line.len() - rest.trim_start_matches(is_blank).len(), strictness))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letter_says_how_strict_an_include_is() {
        let table = [
            ("include a", Some((8, 0))),
            ("includer a", Some((9, 1))),
            ("includem  a", Some((10, 3))),
            ("includew a", Some((9, 7))),
            ("includeb a", Some((9, 9))),
            ("includea a", Some((9, 15))),
            ("include", Some((7, 0))),
            ("includes a", None),
            ("include_check", None),
        ];
        for (line, expected) in table {
            assert_eq!(include(line).map(|(at, strictness)| (at, strictness.0)), expected, "{line}");
        }
    }

    #[test]
    fn include_check_sets_adds_and_removes() {
        let table = [
            (3, "", Ok(15)),
            (0, "+readable +match", Ok(3)),
            (15, "-brace_match", Ok(7)),
            (15, "match", Ok(3)),
            (15, "match brace_match", Ok(11)),
            (0, "+wildcard_match", Ok(7)),
            (0, "+reedable", Err("+reedable")),
        ];
        for (before, words, expected) in table {
            let found = Strictness(before).checked(words.split_ascii_whitespace());
            assert_eq!(found.map(|strictness| strictness.0), expected, "{words}");
        }
    }
}
