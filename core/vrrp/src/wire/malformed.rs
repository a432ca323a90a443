//! Why a packet could not be read.

/// Why octets from the network are not a VRRP advertisement: one reason, one counter, one log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Malformed {
    /// Fewer octets than the header needs.
    #[error("it is too short ({length} octets)")]
    TooShort {
        /// Octets received.
        length: usize,
    },
    /// The IP header's own lengths do not fit the packet.
    #[error("its IP header is damaged")]
    IpHeader,
    /// A version other than 2 and 3.
    #[error("its VRRP version is {0}")]
    Version(u8),
    /// Version 2 over IPv6, which does not exist.
    #[error("it is VRRP version 2 over IPv6")]
    VersionFamily,
    /// A type other than 1 (ADVERTISEMENT), the only one there is (RFC 9568 §5.2.2).
    #[error("its type is {0}, not ADVERTISEMENT")]
    Type(u8),
    /// Virtual router id 0.
    #[error("its virtual router id is 0")]
    Vrid,
    /// The number of addresses does not agree with the length.
    #[error("{expected} octets should follow from its {count} addresses, there are {length}")]
    Length {
        /// Addresses announced in the header.
        count: u8,
        /// Octets that many addresses need.
        expected: usize,
        /// Octets received.
        length: usize,
    },
    /// The checksum is wrong.
    #[error("its checksum is wrong")]
    Checksum,
    /// An advertisement interval of zero.
    #[error("its advertisement interval is zero")]
    Interval,
}
