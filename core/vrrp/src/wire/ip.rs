//! The IP headers around an advertisement: written whole on sending, read on receiving IPv4.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Malformed;
use super::checksum::Checksum;

/// 224.0.0.18, where version 2 and 3 adverts over IPv4 go (RFC 9568 §5.1.1.2).
pub const ALL_VRRP_ROUTERS_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);
/// ff02::12, where adverts over IPv6 go (RFC 9568 §5.1.2.2).
pub const ALL_VRRP_ROUTERS_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12);

/// Internetwork control: the type of service and traffic class of adverts, as keepalived and FRR send them.
pub const INTERNETWORK_CONTROL: u8 = 0xc0;

/// The bit in the octet where an IPv4 header's flags are.
const DO_NOT_FRAGMENT: u8 = 0x40;

/// What the IP header of a packet to send says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpSend {
    /// Sender. Of the same family as `destination`.
    pub source: IpAddr,
    /// Receiver or group.
    pub destination: IpAddr,
    /// TTL or hop limit; 255 on the local network (RFC 9568 §5.1.1.3).
    pub ttl: u8,
    /// Type of service or traffic class.
    pub class: u8,
    /// Protocol or next header.
    pub protocol: u8,
}

/// A received IPv4 packet, header read and payload bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpPacket<'a> {
    /// Sender.
    pub source: IpAddr,
    /// Receiver or group.
    pub destination: IpAddr,
    /// TTL or hop limit as received.
    pub ttl: u8,
    /// Protocol or next header.
    pub protocol: u8,
    /// What the header carries.
    pub payload: &'a [u8],
}

/// Appends an IP header for a payload of `payload_len` octets, which the caller appends next.
///
/// The IPv4 header leaves identification and checksum zero: the kernel fills both for a raw socket. For a packet socket
/// see [`complete_ip`].
pub fn emit_ip(out: &mut Vec<u8>, header: &IpSend, payload_len: usize) {
    match (header.source, header.destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let total = u16::try_from(payload_len.saturating_add(20)).unwrap_or(u16::MAX);
            let [high, low] = total.to_be_bytes();
            out.extend_from_slice(&[
                0x45,
                header.class,
                high,
                low,
                0,
                0,
                0,
                0,
                header.ttl,
                header.protocol,
                0,
                0,
            ]);
            out.extend_from_slice(&source.octets());
            out.extend_from_slice(&destination.octets());
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let [high, low] = u16::try_from(payload_len).unwrap_or(u16::MAX).to_be_bytes();
            let [class_high, class_low] = (0x6000_u16 | u16::from(header.class) << 4).to_be_bytes();
            out.extend_from_slice(&[class_high, class_low, 0, 0, high, low, header.protocol, header.ttl]);
            out.extend_from_slice(&source.octets());
            out.extend_from_slice(&destination.octets());
        }
        // A caller's mistake that types do not exclude: nothing is appended, nothing valid can be sent.
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => {}
    }
}

/// Makes a packet that begins with a header of [`emit_ip`] one that nobody else completes: what a raw socket's kernel
/// would fill in. An IPv4 packet gets its header's checksum, and may not be fragmented, so that its identification may
/// be zero (RFC 6864 §4.1). An IPv6 header has nothing to complete.
pub fn complete_ip(packet: &mut [u8]) {
    let Some(header) = packet.first_chunk_mut::<20>().filter(|header| header[0] >> 4 == 4) else { return };
    header[6] |= DO_NOT_FRAGMENT;
    header[10..12].fill(0);
    let sum = Checksum::default().add(header).finish();
    header[10..12].copy_from_slice(&sum.to_be_bytes());
}

/// Reads an IPv4 or IPv6 packet, as a raw IPv4 socket or a packet socket delivers it.
///
/// IPv6 extension headers are not followed: VRRP has none (RFC 9568 §5.1.2).
///
/// # Errors
///
/// [`Malformed::TooShort`] or [`Malformed::IpHeader`].
pub fn parse_ip(octets: &[u8]) -> Result<IpPacket<'_>, Malformed> {
    let length = octets.len();
    let too_short = Malformed::TooShort { length };
    match octets.first().ok_or(too_short)? >> 4 {
        4 => parse_v4(octets),
        6 => parse_v6(octets),
        _ => Err(Malformed::IpHeader),
    }
}

fn parse_v4(octets: &[u8]) -> Result<IpPacket<'_>, Malformed> {
    let length = octets.len();
    let Some(
        &[
            version_ihl,
            _,
            total_high,
            total_low,
            _,
            _,
            _,
            _,
            ttl,
            protocol,
            _,
            _,
            s0,
            s1,
            s2,
            s3,
            d0,
            d1,
            d2,
            d3,
        ],
    ) = octets.first_chunk::<20>()
    else {
        return Err(Malformed::TooShort { length });
    };
    let header_len = usize::from(version_ihl & 0x0f) * 4;
    let total = usize::from(u16::from_be_bytes([total_high, total_low]));
    if header_len < 20 {
        return Err(Malformed::IpHeader);
    }
    // Octets past the total length are Ethernet padding.
    let payload = octets.get(header_len..total).ok_or(Malformed::IpHeader)?;
    Ok(IpPacket {
        source: Ipv4Addr::new(s0, s1, s2, s3).into(),
        destination: Ipv4Addr::new(d0, d1, d2, d3).into(),
        ttl,
        protocol,
        payload,
    })
}

fn parse_v6(octets: &[u8]) -> Result<IpPacket<'_>, Malformed> {
    let length = octets.len();
    let too_short = Malformed::TooShort { length };
    let (&[_, _, _, _, len_high, len_low, protocol, ttl], rest) =
        octets.split_first_chunk::<8>().ok_or(too_short)?;
    let (source, rest) = rest.split_first_chunk::<16>().ok_or(too_short)?;
    let (destination, rest) = rest.split_first_chunk::<16>().ok_or(too_short)?;
    let payload_len = usize::from(u16::from_be_bytes([len_high, len_low]));
    Ok(IpPacket {
        source: Ipv6Addr::from(*source).into(),
        destination: Ipv6Addr::from(*destination).into(),
        ttl,
        protocol,
        payload: rest.get(..payload_len).ok_or(Malformed::IpHeader)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEND: IpSend = IpSend {
        source: IpAddr::V4(Ipv4Addr::new(10, 1, 1, 10)),
        destination: IpAddr::V4(ALL_VRRP_ROUTERS_V4),
        ttl: 255,
        class: INTERNETWORK_CONTROL,
        protocol: 112,
    };

    #[test]
    fn construct_ipv4_over_a_dirty_buffer() {
        let mut out = alloc::vec![0xa5; 3];
        emit_ip(&mut out, &SEND, 20);
        assert_eq!(
            out,
            [0xa5, 0xa5, 0xa5, 0x45, 0xc0, 0, 40, 0, 0, 0, 0, 255, 112, 0, 0, 10, 1, 1, 10, 224, 0, 0, 18]
        );
    }

    /// The checksum computed by hand from RFC 791's words.
    #[test]
    fn complete_ipv4_for_a_packet_socket() {
        let mut out = Vec::new();
        emit_ip(&mut out, &SEND, 20);
        out.extend_from_slice(&[7; 20]);
        complete_ip(&mut out);
        assert_eq!(out.get(4..12).unwrap(), [0, 0, 0x40, 0, 255, 112, 0x8f, 0x88]);
        assert_eq!(Checksum::default().add(out.get(..20).unwrap()).finish(), 0);
        assert_eq!(out.get(20..).unwrap(), [7; 20]);
        // Once more changes nothing, and what is no header is left alone.
        let before = out.clone();
        complete_ip(&mut out);
        assert_eq!(out, before);
        complete_ip(&mut [0x45; 19]);
    }

    #[test]
    fn construct_ipv6() {
        let mut out = Vec::new();
        let source: Ipv6Addr = "fe80::1".parse().unwrap();
        emit_ip(
            &mut out,
            &IpSend { source: source.into(), destination: ALL_VRRP_ROUTERS_V6.into(), ..SEND },
            24,
        );
        assert_eq!(out.get(..8).unwrap(), [0x6c, 0x00, 0, 0, 0, 24, 112, 255]);
        assert_eq!(out.len(), 40);
        out.extend_from_slice(&[7; 24]);
        let packet = parse_ip(&out).unwrap();
        assert_eq!((packet.source, packet.ttl, packet.protocol), (source.into(), 255, 112));
        assert_eq!(packet.payload, [7; 24]);
    }

    #[test]
    fn ipv4_options_and_padding_are_stripped() {
        let mut packet = alloc::vec![
            0x46, 0xc0, 0, 26, 0, 0, 0, 0, 255, 112, 0, 0, 10, 1, 1, 10, 224, 0, 0, 18, 148, 4, 0, 0, 1, 2
        ];
        packet.extend_from_slice(&[0; 20]);
        assert_eq!(parse_ip(&packet).unwrap().payload, [1, 2]);
    }

    #[test]
    fn damaged_headers_are_refused() {
        assert_eq!(parse_ip(&[]), Err(Malformed::TooShort { length: 0 }));
        assert_eq!(parse_ip(&[0x45; 19]), Err(Malformed::TooShort { length: 19 }));
        assert_eq!(parse_ip(&[0x15; 40]), Err(Malformed::IpHeader));
        // header length below 20
        let mut short = [0_u8; 24];
        if let Some(first) = short.first_mut() {
            *first = 0x44;
        }
        assert_eq!(parse_ip(&short), Err(Malformed::IpHeader));
        // total length beyond the packet
        assert_eq!(
            parse_ip(&[0x45, 0, 1, 0, 0, 0, 0, 0, 255, 112, 0, 0, 10, 1, 1, 10, 224, 0, 0, 18]),
            Err(Malformed::IpHeader)
        );
    }
}
