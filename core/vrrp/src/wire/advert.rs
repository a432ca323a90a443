//! The VRRP advertisement, versions 2 and 3.
//!
//! ```text
//!    0                   1                   2                   3
//!    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//!   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//!   |Version| Type  | Virtual Rtr ID|   Priority    |Count IPvX Addr|
//!   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//!   |   Auth Type   |   Adver Int   |          Checksum             |   version 2
//!   |(rsvd) |  Max Adver Int (cs)   |          Checksum             |   version 3
//!   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//!   |                       IPvX Address(es)                        |
//!   +                                                               +
//!   |              Authentication data, 8 octets (version 2)        |
//!   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Malformed;
use super::checksum::Checksum;
use crate::scalar::{AdvertInterval, Claim, Family, Version, Vrid};

/// IP protocol number 112, VRRP (RFC 9568 §5.1.1.4).
pub const VRRP_PROTOCOL: u8 = 112;

const HEADER_LEN: usize = 8;
const AUTH_LEN: usize = 8;
const ADVERTISEMENT: u8 = 1;

/// An advertisement, read from octets or about to become some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advert<'a> {
    /// The protocol version.
    pub version: Version,
    /// The virtual router it speaks for.
    pub vrid: Vrid,
    /// What its sender claims.
    pub claim: Claim,
    /// The sender's advertisement interval.
    pub interval: AdvertInterval,
    /// The virtual addresses, in the sender's order.
    pub addresses: AddressList<'a>,
    /// Version 2's authentication; [`Auth::None`] in version 3.
    pub auth: Auth,
}

/// Version 2 authentication (RFC 2338 §5.3.6, §5.3.10, kept on the wire by RFC 3768).
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// Type 0.
    None,
    /// Type 1: eight octets of password, in the clear. keepalived's `auth_type PASS`.
    Simple([u8; AUTH_LEN]),
    /// A type this program does not speak: 2 is AH.
    Other(u8),
}

impl Auth {
    const fn type_octet(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Simple(_) => 1,
            Self::Other(number) => number,
        }
    }
}

/// The password never shows.
impl core::fmt::Debug for Auth {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Simple(_) => f.write_str("Simple(***)"),
            Self::Other(number) => write!(f, "Other({number})"),
        }
    }
}

/// What a checksum was summed over.
///
/// RFC 9568 §5.2.8 sums IPv4 packets without the pseudo-header; keepalived and RFC 5798 include it. Both are
/// accepted here, and which one to send is a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChecksumForm {
    /// Over the VRRP message and the IP pseudo-header.
    WithPseudoHeader,
    /// Over the VRRP message alone. Version 2 is always of this form.
    MessageOnly,
}

/// The addresses of an advertisement, as octets of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressList<'a> {
    family: Family,
    octets: &'a [u8],
}

impl<'a> AddressList<'a> {
    /// A list over octets that hold whole addresses of `family`; a rest is ignored.
    #[must_use]
    pub const fn new(family: Family, octets: &'a [u8]) -> Self {
        Self { family, octets }
    }

    /// How many addresses there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.octets.len() / self.family.address_len()
    }

    /// Whether there is none. Legal: keepalived sends such adverts for instances without addresses.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The addresses in order.
    pub fn iter(&self) -> impl Iterator<Item = IpAddr> + use<'a> {
        let family = self.family;
        self.octets.chunks_exact(family.address_len()).filter_map(move |octets| match family {
            Family::V4 => <[u8; 4]>::try_from(octets).ok().map(|o| IpAddr::V4(Ipv4Addr::from(o))),
            Family::V6 => <[u8; 16]>::try_from(octets).ok().map(|o| IpAddr::V6(Ipv6Addr::from(o))),
        })
    }
}

impl<'a> Advert<'a> {
    /// Reads an advertisement that came from `source` to `destination`.
    ///
    /// Octets past the end that the header implies are ignored as Ethernet padding only if they are zero.
    /// Returns the advertisement and the form its checksum had.
    ///
    /// # Errors
    ///
    /// The first reason, in the order of RFC 9568 §7.1, why these octets are no advertisement.
    pub fn parse(
        octets: &'a [u8],
        source: IpAddr,
        destination: IpAddr,
    ) -> Result<(Self, ChecksumForm), Malformed> {
        let length = octets.len();
        let Some((&[version_type, vrid, priority, count, five, six, _, _], rest)) =
            octets.split_first_chunk::<HEADER_LEN>()
        else {
            return Err(Malformed::TooShort { length });
        };
        let family = Family::of(source);
        let version = match version_type >> 4 {
            2 => Version::V2,
            3 => Version::V3,
            other => return Err(Malformed::Version(other)),
        };
        if version == Version::V2 && family == Family::V6 {
            return Err(Malformed::VersionFamily);
        }
        if version_type & 0x0f != ADVERTISEMENT {
            return Err(Malformed::Type(version_type & 0x0f));
        }
        let vrid = Vrid::new(vrid).ok_or(Malformed::Vrid)?;

        let addresses_len = usize::from(count).saturating_mul(family.address_len());
        let auth_len = if version == Version::V2 { AUTH_LEN } else { 0 };
        let expected = HEADER_LEN + addresses_len + auth_len;
        let wrong_length = Malformed::Length { count, expected, length };
        let Some((addresses, tail)) = rest.split_at_checked(addresses_len) else { return Err(wrong_length) };
        let Some((auth_data, padding)) = tail.split_at_checked(auth_len) else { return Err(wrong_length) };
        if padding.iter().any(|&octet| octet != 0) {
            return Err(wrong_length);
        }

        let message = octets.get(..expected).ok_or(wrong_length)?;
        let form = Self::checksum_form(message, version, source, destination).ok_or(Malformed::Checksum)?;
        let interval = match version {
            Version::V2 => AdvertInterval::from_seconds(six),
            Version::V3 => AdvertInterval::from_centis(u16::from_be_bytes([five & 0x0f, six])),
        };
        let auth = match (version, five, <[u8; AUTH_LEN]>::try_from(auth_data)) {
            (Version::V3, _, _) | (Version::V2, 0, _) => Auth::None,
            (Version::V2, 1, Ok(data)) => Auth::Simple(data),
            (Version::V2, number, _) => Auth::Other(number),
        };
        let advert = Self {
            version,
            vrid,
            claim: Claim::from_octet(priority),
            interval: interval.ok_or(Malformed::Interval)?,
            addresses: AddressList::new(family, addresses),
            auth,
        };
        Ok((advert, form))
    }

    fn checksum_form(
        message: &[u8],
        version: Version,
        source: IpAddr,
        destination: IpAddr,
    ) -> Option<ChecksumForm> {
        let plain = Checksum::default().add(message);
        let with_header = plain.add_pseudo_header(source, destination, VRRP_PROTOCOL, message.len());
        match (version, Family::of(source)) {
            (Version::V2, _) => (plain.finish() == 0).then_some(ChecksumForm::MessageOnly),
            // RFC 8200 §8.1 leaves no choice for IPv6.
            (Version::V3, Family::V6) => {
                (with_header.finish() == 0).then_some(ChecksumForm::WithPseudoHeader)
            }
            (Version::V3, Family::V4) if with_header.finish() == 0 => Some(ChecksumForm::WithPseudoHeader),
            (Version::V3, Family::V4) => (plain.finish() == 0).then_some(ChecksumForm::MessageOnly),
        }
    }

    /// Appends the octets of this advertisement, on its way from `source` to `destination`.
    ///
    /// `form` matters for version 3 over IPv4 only; the others have one form each.
    pub fn emit(&self, out: &mut Vec<u8>, source: IpAddr, destination: IpAddr, form: ChecksumForm) {
        let start = out.len();
        let count = u8::try_from(self.addresses.len()).unwrap_or(u8::MAX);
        let (five, six) = match self.version {
            Version::V2 => (self.auth.type_octet(), self.interval.to_seconds()),
            Version::V3 => {
                let [high, low] = self.interval.to_centis().to_be_bytes();
                (high, low)
            }
        };
        out.extend_from_slice(&[
            self.version.number() << 4 | ADVERTISEMENT,
            self.vrid.get(),
            self.claim.octet(),
            count,
            five,
            six,
            0,
            0,
        ]);
        out.extend_from_slice(self.addresses.octets);
        if self.version == Version::V2 {
            // keepalived always sends these eight octets, zero without authentication.
            out.extend_from_slice(&match self.auth {
                Auth::Simple(data) => data,
                Auth::None | Auth::Other(_) => [0; AUTH_LEN],
            });
        }
        let Some(message) = out.get_mut(start..) else { return };
        let mut sum = Checksum::default().add(message);
        let pseudo_header = match (self.version, Family::of(source)) {
            (Version::V2, _) => false,
            (Version::V3, Family::V6) => true,
            (Version::V3, Family::V4) => form == ChecksumForm::WithPseudoHeader,
        };
        if pseudo_header {
            sum = sum.add_pseudo_header(source, destination, VRRP_PROTOCOL, message.len());
        }
        if let Some(field) = message.get_mut(6..8) {
            field.copy_from_slice(&sum.finish().to_be_bytes());
        }
    }
}

#[cfg(test)]
#[path = "advert_tests.rs"]
mod tests;
