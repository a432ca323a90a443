//! Durations as scripts write them: a number of seconds, or a text with a unit.

use std::time::Duration;

use rhai::Dynamic;

/// What a duration looks like.
pub(crate) const FORMS: &str = "a number of seconds, or a text such as \"500ms\", \"5s\", \"2m\" or \"1h\"";

/// Reads a duration.
///
/// # Errors
///
/// That it is none.
pub(crate) fn duration(value: &Dynamic) -> Result<Duration, String> {
    let seconds = match (value.as_int(), value.as_float(), value.as_immutable_string_ref()) {
        (Ok(seconds), _, _) => seconds as f64,
        (_, Ok(seconds), _) => seconds,
        (_, _, Ok(text)) => parse(&text).ok_or_else(|| format!("`{}` is no duration: {FORMS}", *text))?,
        _ => return Err(format!("a duration is {FORMS}")),
    };
    Duration::try_from_secs_f64(seconds).map_err(|_| format!("{seconds} seconds is no duration: {FORMS}"))
}

fn parse(text: &str) -> Option<f64> {
    let text = text.trim();
    let unit = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let number: f64 = text[..unit].parse().ok()?;
    let scale = match text[unit..].trim() {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    Some(number * scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_seconds_or_text() {
        let table: [(Dynamic, u64); 6] = [
            (5.into(), 5_000),
            (0.25.into(), 250),
            ("500ms".into(), 500),
            ("1.5s".into(), 1_500),
            ("2m".into(), 120_000),
            ("1 h".into(), 3_600_000),
        ];
        for (value, expected) in table {
            assert_eq!(duration(&value), Ok(Duration::from_millis(expected)), "{value}");
        }
        let wrong: [Dynamic; 7] = [
            "5".into(),
            "s".into(),
            "5 days".into(),
            (-1).into(),
            f64::NAN.into(),
            true.into(),
            1e300.into(),
        ];
        for value in wrong {
            assert!(duration(&value).is_err(), "{value}");
        }
    }
}
