//! Asking by neighbour solicitation (RFC 4861 7.2), over a raw ICMPv6 socket.

use std::io;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::link::{Link, Mac};

const SOLICITATION: u8 = 135;
const ADVERTISEMENT: u8 = 136;
/// The flag of an advertisement that was asked for.
const SOLICITED: u8 = 0x40;
const SOURCE_ADDRESS: u8 = 1;
const TARGET_ADDRESS: u8 = 2;
/// Neighbours take no message that may have come from afar.
const HOPS: u32 = 255;

/// Asks until somebody answers.
pub(super) async fn ask(other: Ipv6Addr, link: &Link, mac: Mac, patience: Duration) -> io::Result<Mac> {
    let socket = open(link)?;
    let to = SocketAddrV6::new(group(other), 0, 0, link.number());
    let question = question(mac, other);
    let mut message = [0; 2048];
    loop {
        socket.send_to(&question, to).await?;
        let heard = async {
            loop {
                let length = socket.recv(&mut message).await?;
                if let Some(mac) = answer(message.get(..length).unwrap_or_default(), other) {
                    return Ok(mac);
                }
            }
        };
        if let Ok(answer) = timeout(patience, heard).await {
            return answer;
        }
    }
}

fn open(link: &Link) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV6, Type::RAW, Some(Protocol::ICMPV6))?;
    socket.set_nonblocking(true)?;
    socket.bind_device_by_index_v6(std::num::NonZeroU32::new(link.number()))?;
    socket.set_multicast_if_v6(link.number())?;
    socket.set_multicast_hops_v6(HOPS)?;
    // To tokio any socket of datagrams is one of UDP.
    UdpSocket::from_std(socket.into())
}

/// The group that those listen to whose address ends alike (RFC 4291 2.7.1).
fn group(other: Ipv6Addr) -> Ipv6Addr {
    let all = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00, 0);
    let end = Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0x00ff, 0xffff);
    all | (other & end)
}

fn question(mac: Mac, other: Ipv6Addr) -> Vec<u8> {
    // The kernel fills the sum in.
    let mut message = vec![SOLICITATION, 0, 0, 0, 0, 0, 0, 0];
    message.extend(other.octets());
    message.extend([SOURCE_ADDRESS, 1]);
    message.extend(mac.0);
    message
}

/// Who has an address, if this message is the answer to the question.
fn answer(message: &[u8], other: Ipv6Addr) -> Option<Mac> {
    let [ADVERTISEMENT, 0, _, _, flags, _, _, _, body @ ..] = message else { return None };
    let (target, mut options) = body.split_first_chunk::<16>()?;
    if flags & SOLICITED == 0 || Ipv6Addr::from(*target) != other {
        return None;
    }
    while let [kind, eights, ..] = options {
        let length = usize::from(*eights) * 8;
        if length == 0 {
            return None;
        }
        if *kind == TARGET_ADDRESS {
            return options.get(2..8)?.first_chunk().copied().map(Mac);
        }
        options = options.get(length..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_of_an_address() {
        let other: Ipv6Addr = "2001:db8::12:3456".parse().unwrap();
        assert_eq!(group(other).to_string(), "ff02::1:ff12:3456");
    }

    #[test]
    fn an_answer_is_known_and_others_are_not() {
        let (other, mac): (Ipv6Addr, Mac) = ("fd00::2".parse().unwrap(), Mac([2, 0, 0, 0, 0, 2]));
        assert_eq!(answer(&question(mac, other), other), None, "the question itself");
        let mut reply = question(mac, other);
        (reply[0], reply[4], reply[24]) = (ADVERTISEMENT, SOLICITED, TARGET_ADDRESS);
        assert_eq!(answer(&reply, other), Some(mac));
        assert_eq!(answer(&reply, "fd00::3".parse().unwrap()), None);
        for length in 0..reply.len() {
            assert_eq!(answer(&reply[..length], other), None, "cut short");
        }
        let mut unasked = reply.clone();
        unasked[4] = 0x20;
        assert_eq!(answer(&unasked, other), None);
        // Behind another option; and one without a length, which would never end.
        let mut behind = reply.clone();
        behind.splice(24..24, [14, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(answer(&behind, other), Some(mac));
        behind[25] = 0;
        assert_eq!(answer(&behind, other), None);
    }
}
