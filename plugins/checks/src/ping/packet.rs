//! Pings and what comes back, as octets.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::SocketAddr;

/// What a ping carries beyond its header, by which it is known again. The kernel changes the identifier of pings that
/// are sent without privilege.
const TOKEN: usize = 8;

/// Pings to one host.
#[derive(Debug)]
pub(super) struct Echo {
    token: [u8; TOKEN],
    request: u8,
    reply: u8,
    sent: u16,
    came: BTreeSet<u16>,
}

impl Echo {
    pub(super) fn new(to: SocketAddr) -> Self {
        let token = RandomState::new().build_hasher().finish().to_ne_bytes();
        // RFC 792 and RFC 4443.
        let (request, reply) = if to.is_ipv4() { (8, 0) } else { (128, 129) };
        Self { token, request, reply, sent: 0, came: BTreeSet::new() }
    }

    /// The ping with this number.
    pub(super) fn request(&mut self, number: u16) -> Vec<u8> {
        self.sent = number;
        let [high, low] = number.to_be_bytes();
        let [first, second, ..] = self.token;
        let mut octets = vec![self.request, 0, 0, 0, first, second, high, low];
        octets.extend(self.token);
        // The kernel does this for ICMPv6, of whose pseudo-header nothing is known here.
        let [high, low] = checksum(&octets).to_be_bytes();
        if let Some(field) = octets.get_mut(2..4) {
            field.copy_from_slice(&[high, low]);
        }
        octets
    }

    /// Looks at what has come: whether it is the answer to a ping sent.
    pub(super) fn hear(&mut self, octets: &[u8]) {
        let [kind, 0, _, _, _, _, high, low, token @ ..] = octets else { return };
        let number = u16::from_be_bytes([*high, *low]);
        if *kind == self.reply && token == self.token && (1..=self.sent).contains(&number) {
            self.came.insert(number);
        }
    }

    /// How many pings have come back.
    pub(super) fn came(&self) -> usize {
        self.came.len()
    }
}

/// RFC 1071.
fn checksum(octets: &[u8]) -> u16 {
    let words = octets.chunks(2).map(|pair| match pair {
        [high, low] => u32::from(u16::from_be_bytes([*high, *low])),
        [high] => u32::from(u16::from_be_bytes([*high, 0])),
        _ => 0,
    });
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    u16::try_from(sum).map_or(0, |sum| !sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_answers_to_pings_that_were_sent_count_and_each_once() {
        for (address, reply) in [("192.0.2.1:0", 0), ("[2001:db8::1]:0", 129)] {
            let mut echo = Echo::new(address.parse().unwrap());
            let request = echo.request(2);
            assert_eq!(checksum(&request), 0, "a packet with its sum adds up to nothing");
            echo.hear(&request);
            assert_eq!(echo.came(), 0, "the ping itself, as on the loopback interface");
            let answer = |change: fn(&mut Vec<u8>)| {
                let mut octets = request.clone();
                octets[0] = reply;
                change(&mut octets);
                octets
            };
            let wrong: [fn(&mut Vec<u8>); 5] = [
                |octets| octets[1] = 1,
                |octets| octets[7] = 3,
                |octets| octets[7] = 0,
                |octets| octets[9] ^= 1,
                |octets| octets.truncate(15),
            ];
            for change in wrong {
                echo.hear(&answer(change));
                assert_eq!(echo.came(), 0);
            }
            for _ in 0..2 {
                echo.hear(&answer(|octets| octets[4] ^= 1));
                assert_eq!(echo.came(), 1, "whatever the kernel made of the identifier");
            }
        }
    }

    #[test]
    fn the_sum_of_rfc_1071() {
        assert_eq!(checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
        assert_eq!(checksum(&[0xff, 0xff, 0x01]), !0x0100);
    }
}
