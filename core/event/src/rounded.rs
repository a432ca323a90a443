//! Durations as people say them.

use std::fmt;
use std::time::Duration;

/// A duration with three figures: `3.61 s`, `36.1 ms`.
#[derive(Clone, Copy, Debug)]
pub struct Rounded(pub Duration);

impl fmt::Display for Rounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        match seconds {
            s if s >= 100.0 => write!(f, "{s:.0} s"),
            s if s >= 10.0 => write!(f, "{s:.1} s"),
            s if s >= 1.0 => write!(f, "{s:.2} s"),
            s if s >= 0.1 => write!(f, "{:.0} ms", s * 1e3),
            s if s >= 0.001 => write!(f, "{:.1} ms", s * 1e3),
            s => write!(f, "{:.0} us", s * 1e6),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_figures() {
        for (nanos, text) in [
            (3_609_375_000, "3.61 s"),
            (36_093_750, "36.1 ms"),
            (613_000_000, "613 ms"),
            (78_125, "78 us"),
            (12_340_000_000, "12.3 s"),
            (1_234_000_000_000, "1234 s"),
        ] {
            assert_eq!(Rounded(Duration::from_nanos(nanos)).to_string(), text);
        }
    }
}
