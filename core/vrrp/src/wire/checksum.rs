//! The Internet checksum (RFC 1071).

use core::net::IpAddr;

/// A running one's-complement sum over 16-bit words.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Checksum(u32);

impl Checksum {
    /// Adds octets that start at an even offset; an odd last octet is padded with zero.
    pub(super) fn add(mut self, octets: &[u8]) -> Self {
        let (words, rest) = octets.as_chunks::<2>();
        for word in words {
            self = self.add_word(u16::from_be_bytes(*word));
        }
        if let [last] = rest {
            self = self.add_word(u16::from_be_bytes([*last, 0]));
        }
        self
    }

    /// Adds one word.
    pub(super) const fn add_word(self, word: u16) -> Self {
        // Cannot overflow: a datagram has at most 32768 words, and the carries are folded below.
        #[expect(clippy::as_conversions, reason = "widening, and From is not const")]
        let sum = self.0.wrapping_add(word as u32);
        Self((sum & 0xffff).wrapping_add(sum >> 16))
    }

    /// Adds the pseudo-header that upper layers sum over: source, destination, protocol, length
    /// (RFC 9568 §5.2.8: as in RFC 8200 §8.1, and, for keepalived's IPv4 form, as in RFC 793).
    pub(super) fn add_pseudo_header(
        self,
        source: IpAddr,
        destination: IpAddr,
        protocol: u8,
        length: usize,
    ) -> Self {
        let sum = match (source, destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                self.add(&source.octets()).add(&destination.octets())
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                self.add(&source.octets()).add(&destination.octets())
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => self,
        };
        sum.add_word(u16::from(protocol)).add_word(u16::try_from(length).unwrap_or(u16::MAX))
    }

    /// The value for the packet. Over a packet that includes its own checksum it is 0 when that is right.
    pub(super) const fn finish(self) -> u16 {
        #[expect(
            clippy::as_conversions,
            clippy::cast_possible_truncation,
            reason = "folded to 16 bits above"
        )]
        let sum = self.0 as u16;
        !sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_1071() {
        let sum = Checksum::default().add(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
        assert_eq!(sum.finish(), !0xddf2);
    }

    #[test]
    fn an_odd_octet_is_padded_with_zero() {
        assert_eq!(Checksum::default().add(&[0x12]).finish(), !0x1200);
    }
}
