//! Priorities, and what an advertisement claims with one.

use core::fmt;
use core::num::NonZeroU8;

/// A router's priority in the election, 1 to 255. Higher wins; 255 is the address owner (RFC 9568 §5.2.4).
///
/// Zero is not a priority: on the wire it means "I am leaving", which is [`Claim::Resigns`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(NonZeroU8);

impl Priority {
    /// 255: the router whose own addresses the virtual addresses are.
    pub const OWNER: Self = Self(NonZeroU8::MAX);
    /// 100, the default.
    pub const DEFAULT: Self = match Self::new(100) {
        Some(priority) => priority,
        None => Self::OWNER,
    };

    /// A priority; `None` for 0.
    #[must_use]
    pub const fn new(value: u8) -> Option<Self> {
        match NonZeroU8::new(value) {
            Some(value) => Some(Self(value)),
            None => None,
        }
    }

    /// The number, 1 to 255.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0.get()
    }

    /// Whether this is the address owner's priority.
    #[must_use]
    pub const fn is_owner(self) -> bool {
        self.get() == 255
    }

    /// This priority plus the sum of all weights, kept within 1 to 254. An owner ignores weights
    /// (keepalived's behaviour).
    #[must_use]
    pub fn adjusted(self, sum: i32) -> Self {
        if self.is_owner() {
            return self;
        }
        let value = i32::from(self.get()).saturating_add(sum).clamp(1, 254);
        u8::try_from(value).ok().and_then(Self::new).unwrap_or(self)
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What an advertisement says about its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Claim {
    /// Priority zero: the MASTER stops taking part; a backup need not wait for the whole master-down time.
    Resigns,
    /// The sender is MASTER, with this priority.
    Holds(Priority),
}

impl Claim {
    /// The octet on the wire.
    #[must_use]
    pub const fn octet(self) -> u8 {
        match self {
            Self::Resigns => 0,
            Self::Holds(priority) => priority.get(),
        }
    }

    /// Reads the octet on the wire.
    #[must_use]
    pub const fn from_octet(octet: u8) -> Self {
        match Priority::new(octet) {
            Some(priority) => Self::Holds(priority),
            None => Self::Resigns,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_clamped_to_1_and_254_and_an_owner_ignores_them() {
        let hundred = Priority::new(100).unwrap();
        for (sum, expected) in
            [(0, 100), (20, 120), (-30, 70), (-100, 1), (-253, 1), (154, 254), (155, 254), (9_999, 254)]
        {
            assert_eq!(hundred.adjusted(sum).get(), expected, "100 {sum:+}");
        }
        assert_eq!(Priority::OWNER.adjusted(-200), Priority::OWNER);
    }

    #[test]
    fn zero_on_the_wire_is_a_resignation() {
        assert_eq!(Claim::from_octet(0), Claim::Resigns);
        assert_eq!(Claim::from_octet(101), Claim::Holds(Priority::new(101).unwrap()));
        assert_eq!(Claim::Resigns.octet(), 0);
        assert_eq!(Priority::DEFAULT.get(), 100);
    }
}
