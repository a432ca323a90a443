//! Numbers as keepalived reads them: as much of the word as looks like one.

/// What a word says as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    /// The value, saturated; zero if there is no digit at all.
    pub(super) value: i64,
    /// Whether the whole word is the number, and no sign forbids it.
    pub(super) clean: bool,
}

/// A whole number, like C's `strtol`: what follows the digits is ignored, but not clean.
pub(super) fn whole(word: &str) -> Number {
    let word = word.trim_start_matches(super::lexer::is_blank);
    let (negative, rest) = match word.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, word.strip_prefix('+').unwrap_or(word)),
    };
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let magnitude = rest.get(..digits).unwrap_or_default().bytes().fold(0_i64, |value, digit| {
        value.saturating_mul(10).saturating_add(i64::from(digit.wrapping_sub(b'0')))
    });
    let value = if negative { magnitude.saturating_neg() } else { magnitude };
    Number { value, clean: digits > 0 && digits == rest.len() }
}

/// A decimal number with up to `places` decimal places, times ten to the power of `places`: `1.5` with six
/// places is 1,500,000. `None` for a negative one.
///
/// keepalived shifts by writing zeros behind the word, so `10s` is not shifted: it is ten millionths.
pub(super) fn decimal(word: &str, places: usize) -> Option<Number> {
    if word.starts_with('-') {
        return None;
    }
    let (integer, fraction) = word.split_once('.').unwrap_or((word, ""));
    let kept = fraction.get(..places).unwrap_or(fraction);
    let dropped = fraction.get(kept.len()..).unwrap_or_default();
    let zeros = "0".repeat(places.saturating_sub(kept.len()));
    let mut number = whole(&format!("{integer}{kept}{zeros}"));
    if dropped.starts_with(['5', '6', '7', '8', '9']) {
        number.value = number.value.saturating_add(1);
    }
    number.clean &= dropped.is_empty() && !word.is_empty();
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers() {
        let table = [
            ("51", 51, true),
            ("-20", -20, true),
            (" 7", 7, true),
            ("+7", 7, true),
            ("10s", 10, false),
            ("ten", 0, false),
            ("", 0, false),
            ("-", 0, false),
            ("99999999999999999999", i64::MAX, true),
            ("0x10", 0, false),
        ];
        for (word, value, clean) in table {
            assert_eq!(whole(word), Number { value, clean }, "{word:?}");
        }
    }

    #[test]
    fn decimals_are_shifted() {
        let table = [
            ("1", 6, Some((1_000_000, true))),
            ("0.01", 6, Some((10_000, true))),
            ("1.5", 3, Some((1_500, true))),
            (".5", 3, Some((500, true))),
            ("2.", 3, Some((2_000, true))),
            ("0.0000005", 6, Some((1, false))),
            ("1.23449", 3, Some((1_234, false))),
            ("10s", 6, Some((10, false))),
            ("1.5s", 6, Some((15, false))),
            ("abc", 6, Some((0, false))),
            ("", 6, Some((0, false))),
            ("-1", 6, None),
            ("1.ä", 3, Some((1, false))),
        ];
        for (word, places, expected) in table {
            let found = decimal(word, places).map(|number| (number.value, number.clean));
            assert_eq!(found, expected, "{word:?}");
        }
    }
}
