//! An Ethernet hardware address.

use core::fmt;

use super::{Family, Vrid};

/// A 48-bit Ethernet address, in transmission order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddress(pub [u8; 6]);

impl MacAddress {
    /// `ff:ff:ff:ff:ff:ff`.
    pub const BROADCAST: Self = Self([0xff; 6]);

    /// A virtual router's (RFC 9568 §7.3).
    #[must_use]
    pub const fn of_virtual_router(family: Family, vrid: Vrid) -> Self {
        let kind = match family {
            Family::V4 => 0x01,
            Family::V6 => 0x02,
        };
        Self([0x00, 0x00, 0x5e, 0x00, kind, vrid.get()])
    }

    /// Whether it is a virtual router's: 00:00:5e:00:01 or :02, and a VRID (RFC 9568 §7.3). Whichever host is MASTER
    /// uses it.
    #[must_use]
    pub const fn is_virtual(self) -> bool {
        matches!(self.0, [0x00, 0x00, 0x5e, 0x00, 0x01 | 0x02, _])
    }
}

impl fmt::Display for MacAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}
