//! From a granted name to an address that may be connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::names::Names;
use crate::error::HostError;
use crate::grant::HostPort;

/// The addresses of a granted host, those that may be connected to. A name that leads to this host itself, or to
/// where clouds keep their secrets, is somebody's trick: such an address must have been granted as an address.
pub(crate) async fn resolve(names: &dyn Names, at: &HostPort) -> Result<Vec<SocketAddr>, HostError> {
    if let Ok(address) = at.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, at.port)]);
    }
    let found = names.look_up(&at.host, at.port).await;
    let found =
        found.map_err(|error| HostError::unavailable(format!("{} has no address: {error}", at.host)))?;
    allowed(at, found.into_iter())
}

/// Those of a name's addresses that may be connected to.
fn allowed(at: &HostPort, found: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, HostError> {
    let (allowed, refused): (Vec<SocketAddr>, Vec<SocketAddr>) =
        found.partition(|address| at.host == "localhost" || is_elsewhere(address.ip()));
    if let ([], Some(refused)) = (allowed.as_slice(), refused.first()) {
        let (name, ip) = (&at.host, refused.ip());
        return Err(HostError::denied(format!(
            "{name} leads to {ip}, which no grant by name covers; if this is meant, grant the address itself"
        )));
    }
    Ok(allowed)
}

/// Where clouds tell their hosts secrets, beside link-local addresses: Alibaba, Azure, AWS and Google.
const METADATA: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];

/// Whether an address is another host's, and none where secrets are told.
fn is_elsewhere(address: IpAddr) -> bool {
    let address = address.to_canonical();
    if METADATA.contains(&address) {
        return false;
    }
    match address {
        IpAddr::V4(v4) => {
            !(v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_multicast()
                || v4.is_broadcast())
        }
        IpAddr::V6(v6) => {
            if let Some(v4) = translated(v6) {
                return is_elsewhere(IpAddr::V4(v4));
            }
            !(v6.is_loopback() || v6.is_unicast_link_local() || v6.is_unspecified() || v6.is_multicast())
        }
    }
}

/// The IPv4 address that a NAT64 translates an address to, at the well-known prefix 64:ff9b::/96 (RFC 6052).
fn translated(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    match v6.octets() {
        [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d] => Some(Ipv4Addr::new(a, b, c, d)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_here_is_refused_and_the_others_are_used() {
        let at = |host: &str| HostPort { host: host.to_owned(), port: 80 };
        let addresses = |texts: &[&str]| -> Vec<SocketAddr> {
            texts.iter().map(|text| SocketAddr::new(text.parse().unwrap(), 80)).collect()
        };
        let rebound = allowed(&at("hooks.example.com"), addresses(&["127.0.0.1", "::1"]).into_iter());
        let error = rebound.unwrap_err();
        assert_eq!(error.kind, crate::error::ErrorKind::Denied);
        assert_eq!(
            error.text,
            "hooks.example.com leads to 127.0.0.1, which no grant by name covers; if this is meant, grant the address \
             itself"
        );
        let mixed = addresses(&["169.254.169.254", "203.0.113.7", "::ffff:127.0.0.1"]);
        assert_eq!(allowed(&at("x.example"), mixed.into_iter()).unwrap(), addresses(&["203.0.113.7"]));
        let here = addresses(&["127.0.0.1"]);
        assert_eq!(allowed(&at("localhost"), here.clone().into_iter()).unwrap(), here);
    }

    #[test]
    fn addresses_that_a_name_may_not_lead_to() {
        for here in [
            "127.0.0.1",
            "::1",
            "0.0.0.0",
            "::",
            "169.254.169.254",
            "fe80::1",
            "::ffff:127.0.0.1",
            "224.0.0.18",
            "100.100.100.200",
            "168.63.129.16",
            "fd00:ec2::254",
            "fd20:ce::254",
            "64:ff9b::127.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b::100.100.100.200",
        ] {
            assert!(!is_elsewhere(here.parse().unwrap()), "{here}");
        }
        for elsewhere in [
            "10.1.1.20",
            "192.168.0.1",
            "203.0.113.7",
            "100.100.100.201",
            "fd00::1",
            "fd00:ec2::253",
            "2001:db8::1",
            "64:ff9b::203.0.113.7",
        ] {
            assert!(is_elsewhere(elsewhere.parse().unwrap()), "{elsewhere}");
        }
    }
}
