//! The virtual router identifier.

use core::fmt;
use core::num::NonZeroU8;

use super::{Family, MacAddress};

/// The virtual router identifier (VRID), 1 to 255: names a virtual router on its network (RFC 9568 §5.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vrid(NonZeroU8);

impl Vrid {
    /// A VRID; `None` for 0.
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

    /// The virtual router's MAC address: `00-00-5E-00-01-{VRID}` for IPv4, `00-00-5E-00-02-{VRID}` for IPv6
    /// (RFC 9568 §7.3).
    #[must_use]
    pub const fn mac_address(self, family: Family) -> MacAddress {
        let block = match family {
            Family::V4 => 0x01,
            Family::V6 => 0x02,
        };
        MacAddress([0x00, 0x00, 0x5e, 0x00, block, self.0.get()])
    }
}

impl fmt::Display for Vrid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_no_vrid() {
        assert_eq!(Vrid::new(0), None);
        assert_eq!(Vrid::new(51).map(Vrid::get), Some(51));
    }

    #[test]
    fn the_virtual_mac_ends_in_the_vrid() {
        let vrid = Vrid::new(51).unwrap();
        assert_eq!(vrid.mac_address(Family::V4).0, [0x00, 0x00, 0x5e, 0x00, 0x01, 0x33]);
        assert_eq!(vrid.mac_address(Family::V6).0, [0x00, 0x00, 0x5e, 0x00, 0x02, 0x33]);
    }
}
