//! Times as people say them.

use std::time::{Duration, SystemTime};

use keepwatch_event::Timestamp;

/// How long something lasts, with what matters of it: `0.4 s`, `12 s`, `4 min 12 s`, `3 h 12 min`, `5 d 3 h`.
pub(crate) fn lasting(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{}.{} s", seconds, duration.subsec_millis() / 100),
        10..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// How long ago something was.
pub(crate) fn since(then: Timestamp, now: Timestamp) -> Duration {
    now.monotonic.saturating_sub(then.monotonic)
}

/// An interval as a configuration has it: `1 s`, `250 ms`, `1.5 s`.
pub(crate) fn interval(interval: Duration) -> String {
    if interval < Duration::from_secs(1) {
        format!("{} ms", interval.as_secs_f64() * 1e3)
    } else {
        format!("{} s", interval.as_secs_f64())
    }
}

/// The time of day, and the day unless it is today: `14:02:11 UTC`, `2026-11-21 14:02:11 UTC`.
pub(crate) fn clock(then: SystemTime, now: SystemTime) -> String {
    let (then, now) = (seconds(then), seconds(now));
    match then.split_once('T') {
        Some((day, time)) if now.starts_with(day) => format!("{time} UTC"),
        Some((day, time)) => format!("{day} {time} UTC"),
        None => then,
    }
}

/// `2026-11-21T14:02:11`
fn seconds(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string().trim_end_matches('Z').to_owned()
}

/// An address without the prefix length that says nothing: `10.1.1.30` for `10.1.1.30/32`.
pub(crate) fn address(address: &str) -> &str {
    match address.rsplit_once('/') {
        Some((alone, "32")) if !alone.contains(':') => alone,
        Some((alone, "128")) => alone,
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_say_what_matters() {
        for (millis, text) in [
            (0, "0.0 s"),
            (449, "0.4 s"),
            (9_999, "9.9 s"),
            (10_000, "10 s"),
            (59_999, "59 s"),
            (60_000, "1 min 0 s"),
            (252_000, "4 min 12 s"),
            (3_600_000, "1 h 0 min"),
            (11_520_000, "3 h 12 min"),
            (86_400_000, "1 d 0 h"),
            (442_800_000, "5 d 3 h"),
        ] {
            assert_eq!(lasting(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn intervals_are_as_configured() {
        for (micros, text) in
            [(1_000_000, "1 s"), (100_000, "100 ms"), (10_000, "10 ms"), (1_500_000, "1.5 s")]
        {
            assert_eq!(interval(Duration::from_micros(micros)), text);
        }
    }

    #[test]
    fn the_day_is_said_unless_it_is_today() {
        let now = humantime::parse_rfc3339("2026-11-22T12:00:00Z").unwrap();
        for (then, text) in
            [("2026-11-22T11:04:12.9Z", "11:04:12 UTC"), ("2026-11-21T23:59:59Z", "2026-11-21 23:59:59 UTC")]
        {
            assert_eq!(clock(humantime::parse_rfc3339(then).unwrap(), now), text);
        }
    }

    #[test]
    fn a_prefix_length_is_said_if_it_says_something() {
        for (text, expected) in [
            ("10.1.1.30/32", "10.1.1.30"),
            ("10.1.1.30/24", "10.1.1.30/24"),
            ("fd00::30/128", "fd00::30"),
            ("fd00::30/32", "fd00::30/32"),
            ("odd", "odd"),
        ] {
            assert_eq!(address(text), expected);
        }
    }
}
