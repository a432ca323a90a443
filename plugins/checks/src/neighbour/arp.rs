//! ARP frames, as octets (RFC 826).

use std::net::Ipv4Addr;

use super::link::Mac;

/// `ETH_P_ARP`.
pub(super) const ETHERTYPE: u16 = 0x0806;
/// Ethernet, IPv4, and the lengths of their addresses.
const HEAD: [u8; 6] = [0, 1, 8, 0, 6, 4];
const REQUEST: [u8; 2] = [0, 1];
const REPLY: [u8; 2] = [0, 2];

/// The question who has an address, as a frame to everybody.
pub(super) fn question(mac: Mac, own: Ipv4Addr, other: Ipv4Addr) -> Vec<u8> {
    let mut frame = vec![0xff; 6];
    frame.extend(mac.0);
    frame.extend(ETHERTYPE.to_be_bytes());
    frame.extend(HEAD);
    frame.extend(REQUEST);
    frame.extend(mac.0);
    frame.extend(own.octets());
    frame.extend([0; 6]);
    frame.extend(other.octets());
    frame
}

/// Who has an address, if this frame is the answer to the question.
pub(super) fn answer(frame: &[u8], mac: Mac, own: Ipv4Addr, other: Ipv4Addr) -> Option<Mac> {
    let (ethernet, packet) = frame.split_first_chunk::<14>()?;
    if ethernet.get(12..)? != ETHERTYPE.to_be_bytes() {
        return None;
    }
    let body = packet.strip_prefix(&HEAD)?.strip_prefix(&REPLY)?;
    let (sender, body) = body.split_first_chunk::<6>()?;
    let (sender_address, body) = body.split_first_chunk::<4>()?;
    let (target, body) = body.split_first_chunk::<6>()?;
    let (target_address, _) = body.split_first_chunk::<4>()?;
    let is_ours = *target == mac.0 && *target_address == own.octets() && *sender_address == other.octets();
    is_ours.then_some(Mac(*sender))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_known_and_others_are_not() {
        let (mac, peer) = (Mac([2, 0, 0, 0, 0, 1]), Mac([2, 0, 0, 0, 0, 2]));
        let (own, other) = (Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2));
        let asked = question(mac, own, other);
        assert_eq!(asked.len(), 42);
        assert_eq!(answer(&asked, mac, own, other), None, "the question itself");
        let mut reply = question(peer, other, own);
        reply[21] = 2;
        reply[32..38].copy_from_slice(&mac.0);
        assert_eq!(answer(&reply, mac, own, other), Some(peer));
        assert_eq!(answer(&reply, peer, own, other), None);
        assert_eq!(answer(&reply, mac, other, other), None);
        assert_eq!(answer(&reply, mac, own, own), None);
        for length in 0..reply.len() {
            assert_eq!(answer(&reply[..length], mac, own, other), None, "cut short");
        }
    }
}
