//! The advertisement interval and the two times that follow from it.

use core::fmt;
use core::time::Duration;

use super::{Priority, Version};

/// The time between two advertisements, a whole number of centiseconds. The only reader and writer of the
/// wire's units: whole seconds in version 2, centiseconds in version 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AdvertInterval {
    centis: u16,
}

impl AdvertInterval {
    /// One second, the default of both versions.
    pub const DEFAULT: Self = Self { centis: 100 };

    /// A version 3 interval: 1 to 4095 centiseconds (twelve bits, RFC 9568 §5.2.7).
    #[must_use]
    pub const fn from_centis(centis: u16) -> Option<Self> {
        if centis == 0 || centis > 4095 {
            return None;
        }
        Some(Self { centis })
    }

    /// A version 2 interval: 1 to 255 seconds (RFC 3768 §5.3.7).
    #[must_use]
    pub fn from_seconds(seconds: u8) -> Option<Self> {
        (seconds != 0).then(|| Self { centis: u16::from(seconds).saturating_mul(100) })
    }

    /// The interval as a time.
    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::from_millis(u64::from(self.centis).saturating_mul(10))
    }

    /// Whole seconds for a version 2 packet; at least 1.
    #[must_use]
    pub fn to_seconds(self) -> u8 {
        u8::try_from(self.centis / 100).unwrap_or(u8::MAX).max(1)
    }

    /// Centiseconds for a version 3 packet, in twelve bits.
    #[must_use]
    pub fn to_centis(self) -> u16 {
        self.centis.min(4095)
    }

    /// Skew time: what a backup of lower priority waits longer.
    ///
    /// RFC 3768 §6.1: "Skew_Time: Time to skew Master_Down_Interval in seconds. Calculated as:
    /// ( (256 - Priority) / 256 )": it does not depend on the interval. RFC 9568 §6.1 scales it:
    /// "(((256 - Priority) * Active_Adver_Interval) / 256)".
    #[must_use]
    pub fn skew(self, version: Version, priority: Priority) -> Duration {
        let unit = match version {
            Version::V2 => Duration::from_secs(1),
            Version::V3 => self.duration(),
        };
        // Multiply before dividing: at 10 ms a division first would lose everything.
        unit.saturating_mul(256_u32.saturating_sub(u32::from(priority.get()))) / 256
    }

    /// How long a backup waits without an advertisement before it takes over: `missed` intervals (three, by
    /// both RFCs, §6.1) plus the skew time.
    #[must_use]
    pub fn master_down(self, version: Version, priority: Priority, missed: u8) -> Duration {
        self.duration().saturating_mul(u32::from(missed)) + self.skew(version, priority)
    }
}

impl fmt::Display for AdvertInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.duration(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Literal times: other implementations had each of these wrong by a factor, or truncated to zero.
    #[test]
    fn skew_and_master_down_are_these_literal_times() {
        let table = [
            // version, centiseconds, priority, skew in ns, master-down in ns
            (Version::V3, 100, 100, 609_375_000, 3_609_375_000),
            (Version::V3, 1, 254, 78_125, 30_078_125),
            (Version::V3, 500, 100, 3_046_875_000, 18_046_875_000),
            (Version::V2, 500, 100, 609_375_000, 15_609_375_000),
            (Version::V2, 100, 100, 609_375_000, 3_609_375_000),
            (Version::V2, 100, 101, 605_468_750, 3_605_468_750),
            (Version::V2, 100, 254, 7_812_500, 3_007_812_500),
            (Version::V2, 100, 255, 3_906_250, 3_003_906_250),
            (Version::V2, 100, 1, 996_093_750, 3_996_093_750),
            (Version::V3, 1, 100, 6_093_750, 36_093_750),
            (Version::V3, 4095, 1, 40_790_039_062, 163_640_039_062),
        ];
        for (version, centis, priority, skew, down) in table {
            let interval = AdvertInterval { centis };
            let priority = Priority::new(priority).unwrap();
            let what = (version, centis, priority);
            assert_eq!(interval.skew(version, priority), Duration::from_nanos(skew), "skew {what:?}");
            assert_eq!(
                interval.master_down(version, priority, 3),
                Duration::from_nanos(down),
                "down {what:?}"
            );
        }
    }

    #[test]
    fn wire_units_are_seconds_in_version_2_and_centiseconds_in_version_3() {
        let second = AdvertInterval::from_seconds(1).unwrap();
        assert_eq!(second, AdvertInterval::DEFAULT);
        assert_eq!(second.duration(), Duration::from_millis(1_000));
        assert_eq!(second.to_centis(), 100);
        assert_eq!(second.to_seconds(), 1);
        let quick = AdvertInterval::from_centis(1).unwrap();
        assert_eq!(quick.duration(), Duration::from_millis(10));
        assert_eq!(quick.to_centis(), 1);
        let slow = AdvertInterval::from_seconds(255).unwrap();
        assert_eq!(slow.duration(), Duration::from_secs(255));
        assert_eq!(slow.to_seconds(), 255);
    }

    #[test]
    fn out_of_range_intervals_do_not_exist() {
        assert_eq!(AdvertInterval::from_centis(0), None);
        assert_eq!(AdvertInterval::from_centis(4096), None);
        assert_eq!(AdvertInterval::from_seconds(0), None);
    }
}
