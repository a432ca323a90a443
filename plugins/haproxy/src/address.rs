//! Where a socket of HAProxy's is.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a socket of HAProxy's is: `/run/haproxy/admin.sock` or `127.0.0.1:9999`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A Unix socket, an absolute path.
    Unix(PathBuf),
    /// An IP address with a port. There is no protection: HAProxy should listen on loopback only.
    Tcp(SocketAddr),
}

/// What is no [`Address`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} is no address of a HAProxy socket: give an absolute path such as /run/haproxy/admin.sock, or an IP address with \
     a port such as 127.0.0.1:9999"
)]
pub struct BadAddress(String);

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let path = text.strip_prefix("unix@").unwrap_or(text);
        if path.starts_with('/') {
            return Ok(Self::Unix(path.into()));
        }
        text.parse().map(Self::Tcp).map_err(|_| BadAddress(text.to_owned()))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => path.display().fmt(f),
            Self::Tcp(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_ip_addresses_are_addresses() {
        let tcp = |text: &str| Address::Tcp(text.parse().unwrap());
        for (text, expected) in [
            ("/run/haproxy/admin.sock", Address::Unix("/run/haproxy/admin.sock".into())),
            ("unix@/run/haproxy/admin.sock", Address::Unix("/run/haproxy/admin.sock".into())),
            ("127.0.0.1:9999", tcp("127.0.0.1:9999")),
            ("[::1]:9999", tcp("[::1]:9999")),
        ] {
            assert_eq!(text.parse(), Ok(expected));
        }
        for text in ["", "admin.sock", "localhost:9999", "127.0.0.1", "unix@admin.sock"] {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains("such as /run/haproxy/admin.sock"), "{error}");
        }
    }
}
