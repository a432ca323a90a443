//! Which frames a packet socket hears: classic BPF, so that all others cost no wake-up.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use socket2::SockFilter;

/// Beyond so many addresses all claims are heard, and the listener picks: a filter has at most 4096 instructions.
const AT_MOST: usize = 500;

const ETHERNET: u32 = 14;
const ARP_SENDER: u32 = ETHERNET + 14;
const IPV6_NEXT_HEADER: u32 = ETHERNET + 6;
const IPV6_SOURCE: u32 = ETHERNET + 8;
const ICMPV6_TYPE: u32 = ETHERNET + 40;
const NEIGHBOUR_TARGET: u32 = ICMPV6_TYPE + 8;
const ICMPV6: u32 = 58;
const SOLICITATION: u32 = 135;
const ADVERTISEMENT: u32 = 136;

/// A filter for a packet socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameFilter<'a> {
    /// Nothing.
    Nothing,
    /// Claims of others to these addresses: ARP packets with one of them as sender, neighbour advertisements of them,
    /// and solicitations for them by hosts that look for duplicates.
    ClaimsTo(&'a [IpAddr]),
}

/// The family of the frames that a socket for claims hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimProtocol {
    /// ARP, for IPv4 addresses.
    Arp,
    /// Neighbour discovery, for IPv6 addresses.
    NeighbourDiscovery,
}

impl FrameFilter<'_> {
    pub(crate) fn program(self, protocol: ClaimProtocol) -> Vec<SockFilter> {
        let mut program = Vec::new();
        match (self, protocol) {
            (Self::Nothing, _) => {}
            (Self::ClaimsTo(addresses), ClaimProtocol::Arp) => {
                let addresses = addresses.iter().filter_map(|address| match address {
                    IpAddr::V4(address) => Some(*address),
                    IpAddr::V6(_) => None,
                });
                arp(&mut program, &addresses.collect::<Vec<_>>());
            }
            (Self::ClaimsTo(addresses), ClaimProtocol::NeighbourDiscovery) => {
                let addresses = addresses.iter().filter_map(|address| match address {
                    IpAddr::V4(_) => None,
                    IpAddr::V6(address) => Some(*address),
                });
                neighbour_discovery(&mut program, &addresses.collect::<Vec<_>>());
            }
        }
        program.push(REJECT);
        program
    }
}

fn arp(program: &mut Vec<SockFilter>, addresses: &[Ipv4Addr]) {
    program.push(load_word(ARP_SENDER));
    accept_any_of(program, addresses.iter().map(|address| u32::from(*address)).collect());
}

/// Compares the last 32 bits of the target: whoever listens looks at the rest.
fn neighbour_discovery(program: &mut Vec<SockFilter>, addresses: &[Ipv6Addr]) {
    program.push(load_octet(IPV6_NEXT_HEADER));
    program.push(skip_if(ICMPV6, 1, 0));
    program.push(REJECT);
    program.push(load_octet(ICMPV6_TYPE));
    // An advertisement: on to the target.
    program.push(skip_if(ADVERTISEMENT, 8, 0));
    program.push(skip_if(SOLICITATION, 1, 0));
    program.push(REJECT);
    // A solicitation counts from the unspecified address only; its first and last word tell it from all others.
    program.push(load_word(IPV6_SOURCE));
    program.push(skip_if(0, 1, 0));
    program.push(REJECT);
    program.push(load_word(IPV6_SOURCE + 12));
    program.push(skip_if(0, 1, 0));
    program.push(REJECT);
    program.push(load_word(NEIGHBOUR_TARGET + 12));
    let last_words = addresses.iter().map(|address| {
        let [.., a, b, c, d] = address.octets();
        u32::from_be_bytes([a, b, c, d])
    });
    accept_any_of(program, last_words.collect());
}

fn accept_any_of(program: &mut Vec<SockFilter>, words: Vec<u32>) {
    if words.len() > AT_MOST {
        program.push(ACCEPT);
        return;
    }
    for word in words {
        program.push(skip_if(word, 0, 1));
        program.push(ACCEPT);
    }
}

const REJECT: SockFilter = SockFilter::new(code(libc::BPF_RET | libc::BPF_K), 0, 0, 0);
const ACCEPT: SockFilter = SockFilter::new(code(libc::BPF_RET | libc::BPF_K), 0, 0, u32::MAX);

const fn load_word(at: u32) -> SockFilter {
    SockFilter::new(code(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS), 0, 0, at)
}

const fn load_octet(at: u32) -> SockFilter {
    SockFilter::new(code(libc::BPF_LD | libc::BPF_B | libc::BPF_ABS), 0, 0, at)
}

/// Skips so many instructions if what was loaded equals `value`, or others if not.
const fn skip_if(value: u32, equal: u8, otherwise: u8) -> SockFilter {
    SockFilter::new(code(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K), equal, otherwise, value)
}

/// Instruction codes fit 16 bits; the constants come as 32.
const fn code(value: u32) -> u16 {
    let [low, high, ..] = value.to_le_bytes();
    u16::from_le_bytes([low, high])
}
