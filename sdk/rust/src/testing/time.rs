//! RFC 3339 times, as recorded events have them.

/// Microseconds since 1970 of a time in UTC such as `2026-11-22T10:00:00.25Z`.
pub(super) fn parse_micros(text: &str) -> Option<u64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.split('-').map(|part| part.parse::<u64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (clock, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut clock = clock.split(':').map(|part| part.parse::<u64>().ok());
    let (hours, minutes, seconds) = (clock.next()??, clock.next()??, clock.next()??);
    let valid = (1970..10_000).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !valid
        || hours > 23
        || minutes > 59
        || seconds > 60
        || !fraction.bytes().all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    let micros: u64 = format!("{fraction:0<6.6}").parse().ok()?;
    let seconds = ((days(year, month, day) * 24 + hours) * 60 + minutes) * 60 + seconds;
    Some(seconds * 1_000_000 + micros)
}

/// The time in UTC with microseconds.
pub(super) fn format(micros: u64) -> String {
    let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
    let (mut year, mut month, mut left) = (1970, 1, seconds / 86_400);
    while left >= days_of_year(year) {
        left -= days_of_year(year);
        year += 1;
    }
    while left >= days_of_month(year, month) {
        left -= days_of_month(year, month);
        month += 1;
    }
    let (hours, minutes, seconds) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{:02}T{hours:02}:{minutes:02}:{seconds:02}.{micros:06}Z", left + 1)
}

/// Days from 1970-01-01.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let years: u64 = (1970..year).map(days_of_year).sum();
    let months: u64 = (1..month).map(|month| days_of_month(year, month)).sum();
    years + months + day - 1
}

fn days_of_year(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

fn days_of_month(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written() {
        for (text, micros) in [
            ("1970-01-01T00:00:00.000000Z", 0),
            ("2000-02-29T23:59:59.999999Z", 951_868_799_999_999),
            ("2026-11-22T10:00:00.250000Z", 1_795_341_600_250_000),
            ("2100-03-01T00:00:00.000000Z", 4_107_542_400_000_000),
        ] {
            assert_eq!(parse_micros(text), Some(micros), "{text}");
            assert_eq!(format(micros), text);
        }
        assert_eq!(parse_micros("2026-11-22T10:00:00Z"), Some(1_795_341_600_000_000));
        assert_eq!(parse_micros("2026-11-22T10:00:00.123456789Z"), Some(1_795_341_600_123_456));
        for text in [
            "",
            "now",
            "2026-11-22",
            "2026-13-01T00:00:00Z",
            "2026-11-22T10:00:00+01:00",
            "2026-11-22T10:00:00.xZ",
        ] {
            assert_eq!(parse_micros(text), None, "{text}");
        }
    }
}
